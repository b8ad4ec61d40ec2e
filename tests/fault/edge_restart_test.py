"""The edge dies in the middle of setting up: nobody's phone rings or listens for ever afterwards."""

import uuid

import pytest

from support import wait
from support.bus_peer import MESSAGES, BusPeer, as_text
from support.scene import USERS
from support.sip_call import Outgoing, wait_incoming

DIALOGS = "tandem:local:1:sip_dialogs:edge-1"


@pytest.fixture
def ringing(own_site):
    """(site, the agent's end of a call that rings, the caller's)"""
    site = own_site
    phone = site.sip_end(USERS["ada"])
    assert phone.register(site.password(USERS["ada"])).status == 200
    wait.until(lambda: "phone registered" in site.tandem("agent", "ada"), 5, "the phone is known")
    site.tandem("agent", "ada", "ready")
    caller = site.sip_end("+447700900177")
    call = Outgoing(caller, "302").send()
    call.wait_status(200)
    call.ack()
    wait_stored(site)
    at_phone = wait_incoming(phone)
    at_phone.ring()
    yield site, at_phone, call


def wait_stored(site):
    """The caller's dialog is one that a next process can go on with."""
    def condition():
        stored = site.redis.hgetall(DIALOGS).values()
        return any(MESSAGES["SipDialog"].FromString(value).confirmed for value in stored)
    wait.until(condition, 5, "the dialog is stored")


def restart(site):
    site.kill("edge-1")
    site.wait_healthy("edge-1", 20)


def test_a_phone_that_rang_is_cancelled_and_rings_again_for_the_same_call(ringing):
    site, at_phone, call = ringing
    tail = site.bus_tail("interaction.")
    restart(site)
    cancel = at_phone.wait_cancel()
    assert cancel.branch == at_phone.invite.branch
    assert cancel.sequence == at_phone.invite.sequence
    at_phone.respond(487, "Request Terminated")
    assert at_phone.wait_request("ACK").branch == at_phone.invite.branch
    again = wait_incoming(at_phone.end, count=2)
    again.answer()
    tail.wait("interaction.connected")
    assert call.bye().status == 200
    again.wait_bye()


def acknowledged(at_phone):
    return any(message.is_request and message.method == "ACK" for message in at_phone.end.messages)


def test_a_phone_that_answered_a_dead_edge_is_acknowledged_and_hung_up(ringing):
    site, at_phone, call = ringing
    site.pause("edge-1")
    at_phone.answer()  # nobody reads it
    restart(site)
    wait.until(lambda: at_phone.answer() and acknowledged(at_phone), 10, "ACK")
    at_phone.wait_bye()
    assert call.bye().status == 200


def test_a_phone_that_was_acknowledged_and_not_yet_heard_is_hung_up(ringing):
    site, at_phone, _ = ringing
    site.pause("media-1")  # it does not take the phone's answer
    at_phone.answer()
    at_phone.wait_request("ACK")
    wait.until(lambda: any(";tag=" in MESSAGES["SipDialog"].FromString(value).remote
                           for value in site.redis.hgetall(DIALOGS).values()
                           if MESSAGES["SipDialog"].FromString(value).offer_id), 5, "it is stored")
    site.kill("edge-1")
    at_phone.wait_bye(20)
    site.resume("media-1")


def test_a_caller_whose_answer_was_not_acknowledged_is_hung_up(own_site):
    site = own_site
    caller = site.sip_end("+447700900178")
    call = Outgoing(caller, "301").send()
    call.wait_status(200)
    restart(site)
    call.wait_bye()
    rows = wait.until(lambda: site.sql("SELECT outcome FROM tandem.interaction"), 15, "the row")
    assert rows == [("abandoned",)]


def test_who_calls_is_known_over_a_restart(own_site):
    """For a router that never heard of the call."""
    site = own_site
    tail = site.bus_tail("interaction.")
    call = Outgoing(site.sip_end("+447700900179"), "301").send()
    call.wait_status(200)
    call.ack()
    wait_stored(site)
    arrived = tail.wait("interaction.arrived")
    tail.wait("interaction.queued")
    assert arrived["payload"]["customer"]["customer_id"]
    restart(site)
    asker = BusPeer(site, "router", "router-9")
    described = asker.ask("edge-1", "Describe", "InteractionArrived",
                          interaction_id=uuid.UUID(arrived["key"]).bytes)
    asker.close()
    assert as_text(described.customer.customer_id) == arrived["payload"]["customer"]["customer_id"]
    assert call.bye().status == 200
