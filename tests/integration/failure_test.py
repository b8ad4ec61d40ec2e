"""Hub, context and the stores go: calls finish, and nothing is missing afterwards."""

from support import wait
from support.scene import Caller, history, seat, topics


def test_calls_finish_without_hub_and_context(own_site):
    site = own_site
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    site.stop_service("hub-1")
    site.stop_service("context-1")
    caller = Caller(site, "301").wait_answered()
    ada.wait_talking()
    ada.wait_tone(440)
    caller.hang_up()
    rows = wait.until(lambda: site.sql("SELECT interaction_id::text FROM tandem.interaction"), 10,
                      "the history has it")
    assert history(site, rows[0][0])["outcome"] == "answered"
    site.start_service("hub-1")
    site.start_service("context-1")
    tail = site.bus_tail("interaction.")
    again = Caller(site, "301").wait_answered()
    tail.wait("interaction.connected")
    again.hang_up()


def test_postgres_away_and_the_history_catches_up(own_site):
    site = own_site
    ada = seat(site, "ada", answer="auto")
    tail = site.bus_tail("interaction.")
    site.stop_postgres()
    for number in (1, 2, 3):
        caller = Caller(site, "301", caller=f"+44770090080{number}").wait_answered()
        ada.wait_talking(count=number)
        caller.hang_up()
        tail.wait("interaction.closed", count=number)
    site.start_postgres()
    wait.until(lambda: site.sql("SELECT count(*), count(DISTINCT interaction_id) "
                                "FROM tandem.interaction") == [(3, 3)], 20, "all three, once")


def test_a_recount_of_the_events_gives_the_rows_and_the_figures(site):
    ada = seat(site, "ada", answer="auto")
    tail = site.bus_tail()
    for number in range(3):
        caller = Caller(site, "301", caller=f"+44770090081{number}").wait_answered()
        ada.wait_talking(count=number + 1)
        caller.hang_up()
        tail.wait("interaction.closed", count=number + 1)
    ids = [event["key"] for event in tail.of("interaction.closed")]
    for interaction in ids:
        history(site, interaction)
        assert topics(site, interaction).count("interaction.closed") == 1
    counted = site.sql(
        "SELECT (SELECT count(*) FROM tandem.event WHERE topic = 'interaction.closed'), "
        "(SELECT count(*) FROM tandem.interaction)")
    assert counted[0][0] == counted[0][1]
    answered = site.sql("SELECT count(*) FROM tandem.event WHERE topic = 'interaction.connected'")
    wait.until(lambda: sum(event["payload"].get("answered", 0)
                           for event in latest(tail).values()) == answered[0][0], 5,
               "the figures say the same")


def latest(tail):
    return {event["topic"]: event for event in tail.events
            if event["topic"].startswith("metrics.queue.")}


def test_reporting_killed_in_the_middle_loses_and_doubles_nothing(own_site):
    site = own_site
    ada = seat(site, "ada", answer="auto")
    for number in (1, 2, 3):
        caller = Caller(site, "301", caller=f"+44770090082{number}").wait_answered()
        ada.wait_talking(count=number)
        site.kill("reporting-1")
        caller.hang_up()
        ada.wait_ended(count=number)
    site.wait_healthy("reporting-1")
    wait.until(lambda: site.sql("SELECT count(*), count(DISTINCT interaction_id) "
                                "FROM tandem.interaction") == [(3, 3)], 20, "all three, once")
