"""Clients at the door: the library of the examples, and a guest that says exactly what a test
wants."""

import contextlib
import sys

import zmq

from . import REPOSITORY, wait
from .bus_peer import MESSAGES, new_id  # loads the messages that the examples import, too

sys.path.insert(0, str(REPOSITORY / "tools/examples/python"))
from tandem_client import Client  # noqa: E402

DONE, INVALID, DENIED, BUSY, UNAVAILABLE = 1, 2, 3, 4, 5


def add(site, name, *options, tenant=1):
    """Adds a client. The path of what it needs to connect."""
    path = site.path / f"{name}.client"
    path.unlink(missing_ok=True)
    site.tandem("--tenant", str(tenant), "client", "add", name, "--file", str(path), *options)
    wait_known(site, name, tenant)
    return path


def wait_known(site, name, tenant=1):
    label = f'tandem_door_client_connections{{tenant="{tenant}",client="{name}"}}'
    wait.until(lambda: label in site.metrics("door-1"), 5, f"the door knows {name}")


def counter(site, name):
    return site.metrics("door-1")[f'tandem_door_{name}{{instance="door-1"}}']


def settings_of(path):
    lines = path.read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines if not line.startswith("# "))


class Guest:
    """A connection of a client, message by message."""

    def __init__(self, path, receive_buffer=-1, **settings):
        settings = {**settings_of(path), **settings}
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, 10)
        self.socket.setsockopt(zmq.RCVBUF, receive_buffer)  # -1: as the system does
        self.socket.curve_serverkey = settings["server_key"].encode()
        self.socket.curve_publickey = settings["public_key"].encode()
        self.socket.curve_secretkey = settings["secret_key"].encode()
        self.socket.connect(settings["endpoint"])
        self.number = 0
        self.other = []  # messages that were no answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._context.destroy(linger=0)

    def send(self, **request):
        self.number += 1
        self.socket.send(MESSAGES["DoorRequest"](number=self.number, **request).SerializeToString())
        return self.number

    def publish(self, topic, payload=b"{}", event_id=None, **fields):
        return self.send(publish=dict(topic=topic, payload=payload, event_id=event_id or new_id(),
                                      **fields))

    def receive(self, seconds=5):
        """The next message, None if there is none."""
        if not self.socket.poll(seconds * 1000):
            return None
        return MESSAGES["DoorMessage"].FromString(self.socket.recv())

    def answer(self, number=None, seconds=5):
        """The answer with this number, by default the last request's."""
        number = self.number if number is None else number
        for message in self.other:
            if message.HasField("answer") and message.answer.number == number:
                self.other.remove(message)
                return message.answer
        while True:
            message = self.receive(seconds)
            assert message is not None, f"no answer to {number}"
            if message.HasField("answer") and message.answer.number == number:
                return message.answer
            self.other.append(message)


@contextlib.contextmanager
def client(path):
    """A client of the examples' library."""
    one = Client.from_file(path)
    try:
        yield one
    finally:
        one.close()
