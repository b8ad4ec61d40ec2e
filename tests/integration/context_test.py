"""Who is this: customers and their numbers, asked and told over the bus."""

import contextlib
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import wait
from support.bus_peer import MESSAGES, BusPeer, Refused, as_text, new_id
from support.site import PrivateSite

PHONE, EMAIL = 1, 2
KNOWN, NEW, SEVERAL, WITHHELD, UNREADABLE = 1, 2, 3, 4, 5


@pytest.fixture(scope="module")
def quiet_site():
    """Without calls and without a company."""
    with PrivateSite(instances=("hub-1", "context-1", "reporting-1"), companies=()) as private:
        yield private


@pytest.fixture
def peer(quiet_site):
    with BusPeer(quiet_site, "tester", "tester-1") as one:
        yield one
    quiet_site.end_parts((0, quiet_site.mark()[1]))


def identify(peer, number):
    return peer.ask("context-1", "Identify", "IdentifyReply", interaction_id=new_id(), number=number)


def customer(external_id, *phones, name="", tier=""):
    return MESSAGES["Customer"](
        brief=MESSAGES["CustomerBrief"](external_id=external_id, display_name=name, tier=tier),
        identities=[MESSAGES["Identity"](kind=PHONE, value=phone) for phone in phones])


def apply(peer, *customers):
    reply = peer.ask("context-1", "CustomersApply", "CustomersApplyReply", customers=customers)
    return reply.created, reply.updated, reply.unchanged


def test_first_calls_at_the_same_moment_are_one_customer(quiet_site, peer):
    tail = quiet_site.bus_tail("customer.")
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda _: identify(peer, "+44 7700 900 001"), range(48)))
    assert [reply.outcome for reply in replies].count(NEW) == 1
    assert {reply.outcome for reply in replies} == {NEW, KNOWN}
    assert len({reply.customer.customer_id for reply in replies}) == 1
    created = tail.wait("customer.created")
    assert created["key"] == as_text(replies[0].customer.customer_id)
    assert created["payload"]["identity"]["value"] == "+447700900001"
    assert quiet_site.sql("SELECT count(*) FROM tandem.identity WHERE value = '+447700900001'") == [(1,)]
    assert len(tail.of("customer.created")) == 1


def test_an_answer_asked_again_is_new_once_more(quiet_site):
    """As when the connection broke after the commit: whoever asks must learn that it was made."""
    words = "SELECT customer_id::text, is_new FROM tandem.identify(1, 1, '+447700900002', %s, '', 8)"
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    assert quiet_site.sql(words, mine) == [(mine, True)]
    assert quiet_site.sql(words, mine) == [(mine, True)]
    assert quiet_site.sql(words, other) == [(mine, False)]


def created(site):
    """Keys of the customer.created events in the history, sorted."""
    return sorted(row[0] for row in site.sql(
        "SELECT key FROM tandem.event WHERE topic = 'customer.created'"))


def customers(site):
    return sorted(row[0] for row in site.sql("SELECT customer_id::text FROM tandem.customer"))


def test_who_is_made_is_told_of_once_whenever_context_dies(make_site):
    site = make_site(instances=("hub-1", "context-1", "reporting-1"), companies=())
    site.kill_for_good("context-1")
    # Where it stands when it dies right after the commit: the customer is made, nobody was told.
    site.sql("SELECT * FROM tandem.identify(1, 1, '+447700900003', %s, '', 8, %s)",
             str(uuid.uuid4()), as_text(new_id()))
    site.start_service("context-1")
    wait.until(lambda: created(site) == customers(site) != [], 10, "the next one tells of it")

    with BusPeer(site, "tester", "tester-1") as peer:
        for number in range(150):
            with contextlib.suppress(AssertionError, Refused):  # it may have died before it answered
                identify(peer, f"+4477009{number:05d}")
            if number % 40 == 20:
                site.kill("context-1")
                site.wait_healthy("context-1")
    wait.until(lambda: created(site) == customers(site), 15, "each customer was told of once")
    assert len(customers(site)) > 100
    wait.until(lambda: site.sql("SELECT count(*) FROM tandem.customer_outbox") == [(0,)], 10,
               "nothing is left to tell")
    streams = [site.redis.xlen(f"tandem:local:events:{i}") for i in range(16)]
    assert sum(streams) == len(customers(site)), "nothing was stored twice"


@pytest.mark.parametrize("number, outcome", [
    ("", WITHHELD), ("anonymous", WITHHELD), ("Restricted@x", WITHHELD),
    ("12", UNREADABLE), ("+1234567890123456", UNREADABLE), ("ring me", UNREADABLE)])
