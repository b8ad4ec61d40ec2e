"""An RTP end for G.711 that keeps every packet, to see whether a stream goes on without a jump."""

import bisect
import math
import socket
import struct
import threading
import time

from .phone import RATE, Sound

PCMU, PCMA, EVENTS = 0, 8, 101
SAMPLES = 160  # of one packet: 20 ms
DIGITS = "0123456789*#ABCD"


def _alaw_value(code):
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (mantissa << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if code & 0x80 else -value


def _ulaw_value(code):
    code = ~code & 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -value if code & 0x80 else value


DECODE = {PCMA: [_alaw_value(code) for code in range(256)],
          PCMU: [_ulaw_value(code) for code in range(256)]}


def encode(samples, kind):
    """The nearest code of each sample."""
    ordered = sorted((value, code) for code, value in enumerate(DECODE[kind]))
    values = [value for value, _ in ordered]

    def nearest(sample):
        at = bisect.bisect_left(values, sample)
        choices = [i for i in (at - 1, at) if 0 <= i < len(values)]
        return ordered[min(choices, key=lambda i: abs(values[i] - sample))][1]

    return bytes(nearest(sample) for sample in samples)


class Packet:
    def __init__(self, data, source, at):
        first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack_from("!BBHII", data)
        self.version = first >> 6
        self.marker = bool(second & 0x80)
        self.kind = second & 0x7F
        self.payload = data[12 + 4 * (first & 15):]
        self.source = source
        self.at = at


class RtpEnd:
    """One UDP socket at an even port. Says a tone once it knows where to."""

    def __init__(self, tone_hz=440, kind=PCMA, address="127.0.0.1"):
        self.kind = kind
        self.packets = []
        self._socket = self._bind(address)
        self.port = self._socket.getsockname()[1]
        self._peer = None
        self._wave = encode([round(9830 * math.sin(2 * math.pi * tone_hz * i / RATE))
                             for i in range(RATE)], kind)
        self._sequence, self._timestamp, self._ssrc = 1000, 160000, 0x7A4D0000 | self.port
        self._digits = []
        self._stopped = threading.Event()
        self._muted = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True)
                         for run in (self._receive, self._send)]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _bind(address):
        while True:
            candidate = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            candidate.bind((address, 0))
            if candidate.getsockname()[1] % 2 == 0:
                candidate.settimeout(0.2)
                return candidate
            candidate.close()

    def talk_to(self, sdp):
        """Starts to send to the address that an SDP body names."""
        lines = sdp.splitlines()
        address = next(line for line in lines if line.startswith("c=")).split()[2]
        port = int(next(line for line in lines if line.startswith("m=audio")).split()[1])
        self._peer = (address, port)

    def mute(self, muted=True):
        """Sends nothing, as a network that lost everything."""
        (self._muted.set if muted else self._muted.clear)()

    def press(self, digits, duration_ms=100):
        self._digits += [(digit, duration_ms) for digit in digits]

    def close(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=2)
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- sending ------------------------------------------------------------------------------

    def _send(self):
        due = time.monotonic()
        while not self._stopped.is_set():
            due += SAMPLES / RATE
            if self._peer and not self._muted.is_set():
                if self._digits:
                    due = self._send_digit(due, *self._digits.pop(0))
                else:
                    at = self._timestamp % RATE
                    self._packet(self.kind, (self._wave + self._wave)[at:at + SAMPLES])
            self._timestamp += SAMPLES
            self._stopped.wait(max(0, due - time.monotonic()))

    def _send_digit(self, due, digit, duration_ms):
        """RFC 4733: updates with the timestamp of the beginning, the last one three times."""
        begin, code = self._timestamp, DIGITS.index(digit)
        steps = max(1, duration_ms // 20)
        for step in range(1, steps + 3):
            ended = step >= steps
            duration = min(step, steps) * SAMPLES
            payload = struct.pack("!BBH", code, 0x80 | 10 if ended else 10, duration)
            self._packet(EVENTS, payload, begin, marker=step == 1)
            self._stopped.wait(max(0, due - time.monotonic()))
            due += SAMPLES / RATE
        self._timestamp += (steps + 2) * SAMPLES
        return due

    def _packet(self, kind, payload, timestamp=None, marker=False):
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self._sequence,
                             (self._timestamp if timestamp is None else timestamp) & 0xFFFFFFFF,
                             self._ssrc)
        try:
            self._socket.sendto(header + payload, self._peer)
        except OSError:
            pass

    # --- receiving ----------------------------------------------------------------------------

    def _receive(self):
        while not self._stopped.is_set():
            try:
                data, source = self._socket.recvfrom(2048)
            except (socket.timeout, ConnectionError):
                continue
            except OSError:
                return
            if len(data) >= 12:
                self.packets.append(Packet(data, source, time.monotonic()))

    def heard(self):
        """The audio that came, placed by its timestamps; gaps are silence."""
        packets = [packet for packet in list(self.packets) if packet.kind in DECODE]
        if not packets:
            return Sound([])
        first = packets[0].timestamp
        samples = []
        for packet in packets:
            at = (packet.timestamp - first) & 0xFFFFFFFF
            if at > len(samples):
                samples.extend([0] * (at - len(samples)))
            samples[at:at + len(packet.payload)] = [DECODE[packet.kind][b] for b in packet.payload]
        return Sound(samples)

    def assert_continuous(self):
        """One SSRC; sequence and timestamp go on without a jump over all that was received."""
        packets = list(self.packets)
        assert packets, "no RTP came"
        sources = {packet.ssrc for packet in packets}
        assert len(sources) == 1, f"{len(sources)} SSRCs: {sources}"
        audio_step = None
        for before, after in zip(packets, packets[1:]):
            step = (after.sequence - before.sequence) & 0xFFFF
            assert step == 1, f"sequence jumps from {before.sequence} to {after.sequence}"
            audio_step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            # A digit's packets repeat the timestamp of its beginning.
            if before.kind in DECODE and after.kind in DECODE:
                assert audio_step == len(before.payload), (
                    f"timestamp goes on by {audio_step} after {len(before.payload)} samples "
                    f"(sequence {after.sequence})")
