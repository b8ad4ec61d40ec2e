"""Agents call numbers outside, from their registered phones and through an allowed trunk."""

import pytest

from support import wait
from support.scene import Caller, agent_state, history, seat, topics, wait_state
from support.site import COMPANIES
from support.sip_call import Outgoing, wait_incoming

NUMBER = "+15550100"


@pytest.fixture
def carrier(make_site):
    """A site whose company may call out through a carrier, and that carrier's SIP end."""
    site = make_site(companies=())
    end = site.sip_end("carrier", "127.0.0.1")
    text = (COMPANIES / "harbour.yaml").read_text(encoding="utf-8")
    text = text.replace("    display_name: Ada Long\n",
                        "    display_name: Ada Long\n    may_call_out: true\n")
    text += (f'  - {{name: carrier, addresses: ["192.0.2.77"], outbound: true, '
             f'target: "127.0.0.1:{end.port}", prefixes: ["+1"], caller_number: "+442000000"}}\n'
             'call_out: {denied: ["911", "+1900*"], record: true, ring_s: 20}\n')
    site.apply(text)
    return site, end


def test_an_agent_calls_a_number_outside(carrier):
    site, end = carrier
    ada = seat(site, "ada", tone_hz=1000)
    tail = site.bus_tail()
    ada.dial(NUMBER)
    call = wait_incoming(end)
    assert call.invite.uri.startswith(f"sip:{NUMBER}@") and "+442000000" in call.invite["From"]
    assert agent_state(site, "ada") == "busy"
    call.ring()
    call.answer()
    call.wait_request("ACK")
    ada.wait_talking()
    connected = tail.wait("interaction.connected")["payload"]
    assert connected["direction"] == "outbound"
    assert call.bye().status == 200
    ada.wait_ended()
    row = history(site, connected["interaction_id"])
    assert (row["outcome"], row["agent"], row["queue"]) == ("answered", "ada", "")
    assert (row["called"], row["ended_by"]) == (NUMBER, "customer")
    summary = tail.wait("interaction.closed")["payload"]
    assert summary["direction"] == "outbound"
    assert "interaction.queued" not in topics(site, connected["interaction_id"])
    tail.wait("recording.finished")
    wait_state(site, "ada", "ready")


def test_who_is_called_does_not_want_to(carrier):
    site, end = carrier
    ada = seat(site, "ada")
    tail = site.bus_tail("interaction.")
    ada.dial(NUMBER)
    call = wait_incoming(end)
    call.respond(486, "Busy Here")
    ada.wait_ended()
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["outcome"], summary["reason"]) == ("not_reached", "declined")
    wait_state(site, "ada", "ready")


def test_nobody_else_reaches_the_trunk(carrier):
    """Strangers, phones without a proof, agents who may not, and numbers that are denied."""
    site, end = carrier
    ben = seat(site, "ben")
    ada = seat(site, "ada")
    stranger = Outgoing(site.sip_end(), NUMBER).send()
    assert stranger.wait_status(4).status == 404
    posing = Outgoing(site.sip_end("2001"), NUMBER).send()
    assert posing.wait_status(4).status in (403, 404, 407)
    ben.dial(NUMBER)
    ben.wait_ended()
    ada.dial("+19005550100")
    ada.wait_ended()
    ada.dial("911")
    ada.wait_ended(count=2)
    assert [m for m in end.messages if m.is_request] == []


def test_a_transfer_to_a_number_outside(carrier):
    site, end = carrier
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    ada.wait_talking()
    tail.wait("interaction.connected")
    ada.command("transfer", f"sip:{NUMBER}@harbour.example")
    call = wait_incoming(end)
    call.answer(formats=(8, 0))
    call.wait_request("ACK")
    ada.wait_ended()
    done = tail.wait("interaction.transferred")["payload"]
    assert (done["target"], done["to"]) == ("outside", NUMBER)
    wait_state(site, "ada", "ready")
    caller.hang_up()
    call.wait_bye()
    caller.rtp.assert_continuous()
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["outcome"], summary["transfers"]) == ("answered", 1)
    wait.until(lambda: history(site, done["interaction_id"])["agent"] == "ada", 5, "history")
