"""Redis and PostgreSQL go away while calls run, and come back."""

import os
import signal
import time

import pytest

from support import wait
from support.load import Load, assert_clean, site_of_load

AWAY_S = 10


@pytest.mark.parametrize("how", ["frozen", "restarted"])
def test_redis_away_for_ten_seconds(make_site, how):
    """Who talks talks on, who hangs up is gone, who calls is told to come back, nothing is lost."""
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=60, agent_ends=0) as load:
        load.call(10, dial=("600", "601"))
        load.wait_count("talking", 20)
        load.pause()
        wait.until(lambda: load.count("talking") == load.count("open"), 20, "all talk")
        talking = load.count("talking")

        back = take_away(site, how)
        gone_at = time.time()
        load.call(5, talk_s=1)
        wait.until(lambda: load.count("refused") >= 3, 10, "new ones are refused")
        load.hang_up(5)
        wait.until(lambda: load.count("talked") >= 5 and load.count("byes_open") == 0, 5,
                   "hang-ups are answered at once")
        wait.until(lambda: time.time() > gone_at + AWAY_S, AWAY_S + 1, "ten seconds are over")
        assert load.count("cut") == 0 and load.count("talking") == talking - 5
        refused = [call for call in load.report()["calls"] if call["begun"] > gone_at + 0.5]
        assert {call["status"] for call in refused if call["outcome"]} == {503}
        back()

        before = load.count("talked")
        load.wait_count("talked", before + 20, 30)  # as if nothing had happened
        assert load.count("cut") == 0
        load.hang_up()
        load.finish(60)
        load.assert_history()
        assert_clean(site, 60)


def take_away(site, how):
    """Makes Redis silent; what brings it back."""
    if how == "restarted":
        site.stop_redis(signal.SIGKILL)
        return site.start_redis
    pid = site.redis_pid
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def test_redis_killed_under_load_has_all_that_it_acknowledged(make_site):
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=1) as load:
        load.call(20)
        for _ in range(3):
            before = load.count("talked")
            load.wait_count("talked", before + 40, 30)
            site.stop_redis(signal.SIGKILL)
            site.start_redis()
        before = load.count("talked")
        load.wait_count("talked", before + 40, 30)
        load.finish(60)
        rows = load.assert_history()
        talked = [call["number"] for call in load.report()["calls"] if call["outcome"] == "talked"]
        assert {rows[number][1] for number in talked} == {"answered"}
        assert_clean(site, 60)


def test_postgresql_away_for_a_minute_and_the_history_catches_up(make_site):
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=1) as load:
        load.call(15, dial=("600", "601", "602"))
        load.wait_count("talked", 20)
        site.stop_postgres(signal.SIGKILL)
        gone_at = time.monotonic()
        refused = load.count("refused")
        wait.until(lambda: time.monotonic() > gone_at + 60, 61, "a minute is over")
        while_away = load.count("talked")
        assert while_away > 60 * 15 * 0.8
        assert load.count("cut") == load.count("dropped") == load.count("left") == 0
        assert load.count("refused") - refused < while_away * 0.05  # a busy machine says so
        site.start_postgres()
        load.finish(60)
        load.assert_history(60)
        assert_clean(site, 60)
