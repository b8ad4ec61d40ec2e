"""Blind transfer by REFER (RFC 3515) from an agent's phone."""

import pytest

from support import wait
from support.scene import Caller, agent_state, history, seat, topics, wait_state
from support.sip_call import wait_incoming
from figures_test import assert_all_the_same
from hangup_test import agent_end, leave


def hears(rtp, hz, last=0.4, seconds=10):
    wait.until(lambda: rtp.heard().part(-last - 0.15).heard_tone(hz, last), seconds,
               f"{hz} Hz is heard")


def talk(site, tail, number="302"):
    """ada, with exact messages, talks to a caller."""
    ada = agent_end(site)
    caller = Caller(site, number).wait_answered()
    call = wait_incoming(ada)
    call.answer()
    call.wait_request("ACK")
    tail.wait("interaction.connected")
    return ada, caller, call


def refer(call, to, *headers):
    return call.send_in_dialog("REFER", headers=[("Refer-To", to),
                                                 ("Referred-By", "<sip:2001@harbour.example>"),
                                                 *headers])


def notices(call):
    """What the NOTIFYs said so far: first lines of the fragments."""
    seen = {}
    for message in call.end.messages:
        if message.is_request and message.method == "NOTIFY" and \
                message.call_id == call.invite.call_id and message.branch not in seen:
            seen[message.branch] = message
            call.end.send(call.end.response(message, 200, "OK"), message.source)
    return [message.body.strip().removeprefix("SIP/2.0 ") for message in seen.values()]


def wait_notice(call, status, seconds=10):
    wait.until(lambda: any(line.startswith(str(status)) for line in notices(call)), seconds,
               f"NOTIFY {status}; came: {notices(call)}")


def test_to_an_agent_by_a_real_phone(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    ada.wait_talking()
    hears(caller.rtp, 1000)
    ben = seat(site, "ben", answer="auto", tone_hz=700)
    ada.command("transfer", "sip:2002@harbour.example")
    ben.wait_talking()
    hears(caller.rtp, 700)
    ben.wait_tone(440)
    ada.wait_ended()
    done = tail.wait("interaction.transferred")["payload"]
    assert (done["from_agent"], done["to"], done["target"]) == ("ada", "2002", "agent")
    wait_state(site, "ada", "ready")
    assert agent_state(site, "ben") == "busy"
    assert caller.call.requests("INVITE") == [], "the customer's dialog was negotiated again"
    caller.hang_up()
    caller.rtp.assert_continuous()
    row = history(site, done["interaction_id"])
    assert (row["outcome"], row["agent"], row["queue"]) == ("answered", "ben", "patient")
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["transfers"], summary["first_agent"]) == (1, "ada")
    stored = topics(site, done["interaction_id"])
    assert stored.count("interaction.queued") == 1, "asked for by name: in no queue's figures"
    timeline = site.tandem("interaction", done["interaction_id"])
    assert "transferring" in timeline and "transferred" in timeline


def test_the_phone_is_told_how_it_goes(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    assert refer(call, "<sip:ben@harbour.example>").status == 202
    ringing = wait_incoming(ben)
    ringing.ring()
    wait_notice(call, 100)
    wait_notice(call, 180)
    ringing.answer()
    ringing.wait_request("ACK")
    wait_notice(call, 200)
    call.wait_bye()
    tail.wait("interaction.transferred")
    caller.hang_up()
    ringing.wait_bye()
    leave(site, ada)
    leave(site, ben, "2002", "ben")


@pytest.mark.parametrize("status, reason, notified", [(486, "declined", 603),
                                                      (480, "unreachable", 503)])
def test_when_it_fails_the_agent_has_the_call_back(site, status, reason, notified):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    assert refer(call, "<sip:2002@harbour.example>").status == 202
    ringing = wait_incoming(ben)
    ringing.respond(status, "Test")
    wait_notice(call, notified)
    failed = tail.wait("interaction.transfer_failed")["payload"]
    assert (failed["reason"], failed["from_agent"]) == (reason, "ada")
    assert agent_state(site, "ada") == "busy"
    assert call.bye().status == 200  # she talks again: this ends the call
    caller.call.wait_bye()
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["outcome"], summary["agent"]) == ("answered", "ada")
    assert "transfers" not in summary
    caller.close()
    leave(site, ada)
    leave(site, ben, "2002", "ben")


def test_to_a_queue_by_its_number(site):
    """The queue has taken it: the agent is let go at once, and the customer waits like any other."""
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    assert refer(call, "<sip:301@harbour.example>").status == 202
    wait_notice(call, 200)
    call.wait_bye()
    queued = tail.wait("interaction.queued", count=2)["payload"]
    assert queued["queue"] == "sales"
    second = wait_incoming(ada, count=2)  # she wraps up, and is the only one there
    second.answer()
    second.wait_request("ACK")
    tail.wait("interaction.connected", count=2)
    caller.hang_up()
    second.wait_bye()
    row = history(site, queued["interaction_id"])
    assert (row["outcome"], row["queue"]) == ("answered", "sales")
    leave(site, ada)


