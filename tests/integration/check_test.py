"""tandem check: quiet about a site in order, and it finds what nobody owns."""

import json
import uuid

from support.bus_peer import BusPeer
from support.media import Leg
from support.scene import Caller, seat


def check(site, wait_s):
    """(exit status, what was looked at, keys of the findings)"""
    done = site.tandem_run("check", "--json", "--wait", str(wait_s), seconds=wait_s + 20)
    answer = json.loads(done.stdout)
    return done.returncode, answer["looked_at"], [found["key"] for found in answer["findings"]]


def as_bytes(field):
    return uuid.UUID(field.decode()).bytes


def test_a_call_in_progress_is_no_finding(site):
    ada = seat(site, "ada", answer="auto")
    caller = Caller(site, "301").wait_answered()
    ada.wait_talking()
    status, looked_at, found = check(site, 10)
    assert (status, found) == (0, [])
    assert looked_at["interactions"] >= 1 and looked_at["calls at edges"] >= 1
    assert looked_at["legs at media"] >= 2 and looked_at["legs stored"] >= 2
    caller.hang_up()


def test_a_leg_that_nobody_owns_is_found_and_named(site):
    with BusPeer(site, "edge", "edge-9") as peer:
        leg = Leg(peer).answered()
        done = site.tandem_run("check", "--wait", "1")
        assert done.returncode == 1
        assert "neither router nor edge has its interaction" in done.stdout, done.stdout
        leg.close()


def test_records_that_an_owner_forgot_are_found(site):
    """As a crash between two writes would leave them: a copy of a leg's record under another id."""
    ada = seat(site, "ada", answer="auto")
    caller = Caller(site, "301").wait_answered()
    ada.wait_talking()
    key = next(key for key in site.redis.keys("tandem:*:1:legs:media-1"))
    field, value = next(iter(site.redis.hgetall(key).items()))
    left = field[:-4] + (b"0000" if field[-4:] != b"0000" else b"1111")
    site.redis.hset(key, left, value.replace(as_bytes(field), as_bytes(left), 1))
    status, _, found = check(site, 1)
    site.redis.hdel(key, left)
    assert status == 1
    assert f"leg.only_stored/{left.decode()}//media-1" in found, found
    caller.hang_up()
