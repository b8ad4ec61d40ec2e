"""Where the things of a site lie, and what it must remember between two starts."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

from .process import as_user
from .progress import Failure

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
# A unix socket's path may have 107 bytes; the longest name below run/ takes about 30.
SHORT_PATH_MAX = 75


class Folder:
    """A site's folder: redis/ postgres/ log/ run/ data/, site.yaml, targets.json, state.json."""

    def __init__(self, path):
        self.path = pathlib.Path(path).absolute()
        self.redis = self.path / "redis"
        self.log = self.path / "log"
        self.data = self.path / "data"
        self.site_yaml = self.path / "site.yaml"
        self.company_yaml = self.path / "company.yaml"
        self.targets = self.path / "targets.json"
        self._state = self.path / "state.json"

    def create(self):
        """Makes what is missing; harmless when all is there."""
        for folder in (self.path, self.redis, self.log, self.data):
            folder.mkdir(parents=True, exist_ok=True)
        self._place("postgres")
        self._place("run")
        owner = database_user()
        if owner:
            shutil.chown(self.postgres, owner, owner)
        self.postgres.chmod(0o700)

    # Both may be links; programs get the places themselves, which they can always enter.

    @property
    def postgres(self):
        return (self.path / "postgres").resolve()

    @property
    def run(self):
        return (self.path / "run").resolve()

    def _place(self, name):
        """Makes a folder, elsewhere behind a link when here would not do."""
        folder = self.path / name
        if folder.is_dir():
            return
        folder.unlink(missing_ok=True)
        if len(str(self.path)) <= SHORT_PATH_MAX and self._reachable():
            folder.mkdir()
            return
        elsewhere = tempfile.mkdtemp(prefix=f"tandem-{name}-", dir="/var/tmp")
        os.chmod(elsewhere, 0o755)
        folder.symlink_to(elsewhere)

    def _reachable(self):
        """May the user of PostgreSQL enter? Not when somebody clones below /root."""
        user = database_user()
        return user is None or subprocess.run(
            ["test", "-x", str(self.path)], check=False, **as_user(user)).returncode == 0

    def remove(self):
        """Deletes the folder and what lies elsewhere for it."""
        for folder in (self.postgres, self.run):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def state(self):
        try:
            return json.loads(self._state.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Failure(f"{self._state}: {error}") from error

    def remember(self, **values):
        state = {**self.state(), **values}
        write_private(self._state, json.dumps(state, indent=1))
        return state

    def password(self, name):
        """A password of this site, the same each time: derived from its random secret."""
        secret = self.state().get("secret") or self.remember(secret=secrets.token_hex(32))["secret"]
        digest = hmac.new(bytes.fromhex(secret), name.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:16]


def write_private(path, text):
    """Replaces a file in one step; only its owner may read it."""
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as file:
        file.write(text)
    new.rename(path)


def database_user():
    """PostgreSQL refuses to run as root: the user its package made runs it then."""
    return "postgres" if os.geteuid() == 0 else None
