"""`tandem interaction` and `tandem why`: what is told of a call, and how it is named."""

import json

import pytest

from support import wait
from support.scene import Caller, history, seat
from support.site import PrivateSite


@pytest.fixture(scope="module")
def told():
    """A site, and the id of a call that ada declined and ben took, after the queue had relaxed."""
    with PrivateSite() as site:
        tail = site.bus_tail("interaction.")
        caller = Caller(site, "303").wait_answered()
        tail.wait("interaction.queued")
        tail.wait("interaction.relaxed")
        ada = seat(site, "ada", answer="manual")
        ada.wait_ringing()
        ben = seat(site, "ben", answer="auto")
        ada.decline()
        tail.wait("interaction.connected")
        caller.hang_up()
        ben.wait_ended()
        interaction = tail.wait("interaction.closed", seconds=20)["key"]
        history(site, interaction)
        yield site, interaction


def test_the_timeline_has_durations_legs_and_an_end(told):
    site, interaction = told
    text = site.tandem("interaction", interaction)
    lines = text.splitlines()
    assert lines[0].startswith(f"interaction {interaction}, ")
    steps = [line.split()[5] for line in lines[3:lines.index("legs") - 1]]
    for step in ("arrived", "queued", "relaxed", "offered", "offer_ended", "connected", "closed"):
        assert step in steps
    legs = lines[lines.index("legs") + 1:]
    assert legs[0].split()[:2] == ["customer", "+447700900123"]
    assert legs[1].split()[:2] == ["agent", "ada"] and legs[1].endswith("(declined)")
    assert legs[2].split()[:2] == ["agent", "ben"] and "talked" in legs[2]
    assert lines[-1].startswith("answered by ben: waited ")
    assert "talked" in lines[-1] and "held 0.0 s, wrap-up" in lines[-1]
    assert "offers 2; declined 1" in lines[-1]


def test_the_same_as_json(told):
    site, interaction = told
    said = json.loads(site.tandem("interaction", interaction, "--json"))
    assert said["interaction_id"] == interaction
    times = [event["since_first_ms"] for event in said["events"]]
    assert times == sorted(times) and times[0] == 0
    assert sum(event["since_former_ms"] for event in said["events"]) <= times[-1]
    arrived = said["events"][0]
    assert arrived["topic"] == "interaction.arrived" and arrived["source"].startswith("router-")
    assert arrived["payload"]["caller"] == "+447700900123"
    assert [(leg["kind"], leg["name"], leg["end"]) for leg in said["legs"][1:]] == [
        ("agent", "ada", "declined"), ("agent", "ben", said["legs"][2]["end"])]
    assert said["legs"][1]["talked_ms"] is None and said["legs"][2]["talked_ms"] >= 0
    assert said["summary"]["outcome"] == "answered"


def test_why_says_what_was_asked_and_why_not_the_others(told):
    site, interaction = told
    text = site.tandem("why", interaction)
    asked, _, offers = text.partition("\noffer 1")
    assert "step 1: skill.sales >= 10" in asked and "step 2: skill.sales >= 1" in asked
    first, _, second = offers.partition("\noffer 2")
    assert first.startswith(" to ada") and "next      nobody" in first
    assert "outcome   ada: declined" in first
    assert second.startswith(" to ben") and "outcome   ben accepted" in second
    assert "asked     step 2 of 2: skill.sales >= 1" in second
    said = json.loads(site.tandem("why", interaction, "--json"))
    assert [step["expression"] for step in said["asked"]] == ["skill.sales >= 10", "skill.sales >= 1"]
    assert [(offer["decision"]["agent"], offer["outcome"]) for offer in said["offers"]] == [
        ("ada", "offer_ended"), ("ben", "accepted")]


def test_a_call_has_short_names(told):
    site, interaction = told
    whole = site.tandem("why", interaction)
    for name in ("last", interaction[-12:], interaction[-5:], interaction[:13], interaction[:8],
                 interaction.upper()):
        assert site.tandem("why", name) == whole, name
    assert "no such interaction" in site.tandem_fails("why", "ffffffff")
    for name in ("abc", "nonsense", interaction + "0", "%%%%"):
        done = site.tandem_run("why", name)
        assert done.returncode == 2 and "ID: expected" in done.stderr
    assert "usage" in site.tandem_fails("why")


def test_a_name_that_fits_several_is_not_guessed(told):
    site, interaction = told
    tail = site.bus_tail("interaction.arrived")
    caller = Caller(site, "302").wait_answered()
    other = tail.wait("interaction.arrived")["key"]
    history_has = lambda: site.sql("SELECT 1 FROM tandem.event WHERE key = %s", other)
    wait.until(history_has, 10, "its arrival is in the history")
    said = site.tandem_fails("why", interaction[:5])
    assert "fits several" in said and interaction in said and other in said
    text = site.tandem("interaction", "last")
    assert text.startswith(f"interaction {other}") and "\nnot over: " in text
    assert "1 ready, not meeting it" in site.tandem("why", "last")  # ben has no patience
    caller.hang_up()
