"""What was acknowledged is in the history once, whatever is killed meanwhile; and it is counted so."""

import json
import signal
import threading
import time
import uuid

import psycopg2
import pytest
import redis

from support import wait
from support.bus_peer import MESSAGES, BusPeer, new_id
from support.site import PrivateSite

RATE = 400  # events a second
EVENTS = 2000


@pytest.fixture(scope="module")
def store_site():
    """Without calls: what is said here, the test says."""
    with PrivateSite(instances=("hub-1", "context-1", "reporting-1"),
                     overrides={("reporting", "stream_keep"): 2000}) as private:
        yield private


class Publishing:
    """`tandem bus publish TOPIC -`, fed at a rate: the ids that were acknowledged are in `stored`."""

    def __init__(self, site, topic, count=EVENTS):
        self.topic, self.stored, self._count = topic, [], count
        self._process = site.tandem_process("bus", "publish", topic, "-")
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._feed, self._read)]
        for thread in self._threads:
            thread.start()

    def _feed(self):
        started = time.monotonic()
        for number in range(self._count):
            wait_s = started + number / RATE - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            self._process.stdin.write(json.dumps({"n": number}) + "\n")
            self._process.stdin.flush()
        self._process.stdin.close()

    def _read(self):
        for line in self._process.stdout:
            self.stored.append(line.strip())

    def wait_stored(self, count):
        wait.until(lambda: len(self.stored) >= count, 60, f"{count} events are acknowledged")

    def finish(self):
        for thread in self._threads:
            thread.join(timeout=90)
        assert self._process.wait(timeout=10) == 0 and len(self.stored) == self._count


def rows(site, query, *values):
    """Of a PostgreSQL that may be starting."""
    try:
        return site.sql(query, *values)
    except psycopg2.Error:
        return []


def assert_each_once(site, publishing):
    wait.until(lambda: rows(site, "SELECT count(*) FROM tandem.event WHERE topic = %s",
                            publishing.topic) == [(len(set(publishing.stored)),)], 60,
               "all are in the history")
    ids = [row[0] for row in site.sql("SELECT event_id::text FROM tandem.event WHERE topic = %s",
                                      publishing.topic)]
    assert sorted(ids) == sorted(publishing.stored)


def position_of(site):
    return sum(row[0] for row in rows(site, "SELECT unix_ms FROM tandem.stream_position"))


# --- killed ----------------------------------------------------------------------------------------


