"""A client of Tandem's bus: publishes events that are on disk when they are acknowledged, and
hears events and figures without gap or double.

    client = Client.from_file("crm.client")
    client.publish("crm.order_placed", {"order": 7}, key="LB-0001")
    client.subscribe("metrics.queue.")
    for event in client.events():
        print(event.topic, event.data)

Needs python3-zmq, python3-protobuf and, once, the messages: see README.md beside it. One thread.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import time
import uuid

import zmq
from zmq.utils.monitor import recv_monitor_message

from tandem.v1 import door_pb2 as door
from tandem.v1 import envelope_pb2

SILENCE_S = 5        # who has subscriptions hears from the door each second
ANSWER_S = 5         # for one try
RETRY_S = 0.2
PATIENCE_S = 30      # for publish() and subscribe() as a whole, unless told otherwise

Event = collections.namedtuple("Event", "topic key type time_unix_us id data place")
Event.__doc__ = """One event or figure. data: JSON as Python objects, or the bytes of a message of
proto/ whose name is `type`. place: where it stands in the stream; None for figures."""

Gap = collections.namedtuple("Gap", "metrics_dropped partition after until")
Gap.__doc__ = """What did not come and will not: so many figures, or the events of one partition
behind `after` up to `until`, which were kept no longer."""


Stored = collections.namedtuple("Stored", "event_id repeated")
Stored.__doc__ = """It is on disk. repeated: it had been before."""


class Refused(Exception):
    """The door said no, and why. It would say so again: there is no use in trying."""


class Unreachable(Exception):
    """Nobody confirmed it in time. It may have been stored: repeat it with the same id."""


class WrongKey(Refused):
    """The door does not know this client's key, or has another one itself."""


