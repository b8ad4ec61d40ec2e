"""Hold and resume, by a real phone and by exact messages: RFC 3264 section 8.4, RFC 6337."""

import pytest

from support import wait
from support.phone import read_wav
from support.scene import Caller, history, seat, topics
from support.sip import sdp
from support.sip_call import wait_incoming
from hangup_test import agent_end, leave

MUSIC_HZ = 1000  # what the agent's phone says; music has nothing of it


def hears(rtp, hz, last=0.4, seconds=10):
    wait.until(lambda: rtp.heard().part(-last - 0.15).heard_tone(hz, last), seconds,
               f"{hz} Hz is heard")


def hears_music(rtp, seconds=10):
    """Something, and not the agent."""
    def condition():
        sound = rtp.heard().part(-0.5)
        return sound.loudness() > 0.005 and sound.tone(MUSIC_HZ) < 0.1
    wait.until(condition, seconds, "music is heard")


def test_an_agent_holds_and_resumes_and_the_customer_hears_music_meanwhile(site):
    ada = seat(site, "ada", answer="auto", tone_hz=MUSIC_HZ)
    tail = site.bus_tail()
    caller = Caller(site, "301").wait_answered()
    ada.wait_tone(440)
    hears(caller.rtp, MUSIC_HZ)
    ada.hold()
    held = tail.wait("interaction.held")
    assert held["payload"]["reason"] == "agent" and held["payload"]["agent"] == "ada"
    hears_music(caller.rtp)
    ada.resume()
    tail.wait("interaction.resumed")
    hears(caller.rtp, MUSIC_HZ)
    assert caller.call.requests("INVITE") == [], "the customer's dialog was negotiated again"
    caller.hang_up()
    caller.rtp.assert_continuous()

    row = history(site, held["key"])
    assert row["outcome"] == "answered"
    summary = tail.wait("interaction.closed")["payload"]
    assert summary["holds"] == 1 and 0 < summary["hold_ms"] < summary["talk_ms"]
    stored = topics(site, held["key"])
    assert stored.index("interaction.held") < stored.index("interaction.resumed")
    assert "held" in site.tandem("interaction", held["key"])

    recording = tail.wait("recording.finished")["payload"]
    hold, = recording["holds"]
    left, right = read_wav(site.data / "recordings" / recording["file"])
    assert abs(left.seconds * 1000 - recording["duration_ms"]) < 100
    begin, end = hold["from_ms"] / 1000, (hold["from_ms"] + hold["duration_ms"]) / 1000
    for channel in (left, right):
        assert channel.part(begin + 0.1, end - 0.1).loudness() == 0, "a hold is silence"
    assert left.part(0, begin).has_tone(440) and left.part(end).has_tone(440)


def talk(site, tail):
    """An agent with exact messages who talks to a caller."""
    ada = agent_end(site)
    caller = Caller(site, "302").wait_answered()
    call = wait_incoming(ada)
    call.answer()
    call.wait_request("ACK")
    tail.wait("interaction.connected")
    return ada, caller, call


def end(site, ada, caller, call):
    assert caller.hang_up().status == 200
    call.wait_bye()
    leave(site, ada)


@pytest.mark.parametrize("how", ["a=sendonly", "a=inactive", "c=IN IP4 0.0.0.0"])
def test_each_way_of_holding_is_understood(site, how):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    text = sdp(41000, (8,))
    held = text.replace("c=IN IP4 127.0.0.1", how) if how[0] == "c" else \
        text.replace("a=sendrecv", how)
    answer = call.reinvite(held)
    assert answer.status == 200
    wanted = {"a=sendonly": "a=recvonly", "a=inactive": "a=inactive"}.get(how, "a=recvonly")
    assert wanted in answer.body
    tail.wait("interaction.held")
    answer = call.reinvite(text)
    assert answer.status == 200 and "a=recvonly" not in answer.body
    tail.wait("interaction.resumed")
    end(site, ada, caller, call)


def test_an_agent_who_only_mutes_does_not_hold(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    answer = call.reinvite(sdp(41000, (8,)).replace("a=sendrecv", "a=recvonly"))
    assert answer.status == 200 and "a=sendonly" in answer.body
    end(site, ada, caller, call)
    tail.wait("interaction.closed")
    assert not tail.of("interaction.held")


def test_an_update_holds_likewise(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    answer = call.send_in_dialog("UPDATE", sdp(41000, (8,)).replace("a=sendrecv", "a=sendonly"))
    assert answer.status == 200 and "a=recvonly" in answer.body
    tail.wait("interaction.held")
    end(site, ada, caller, call)
    assert tail.wait("interaction.closed")["payload"]["holds"] == 1


def test_the_customer_may_hold_too(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    held = caller.call.reinvite(sdp(caller.rtp.port).replace("a=sendrecv", "a=inactive"))
    answer = caller.end.final_of(held)
    assert answer.status == 200 and "a=inactive" in answer.body
    assert tail.wait("interaction.held")["payload"]["reason"] == "customer"
    again = caller.call.reinvite(sdp(caller.rtp.port, (0, 8)))
    answer = caller.end.final_of(again)
    assert answer.status == 200 and "RTP/AVP 0" in answer.body, "the first codec is taken"
    tail.wait("interaction.resumed")
    end(site, ada, caller, call)


def test_what_cannot_be_taken_leaves_the_call_as_it_was(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    video = sdp(41000, (8,)).replace("m=audio", "m=video")
    assert call.reinvite(video).status == 488
    assert call.reinvite("this is no description").status in (400, 488)
    assert call.reinvite(sdp(41000, (8,))).status == 200
    end(site, ada, caller, call)
    assert tail.wait("interaction.closed")["payload"]["outcome"] == "answered"


def test_a_reinvite_without_sdp_gets_an_offer_and_its_ack_is_the_answer(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    offer = call.reinvite("", ack=False)
    assert offer.status == 200 and "m=audio" in offer.body
    crossing = call.reinvite(sdp(41000, (8,)))
    assert crossing.status == 491, "our offer is still open"
    call.ack(offer, sdp(41000, (8,)).replace("a=sendrecv", "a=sendonly"))
    tail.wait("interaction.held")
    assert call.reinvite(sdp(41002, (8,))).status == 200
    tail.wait("interaction.resumed")
    end(site, ada, caller, call)


def test_who_holds_may_hang_up(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    call.reinvite(sdp(41000, (8,)).replace("a=sendrecv", "a=sendonly"))
    tail.wait("interaction.held")
    assert call.bye().status == 200
    caller.call.wait_bye()
    summary = tail.wait("interaction.closed")["payload"]
    assert summary["ended_by"] == "agent" and summary["holds"] == 1
    caller.close()
    leave(site, ada)