def test_reporting_killed_again_and_again(store_site):
    publishing = Publishing(store_site, "crm.reporting_killed")
    for part in (1, 2, 3):
        publishing.wait_stored(part * EVENTS // 4)
        store_site.kill("reporting-1")
    publishing.finish()
    assert_each_once(store_site, publishing)
    store_site.wait_healthy("reporting-1")


def test_redis_killed(store_site):
    publishing = Publishing(store_site, "crm.redis_killed")
    for part in (1, 2):
        publishing.wait_stored(part * EVENTS // 3)
        store_site.stop_redis(signal.SIGKILL)
        store_site.start_redis()
    publishing.finish()
    assert_each_once(store_site, publishing)


def test_postgresql_killed(store_site):
    publishing = Publishing(store_site, "crm.postgres_killed")
    for part in (1, 2):
        publishing.wait_stored(part * EVENTS // 3)
        store_site.stop_postgres(signal.SIGQUIT)
        publishing.wait_stored(part * EVENTS // 3 + EVENTS // 6)  # nobody waits for it
        store_site.start_postgres()
    publishing.finish()
    assert_each_once(store_site, publishing)
    store_site.wait_healthy("reporting-1")


def test_context_killed(store_site):
    publishing = Publishing(store_site, "crm.context_killed")
    for part in (1, 2):
        publishing.wait_stored(part * EVENTS // 3)
        store_site.kill("context-1")
    publishing.finish()
    assert_each_once(store_site, publishing)


def test_context_stopped_answers_first(store_site):
    publishing = Publishing(store_site, "crm.context_stopped")
    publishing.wait_stored(EVENTS // 2)
    store_site.stop_service("context-1")
    store_site.start_service("context-1")
    publishing.finish()
    assert_each_once(store_site, publishing)


def test_subscribers_see_the_gap_that_a_killed_hub_leaves(store_site):
    tail = store_site.bus_tail("crm.hub_killed")
    publishing = Publishing(store_site, "crm.hub_killed")
    publishing.wait_stored(EVENTS // 2)
    store_site.kill("hub-1")
    publishing.finish()
    assert_each_once(store_site, publishing)
    wait.until(lambda: tail.events[-1]["id"] == publishing.stored[-1] or
               len(tail.events) >= EVENTS // 2, 10, "it speaks again")
    store_site.tandem("bus", "publish", "crm.hub_killed", "{}")
    wait.until(lambda: tail.events[-1]["payload"] == {}, 10, "the last one is heard")
    last, gaps = {}, 0
    for event in tail.events:
        partition, place, before = event["place"].split("/")
        gaps += partition in last and last[partition] != before
        last[partition] = place
    assert len({event["id"] for event in tail.events}) == len(tail.events), "none twice"
    assert gaps > 0 or len(tail.events) == EVENTS + 1, "what is missing shows"


# --- kept short ------------------------------------------------------------------------------------


def test_streams_are_trimmed_behind_the_history_and_not_before(store_site):
    site = store_site
    length = lambda: sum(site.redis.xlen(f"tandem:local:events:{i}") for i in range(16))
    site.tandem("bus", "publish", "crm.before_trim", "{}")
    wait.until(lambda: length() == 0, 30, "what the history has is trimmed")
    site.stop_service("reporting-1")
    site.tandem("bus", "publish", "crm.not_yet", "{}")
    site.start_service("reporting-1")
    wait.until(lambda: rows(site, "SELECT 1 FROM tandem.event WHERE topic = 'crm.not_yet'"), 10,
               "what came meanwhile is in the history")


def test_one_event_that_cannot_be_stored_is_left_out_alone(store_site):
    site = store_site
    site.sql("ALTER TABLE tandem.event ADD CONSTRAINT refused CHECK (topic <> 'crm.poison')")
    try:
        publishing = Publishing(site, "crm.around_poison", 300)
        publishing.wait_stored(100)
        site.tandem("bus", "publish", "crm.poison", "{}")
        publishing.finish()
        assert_each_once(site, publishing)
        wait.until(lambda: site.metrics("reporting-1")[
            'tandem_reporting_events_left_out_total{instance="reporting-1"}'] == 1, 5, "one was left out")
        assert site.log("reporting-1").count("history.left_out") == 1
        assert site.is_healthy("reporting-1")
    finally:
        site.sql("ALTER TABLE tandem.event DROP CONSTRAINT refused")


def test_ids_and_times_from_anywhere_do_not_stop_the_history(store_site):
    """An id may say that it was made in the year 10889; a summary may say that it ended there."""
    far = b"\xff" * 6 + b"\x7f\xff\xbf" + b"\xff" * 7
    with BusPeer(store_site, "tester", "tester-1") as peer:
        for identifier in (far, bytes(5) + b"\x01\x70\x01\x80" + bytes(7), uuid.uuid4().bytes):
            peer.ask("context-1", "EventPublish", "EventPublishReply", topic="crm.far",
                     event_id=identifier)
    summary = MESSAGES["InteractionSummary"](
        interaction_id=far, outcome=1, queued_at_unix_us=2**64 - 1, closed_at_unix_us=2**63)
    envelope = MESSAGES["Envelope"](
        id=new_id(), tenant=1, topic="interaction.closed", type="InteractionSummary",
        time_unix_us=2**64 - 1, payload=summary.SerializeToString())
    store_site.redis.xadd("tandem:local:events:3", {"e": envelope.SerializeToString()})
    store_site.redis.xadd("tandem:local:events:3", {"e": b"\xff\xff"})
    store_site.redis.xadd("tandem:local:events:3", {"other": b"x"})
    store_site.tandem("bus", "publish", "crm.after_far", "{}")
    wait.until(lambda: rows(store_site, "SELECT 1 FROM tandem.event WHERE topic = 'crm.after_far'"),
               10, "the history goes on")
    assert store_site.sql("SELECT count(*) FROM tandem.event WHERE topic = 'crm.far' "
                          "AND occurred_at > now() - interval '1 hour' AND occurred_at < now()") == [(3,)]
    assert store_site.sql("SELECT count(*) FROM tandem.interaction WHERE queued_at IS NULL") == [(1,)]
    assert store_site.sql("SELECT count(*) FROM tandem.event_default WHERE topic LIKE 'crm.%%'") == [(0,)]


# --- counted ---------------------------------------------------------------------------------------


def say(site, interaction, topic, ago_s=0, **fields):
    """One event of the router, put into the stream as the router does."""
    at = time.time() - ago_s
    identifier = new_id()
    millis = int(at * 1000).to_bytes(6, "big")
    kind = "InteractionSummary" if topic == "interaction.closed" else "InteractionEvent"
    if kind == "InteractionEvent":
        fields["at_unix_us"] = int(at * 1e6)
    envelope = MESSAGES["Envelope"](
        id=millis + identifier[6:], tenant=1, topic=topic, type=kind, key=interaction.hex(),
        source="router-1", site="local", time_unix_us=int(at * 1e6),
        payload=MESSAGES[kind](interaction_id=interaction, **fields).SerializeToString())
    site.redis.xadd("tandem:local:events:7", {"e": envelope.SerializeToString()})


def figures(site, queue):
    metrics = site.metrics("reporting-1")
    names = ("offered", "answered", "abandoned", "overflowed", "waiting")
    return tuple(int(metrics.get(f'tandem_queue_{name}{{tenant="1",queue="{queue}"}}', -1))
                 for name in names)


def test_a_restart_counts_the_same(store_site):
    site = store_site
    callers = [new_id() for _ in range(40)]
    for caller in callers:
        say(site, caller, "interaction.queued", queue="sales")
    for caller in callers[:20]:
        say(site, caller, "interaction.connected", queue="sales", wait_ms=1000)
    for caller in callers[20:25]:
        say(site, caller, "interaction.abandoned", queue="sales", wait_ms=9000)
    for caller in callers[:10]:
        say(site, caller, "interaction.closed", queue="sales", outcome=1, talk_ms=5000)
    expected = (40, 20, 5, 0, 15)
    wait.until(lambda: figures(site, "sales") == expected, 10, "they are counted")
    wait.until(lambda: rows(site, "SELECT count(*) FROM tandem.event WHERE topic = 'interaction.closed' "
                            "AND key <> ''") == [(10,)], 10, "they are in the history")
    site.kill("reporting-1")  # Part of it may be in the streams only, part in both.
    say(site, callers[25], "interaction.connected", queue="sales", wait_ms=1000)
    site.wait_healthy("reporting-1")
    wait.until(lambda: figures(site, "sales") == (40, 21, 5, 0, 14), 10, "and counted again")
    name = 'tandem_reporting_queues_inconsistent_total{instance="reporting-1"}'
    assert site.metrics("reporting-1")[name] == 0


def test_who_waits_since_yesterday_is_waiting_after_a_restart(store_site):
    site = store_site
    caller = new_id()
    answered_before = figures(site, "patient")[1]
    say(site, caller, "interaction.queued", ago_s=24 * 3600, queue="patient")
    wait.until(lambda: rows(site, "SELECT 1 FROM tandem.event WHERE topic = 'interaction.queued' "
                            "AND key = %s", caller.hex()), 10, "it is in the history")
    site.kill("reporting-1")
    site.wait_healthy("reporting-1")
    wait.until(lambda: figures(site, "patient")[4] == 1, 10, "it waits")
    say(site, caller, "interaction.connected", queue="patient", wait_ms=86400000)
    wait.until(lambda: figures(site, "patient")[1] == answered_before + 1, 10, "it is answered")
    assert figures(site, "patient")[4] == 0
