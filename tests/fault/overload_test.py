"""Three times what the site may take: those who talk notice nothing, the rest is told when to come back."""

import time

from support.load import Load, assert_clean, site_of_load

CAPACITY = 20  # new calls a second that this site takes
SECONDS = 30


def test_three_times_the_capacity_for_thirty_seconds(make_site):
    site = site_of_load(make_site, agents=80, overrides={
        ("edge", "calls_per_s"): CAPACITY, ("edge", "calls_burst"): CAPACITY})
    with Load(site, agents=80, talk_s=120, agent_ends=0) as load:
        load.call(10)
        load.wait_count("talking", 20)
        load.pause()
        talking = load.count("talking")

        begun = time.time()
        load.call(3 * CAPACITY, talk_s=1)
        load.wait_count("started", talking + 3 * CAPACITY * SECONDS, SECONDS + 30)
        took_s = time.time() - begun
        load.pause()
        assert load.count("cut") == load.count("dropped") == 0
        assert load.count("talking") >= talking  # those from before talk on

        calls = [call for call in load.report()["calls"] if call["begun"] >= begun]
        taken = [call for call in calls if call["status"] in (183, 200)]
        refused = [call for call in calls if call["outcome"] == "refused"]
        assert len(taken) >= 0.9 * CAPACITY * took_s, f"{len(taken)} in {took_s:.0f} s"
        assert {call["status"] for call in refused} == {503}
        assert all(int(call["retry_after"]) > 0 for call in refused)

        load.hang_up()
        load.finish(60)
        load.assert_history()
        assert_clean(site, 60)
