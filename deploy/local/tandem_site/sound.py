"""Tones: made as WAV files, found in recordings (Goertzel)."""

import array
import math
import pathlib
import struct
import wave

RATE = 8000


def write_tone(path, frequency, seconds=120, level=0.3):
    """A mono WAV of 8 kHz. frequency: whole Hz, so that one second repeats without a click."""
    second = array.array("h", (
        round(32767 * level * math.sin(2 * math.pi * frequency * i / RATE)) for i in range(RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(second.tobytes() * seconds)


def power(samples, frequency, rate=RATE):
    """Share of the samples' power that lies at `frequency`, 0..1; 0 of silence."""
    if not samples:
        return 0.0
    energy = sum(sample * sample for sample in samples)
    if energy == 0:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * frequency / rate)
    before = now = 0.0
    for sample in samples:
        before, now = now, sample + coefficient * now - before
    at_frequency = now * now + before * before - coefficient * now * before
    return 2 * at_frequency / (len(samples) * energy)


def loudness(samples):
    """Root mean square, 0..1."""
    if not samples:
        return 0.0
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) / 32768


class Sound:
    """Samples of one channel."""

    def __init__(self, samples, rate=RATE):
        self.samples = samples
        self.rate = rate

    @property
    def seconds(self):
        return len(self.samples) / self.rate

    def part(self, start=0.0, end=None):
        """Between two seconds; negative ones count from the end."""
        def index(second):
            return round(second * self.rate) + (len(self.samples) if second < 0 else 0)
        return Sound(self.samples[index(start):None if end is None else index(end)], self.rate)

    def tone(self, frequency):
        return power(self.samples, frequency, self.rate)

    def loudness(self):
        return loudness(self.samples)

    def has_tone(self, frequency, share=0.8):
        """Is it mostly this tone, and not nearly silent?"""
        return self.loudness() > 0.01 and self.tone(frequency) > share

    def windows(self, seconds=0.1):
        """One after the other, for finding when something was heard."""
        step = round(seconds * self.rate)
        for start in range(0, len(self.samples) - step + 1, step):
            yield start / self.rate, Sound(self.samples[start:start + step], self.rate)

    def heard_tone(self, frequency, seconds=0.5, share=0.8):
        """Was there a stretch of at least so long in which the tone was there?"""
        run = longest = 0.0
        for _, window in self.windows(0.1):
            run = run + 0.1 if window.has_tone(frequency, share) else 0.0
            longest = max(longest, run)
        return longest >= seconds - 0.05


def read_wav(path):
    """One Sound a channel. Also of a file that is still being written: its header lies."""
    data = pathlib.Path(path).read_bytes()
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return []
    channels = rate = 0
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = at + 8
        if kind == b"fmt ":
            channels, rate, bits = (struct.unpack_from("<H", data, body + 2)[0],
                                    struct.unpack_from("<I", data, body + 4)[0],
                                    struct.unpack_from("<H", data, body + 14)[0])
            assert bits == 16, f"{path}: {bits} bits a sample"
        if kind == b"data":
            frame = 2 * channels
            end = body + size if 0 < size <= len(data) - body else len(data)
            samples = array.array("h", data[body:body + (end - body) // frame * frame])
            return [Sound(samples[channel::channels], rate) for channel in range(channels)]
        at = body + size + size % 2
    return []
