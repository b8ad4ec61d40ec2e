"""Each order of hanging up, with exact messages."""

from support import wait
from support.scene import Caller, agent_state, history, wait_state
from support.sip_call import wait_incoming


def agent_end(site, agent="ada", user="2001"):
    """An agent's phone that does exactly what the test says."""
    end = site.sip_end(user)
    assert end.register(site.password(user)).status == 200
    wait.until(lambda: "phone registered" in site.tandem("agent", agent), 5, "the phone is known")
    site.tandem("agent", agent, "login")
    site.tandem("agent", agent, "ready")
    wait_state(site, agent, "ready")
    return end


def leave(site, end, user="2001", agent="ada"):
    """The phone goes, so that the next test begins with nobody."""
    end.register(site.password(user), expires=0)
    wait.until(lambda: "no phone" in site.tandem("agent", agent), 5, "the phone is gone")


def closed(tail):
    return tail.wait("interaction.closed")["payload"]


def test_the_caller_gives_up_while_it_rings(site):
    ada = agent_end(site)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    ringing = wait_incoming(ada)
    ringing.ring()
    tail.wait("interaction.ringing")
    assert caller.hang_up().status == 200
    ringing.wait_cancel()
    ringing.respond(487, "Request Terminated")
    ringing.wait_request("ACK")
    assert closed(tail)["outcome"] == "abandoned"
    wait_state(site, "ada", "ready")
    leave(site, ada)


def test_the_caller_cancels_before_anybody_answered(site):
    ada = agent_end(site)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "300")
    ringing = wait_incoming(ada)
    ringing.ring()
    caller.call.cancel()
    assert caller.call.wait_status(487).status == 487
    caller.call.ack()
    ringing.wait_cancel()
    ringing.respond(487, "Request Terminated")
    assert closed(tail)["outcome"] == "abandoned"
    caller.close()
    leave(site, ada)


def test_a_200_that_crosses_the_cancel_is_acknowledged_and_ended(site):
    ada = agent_end(site)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    ringing = wait_incoming(ada)
    ringing.ring()
    tail.wait("interaction.ringing")
    caller.hang_up()
    ringing.wait_cancel()
    ringing.answer()
    ringing.wait_request("ACK")
    ringing.wait_bye()
    assert closed(tail)["outcome"] == "abandoned"
    assert agent_state(site, "ada") in ("ready", "wrap_up")
    leave(site, ada)


def test_the_agent_hangs_up_in_set_up_and_the_customer_waits_on(site):
    ada = agent_end(site)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    first = wait_incoming(ada)
    first.answer()
    first.wait_request("ACK")
    first.bye()
    wait.until(lambda: any(event["topic"] in ("interaction.ended", "interaction.offer_ended")
                           for event in tail.events), 5, "the router knows")
    caller.hang_up()
    assert closed(tail)["outcome"] in ("abandoned", "answered")
    leave(site, ada)


def test_the_agent_hangs_up_after_talking_and_the_customer_is_released(site):
    ada = agent_end(site)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    call = wait_incoming(ada)
    call.answer()
    call.wait_request("ACK")
    tail.wait("interaction.connected")
    assert call.bye().status == 200
    caller.call.wait_bye()
    summary = closed(tail)
    assert (summary["outcome"], summary["ended_by"]) == ("answered", "agent")
    assert history(site, summary["interaction_id"])["ended_by"] == "agent"
    caller.close()
    leave(site, ada)


def test_a_decline_goes_to_the_next_agent(site):
    ada, ben = agent_end(site), agent_end(site, "ben", "2002")
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "300")
    first = wait_incoming(ada)
    first.respond(486, "Busy Here")
    second = wait_incoming(ben)
    second.answer()
    second.wait_request("ACK")
    caller.wait_answered()
    tail.wait("interaction.connected")
    caller.hang_up()
    second.wait_bye()
    summary = closed(tail)
    assert (summary["agent"], summary["offers"], summary["declined"]) == ("ben", 2, 1)
    leave(site, ada)
    leave(site, ben, "2002", "ben")


def test_who_does_not_answer_twice_is_not_ready(site):
    ada = agent_end(site)
    tail = site.bus_tail()
    caller = Caller(site, "301").wait_answered()
    for number in (1, 2):
        ringing = wait_incoming(ada, count=number)
        ringing.ring()
        ringing.wait_cancel(seconds=8)
        ringing.respond(487, "Request Terminated")
        if number == 1:
            tail.wait("interaction.offer_ended", lambda event:
                      event["payload"]["reason"] == "no_answer")
    wait_state(site, "ada", "not_ready")
    caller.hang_up()
    summary = closed(tail)
    assert (summary["outcome"], summary["no_answer"]) == ("abandoned", 2)
    leave(site, ada)


def test_a_phone_that_unregisters_makes_its_agent_not_ready(site):
    ada = agent_end(site)
    assert ada.register(site.password("2001"), expires=0).status == 200
    wait_state(site, "ada", "not_ready")
