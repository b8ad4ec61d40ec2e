"""Waiting for a condition with a deadline; never for a time."""

import time


def until(condition, seconds=5.0, what="condition"):
    """Asks until `condition()` is true and returns its answer; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} (last: {answer!r})")
        time.sleep(0.01)


def holds(condition, seconds, what="condition"):
    """The condition stays true for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"did not hold for {seconds} s: {what}"
        time.sleep(0.01)