class Client:
    def __init__(self, endpoint, server_key, public_key, secret_key):
        self._settings = endpoint, server_key.encode(), public_key.encode(), secret_key.encode()
        self._context = zmq.Context.instance()
        self._socket = self._monitor = None
        self._number = 0
        self._answers = {}
        self._arrived = collections.deque()
        self._topics = []
        self._places = {}  # partition: id, up to where everything has been taken by the caller
        self._lost = False
        self._fault = None
        self._connect()

    @classmethod
    def from_file(cls, path):
        """Reads what `tandem client add NAME --file PATH` wrote."""
        lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
        values = dict(line.split(" ", 1) for line in lines if line and not line.startswith("# "))
        return cls(*(values[name] for name in ("endpoint", "server_key", "public_key", "secret_key")))

    def close(self):
        self._disconnect()

    # --- publishing ---------------------------------------------------------------------------

    def publish(self, topic, data, key="", event_id=None, patience=PATIENCE_S):
        """Returns Stored when it is on disk. Tries again, with the same id, while the door is busy
        or away; Unreachable after `patience` seconds, Refused at once."""
        event_id = event_id or new_id()
        publish = dict(topic=topic, key=key, event_id=event_id.bytes)
        if isinstance(data, bytes):
            publish.update(type="application/octet-stream", payload=data)
        else:
            publish.update(type="application/json", payload=json.dumps(data, ensure_ascii=False).encode())
        return Stored(event_id, self._ask(patience, publish=publish).repeated)

    # --- subscribing --------------------------------------------------------------------------

    def subscribe(self, *topics, places=None, patience=PATIENCE_S):
        """Hears a topic, or with a dot at its end all below. places: what `places` was after the
        last event that was dealt with; goes on behind it."""
        if places:
            self._places = dict(places)
        self._topics += [topic for topic in topics if topic not in self._topics]
        try:
            self._subscribe(patience)
        except Refused:
            self._topics = [topic for topic in self._topics if topic not in topics]
            raise

    @property
    def places(self):
        """{partition: id}: store it with what you made of the last event, to go on from there."""
        return dict(self._places)

    def events(self, timeout=None):
        """Every Event and Gap as it comes, over lost connections too; ends after `timeout` seconds
        in which nothing came."""
        quiet_since = time.monotonic()
        while timeout is None or time.monotonic() < quiet_since + timeout:
            if not self._arrived:
                self._wait(0.2)
                self._keep_alive()
                continue
            event, moved = self._arrived.popleft()
            self._places.update(moved)
            if event is not None:
                yield event
                quiet_since = time.monotonic()

    # --- the wire -----------------------------------------------------------------------------

    def _connect(self):
        endpoint, server_key, public_key, secret_key = self._settings
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.curve_serverkey = server_key
        self._socket.curve_publickey, self._socket.curve_secretkey = public_key, secret_key
        self._monitor = self._socket.get_monitor_socket(
            zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self._socket.connect(endpoint)
        self._heard_at = time.monotonic()
        self._is_subscribed = False

    def _disconnect(self):
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)

    def _reconnect(self):
        self._disconnect()
        self._connect()

    def _wait(self, seconds):
        """Takes what comes within the time; returns early when something came."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        ready = dict(poller.poll(max(0, seconds) * 1000))
        while self._socket in ready and self._socket.poll(0):
            self._take(door.DoorMessage.FromString(self._socket.recv()))
        while self._monitor in ready and self._monitor.poll(0):
            if recv_monitor_message(self._monitor)["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self._fault = WrongKey("the door does not know this client's key")
            self._lost = True

    def _take(self, message):
        self._heard_at = time.monotonic()
        if message.HasField("answer"):
            self._answers[message.answer.number] = message.answer
            if message.answer.number == 0:  # about none of our requests: we are shown out
                self._fault = Refused(message.answer.message)
        elif message.HasField("event"):
            self._take_event(message.event)
        elif message.HasField("gap"):
            gap = message.gap
            moved = {gap.until.partition: gap.until.id} if gap.HasField("until") else {}
            self._arrived.append((Gap(gap.metrics_dropped, gap.after.partition, gap.after.id,
                                      gap.until.id), moved))
        elif message.HasField("places") and self._is_subscribed:
            self._arrived.append((None, {place.partition: place.id for place in message.places.places}))

    def _take_event(self, event):
        envelope = envelope_pb2.Envelope.FromString(event.envelope)
        place = (event.place.partition, event.place.id) if event.HasField("place") else None
        data = envelope.payload
        if envelope.type == "application/json":
            data = json.loads(data)
        self._arrived.append((Event(envelope.topic, envelope.key, envelope.type,
                                    envelope.time_unix_us, uuid.UUID(bytes=envelope.id), data, place),
                              dict([place]) if place else {}))

    def _ask(self, patience, **request):
        """Sends a request until it is done. Returns its answer."""
        deadline = time.monotonic() + patience
        why = "the door did not answer"
        while time.monotonic() < deadline:
            self._number += 1
            number = self._number
            if self._lost:
                self._renew()
            self._socket.send(door.DoorRequest(number=number, **request).SerializeToString())
            answer = self._wait_answer(number, min(deadline, time.monotonic() + ANSWER_S))
            if answer is None:
                continue
            if answer.status == door.DOOR_STATUS_DONE:
                return answer
            why = answer.message
            if answer.status not in (door.DOOR_STATUS_BUSY, door.DOOR_STATUS_UNAVAILABLE):
                raise Refused(why)
            self._pause(max(answer.retry_after_ms / 1000, 0.01), deadline)
        raise Unreachable(why)

    def _wait_answer(self, number, until):
        while number not in self._answers and time.monotonic() < until and not self._lost:
            self._wait(until - time.monotonic())
            self._raise_fault()
        answer = self._answers.pop(number, None)
        if answer is None:
            self._lost = True
            self._pause(RETRY_S * random.uniform(0.5, 1.5), until)
        return answer

    def _pause(self, seconds, deadline):
        until = min(time.monotonic() + seconds, deadline)
        while time.monotonic() < until:
            self._wait(until - time.monotonic())

    def _raise_fault(self):
        fault, self._fault = self._fault, None
        if fault:
            self._lost = True
            raise fault

    def _renew(self):
        """A new connection, with the same subscriptions once somebody asks for events."""
        self._lost = False
        self._fault = None
        self._reconnect()

    def _subscribe(self, patience):
        if self._lost:
            self._renew()
        after = [door.DoorPlace(partition=partition, id=place) for partition, place in self._latest().items()]
        fresh = not self._is_subscribed
        answer = self._ask(patience, subscribe=dict(topics=self._topics, after=after if fresh else []))
        if fresh and not self._places:
            self._places = {place.partition: place.id for place in answer.places}
        self._is_subscribed = True

    def _latest(self):
        """Behind what has arrived, whether the caller took it or not."""
        latest = dict(self._places)
        for _, moved in self._arrived:
            latest.update(moved)
        return latest

    def _keep_alive(self):
        """After a break: subscribes again, from where we are."""
        self._raise_fault()
        silent = self._is_subscribed and time.monotonic() - self._heard_at > SILENCE_S
        if silent:
            self._lost = True
        if self._lost or (self._topics and not self._is_subscribed):
            with contextlib.suppress(Unreachable):  # and again
                self._subscribe(ANSWER_S)


def new_id():
    """A UUID of version 7: ids of later events sort behind it."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return uuid.UUID(int=value & ~(3 << 62) | 2 << 62)
