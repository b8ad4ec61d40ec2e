"""What strangers and bad clients do at the door: it is refused, counted, bounded, and costs nobody
else anything."""

import contextlib
import os
import random
import socket
import threading

import pytest
import zmq

from support import wait
from support.bus_peer import MESSAGES, BusPeer, new_id
from support.door import DONE, INVALID, Guest, add, client, counter, settings_of
from support.site import PrivateSite
from tandem_client import Gap

CONNECTIONS_MAX = 300


@pytest.fixture(scope="module")
def small_site():
    """A door with little room."""
    with PrivateSite(instances=("hub-1", "context-1", "door-1", "reporting-1"), companies=(),
                     overrides={("door", "connections_max"): CONNECTIONS_MAX,
                                ("door", "queue_max"): 100}) as private:
        yield private


@pytest.fixture
def crm(small_site):
    name = f"crm_{new_id().hex()[-8:]}"
    path = add(small_site, name, "--publish", "crm.", "--subscribe", "crm.,metrics.", "--per-second",
               "5000", "--bytes-per-second", "100000000")
    pid = small_site.pid("door-1")
    yield path
    small_site.tandem("client", "remove", name)
    assert small_site.pid("door-1") == pid, "it lived through it"
    assert small_site.is_healthy("door-1")


def address_of(path):
    host, _, port = settings_of(path)["endpoint"].removeprefix("tcp://").rpartition(":")
    return host, int(port)


@contextlib.contextmanager
def strangers(path, count):
    """So many TCP connections; those that the door closes stay closed."""
    held = []
    try:
        for _ in range(count):
            held.append(socket.create_connection(address_of(path), timeout=5))
        yield held
    finally:
        for each in held:
            each.close()


def is_closed(stranger):
    stranger.setblocking(False)
    try:
        while stranger.recv(4096):
            pass  # a greeting
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


# --- before the handshake ------------------------------------------------------------------------

@pytest.mark.parametrize("scenario", ["silent", "greeting", "half a greeting"])
def test_thousands_of_half_open_connections_keep_nobody_out(small_site, crm, scenario):
    said = {"silent": b"", "half a greeting": b"\xff" + bytes(8) + b"\x7f",
            "greeting": b"\xff" + bytes(8) + b"\x7f\x03\x01CURVE" + bytes(15) + b"\0" + bytes(31)}[scenario]
    with client(crm) as one, BusPeer(small_site, "tester", "tester-1") as inside:
        one.publish("crm.before", {})
        before = counter(small_site, "connections_crowded_out_total")
        with strangers(crm, 2000) as held:
            for stranger in held:
                with contextlib.suppress(OSError):  # closed already
                    stranger.send(said)
            assert counter(small_site, "connections") <= CONNECTIONS_MAX
            one.publish("crm.during", {})
            with client(crm) as another:
                another.publish("crm.newcomer", {})
            for number in range(20):
                reply = inside.ask("context-1", "Identify", "IdentifyReply", interaction_id=new_id(),
                                   number=f"+4477009001{number:02}")
                assert reply.outcome
            wait.until(lambda: counter(small_site, "connections_crowded_out_total") > before, 5, "counted")
            wait.until(lambda: sum(map(is_closed, held)) > 1500, 5, "the oldest gave way")
        wait.until(lambda: counter(small_site, "connections") <= 1, 10, "none is left over")


def test_who_only_connects_is_sent_away(small_site, crm):
    with strangers(crm, 20) as held:
        wait.until(lambda: all(map(is_closed, held)), 10, "a handshake has its time")


def test_garbage_before_the_handshake_is_counted(small_site, crm):
    dice = random.Random(4711)
    before = counter(small_site, "connections_unproved_total")
    for _ in range(100):
        with strangers(crm, 1) as (stranger,), contextlib.suppress(OSError):
            stranger.sendall(dice.randbytes(dice.randrange(1, 3000)))
            stranger.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + dice.randbytes(200))
    wait.until(lambda: counter(small_site, "connections_unproved_total") >= before + 50, 5, "counted")
    with client(crm) as one:
        one.publish("crm.after", {})


# --- behind it -----------------------------------------------------------------------------------

