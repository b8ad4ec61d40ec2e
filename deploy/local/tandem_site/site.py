"""A site: its folder, ports, stores and services, created, started and ended as one."""

import http.client
import json
import pathlib

from . import ports, process
from .folder import REPOSITORY, Folder, write_private
from .postgres import Postgres
from .progress import SILENT, Failure, wait_until
from .redis_server import Redis
from .settings import Settings
from .supervisor import Supervisor

# In the order in which they start; names of instances are SERVICE-NUMBER.
INSTANCES = ("hub-1", "context-1", "door-1", "media-1", "ivr-1", "router-1", "router-2", "edge-1",
             "reporting-1")
HEALTHY_WITHIN_S = 20


class Site:
    """build: folder of the programs. listen: address that phones reach. By default both are what they
    were, at first build and loopback. instances: what to run.

    throw_away: a site of a test. It ends when its process does, and PostgreSQL does not wait for
    the disk, unless it shall be durable.
    """

    def __init__(self, path, build=None, listen=None, instances=INSTANCES,
                 throw_away=False, durable=False, progress=SILENT, environment=None):
        self.folder = Folder(path)
        state = self.folder.state()
        self.build = pathlib.Path(build or state.get("build", REPOSITORY / "build")).absolute()
        self.listen = listen or state.get("listen", "127.0.0.1")
        self.instances = tuple(instances)
        self.overrides = {}  # {(section, key): value} of site.yaml, beside what a site needs
        self.environment = environment or {}
        self._throw_away = throw_away
        self._durable = durable or not throw_away
        self._progress = progress
        self.block = self.redis = self.postgres = self.supervisor = None

    # --- life -------------------------------------------------------------------------------

    def start(self):
        """Brings up what is not up."""
        self.start_stores()
        self.start_services()

    def start_stores(self):
        self.folder.create()
        self.folder.remember(listen=self.listen, build=str(self.build))
        self._claim_ports()
        self._attach()
        keep = (self.block.claim.fileno(),) if self.block.claim else ()
        with self._progress.step("Redis") as step:
            self._start(self.redis, step, keep)
        with self._progress.step("PostgreSQL") as step:
            self.postgres.create(self.build / "postgres-15-template")
            self._start(self.postgres, step, keep)
        with self._progress.step("migrations") as step:
            step.result = self.postgres.migrate().replace("\n", ", ") or "all applied"

    def _start(self, store, step, keep):
        if store.pid:
            step.result = "running"
        store.start(end_with_us=self._throw_away, keep=keep)

    def start_services(self):
        """An empty list of instances leaves a site of stores alone."""
        if not self.instances:
            return
        self._attach()
        missing = [program for program in self._programs() if not program.exists()]
        if missing:
            raise Failure(f"{missing[0]} is missing: run `make build` first")
        changed = self.write_settings()
        self.write_targets()
        for program in dict.fromkeys(self._programs()):
            process.run([program, "--site", self.folder.site_yaml, "--check-config"])
        if changed and self.supervisor.pid:
            self.supervisor.stop()  # what runs was started with other settings
        self.supervisor.start(end_with_us=self._throw_away)
        self._restart_rebuilt()
        for instance in self.instances:
            with self._progress.step(instance):
                self.wait_healthy(instance)

    def _restart_rebuilt(self):
        """A program that is newer than its process was built again since."""
        for instance in self.instances:
            _, pid = self.supervisor.states().get(instance, ("", 0))
            program = self.program(instance)
            if pid and program.stat().st_mtime > self.supervisor.started_at(instance) + 1:
                self.supervisor.restart_one(instance)

    def stop(self):
        """Ends services, then stores; harmless when they are not there."""
        self._attach()
        for name, part in (("services", self.supervisor), ("PostgreSQL", self.postgres),
                           ("Redis", self.redis)):
            with self._progress.step(name) as step:
                step.result = "stopped" if part.pid else "not running"
                part.stop()
        if self.block and self.block.claim:
            self.block.close()
        self.block = None

    def remove(self):
        self.folder.remove()

    @property
    def is_up(self):
        if not self.folder.state():
            return False
        self._attach()
        return bool(self.supervisor.pid)

    # --- parts ------------------------------------------------------------------------------

    def _claim_ports(self):
        """The same block as before when it is free; while the site is up it is ours already."""
        if self.block:
            return
        base = self.folder.state().get("port_base")
        if base:
            self.block = ports.Block(base, None)
            self._attach()
            if self.redis.pid or self.postgres.pid:
                return
        self.block = ports.claim(preferred=base)
        self.folder.remember(port_base=self.block.base)
        self.redis = None

    def _attach(self):
        """Makes the parts of a site from what its folder remembers."""
        state = self.folder.state()
        if not self.block:
            self.block = ports.Block(state.get("port_base", ports.FIRST), None)
        if self.redis:
            return
        self.redis = Redis(self.folder, self.block.port(ports.REDIS))
        self.postgres = Postgres(
            self.folder, self.block.port(ports.POSTGRES), fsync=self._durable)
        self.supervisor = Supervisor(
            self.folder, {name: self.command(name) for name in self.instances}, self.environment)

    def program(self, instance):
        return self.build / "bin" / service_of(instance)

    def _programs(self):
        return [self.program(instance) for instance in self.instances]

    def command(self, instance):
        return [self.program(instance), "--site", self.folder.site_yaml, "--instance", instance,
                "--http-port", self.http_port(instance)]

    def http_port(self, instance):
        return self.block.port(ports.HTTP) + self.instances.index(instance)

    def tandem(self, *arguments):
        """Runs the command line on this site; what it printed."""
        return process.run([self.build / "bin/tandem", "--site", self.folder.site_yaml, *arguments])

    # --- settings ---------------------------------------------------------------------------

    def write_settings(self):
        """site.yaml: deploy/site.yaml with the places and ports of this site. Did it change?"""
        settings = Settings((REPOSITORY / "deploy/site.yaml").read_text())
        for (section, key), value in {**self._own_settings(), **self.overrides}.items():
            settings.set(section, key, value)
        text, file = settings.text(), self.folder.site_yaml
        if file.exists() and file.read_text() == text:
            return False
        write_private(file, text)
        return True

    def _own_settings(self):
        first, last = self.block.rtp
        return {
            ("site", "redis"): f"unix:{self.redis.socket}",
            ("site", "redis_password"): self.redis.password,
            ("site", "postgres"): self.postgres.conninfo,
            ("site", "var"): self.folder.data,
            ("edge", "sip_address"): self.listen,
            ("edge", "sip_port"): self.sip_port,
            ("door", "address"): self.listen,
            ("door", "port"): self.block.port(ports.DOOR),
            ("media", "rtp_address"): self.listen,
            ("media", "rtp_port_first"): first,
            ("media", "rtp_port_last"): last,
            ("media", "sounds"): REPOSITORY / "deploy/demo/media",
            ("ivr", "documents"): REPOSITORY / "deploy/demo/dialogs",
        }

    def write_targets(self):
        """What Prometheus scrapes here, as its file_sd_configs reads it."""
        targets = [{"targets": [f"127.0.0.1:{self.http_port(name)}"],
                    "labels": {"instance": name, "service": service_of(name)}}
                   for name in self.instances]
        self.folder.targets.write_text(json.dumps(targets, indent=2) + "\n")

    @property
    def sip_port(self):
        """5060 for a site that people dial, when it is free; remembered."""
        state = self.folder.state()
        if state.get("sip_port") and state.get("sip_listen") == self.listen:
            return state["sip_port"]
        usual = not self._throw_away and ports.is_free(5060, self.listen)
        port = 5060 if usual else self.block.port(ports.SIP)
        self.folder.remember(sip_port=port, sip_listen=self.listen)
        return port

    # --- health -----------------------------------------------------------------------------

    def get(self, instance, path):
        """(status, body) of an instance's HTTP port, None when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port(instance), timeout=2)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def is_healthy(self, instance):
        answer = self.get(instance, "/health")
        return bool(answer) and answer[0] == 200

    def wait_healthy(self, instance, seconds=HEALTHY_WITHIN_S):
        """One that died meanwhile is started again by supervisord; it has as long as any."""
        try:
            wait_until(lambda: self.is_healthy(instance), seconds, f"{instance} is healthy")
        except Failure as failure:
            state, _ = self.supervisor.states()[instance]
            _, why = self.get(instance, "/health") or (0, "it does not answer")
            raise Failure(f"{failure}: {why.strip()}; supervisord says {state}\n"
                          f"{self.last_words(instance)}") from None

    def last_words(self, instance, lines=12):
        """The end of its log, without who came and went."""
        try:
            text = (self.folder.log / f"{instance}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""
        told = [line for line in text.splitlines() if '"instance.' not in line]
        return "\n".join(f"    {line}" for line in told[-lines:])


def service_of(instance):
    return instance.rpartition("-")[0]
