"""What these tests begin with: see support/fixtures.py of the integration tests."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from support.fixtures import *  # noqa: E402,F401,F403
