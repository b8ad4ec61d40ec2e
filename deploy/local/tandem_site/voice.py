"""What the people of the demonstration say: spoken by espeak-ng into WAV files."""

import array
import ctypes
import functools
import wave

from .sound import RATE

SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to our callback
UTF8 = 1
CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def write_speech(path, text, voice, repeat=1, pause_s=1.0):
    """A mono WAV of 8 kHz: the text, `repeat` times with pauses after it."""
    samples = speak(text, voice) + array.array("h", bytes(2 * round(pause_s * RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes() * repeat)


@functools.lru_cache(maxsize=None)
def engine():
    """(library, sample rate). Made once: espeak-ng hangs when it is begun a second time."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    return library, library.espeak_Initialize(SYNCHRONOUS, 0, None, 0)


def speak(text, voice):
    """voice: of espeak-ng, "en-gb" or "cmn-latn-pinyin"."""
    library, rate = engine()
    spoken = array.array("h")

    def take(samples, count, _events):
        if samples:
            spoken.extend(samples[:count])
        return 0

    callback = CALLBACK(take)  # lives until the text is spoken
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    words = text.encode() + b"\0"
    library.espeak_Synth(words, ctypes.c_size_t(len(words)), 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    return resample(spoken, rate)


def resample(samples, rate):
    """To 8 kHz: each sample the mean of those it replaces, which also takes off the treble."""
    step = rate / RATE
    result = array.array("h")
    for index in range(int(len(samples) / step)):
        part = samples[int(index * step):int((index + 1) * step) or 1]
        result.append(sum(part) // max(1, len(part)))
    return result