def test_garbage_from_a_client_is_answered(small_site, crm):
    dice = random.Random(42)
    request = MESSAGES["DoorRequest"](number=1, publish=dict(topic="crm.x", event_id=new_id()))
    with Guest(crm) as guest:
        for _ in range(300):
            packed = bytearray(request.SerializeToString())
            for _ in range(dice.randrange(1, 4)):
                packed[dice.randrange(len(packed))] = dice.randrange(256)
            guest.socket.send(bytes(packed[:dice.randrange(1, len(packed) + 1)]))
            assert guest.receive() is not None
        for nonsense in (b"", b"\0", b"\xff" * 1000):
            guest.socket.send(nonsense)
            message = guest.receive()
            assert message.answer.status == INVALID and message.answer.message
        guest.publish("crm.sound")
        assert guest.answer().status == DONE


@pytest.mark.parametrize("request_fields, field", [
    ({}, "exactly one"),
    ({"subscribe": dict(topics=["crm."]), "unsubscribe": dict(topics=["crm."])}, "exactly one"),
    ({"publish": dict(topic="crm.x")}, "event_id"),
    ({"publish": dict(topic="crm.", event_id=bytes(range(16)))}, "topic"),
    ({"publish": dict(topic="crm.x", type="InteractionClosed", event_id=bytes(range(16)))}, "type"),
    ({"subscribe": dict()}, "topics: missing"),
    ({"subscribe": dict(topics=["crm.*"])}, "topics[0]"),
])
def test_a_request_that_is_wrong_is_refused_by_its_field(small_site, crm, request_fields, field):
    with Guest(crm) as guest:
        guest.send(**request_fields)
        answer = guest.answer()
        assert answer.status != DONE and field in answer.message


def test_messages_of_several_frames_end_the_connection(small_site, crm):
    before = counter(small_site, "messages_malformed_total")
    with Guest(crm) as guest:
        guest.publish("crm.frames")
        assert guest.answer().status == DONE
        guest.socket.send_multipart([b"one", b"two"])
        wait.until(lambda: counter(small_site, "guests") == 0, 5, "it is cut off")
    assert counter(small_site, "messages_malformed_total") == before + 1


def test_frames_without_end_end_the_connection(small_site, crm):
    cut = counter(small_site, "connections_cut_total")
    with Guest(crm) as guest:
        guest.publish("crm.endless")
        assert guest.answer().status == DONE
        guest.socket.send_multipart([b"x" * 60000] * 1500)
        wait.until(lambda: counter(small_site, "connections_cut_total") > cut, 10, "it is cut off")
    assert small_site.metrics("door-1")[
        'process_resident_memory_bytes{service="door",instance="door-1"}'] < 400e6


def test_an_id_of_ones_own_choice_is_not_taken(small_site, crm):
    before = counter(small_site, "messages_malformed_total")
    with Guest(crm) as guest:
        guest.socket.setsockopt(zmq.ROUTING_ID, b"\0vip")
        settings = settings_of(crm)
        guest.socket.disconnect(settings["endpoint"])
        guest.socket.setsockopt(zmq.ROUTING_ID, b"somebody else")
        guest.socket.connect(settings["endpoint"])
        guest.publish("crm.id")
        wait.until(lambda: counter(small_site, "messages_malformed_total") > before, 5, "refused")


# --- slow ones -----------------------------------------------------------------------------------

def test_a_slow_subscriber_loses_no_event_and_is_told_of_figures(small_site, crm):
    """It does not read while thousands of events pass; then it reads them all."""
    count, note = 4000, "x" * 4000  # more than the sending end of TCP and the queue hold
    site = small_site
    with Guest(crm, receive_buffer=16384) as slow, client(crm) as quick:
        quick.subscribe("crm.slow")
        slow.send(subscribe=dict(topics=["crm.slow", "metrics."]))
        assert slow.answer().status == DONE
        lines = "".join(f'{{"n": {number}, "note": "{note}"}}\n' for number in range(count))
        done = site.tandem_run("bus", "publish", "crm.slow", "-", input=lines, seconds=60)
        assert done.returncode == 0
        heard = []
        for event in quick.events(timeout=10):
            heard.append(event.data["n"])
            if len(heard) == count:
                break
        assert sorted(heard) == list(range(count)), "others are not held up"
        publish_metrics(site, 2000)
        wait.until(lambda: counter(site, "metrics_dropped_total") > 0, 10, "its queue is full")

        got, dropped = [], 0
        while len(got) < count or not dropped:
            message = slow.receive(10)
            assert message is not None, f"{len(got)} events, {dropped} figures dropped"
            dropped += message.gap.metrics_dropped
            if message.HasField("event") and message.event.HasField("place"):
                envelope = MESSAGES["Envelope"].FromString(message.event.envelope)
                got.append(int(envelope.payload[6:].split(b",")[0]))
        assert sorted(got) == list(range(count)), "without gap or double"
        assert counter(site, "readers_started_total") > 0


