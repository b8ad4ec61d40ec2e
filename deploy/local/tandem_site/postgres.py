"""The private PostgreSQL 15 of a site. It listens on its socket and, with a password, on loopback."""

import os
import pathlib
import shutil
import signal
import subprocess

from . import process
from .folder import REPOSITORY, database_user
from .progress import wait_until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")

SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 64MB
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
fsync = {fsync}
"""


class Postgres:
    """user and database are both `tandem`; peers on the socket need no password."""

    def __init__(self, folder, port, fsync=True):
        self.port = port
        self.sockets = folder.postgres
        self._data = folder.postgres / "data"
        self._log = folder.log / "postgres.log"
        self._fsync = fsync
        self._password = folder.password("postgres")

    @property
    def conninfo(self):
        return f"host='{self.sockets}' port={self.port} user=tandem dbname=tandem"

    @property
    def pid(self):
        return process.read_pid(self._data / "postmaster.pid", "postgres")

    def create(self, template=None):
        """A new cluster, copied from the folder `template` when that is quicker."""
        if (self._data / "PG_VERSION").exists():
            return
        if template is None:
            self._initdb()
            return
        if not template.exists():
            self._initdb()
            self._save(template)
            return
        # cp keeps owners and can share blocks; shutil.copytree does neither.
        subprocess.run(["cp", "-a", "--reflink=auto", template, self._data], check=True)

    def _save(self, template):
        """Another site may save the same at the same time: the first one stays."""
        template.parent.mkdir(parents=True, exist_ok=True)
        new = template.with_name(f"{template.name}.{os.getpid()}")
        subprocess.run(["cp", "-a", self._data, new], check=True)
        try:
            new.rename(template)
        except OSError:
            shutil.rmtree(new)

    def _initdb(self):
        run("initdb", "-D", self._data, "--username=tandem", "--encoding=UTF8",
            "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256",
            "--no-sync", "--no-instructions", user=database_user())
        with open(self._data / "postgresql.conf", "a", encoding="ascii") as file:
            file.write("include = 'tandem.conf'\n")

    def start(self, end_with_us=False, keep=()):
        if self.pid:
            return
        settings = self._data / "tandem.conf"
        settings.write_text(SETTINGS.format(
            port=self.port, sockets=self.sockets, fsync="on" if self._fsync else "off"))
        settings.chmod(0o644)
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions and leaves a clean cluster.
        process.spawn([PROGRAMS / "postgres", "-D", self._data], self._log, keep=keep,
                      user=database_user(), end_with_us=end_with_us and signal.SIGINT)
        wait_until(self.answers, 30, f"PostgreSQL answers (see {self._log})")
        if self.query("SELECT 1 FROM pg_database WHERE datname = 'tandem'", database="postgres"):
            return
        self.query("CREATE DATABASE tandem", database="postgres")
        self.query(f"ALTER ROLE tandem PASSWORD '{self._password}'")

    def answers(self):
        return subprocess.run(
            [PROGRAMS / "pg_isready", "-q", "-h", self.sockets, "-p", str(self.port)],
            check=False).returncode == 0

    def query(self, sql, database="tandem"):
        """Rows as text, columns parted by tabs."""
        return run("psql", "-h", self.sockets, "-p", self.port, "-U", "tandem", "-d", database,
                   "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql)

    def migrate(self):
        """Applies what deploy/sql has and this database has not; their names, one a line."""
        return process.run([REPOSITORY / "deploy/sql/migrate.sh", self.conninfo])

    def stop(self, sig=signal.SIGINT):
        pid = self.pid
        if pid:
            process.end(pid, sig, seconds=30)


def run(program, *arguments, user=None):
    """One of PostgreSQL's programs; what it printed."""
    return process.run([PROGRAMS / program, *arguments], user)
