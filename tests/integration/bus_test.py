"""Events from outside, and everybody who listens."""

import json
import uuid

from support import wait


def test_what_is_published_is_stored_and_heard(site):
    tail = site.bus_tail("crm.")
    assert site.tandem("bus", "publish", "crm.order_placed", '{"order": 7}', "--key", "LB-1") == "stored\n"
    event = tail.wait("crm.order_placed")
    assert event["payload"] == {"order": 7} and event["key"] == "LB-1"
    rows = wait.until(lambda: site.sql("SELECT payload FROM tandem.event WHERE topic = 'crm.order_placed'"),
                      5, "it is in the history")
    assert json.loads(bytes(rows[0][0])) == {"order": 7}


def test_a_repeat_with_the_same_id_is_stored_once(site):
    words = ["bus", "publish", "crm.repeated", "{}", "--id", str(uuid.uuid4())]
    assert site.tandem(*words) == "stored\n"
    assert site.tandem(*words) == "stored before\n"
    site.tandem("bus", "publish", "crm.afterwards", "{}")
    wait.until(lambda: site.sql("SELECT 1 FROM tandem.event WHERE topic = 'crm.afterwards'"), 5, "stored")
    assert site.sql("SELECT count(*) FROM tandem.event WHERE topic = 'crm.repeated'") == [(1,)]


def test_what_is_wrong_is_refused_with_a_reason(site):
    for topic, payload, reason in (("interaction.closed", "{}", "said by Tandem itself"),
                                   ("nodots", "{}", "topic:"),
                                   ("crm.x", "{1}", "JSON:")):
        done = site.tandem_fails("bus", "publish", topic, payload)
        assert reason in done


def test_gaps_can_be_seen(site):
    tail = site.bus_tail("crm.chain")
    for number in range(20):
        site.tandem("bus", "publish", "crm.chain", str(number), "--key", "same")
    wait.until(lambda: len(tail.events) == 20, 5, "all were heard")
    places = [event["place"].split("/") for event in tail.events]
    for before, after in zip(places, places[1:]):
        assert after[2] == before[1], "each names the one before"


def test_figures_are_said_each_second_and_add_up(site):
    tail = site.bus_tail("metrics.")
    for queue in ("sales", "patient", "relaxing"):
        tail.wait(f"metrics.queue.{queue}", count=2)
        payload = tail.of(f"metrics.queue.{queue}")[-1]["payload"]
        assert payload["consistent"]
        parts = [payload.get(name, 0) for name in ("answered", "abandoned", "overflowed", "waiting")]
        assert payload.get("offered", 0) == sum(parts)
    tail.wait("metrics.agents")
    metrics = site.metrics("reporting-1")
    assert metrics["tandem_reporting_queues_inconsistent_total{instance=\"reporting-1\"}"] == 0
    assert 'tandem_queue_waiting{tenant="1",queue="sales"}' in metrics


def test_programs_can_read_what_anybody_wrote(site):
    tail = site.bus_tail("crm.quoted")
    site.tandem("bus", "publish", "crm.quoted", '{"text":\n\t"a \\" b"}', "--key", 'O\'Neil "x" \\ 陈')
    event = tail.wait("crm.quoted")
    assert event["key"] == 'O\'Neil "x" \\ 陈' and event["payload"] == {"text": 'a " b'}


def test_many_events_are_read_from_lines(site):
    lines = "".join(f'{{"n": {number}}}\n' for number in range(300)) + "{wrong}\n" + '{"n": 300}'
    done = site.tandem_run("bus", "publish", "crm.lines", "-", "--key", "one", input=lines)
    ids = done.stdout.split()
    assert len(set(ids)) == 301 and done.returncode == 1
    assert done.stderr.startswith("tandem: line 301: ")
    stored = wait.until(
        lambda: (rows := site.sql("SELECT event_id::text, payload FROM tandem.event "
                                  "WHERE topic = 'crm.lines' ORDER BY occurred_at, event_id"))
        and len(rows) == 301 and rows, 5, "all are in the history")
    assert sorted(ids) == sorted(row[0] for row in stored)
    assert [json.loads(bytes(row[1]))["n"] for row in stored] == list(range(301))
