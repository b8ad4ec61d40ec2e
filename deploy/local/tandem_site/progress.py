"""Lines for people while something happens: `PostgreSQL ....... ready (1.2 s)`."""

import contextlib
import sys
import time

WIDTH = 18


class Failure(Exception):
    """Something a person must know; one clear sentence, shown without a traceback."""


class Step:
    """One line in the making; `result` is what it ends with."""

    def __init__(self):
        self.result = "ready"


class Progress:
    def __init__(self, out=sys.stdout):
        self._out = out

    @contextlib.contextmanager
    def step(self, name):
        started = time.monotonic()
        self._write(f"{name} {'.' * max(2, WIDTH - len(name))} ")
        step = Step()
        try:
            yield step
        except BaseException:
            self._write("failed\n")
            raise
        self._write(f"{step.result} ({time.monotonic() - started:.1f} s)\n")

    def say(self, text=""):
        self._write(text + "\n")

    def _write(self, text):
        if self._out:
            self._out.write(text)
            self._out.flush()


SILENT = Progress(out=None)


def wait_until(condition, seconds, what):
    """Asks until `condition()` is true and returns its answer; Failure after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