def publish_metrics(site, count):
    """Figures, as a service pushes them to the hub."""
    instances = site.redis.hgetall("tandem:local:instances:value").values()
    hub = next(each for each in map(MESSAGES["Instance"].FromString, instances) if each.collect)
    figures = MESSAGES["QueueMetrics"](queue="crowd" * 10).SerializeToString()
    envelope = MESSAGES["Envelope"](id=new_id(), tenant=1, topic="metrics.queue.crowd",
                                    type="QueueMetrics", payload=figures).SerializeToString()
    context = zmq.Context()
    push = context.socket(zmq.PUSH)
    push.connect(hub.collect)
    for _ in range(count):
        push.send_multipart([b"metrics.queue.crowd", b"", envelope])
    push.close(linger=5000)
    context.term()


# --- deaths --------------------------------------------------------------------------------------

def test_what_is_published_while_context_dies_is_stored_once(small_site, crm):
    count, failures = 400, []

    def publish_all(part):
        try:
            with client(crm) as one:
                for number in range(part, count, 4):
                    one.publish("crm.deaths", {"n": number}, key=f"k{number % 5}")
        except Exception as error:  # shown by the test
            failures.append(error)

    threads = [threading.Thread(target=publish_all, args=(part,)) for part in range(4)]
    tail = small_site.bus_tail("crm.deaths")
    for thread in threads:
        thread.start()
    for at in (50, 150, 250):
        wait.until(lambda: len(tail.events) > at, 20, f"{at} are published")
        small_site.kill("context-1")
    for thread in threads:
        thread.join(60)
    assert not failures
    rows = wait.until(lambda: (found := small_site.sql(
        "SELECT payload FROM tandem.event WHERE topic = 'crm.deaths'")) and len(found) >= count and found,
        10, "all are in the history")
    assert sorted(int(bytes(row[0])[6:-1]) for row in rows) == list(range(count)), "each once"
    small_site.wait_healthy("context-1")


def test_redis_away_is_told_and_everything_goes_on_afterwards(make_site):
    site = make_site(instances=("hub-1", "context-1", "door-1", "reporting-1"), companies=())
    path = add(site, "crm", "--publish", "crm.", "--subscribe", "crm.")
    with client(path) as one, Guest(path) as guest:
        one.subscribe("crm.")
        one.publish("crm.n", {"n": 0})
        site.stop_redis()
        guest.publish("crm.lost")
        answer = guest.answer(seconds=10)
        assert answer.status != DONE and answer.retry_after_ms > 0
        going_on = threading.Thread(target=lambda: one.publish("crm.n", {"n": 1}))
        going_on.start()
        site.start_redis()
        going_on.join()
        heard = []
        for event in one.events(timeout=10):
            assert not isinstance(event, Gap)
            heard += [event.data["n"]] if event.topic == "crm.n" else []
            if heard == [0, 1]:
                break
        assert heard == [0, 1]


def test_postgres_away_keeps_who_is_known(make_site):
    site = make_site(instances=("hub-1", "context-1", "door-1"), companies=())
    path = add(site, "crm", "--publish", "crm.")
    site.stop_postgres()
    with client(path) as one:
        one.publish("crm.n", {})
    site.start_postgres()
    site.tandem("client", "remove", "crm")
    label = 'tandem_door_client_connections{tenant="1",client="crm"}'
    wait.until(lambda: label not in site.metrics("door-1"), 10, "it listens again")


def test_files_of_the_process_are_enough_for_its_connections(small_site):
    limits = open(f"/proc/{small_site.pid('door-1')}/limits", encoding="ascii").read()
    most = next(int(line.split()[3]) for line in limits.splitlines() if line.startswith("Max open files"))
    used = len(os.listdir(f"/proc/{small_site.pid('door-1')}/fd"))
    assert used < CONNECTIONS_MAX < most
