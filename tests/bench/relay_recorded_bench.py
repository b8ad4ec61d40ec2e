#!/usr/bin/python3
"""As relay_bench, with every call recorded."""

import os
import pathlib

BUILD = pathlib.Path(os.environ.get("BUILD", "build")).absolute()

if __name__ == "__main__":
    program = BUILD / "tests/bench/relay_bench"
    os.execve(program, [program], {**os.environ, "RECORD": "1", "CALLS": os.environ.get(
        "CALLS", "250,500,750,900,1000,1100")})
