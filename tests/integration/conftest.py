"""What these tests begin with: see support/fixtures.py."""

import sys

sys.dont_write_bytecode = True

from support.fixtures import *  # noqa: E402,F401,F403
