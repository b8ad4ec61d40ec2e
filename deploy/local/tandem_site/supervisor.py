"""supervisord of a site: starts the services again when they die, and says how they are."""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import xmlrpc.client

from . import process
from .progress import Failure, wait_until

HEAD = """\
[supervisord]
{user}logfile={log}/supervisord.log
pidfile={run}/supervisord.pid
directory={folder}
nodaemon=true

[unix_http_server]
file={run}/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{run}/supervisor.sock

# One group: at the end all are told at once instead of one a second.
[group:{group}]
programs={programs}
"""

GROUP = "tandem"
PROGRAM = """
[program:{instance}]
command={command}
environment={environment}
autostart=true
autorestart=true
startsecs=1
startretries=20
stopsignal=TERM
stopwaitsecs=10
redirect_stderr=true
stdout_logfile={log}/{instance}.log
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=3
"""


class Supervisor:
    """instances: {name: command words}; environment is theirs beside our own."""

    def __init__(self, folder, instances, environment=None):
        self.instances = instances
        self._folder = folder
        self._environment = environment or {}

    @property
    def pid(self):
        return process.read_pid(self._folder.run / "supervisord.pid", "supervisord")

    def start(self, end_with_us=False):
        if self.pid:
            return
        settings = self._folder.path / "supervisord.conf"
        settings.write_text(self._settings())
        log = self._folder.log / "supervisord.out"
        process.spawn(["supervisord", "-n", "-c", str(settings)], log,
                      end_with_us=end_with_us and signal.SIGTERM)
        wait_until(lambda: self.pid and self._answers(), 10, f"supervisord answers (see {log})")

    def _settings(self):
        folder = self._folder
        environment = ",".join(f'{key}="{value}"' for key, value in self._environment.items())
        text = HEAD.format(
            log=folder.log, run=folder.run, folder=folder.path, group=GROUP,
            programs=",".join(self.instances),
            user="user=root\n" if os.geteuid() == 0 else "")
        for instance, command in self.instances.items():
            text += PROGRAM.format(
                instance=instance, log=folder.log, environment=environment.replace("%", "%%"),
                command=shlex.join(map(str, command)).replace("%", "%%"))
        return text

    def stop(self):
        """Ends supervisord, which ends the services, each with its time to finish."""
        pid = self.pid
        if pid:
            process.end(pid, signal.SIGTERM, seconds=30)

    def states(self):
        """{instance: (state, pid)}; state RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL."""
        return {info["name"]: (info["statename"], info["pid"])
                for info in self._call("getAllProcessInfo")}

    def started_at(self, instance):
        """Unix seconds."""
        return self._call("getProcessInfo", f"{GROUP}:{instance}")["start"]

    def start_one(self, instance):
        self._call("startProcess", f"{GROUP}:{instance}", False)

    def stop_one(self, instance):
        """SIGTERM, and waits until it is gone; it is not started again."""
        self._call("stopProcess", f"{GROUP}:{instance}", True)

    def restart_one(self, instance):
        self.stop_one(instance)
        self.start_one(instance)

    def _answers(self):
        try:
            return self._call("getState")["statename"] == "RUNNING"
        except (OSError, http.client.HTTPException):
            return False

    def _call(self, method, *arguments):
        path = str(self._folder.run / "supervisor.sock")
        with contextlib.closing(_Transport(path)) as transport:
            server = xmlrpc.client.ServerProxy("http://supervisor", transport=transport)
            try:
                return getattr(server.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                raise Failure(f"supervisord: {method} {arguments}: {fault.faultString}") from fault


class _Transport(xmlrpc.client.Transport):
    """XML-RPC through a unix socket."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def make_connection(self, host):
        connection = http.client.HTTPConnection(host)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        connection.sock.connect(self._path)
        return connection
