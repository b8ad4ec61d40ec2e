"""A private site for tests: started in seconds, thrown away at the end, broken at will."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import psycopg2
import redis

from . import REPOSITORY, wait  # first: it says where tandem_site lies
from tandem_site import company, ports, process
from tandem_site.site import INSTANCES, Site

from .phone import PORTS, Phone
from .sip import SipEnd

COMPANIES = REPOSITORY / "tests/integration/companies"
SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|^.*: runtime error: ", re.MULTILINE)
BUILD = pathlib.Path(os.environ.get("TANDEM_BUILD", REPOSITORY / "build")).absolute()


class PrivateSite:
    """instances: which to run, by default all. overrides: {(section, key): value} of site.yaml.

    companies: YAML files that are applied; their agents' phones get passwords of this site.
    durable: PostgreSQL waits for the disk, as it does outside of tests.
    """

    def __init__(self, instances=INSTANCES, companies=(COMPANIES / "harbour.yaml",), overrides=None,
                 durable=False):
        sweep()
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"tandem-test-{os.getpid()}-"))
        self.path.chmod(0o755)  # PostgreSQL runs as another user when we are root
        self._site = Site(self.path / "site", build=BUILD, instances=instances, throw_away=True,
                          durable=durable)
        self._site.overrides.update(overrides or {})
        self._companies = companies
        self._parts = []
        self._phone_port = ports.PHONES
        self._phones = 0
        self._sql = None

    # --- life -------------------------------------------------------------------------------

    def start(self):
        try:
            self._site.start()
            for file in self._companies:
                self.apply(file)
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        """Ends everything. TANDEM_KEEP=1 keeps the folder for looking into it."""
        self.end_parts((0, ports.PHONES))
        if self._sql:
            self._sql.close()
        self._site.stop()
        reports = self._sanitizer_reports()
        if os.environ.get("TANDEM_KEEP"):
            kept = self.path.with_name(self.path.name.replace("-test-", "-kept-"))
            self.path.rename(kept)
            print(f"kept: {kept}", file=sys.stderr)
        else:
            self._site.remove()
            shutil.rmtree(self.path, ignore_errors=True)
        assert not reports, "\n".join(reports)

    def _sanitizer_reports(self):
        """What `make asan` is for: a service may have died of it long after its test."""
        reports = []
        for instance in self._site.instances:
            try:
                text = self.log(instance)
            except FileNotFoundError:
                continue
            at = SANITIZER.search(text)
            if at:
                reports.append(f"{instance}: {text[at.start():at.start() + 4000]}")
        return reports

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def mark(self):
        """What end_parts ends everything after: phones, SIP ends, tails."""
        return len(self._parts), self._phone_port

    def end_parts(self, mark):
        count, self._phone_port = mark
        while len(self._parts) > count:
            self._parts.pop()()

    def apply(self, file):
        """Applies a company file, given as path or as the text of one."""
        if not isinstance(file, pathlib.Path):
            text, file = file, self.path / "given.yaml"
            file.write_text(text, encoding="utf-8")
        target = self.path / f"applied-{file.name}"
        company.prepare(file, target, self._site.folder)
        before = self._companies_loaded()
        said = self.tandem("config", "apply", str(target))
        if "edge-1" in self._site.instances and "no change" not in said:
            # Services hear of it a moment later; until then the edge knows nobody.
            wait.until(lambda: self._companies_loaded() > before, 10, "the edge has the company")

    def _companies_loaded(self):
        log = self._site.folder.log / "edge-1.log"
        return log.read_text(errors="replace").count('"event":"company.loaded"') if log.exists() else 0

    # --- places -----------------------------------------------------------------------------

    @property
    def folder(self):
        return self._site.folder

    @property
    def sip(self):
        """(address, port) of the edge."""
        return "127.0.0.1", self._site.sip_port

    @property
    def data(self):
        """Recordings and caches."""
        return self._site.folder.data

    def log(self, instance):
        return (self._site.folder.log / f"{instance}.log").read_text(errors="replace")

    def last_words(self):
        """The ends of all logs."""
        return "\n".join(f"{instance}:\n{self._site.last_words(instance)}"
                         for instance in self._site.instances)

    # --- stores -----------------------------------------------------------------------------

    @property
    def conninfo(self):
        return self._site.postgres.conninfo

    @property
    def redis(self):
        return redis.Redis(unix_socket_path=str(self._site.redis.socket),
                           password=self._site.redis.password)

    def sql(self, query, *values):
        """Rows as tuples."""
        if self._sql is None or self._sql.closed:
            self._sql = psycopg2.connect(self._site.postgres.conninfo)
            self._sql.autocommit = True
        with self._sql.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    @property
    def store_pids(self):
        """(Redis, PostgreSQL)."""
        return self._site.redis.pid, self._site.postgres.pid

    # --- breaking it ------------------------------------------------------------------------

    def pid(self, instance):
        _, pid = self._site.supervisor.states()[instance]
        return pid

    def states(self):
        """{instance: (state, pid)}"""
        return self._site.supervisor.states()

    def memory_kb(self, instance):
        """What its process holds in memory."""
        status = pathlib.Path(f"/proc/{self.pid(instance)}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    def age_s(self, instance):
        """For how long its process has run."""
        return time.time() - self._site.supervisor.started_at(instance)

    def kill(self, instance):
        """kill -9; supervisord starts it again at once. Returns the pid that was."""
        pid = self.pid(instance)
        os.kill(pid, signal.SIGKILL)
        wait.until(lambda: not process.alive(pid), 5, f"{instance} is dead")
        return pid

    def kill_for_good(self, instance):
        """kill -9, and it stays away until start_service."""
        pid = self.pid(instance)
        self.pause(instance)  # it must not finish anything while supervisord is told
        threading.Thread(target=self._site.supervisor.stop_one, args=(instance,), daemon=True).start()
        wait.until(lambda: self._site.supervisor.states()[instance][0] == "STOPPING", 5,
                   f"{instance} is told to stop")
        os.kill(pid, signal.SIGKILL)
        wait.until(lambda: self._site.supervisor.states()[instance][0] in ("STOPPED", "EXITED"), 5,
                   f"{instance} is gone")

    def pause(self, instance):
        """SIGSTOP: there, but says nothing."""
        os.kill(self.pid(instance), signal.SIGSTOP)

    def resume(self, instance):
        os.kill(self.pid(instance), signal.SIGCONT)

    def stop_service(self, instance):
        """SIGTERM, and it stays away until start_service."""
        self._site.supervisor.stop_one(instance)

    def start_service(self, instance):
        self._site.supervisor.start_one(instance)
        self.wait_healthy(instance)

    def wait_healthy(self, instance, seconds=10):
        self._site.wait_healthy(instance, seconds)

    def is_healthy(self, instance):
        return self._site.is_healthy(instance)

    @property
    def instances(self):
        return self._site.instances

    def metrics_text(self, instance):
        _, text = self._site.get(instance, "/metrics")
        return text

    def metrics(self, instance):
        """{name: value} of /metrics; labels stay part of the name."""
        pairs = (line.rsplit(" ", 1) for line in self.metrics_text(instance).splitlines()
                 if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    @property
    def redis_pid(self):
        return self._site.redis.pid

    def stop_redis(self, sig=signal.SIGTERM):
        self._site.redis.stop(sig)

    def start_redis(self):
        self._site.redis.start(end_with_us=True)

    def stop_postgres(self, sig=signal.SIGINT):
        if self._sql:
            self._sql.close()
        self._site.postgres.stop(sig)

    def start_postgres(self):
        self._site.postgres.start(end_with_us=True)

    # --- people -----------------------------------------------------------------------------

    def agent_phone(self, user, domain="harbour.example", **options):
        """A registered phone of an agent: by its SIP user."""
        return self._phone(user, domain=domain, password=self._site.folder.password(user), **options)

    def caller(self, number="+447700900123", domain="harbour.example", **options):
        """A phone that registers nowhere: somebody who calls."""
        return self._phone(number, domain=domain, **options)

    def _phone(self, user, **options):
        first = self._site.block.port(self._phone_port)
        self._phone_port += PORTS
        assert self._phone_port <= ports.PHONES_END, "too many phones for one site: use SipEnd"
        self._phones += 1  # a folder for each, or one would hear what another heard before
        phone = Phone(self.path / f"phone-{self._phones}-{user}", user, first, self.sip, **options)
        self._parts.append(phone.stop)
        return phone.start()

    def sip_end(self, user="+447700900123", domain="harbour.example"):
        """For exact messages."""
        end = SipEnd(self.sip, user, domain)
        self._parts.append(end.close)
        return end

    def password(self, user):
        return self._site.folder.password(user)

    # --- the command line ---------------------------------------------------------------------

    def tandem_run(self, *arguments, input=None, seconds=20):
        """Runs `tandem ARGUMENTS` to its end: stdout, stderr, returncode."""
        return subprocess.run(self._command(arguments), capture_output=True, text=True, check=False,
                              input=input, timeout=seconds)

    def tandem_process(self, *arguments):
        """Starts `tandem ARGUMENTS`, with pipes for its input and output; ends with the test."""
        running = subprocess.Popen(self._command(arguments), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self._parts.append(lambda: process.end(running.pid))
        return running

    def tandem(self, *arguments, check=True, seconds=20):
        """Runs `tandem ARGUMENTS`; what it printed."""
        done = self.tandem_run(*arguments, seconds=seconds)
        if check:
            assert done.returncode == 0, f"tandem {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def tandem_bytes(self, *arguments):
        """What it printed, to the byte."""
        return subprocess.run(self._command(arguments), capture_output=True, check=True,
                              timeout=20).stdout

    def tandem_fails(self, *arguments, seconds=20):
        """Runs `tandem ARGUMENTS`, which must fail; the reason it gave."""
        done = self.tandem_run(*arguments, seconds=seconds)
        assert done.returncode != 0, f"tandem {arguments} succeeded: {done.stdout}"
        return done.stderr

    def _command(self, arguments):
        words = [BUILD / "bin/tandem", "--site", self._site.folder.site_yaml, *arguments]
        return [str(word) for word in words]

    def bus_tail(self, topic="", tenant=1):
        """Everything the hub says from now on: see Tail."""
        words = ["--tenant", str(tenant), "bus", "tail", *([topic] if topic else []), "--json"]
        tail = Tail(self._command(words))
        self._parts.append(tail.close)
        return tail.wait_joined()


def sweep():
    """Removes what runs that were killed could not."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob("tandem-test-*-*"):
        owner = folder.name.split("-")[2]
        if owner.isdigit() and not process.alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


class Tail:
    """`tandem bus tail --json`, read in the background: one event a line."""

    def __init__(self, command):
        self.events = []  # {"topic", "place", "id", "tenant", "key", "time_unix_us", "payload" ..}
        self._joined = threading.Event()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            message = json.loads(line)
            if "topic" in message:
                self.events.append(message)
            else:
                self._joined.set()

    def wait_joined(self):
        """From then on it sees everything."""
        assert self._joined.wait(timeout=10), "the hub does not take the subscription"
        return self

    def of(self, topic):
        return [event for event in self.events if event["topic"] == topic]

    def wait(self, topic, matches=lambda event: True, seconds=10, count=1):
        """The count-th event of the topic that matches."""
        def condition():
            found = [event for event in self.of(topic) if matches(event)]
            return found[count - 1] if len(found) >= count else None
        return wait.until(condition, seconds, f"event {topic} (no. {count}); came: "
                          f"{[event['topic'] for event in self.events]}")

    def close(self):
        process.end(self._process.pid)
