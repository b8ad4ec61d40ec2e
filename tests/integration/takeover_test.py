"""The router dies: the standby goes on with what was committed. One test for each row of the table."""

import pytest

from support import wait
from support.crowd import Agent, Customer, company
from support.scene import Caller, history, seat, wait_state


def active_router(site):
    """The instance that holds the lease; None while nobody does."""
    keys = site.redis.keys("tandem:*:router:owner")
    owner = site.redis.get(keys[0]) if keys else None
    return owner.decode() if owner else None


@pytest.fixture
def crowd(make_site):
    def make(agents):
        site = make_site(companies=())
        site.apply(company(agents))
        return site
    return make


def test_talk_goes_on_and_those_who_wait_are_answered_by_the_standby(crowd):
    site = crowd(30)
    tail = site.bus_tail("interaction.")
    talking_agents = [Agent(site, n) for n in range(1, 21)]
    talking = [Customer(site, n) for n in range(20)]
    wait.until(lambda: len(tail.of("interaction.connected")) == 20, 20, "20 talk")
    late_agents = [Agent(site, n, ready=False) for n in range(21, 31)]
    waiting = [Customer(site, 100 + n) for n in range(10)]
    wait.until(lambda: len(tail.of("interaction.queued")) == 30, 20, "10 wait")
    queued = [event["key"] for event in tail.of("interaction.queued")][20:]

    before = active_router(site)
    site.kill_for_good(before)  # started again at once it may have the lease itself
    wait.until(lambda: active_router(site) not in (None, before), 5, "the standby has the lease")
    assert not any(customer.is_ended for customer in talking), "talk was cut"
    for agent in late_agents:
        agent.be_ready()
    wait.until(lambda: len(tail.of("interaction.connected")) == 30, 20, "the 10 are answered")
    order = [event["key"] for event in tail.of("interaction.connected")][20:]
    assert set(order) == set(queued), "somebody lost their place"

    for customer in talking + waiting:
        assert customer.hang_up() == 200
    wait.until(lambda: site.sql("SELECT count(*) FROM tandem.interaction") == [(30,)], 20, "history is whole")
    assert site.sql("SELECT count(*), count(DISTINCT interaction_id) FROM tandem.interaction "
                    "WHERE outcome = 'answered'") == [(30, 30)]
    assert len(talking_agents) == 20


def test_both_know_and_the_higher_phase_wins(own_site):
    """The agent answers while no router is there: the channel knows more than the store."""
    site = own_site
    ada = seat(site, "ada", answer="manual")
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "302").wait_answered()
    ada.wait_ringing()
    interaction = tail.wait("interaction.ringing")["key"]
    for router in ("router-1", "router-2"):
        site.pause(router)
    ada.accept()
    for router in ("router-1", "router-2"):
        site.kill(router)
    tail.wait("interaction.connected", seconds=15)
    caller.hang_up()
    row = history(site, interaction)
    assert (row["outcome"], row["agent"], row["offers"]) == ("answered", "ada", 1)


def test_only_the_channel_knows_and_it_is_adopted_with_its_time_and_id(own_site):
    site = own_site
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "301").wait_answered()
    arrived = tail.wait("interaction.arrived")
    tail.wait("interaction.queued")
    for router in ("router-1", "router-2"):
        site.kill_for_good(router)
    forget(site, arrived["key"])
    site.start_service("router-1")
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    ada.wait_talking(seconds=15)
    caller.hang_up()
    row = history(site, arrived["key"])
    assert (row["outcome"], row["agent"]) == ("answered", "ada")
    assert row["wait_ms"] > 0


def forget(site, interaction):
    """As if the store had never heard of it."""
    removed = 0
    for key in site.redis.keys("tandem:*:1:*"):
        if site.redis.type(key) == b"hash":
            removed += site.redis.hdel(key, interaction)
    assert removed > 0, "the interaction was not in the store"


def test_only_the_router_knows_and_the_channel_is_gone(own_site):
    site = own_site
    tail = site.bus_tail("interaction.")
    Caller(site, "301").wait_answered()
    interaction = tail.wait("interaction.queued")["key"]
    site.kill_for_good("edge-1")
    closed = tail.wait("interaction.closed", seconds=10)
    assert closed["key"] == interaction
    assert closed["payload"]["outcome"] == "channel_lost"
    assert history(site, interaction)["outcome"] == "channel_lost"


def test_a_channel_that_does_not_answer_the_sync_is_treated_as_dead(own_site):
    site = own_site
    tail = site.bus_tail("interaction.")
    Caller(site, "301").wait_answered()
    interaction = tail.wait("interaction.queued")["key"]
    site.pause("edge-1")
    site.kill(active_router(site))
    closed = tail.wait("interaction.closed", seconds=15)
    assert (closed["key"], closed["payload"]["outcome"]) == (interaction, "channel_lost")
    site.resume("edge-1")
    site.wait_healthy("edge-1")


def test_an_edge_that_comes_back_leaves_nothing_behind(own_site):
    """Killed and started again at once: its calls end with a reason, or go on."""
    site = own_site
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "301").wait_answered()
    ada.wait_talking()
    interaction = tail.wait("interaction.connected")["key"]
    site.kill("edge-1")
    site.wait_healthy("edge-1")
    if not tail.of("interaction.closed"):
        caller.call.bye()
    assert history(site, interaction, seconds=20)["outcome"] in ("answered", "channel_lost")
    wait_state_any(site, "ada", ("ready", "not_ready", "wrap_up"))


def wait_state_any(site, agent, states):
    from support.scene import agent_state
    wait.until(lambda: agent_state(site, agent) in states, 10, f"{agent} is one of {states}")


def test_a_router_that_was_frozen_cannot_write_any_more(own_site):
    """It wakes up with an old epoch: the store refuses it, and it stands by."""
    site = own_site
    frozen = active_router(site)
    site.pause(frozen)
    wait.until(lambda: active_router(site) not in (None, frozen), 5, "the standby has the lease")
    ada = seat(site, "ada", answer="auto")
    site.resume(frozen)
    caller = Caller(site, "301").wait_answered()
    ada.wait_talking()
    caller.hang_up()
    site.wait_healthy(frozen)
    assert active_router(site) != frozen
    wait_state(site, "ada", "ready")
