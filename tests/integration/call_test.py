"""One call, the whole way: the caller, the right agent, sound both ways, and what is left of it."""

import re

from support import wait
from support.phone import read_wav
from support.scene import Caller, history, seat, topics, wait_state


def arrived(tail):
    return tail.wait("interaction.arrived")["key"]


def test_the_whole_call(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    tail = site.bus_tail("interaction.")
    caller = site.caller(tone_hz=440)
    caller.dial("300")
    ada.wait_talking()
    caller.wait_talking()
    ada.wait_tone(440)
    caller.wait_tone(1000)
    interaction = arrived(tail)
    caller.hangup()
    ada.wait_ended()

    row = history(site, interaction)
    assert (row["outcome"], row["queue"], row["agent"]) == ("answered", "sales", "ada")
    assert (row["ended_by"], row["entry_point"]) == ("customer", "sales-direct")
    assert row["talk_ms"] > 0 and row["offers"] == 1 and row["within_threshold"]
    assert not ada.heard().has_tone(1000), "the agent hears herself"
    wait_state(site, "ada", "ready")


def test_the_recording_has_the_customer_left_and_the_agent_right(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    tail = site.bus_tail()
    caller = site.caller(tone_hz=440)
    caller.dial("300")
    ada.wait_tone(440)
    caller.wait_tone(1000)
    caller.hangup()
    recording = tail.wait("recording.finished")["payload"]
    left, right = read_wav(site.data / "recordings" / recording["file"])
    assert left.has_tone(440) and not left.has_tone(1000)
    assert right.has_tone(1000) and not right.has_tone(440)
    assert abs(left.seconds * 1000 - recording["duration_ms"]) < 100
    wait.until(lambda: site.sql("SELECT 1 FROM tandem.recording WHERE interaction_id = %s",
                                recording["interaction_id"]), 5, "the recording is in the history")


def test_the_customers_leg_is_negotiated_once_and_its_rtp_goes_on_without_a_jump(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    caller = Caller(site, "301").wait_answered()
    ada.wait_tone(440)
    wait.until(lambda: caller.rtp.heard().part(-0.3).has_tone(1000), 10, "the agent is heard")
    assert caller.call.requests("INVITE") == [], "the customer's dialog was negotiated again"
    assert [status for status in caller.call.statuses if status >= 200].count(200) >= 1
    caller.hang_up()
    caller.rtp.assert_continuous()


def test_why_names_the_agent_and_who_was_next(site):
    ada = seat(site, "ada", answer="auto")
    seat(site, "ben", answer="auto")
    tail = site.bus_tail("interaction.")
    caller = site.caller()
    caller.dial("300")
    ada.wait_talking()
    interaction = arrived(tail)
    tail.wait("interaction.connected")
    caller.hangup()
    history(site, interaction)
    why = site.tandem("why", interaction)
    assert "offer 1 to ada" in why, why
    assert re.search(r"next +ben", why), why
    timeline = site.tandem("interaction", interaction)
    for word in (" arrived ", " queued ", " offered ", " connected ", " closed ", "answered by ada"):
        assert word in timeline


def test_events_of_a_call_come_in_order_and_reach_the_history_once(site):
    ada = seat(site, "ada", answer="auto")
    tail = site.bus_tail("interaction.")
    caller = site.caller()
    caller.dial("300")
    ada.wait_talking()
    caller.wait_talking()
    interaction = arrived(tail)
    caller.hangup()
    history(site, interaction)
    stored = [topic for topic in topics(site, interaction) if topic.startswith("interaction.")]
    wanted = ["interaction.arrived", "interaction.queued", "interaction.offered",
              "interaction.accepted", "interaction.connected", "interaction.ended",
              "interaction.closed"]
    assert [topic for topic in stored if topic in wanted] == wanted
    heard = [event["topic"] for event in tail.events if event["key"] == interaction]
    assert heard == stored


def test_a_caller_waits_until_an_agent_is_ready(site):
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "301").wait_answered()
    tail.wait("interaction.queued")
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    ada.wait_talking()
    wait.until(lambda: caller.rtp.heard().part(-0.3).has_tone(1000), 10, "the agent is heard")
    caller.hang_up()
    caller.rtp.assert_continuous()
    row = history(site, arrived(tail))
    assert row["outcome"] == "answered" and row["wait_ms"] > 0


def test_who_gives_up_in_the_queue_is_abandoned_and_counted_so(site):
    tail = site.bus_tail()
    before = tail.wait("metrics.queue.sales")["payload"]
    caller = Caller(site, "301").wait_answered()
    interaction = tail.wait("interaction.queued")["key"]
    assert caller.hang_up().status == 200
    row = history(site, interaction)
    assert (row["outcome"], row["agent"]) == ("abandoned", "")

    def count(name, payload):
        return payload.get(name, 0)
    after = tail.wait("metrics.queue.sales", lambda event:
                      count("abandoned", event["payload"]) == count("abandoned", before) + 1)
    assert count("offered", after["payload"]) == count("offered", before) + 1
    assert count("waiting", after["payload"]) == count("waiting", before)
    assert after["payload"]["consistent"]


def test_the_requirement_relaxes_by_time(site):
    ada = seat(site, "ada", answer="auto")
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "303").wait_answered()
    tail.wait("interaction.queued")
    relaxed = tail.wait("interaction.relaxed", seconds=6)
    ada.wait_talking()
    offered = tail.wait("interaction.offered")
    assert relaxed["payload"]["step"] == 2
    assert offered["payload"]["decision"]["step"] == 2
    tail.wait("interaction.connected")
    caller.hang_up()
    row = history(site, offered["key"])
    assert row["outcome"] == "answered" and row["wait_ms"] >= 1900, row


def test_two_codecs_meet(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000, codecs="PCMU")
    caller = site.caller(tone_hz=440, codecs="PCMA")
    caller.dial("301")
    ada.wait_tone(440)
    caller.wait_tone(1000)
    caller.hangup()
    ada.wait_ended()


def test_a_known_caller_is_named_and_an_unknown_one_becomes_one_customer(site):
    seat(site, "ada", answer="auto")
    tail = site.bus_tail()
    first = Caller(site, "301", caller="+447700900555").wait_answered()
    second = Caller(site, "301", caller="+447700900555").wait_answered()
    events = [tail.wait("interaction.arrived", count=n)["payload"] for n in (1, 2)]
    first.hang_up()
    second.hang_up()
    customers = {event["customer"]["customer_id"] for event in events if "customer" in event}
    assert len(customers) == 1
    made = site.sql("SELECT count(*) FROM tandem.identity WHERE value = '+447700900555'")
    assert made == [(1,)]


def test_withheld_numbers_make_nobody(site):
    tail = site.bus_tail("interaction.")
    before = site.sql("SELECT count(*) FROM tandem.customer")
    caller = Caller(site, "301", caller="anonymous").wait_answered()
    event = tail.wait("interaction.arrived")["payload"]
    caller.hang_up()
    assert event["identified"] == "withheld" and "customer" not in event
    assert site.sql("SELECT count(*) FROM tandem.customer") == before
