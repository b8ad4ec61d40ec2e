"""The private Redis of a site: acknowledged means on disk, nothing is evicted."""

import contextlib
import signal
import socket

from . import process
from .folder import write_private
from .progress import wait_until

SETTINGS = """\
bind 127.0.0.1
port {port}
unixsocket {socket}
unixsocketperm 700
requirepass {password}
dir {folder}
pidfile {folder}/redis.pid
daemonize no
databases 1
appendonly yes
appendfsync always
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
save ""
maxmemory {memory_mb}mb
maxmemory-policy noeviction
"""


class Redis:
    def __init__(self, folder, port, memory_mb=512):
        self.port = port
        self.socket = folder.run / "redis.sock"
        self._folder = folder.redis
        self._log = folder.log / "redis.log"
        self.password = folder.password("redis")
        self._memory_mb = memory_mb

    @property
    def pid(self):
        return process.read_pid(self._folder / "redis.pid", "redis-server")

    def start(self, end_with_us=False, keep=()):
        if self.pid:
            return
        settings = self._folder / "redis.conf"
        write_private(settings, SETTINGS.format(
            port=self.port, socket=self.socket, password=self.password, folder=self._folder,
            memory_mb=self._memory_mb))
        process.spawn(["redis-server", str(settings)], self._log, keep=keep,
                      end_with_us=end_with_us and signal.SIGTERM)
        wait_until(self.answers, 10, f"Redis answers (see {self._log})")

    def answers(self):
        """Does it take commands? Not while it loads its file."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    answer += client.recv(64) or b"\n\n"
                return answer.endswith(b"+PONG\r\n")
            except OSError:
                return False

    def stop(self, sig=signal.SIGTERM):
        pid = self.pid
        if pid:
            process.end(pid, sig)