def test_numbers_that_are_none_make_nobody(quiet_site, peer, number, outcome):
    before = quiet_site.sql("SELECT count(*) FROM tandem.customer")
    reply = identify(peer, number)
    assert reply.outcome == outcome and not reply.HasField("customer")
    assert quiet_site.sql("SELECT count(*) FROM tandem.customer") == before


def test_customers_are_created_updated_and_left(quiet_site, peer):
    tail = quiet_site.bus_tail("customer.")
    chen = customer("H-1", "+447700900010", name="Ms Chen", tier="gold")
    assert apply(peer, chen, customer("H-2", "+447700900011")) == (2, 0, 0)
    assert identify(peer, "0044 7700 900010").customer.display_name == "Ms Chen"
    assert apply(peer, chen) == (0, 0, 1)
    chen.brief.tier = "silver"
    assert apply(peer, chen) == (0, 1, 0)
    assert identify(peer, "+447700900010").customer.tier == "silver", "nothing old from the cache"
    updated = tail.wait("customer.updated")
    assert updated["payload"]["customer"]["tier"] == "silver"
    assert [event["payload"]["customer"]["external_id"] for event in tail.of("customer.created")] \
        == ["H-1", "H-2"]


def test_a_number_of_several_gives_all_of_them(peer):
    apply(peer, customer("F-1", "+447700900020"), customer("F-2", "+447700900020"))
    reply = identify(peer, "+447700900020")
    assert reply.outcome == SEVERAL
    assert {each.external_id for each in reply.candidates} == {"F-1", "F-2"}


def test_a_number_that_changed_hands_is_known_so_at_once(peer):
    apply(peer, customer("M-1", "+447700900030", "+447700900031"))
    assert identify(peer, "+447700900030").customer.external_id == "M-1"
    apply(peer, customer("M-1", "+447700900031"), customer("M-2", "+447700900030"))
    assert identify(peer, "+447700900030").customer.external_id == "M-2"


def test_a_caller_whom_the_company_names_later_is_that_customer(peer):
    stranger = identify(peer, "+447700900040")
    assert stranger.outcome == NEW
    apply(peer, customer("L-1", "+447700900040", name="Mr Late"))
    reply = identify(peer, "+447700900040")
    assert reply.outcome == KNOWN and reply.customer.display_name == "Mr Late"


def test_companies_do_not_share_customers(quiet_site, peer):
    apply(peer, customer("T-1", "+447700900050"))
    with BusPeer(quiet_site, "tester", "tester-2", tenant=2) as other:
        assert identify(other, "+447700900050").outcome == NEW
        apply(other, customer("T-1", "+447700900051", name="Somebody else"))
    assert identify(peer, "+447700900050").customer.external_id == "T-1"
    assert identify(peer, "+447700900051").outcome == NEW


def test_one_that_is_wrong_changes_nothing(quiet_site, peer):
    for wrong, field in ((customer("W-2", "none"), "customers[1].identities[0].value"),
                         (customer("", "+447700900061"), "external_id"),
                         (MESSAGES["Customer"](
                             brief=MESSAGES["CustomerBrief"](external_id="W-3"),
                             identities=[MESSAGES["Identity"](kind=77, value="x")]),
                          "customers[1].identities[0]")):
        with pytest.raises(Refused, match="RANGE|SYNTAX") as refused:
            apply(peer, customer("W-1", "+447700900060"), wrong)
        assert field in str(refused.value)
    with pytest.raises(Refused, match="customers"):
        apply(peer)
    assert quiet_site.sql("SELECT count(*) FROM tandem.customer WHERE external_id LIKE 'W-%%'") == [(0,)]


def test_nobody_else_speaks_for_tandem(peer, quiet_site):
    summary = MESSAGES["InteractionSummary"](interaction_id=new_id(), outcome=1).SerializeToString()
    for topic, kind in (("interaction.closed", "application/x-protobuf"),
                        ("crm.closed", "InteractionSummary")):
        with pytest.raises(Refused):
            peer.ask("context-1", "EventPublish", "EventPublishReply", topic=topic, type=kind,
                     payload=summary)
    peer.ask("context-1", "EventPublish", "EventPublishReply", topic="crm.closed",
             type="application/x-protobuf", payload=summary)
    wait.until(lambda: quiet_site.sql("SELECT 1 FROM tandem.event WHERE topic = 'crm.closed'"), 5,
               "it is in the history")
    assert quiet_site.sql("SELECT count(*) FROM tandem.interaction") == [(0,)]


def test_callers_are_known_while_redis_is_away(make_site):
    site = make_site(instances=("context-1",), companies=())
    with BusPeer(site, "tester", "tester-1") as one:
        apply(one, customer("R-1", "+447700900070"))
        endpoint = one.endpoint_of("context-1")
        site.stop_redis()
        one.endpoint_of = lambda _: endpoint
        assert identify(one, "+447700900070").customer.external_id == "R-1"
        site.start_redis()
