"""Much of it: 200 services die at random while calls come; 20,000 calls in a row."""

import random

import pytest

from support import wait
from support.load import Load, assert_clean, site_of_load
from tandem_site import process
from tandem_site.site import INSTANCES

DIALS = ("600", "601", "602")
KILLS = 200
CALLS, RATE = 20000, 120
WARM = 6000  # by then finished transactions go as fast as new ones come (32 s)
FLAT, FLAT_KB = 1.05, 4096  # pages come in pieces; a leak of 300 bytes a call is more
SETTLED_S = 1.2  # so long a process must have run: supervisord waits before it starts one that did not


@pytest.mark.xfail(reason="an INVITE that a dying edge had not answered and the caller says again is "
                          "served as a second interaction, beside the first, closed with a reason")
def test_two_hundred_random_kills_lose_double_and_leave_nothing(make_site):
    site = site_of_load(make_site, agents=60)
    dice = random.Random(2026)
    with Load(site, agents=60, talk_s=1.5, patience_s=20) as load:
        load.call(20, dial=DIALS)
        load.wait_count("talking", 20)
        for _ in range(KILLS):
            victim = wait.until(lambda: settled(site, dice), 20, "somebody runs")
            site.kill(victim)
        for instance in INSTANCES:
            site.wait_healthy(instance, 20)
        before = load.count("talked")
        load.wait_count("talked", before + 100, 30)  # as if nothing had happened
        load.finish(90)
        load.assert_history()
        assert_clean(site, 60)


def settled(site, dice):
    """One that runs long enough to be killed again; any of them."""
    running = [name for name, (state, pid) in site.states().items()
               if state == "RUNNING" and process.alive(pid) and site.age_s(name) > SETTLED_S]
    return dice.choice(sorted(running)) if running else None


def test_twenty_thousand_calls_leave_nothing_and_memory_is_flat(make_site):
    site = site_of_load(make_site, agents=200)
    with Load(site, agents=200, talk_s=0.3, answer_s=0.02) as load:
        load.call(RATE, dial=("600", "601"))
        load.wait_count("talked", WARM, 120)
        warm = {instance: site.memory_kb(instance) for instance in INSTANCES}
        load.wait_count("talked", CALLS, 400)
        load.pause()
        after = {instance: site.memory_kb(instance) for instance in INSTANCES}
        load.finish(60)
        grown = {instance: (warm[instance], after[instance]) for instance in INSTANCES
                 if after[instance] > warm[instance] * FLAT + FLAT_KB}
        assert not grown, f"KB of memory: {grown}"
        assert set(load.outcomes()) <= {("talked", 200), ("refused", 503)}, load.outcomes()
        load.assert_history(60)
        assert_clean(site, 60)