def test_a_transfer_counts_in_both_queues(make_site):
    """To a queue and on to an agent by name: live, in the reports and from the streams alike."""
    site = make_site()
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    assert refer(call, "<sip:sales@harbour.example>").status == 202
    call.wait_bye()
    second = wait_incoming(ada, count=2)
    second.answer()
    second.wait_request("ACK")
    tail.wait("interaction.connected", count=2)
    ben = agent_end(site, "ben", "2002")
    assert refer(second, "<sip:ben@harbour.example>").status == 202
    third = wait_incoming(ben)
    third.answer()
    third.wait_request("ACK")
    moved = tail.wait("interaction.transferred", count=2)["payload"]
    assert moved["from_queue"] == "sales"
    second.wait_bye()
    caller.hang_up()
    third.wait_bye()
    tail.wait("interaction.closed")
    assert_all_the_same(site, ("patient", "sales"))
    assert site.sql("SELECT queue, transferred_out, transferred_in FROM tandem.calls_by_queue "
                    "WHERE tenant = 1 AND transferred_out > 0 ORDER BY queue") == [
                        ("patient", 1, 0), ("sales", 1, 1)]


def test_what_is_not_to_be_had_is_refused_and_they_talk_on(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    assert refer(call, "<sip:2003@harbour.example>").status == 202
    wait_notice(call, 486)  # nobody is at that phone
    assert refer(call, "<sip:nobody@harbour.example>").status == 202
    wait_notice(call, 404)
    assert refer(call, "<sip:+15550100@harbour.example>").status == 202
    wait_notice(call, 403)  # she may not call out
    replaces = "<sip:2002@harbour.example?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"
    assert refer(call, replaces).status == 501
    assert refer(call, "<http://harbour.example/>").status == 416
    assert call.send_in_dialog("REFER").status == 400
    assert not tail.of("interaction.transferring")
    caller.hang_up()
    call.wait_bye()
    leave(site, ada)


def test_a_customer_cannot_transfer(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    answer = caller.call.request("REFER", headers=[("Refer-To", "<sip:2002@harbour.example>")])
    assert answer.status == 403
    caller.hang_up()
    call.wait_bye()
    leave(site, ada)


def test_without_a_subscription_nothing_is_notified(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    answer = refer(call, "<sip:301@harbour.example>", ("Refer-Sub", "false"))
    assert answer.status == 202 and answer["Refer-Sub"] == "false"
    call.wait_bye()
    assert notices(call) == []
    caller.hang_up()
    tail.wait("interaction.closed")
    leave(site, ada)


def test_the_agent_may_hang_up_at_once(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    assert refer(call, "<sip:2002@harbour.example>").status == 202
    assert call.bye().status == 200
    ringing = wait_incoming(ben)
    tail.wait("interaction.agent_left")
    ringing.answer()
    ringing.wait_request("ACK")
    tail.wait("interaction.transferred")
    caller.hang_up()
    ringing.wait_bye()
    assert tail.wait("interaction.closed")["payload"]["agent"] == "ben"
    leave(site, ada)
    leave(site, ben, "2002", "ben")


def test_nobody_takes_it_and_the_agent_is_gone(site):
    """Then the customer waits in the queue they came from."""
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    refer(call, "<sip:2002@harbour.example>")
    ringing = wait_incoming(ben)
    assert call.bye().status == 200
    tail.wait("interaction.agent_left")
    ringing.respond(486, "Busy Here")
    tail.wait("interaction.transfer_failed")
    second = wait_incoming(ada, count=2)
    second.answer()
    second.wait_request("ACK")
    tail.wait("interaction.connected", count=2)
    caller.hang_up()
    second.wait_bye()
    assert tail.wait("interaction.closed")["payload"]["outcome"] == "answered"
    leave(site, ada)
    leave(site, ben, "2002", "ben")


def test_the_customer_hangs_up_meanwhile(site):
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    refer(call, "<sip:2002@harbour.example>")
    ringing = wait_incoming(ben)
    ringing.ring()
    wait_notice(call, 180)
    assert caller.hang_up().status == 200
    ringing.wait_cancel()
    ringing.respond(487, "Request Terminated")
    call.wait_bye()
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["outcome"], summary["ended_by"]) == ("answered", "customer")
    wait_state(site, "ben", "ready")
    leave(site, ada)
    leave(site, ben, "2002", "ben")


def test_a_router_that_takes_over_goes_on_with_it(own_site):
    site = own_site
    tail = site.bus_tail("interaction.")
    ada, caller, call = talk(site, tail)
    ben = agent_end(site, "ben", "2002")
    refer(call, "<sip:2002@harbour.example>")
    ringing = wait_incoming(ben)
    ringing.ring()
    wait_notice(call, 180)
    for router in ("router-1", "router-2"):
        site.kill(router)
    ringing.answer()
    ringing.wait_request("ACK")
    wait_notice(call, 200, seconds=20)
    call.wait_bye()
    tail.wait("interaction.transferred")
    caller.hang_up()
    ringing.wait_bye()
    summary = tail.wait("interaction.closed")["payload"]
    assert (summary["agent"], summary["first_agent"]) == ("ben", "ada")
