#!/usr/bin/python3
"""Events from outside through the door (CURVE, grants, limits) beside the same events published
inside, straight to context: both by the same small program in Python, acknowledged on disk.

One line a figure: latency with one on its way, events a second with 256 on their way, what an event
costs the door, and how long half-open connections of strangers make a client wait.
"""

import os
import pathlib
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("TANDEM_BUILD", str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).absolute()))
sys.path.insert(0, str(ROOT / "tests/integration"))

import zmq  # noqa: E402
from support.bus_peer import MESSAGES, BusPeer, new_id  # noqa: E402
from support.door import Guest, add, settings_of  # noqa: E402
from support.site import PrivateSite  # noqa: E402

INSTANCES = ("hub-1", "context-1", "door-1")
ONE_BY_ONE, MANY, UNDER_WAY = 1000, 20000, 256
PAYLOAD = b'{"order": 4711, "amount": 19.9, "note": "' + b"x" * 150 + b'"}'


def event():
    return dict(topic="crm.bench", payload=PAYLOAD, event_id=new_id())


class Outside:
    """Through the door."""

    def __init__(self, guest):
        self.socket, self.number = guest.socket, 0

    def send(self):
        self.number += 1
        self.socket.send(MESSAGES["DoorRequest"](number=self.number, publish=event()).SerializeToString())

    def receive(self):
        answer = MESSAGES["DoorMessage"].FromString(self.socket.recv()).answer
        assert answer.status == 1, answer.message


class Inside:
    """To context itself."""

    def __init__(self, context, endpoint):
        self.socket = context.socket(zmq.DEALER)
        self.socket.connect(endpoint)

    def send(self):
        envelope = MESSAGES["Envelope"](
            id=new_id(), tenant=1, source="bench", type="EventPublish",
            payload=MESSAGES["EventPublish"](**event()).SerializeToString())
        self.socket.send_multipart([new_id(), struct.pack("!I", 5000), envelope.SerializeToString()])

    def receive(self):
        _, status, body = self.socket.recv_multipart()
        assert status == b"\0", body


def latencies_ms(way, count):
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        way.send()
        way.receive()
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def events_per_s(way):
    started = time.perf_counter()
    for number in range(MANY + UNDER_WAY):
        if number < MANY:
            way.send()
        if number >= UNDER_WAY:
            way.receive()
    return MANY / (time.perf_counter() - started)


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show_latency(name, taken):
    print(f"door: {name} p50 {taken[len(taken) // 2]:.2f} ms, p99 {taken[len(taken) * 99 // 100]:.2f} ms, "
          "one on its way")


def main():
    with PrivateSite(instances=INSTANCES, companies=()) as site:
        path = add(site, "bench", "--publish", "crm.", "--per-second", "100000", "--bytes-per-second",
                   "1000000000", "--pending", "1000")
        with Guest(path) as guest, BusPeer(site, "bench", "bench-1") as peer:
            outside = Outside(guest)
            inside = Inside(guest.socket.context, peer.endpoint_of("context-1"))
            for way in (inside, outside):  # warm
                latencies_ms(way, 200)
            show_latency("inside", latencies_ms(inside, ONE_BY_ONE))
            show_latency("curve", latencies_ms(outside, ONE_BY_ONE))
            plain = events_per_s(inside)
            before = cpu_s(site.pid("door-1"))
            curve = events_per_s(outside)
            cost_us = (cpu_s(site.pid("door-1")) - before) / MANY * 1e6
            print(f"door: inside {plain:.0f} events/s acknowledged on disk, {UNDER_WAY} on their way")
            print(f"door: curve {curve:.0f} events/s acknowledged on disk ({curve / plain:.2f} of inside), "
                  f"door {cost_us:.0f} us CPU an event")
            host, _, port = settings_of(path)["endpoint"].removeprefix("tcp://").rpartition(":")
            strangers = [socket.create_connection((host, int(port))) for _ in range(900)]
            show_latency("curve beside 900 half-open connections", latencies_ms(outside, ONE_BY_ONE))
            for stranger in strangers:
                stranger.close()
            inside.socket.close(linger=0)


if __name__ == "__main__":
    main()
