"""Sound for many calls from one thread: each end sends its own packets and counts what it hears."""

import select
import socket
import struct
import threading
import time

PACKET_S = 0.02
SILENCE = b"\xd5" * 160  # PCMA


class End:
    """One RTP socket. `heard` are the sequence numbers that came, `sent` how many went."""

    def __init__(self, number):
        self.socket = self._bind()
        self.port = self.socket.getsockname()[1]
        self.ssrc = 0x7A000000 + number
        self.peer = None
        self.sent = 0
        self.heard = []

    @staticmethod
    def _bind():
        while True:
            candidate = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            candidate.bind(("127.0.0.1", 0))
            if candidate.getsockname()[1] % 2 == 0:
                candidate.setblocking(False)
                return candidate
            candidate.close()

    def talk_to(self, sdp):
        lines = sdp.splitlines()
        address = next(line for line in lines if line.startswith("c=")).split()[2]
        port = int(next(line for line in lines if line.startswith("m=audio")).split()[1])
        self.peer = (address, port)

    def send(self):
        head = struct.pack("!BBHII", 0x80, 8, self.sent & 0xFFFF, 160 * self.sent, self.ssrc)
        self.socket.sendto(head + SILENCE, self.peer)
        self.sent += 1

    def read(self):
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            if len(data) > 12 and not 72 <= data[1] & 0x7F <= 76:  # no RTCP
                self.heard.append(struct.unpack_from("!H", data, 2)[0])

    def missing(self, since):
        """Of what was sent to this end after the first `since` packets it heard: how many are not
        there. The sender numbers without a gap, so what is not there was lost."""
        numbers = self.heard[since:]
        if len(numbers) < 2:
            return 1
        return ((numbers[-1] - numbers[0]) & 0xFFFF) + 1 - len(set(numbers))


class RtpCrowd:
    """`ends` talk, each as soon as it knows to whom, until the crowd is closed."""

    def __init__(self, count):
        self.ends = [End(number) for number in range(count)]
        self._by_socket = {end.socket: end for end in self.ends}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        due = time.monotonic()
        while not self._stopped.is_set():
            due += PACKET_S
            for end in self.ends:
                if end.peer:
                    end.send()
            while (left := due - time.monotonic()) > 0:
                for ready in select.select(list(self._by_socket), [], [], left)[0]:
                    self._by_socket[ready].read()

    def close(self):
        self._stopped.set()
        self._thread.join(timeout=2)
        for end in self.ends:
            end.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
