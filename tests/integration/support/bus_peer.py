"""An instance on the bus made of Python: it asks services, and answers what they ask of it.

    with BusPeer(site, "ivr", "ivr-9") as peer:
        reply = peer.ask("media", "Play", "Done", leg_id=..., ...)
        done = peer.wait("MediaDone", lambda message: ...)
"""

import contextlib
import importlib
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import redis
import zmq

from . import REPOSITORY, wait

ERRORS = ("OK INVALID SYNTAX RANGE LIMIT NOT_FOUND EXISTS TIMEOUT UNAVAILABLE DENIED NO_MEMORY "
          "INTERNAL BUSY STALE").split()
RENEW_S = 0.2
LEASE_MS = 700


def _load_messages():
    """{message name: class} of all protos, generated once per process."""
    protos = sorted((REPOSITORY / "proto/tandem/v1").glob("*.proto"))
    messages = {}
    with tempfile.TemporaryDirectory(prefix="tandem-proto-") as folder:
        subprocess.run(["protoc", f"--proto_path={REPOSITORY / 'proto'}", f"--python_out={folder}",
                        *map(str, protos)], check=True)
        sys.path.insert(0, folder)
        for proto in protos:
            module = importlib.import_module(f"tandem.v1.{proto.stem}_pb2")
            for name in module.DESCRIPTOR.message_types_by_name:
                messages[name] = getattr(module, name)
        sys.path.remove(folder)
    return messages


MESSAGES = _load_messages()


def new_id():
    """16 bytes of UUIDv7."""
    value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    return (value & ~(3 << 62) | 2 << 62).to_bytes(16, "big")


def as_text(identifier):
    return str(uuid.UUID(bytes=bytes(identifier)))


class Refused(Exception):
    """The answer was an error: `code` is its name, the text what the service said."""

    def __init__(self, code, sentence):
        super().__init__(f"{code}: {sentence}")
        self.code, self.sentence = code, sentence


class BusPeer:
    def __init__(self, site, service, instance, tenant=1, name="local"):
        self._redis = site.redis
        self._registry = f"tandem:{name}:instances"
        self._name = f"{service}/{instance}"
        self.instance, self.tenant = instance, tenant
        self.requests = []  # (type, message) that came
        self._context = zmq.Context()
        self._server = self._context.socket(zmq.ROUTER)
        port = self._server.bind_to_random_port("tcp://127.0.0.1")
        self._value = MESSAGES["Instance"](
            service=service, instance=instance, endpoint=f"tcp://127.0.0.1:{port}", version="test",
            started_at_unix_us=int(time.time() * 1e6)).SerializeToString()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True)
                         for run in (self._renew, self._serve)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=2)
        self._redis.hdel(self._registry + ":value", self._name)
        self._redis.zrem(self._registry + ":alive", self._name)
        self.close()

    def close(self):
        """For one that only asked, and was never there."""
        self._context.destroy(linger=0)

    # --- being there --------------------------------------------------------------------------

    def _renew(self):
        while not self._stopped.is_set():
            with contextlib.suppress(redis.ConnectionError):  # a test may have stopped it
                seconds, micros = self._redis.time()
                self._redis.hset(self._registry + ":value", self._name, self._value)
                self._redis.zadd(self._registry + ":alive",
                                 {self._name: seconds * 1000 + micros // 1000 + LEASE_MS})
            self._stopped.wait(RENEW_S)

    def _serve(self):
        poller = zmq.Poller()
        poller.register(self._server, zmq.POLLIN)
        while not self._stopped.is_set():
            if not poller.poll(100):
                continue
            caller, request_id, _, body = self._server.recv_multipart()
            envelope = MESSAGES["Envelope"].FromString(body)
            self.requests.append((envelope.type, MESSAGES[envelope.type].FromString(envelope.payload)))
            done = MESSAGES["Done"]().SerializeToString()
            self._server.send_multipart([caller, request_id, b"\0", done])

    def of(self, kind):
        return [message for came, message in self.requests if came == kind]

    def wait(self, kind, matches=lambda message: True, seconds=5, count=1):
        """The count-th request of that kind that matches."""
        def condition():
            found = [message for message in self.of(kind) if matches(message)]
            return found[count - 1] if len(found) >= count else None
        return wait.until(condition, seconds, f"{kind} no. {count}; came: {self.requests}")

    # --- asking -------------------------------------------------------------------------------

    def endpoint_of(self, instance):
        """Where a live instance answers."""
        def condition():
            values = self._redis.hgetall(self._registry + ":value").values()
            found = [MESSAGES["Instance"].FromString(value) for value in values]
            return next((each.endpoint for each in found if each.instance == instance), None)
        return wait.until(condition, 5, f"{instance} is registered")

    def ask(self, instance, kind, reply="Done", seconds=3, **fields):
        """Sends a request and waits for the answer. Raises Refused."""
        def condition():
            try:
                return self._ask(instance, kind, reply, seconds, fields),
            except Refused as error:
                if error.code == "BUSY" and not error.sentence:
                    return None  # its loop lags, as on a machine that also runs tests: once more
                raise
        return wait.until(condition, seconds, f"{instance} is not too busy for {kind}")[0]

    def _ask(self, instance, kind, reply, seconds, fields):
        envelope = MESSAGES["Envelope"](
            id=new_id(), tenant=self.tenant, source=self.instance, type=kind,
            payload=MESSAGES[kind](**fields).SerializeToString())
        client = self._context.socket(zmq.DEALER)
        try:
            client.connect(self.endpoint_of(instance))
            client.send_multipart([new_id(), struct.pack("!I", int(seconds * 1000)),
                                   envelope.SerializeToString()])
            assert client.poll(seconds * 1000), f"{instance} did not answer {kind}"
            _, status, body = client.recv_multipart()
        finally:
            client.close(linger=0)
        if status != b"\0":
            raise Refused(ERRORS[status[0]], body.decode(errors="replace"))
        return MESSAGES[reply].FromString(body)
