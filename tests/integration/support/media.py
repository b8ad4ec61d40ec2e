"""Far ends of the media service, as edge and ivr ask for them, and what it leaves behind."""

import contextlib
import pathlib

from tandem_site.sound import read_wav

from . import wait
from .bus_peer import MESSAGES, Refused, new_id
from .rtp import EVENTS, PCMA, PCMU, RtpEnd

TEXT, SSML, FILE, SILENCE = 1, 2, 3, 4
FINISHED, DIGITS, TIMEOUT, BARGE_IN, FAILED, RELEASED = 1, 2, 3, 4, 5, 6


def sdp(port, kinds=(PCMA, PCMU), more=""):
    numbers = " ".join(map(str, kinds))
    return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {numbers} {EVENTS}\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\n{more}")


class Leg:
    """A far end with its leg."""

    def __init__(self, peer, interaction=None, tone_hz=440, kind=PCMA, instance="media-1"):
        self.peer, self.media, self.id = peer, instance, new_id()
        self.interaction = interaction or new_id()
        self.rtp = RtpEnd(tone_hz, kind)
        self.kind = kind

    def answered(self, kinds=None):
        """It called: LegAnswer."""
        reply = self.ask("LegAnswer", "LegAnswerReply", interaction_id=self.interaction,
                         sdp=sdp(self.rtp.port, kinds or (self.kind,)))
        self.description = reply.sdp
        self.rtp.talk_to(reply.sdp)
        return self

    def called(self, like=None):
        """It is called: LegOffer, LegAccept."""
        reply = self.ask("LegOffer", "LegOfferReply", interaction_id=self.interaction,
                         like_leg_id=like.id if like else b"")
        self.description = reply.sdp
        self.ask("LegAccept", "LegAcceptReply", sdp=sdp(self.rtp.port, (self.kind,)))
        self.rtp.talk_to(reply.sdp)
        return self

    def ask(self, kind, reply="Done", **fields):
        return self.peer.ask(self.media, kind, reply, leg_id=self.id, **fields)

    def play(self, *prompts, **fields):
        """Returns the request's id, under which MediaDone comes."""
        request = new_id()
        self.ask("Play", request_id=request, notify=self.peer.instance, prompts=prompts, **fields)
        return request

    def collect(self, *prompts, **fields):
        request = new_id()
        fields = {"digits_max": 16, "terminators": "#", "barge_in": True, **fields}
        self.ask("Collect", request_id=request, notify=self.peer.instance, prompts=prompts, **fields)
        return request

    def connect(self, agent, record=False):
        self.peer.ask(self.media, "LegConnect", leg_a=self.id, leg_b=agent.id, record=record)

    def release(self):
        self.ask("LegRelease")

    def close(self):
        with contextlib.suppress(Refused):
            self.release()
        self.rtp.close()

    def hears(self, hz, seconds=5, last=0.5):
        """In the last moments it heard this tone all the time, and little else."""
        wait.until(lambda: self.rtp.heard().part(-last - 0.15).heard_tone(hz, last), seconds,
                   f"{hz} Hz is heard")


def done(peer, request, seconds=8):
    return peer.wait("MediaDone", lambda message: message.request_id == request, seconds)


def text(words, language="en"):
    return {"kind": TEXT, "content": words, "language": language}


def file(name, fallback=""):
    return {"kind": FILE, "content": name, "fallback": fallback, "language": "en"}


def recordings(site):
    return sorted(pathlib.Path(site.data, "recordings").rglob("*.wav"))


def events(site, kind):
    """Payloads of the stored events of that type."""
    found = []
    for partition in range(16):
        for _, fields in site.redis.xrange(f"tandem:local:events:{partition}"):
            envelope = MESSAGES["Envelope"].FromString(fields[b"e"])
            if envelope.type == kind:
                found.append(MESSAGES[kind].FromString(envelope.payload))
    return found


def everything(store):
    """All values of Redis as one text."""
    read = {b"string": store.get, b"hash": store.hgetall, b"stream": store.xrange,
            b"zset": lambda key: store.zrange(key, 0, -1)}
    return repr([read[store.type(key)](key) for key in store.scan_iter()])


def finished(site, interaction, seconds=8):
    """The event of an interaction's recording, and its two channels."""
    def condition():
        return next((event for event in events(site, "RecordingFinished")
                     if event.interaction_id == interaction), None)
    event = wait.until(condition, seconds, "recording.finished")
    return event, read_wav(pathlib.Path(site.data, "recordings", event.file))


def refused(call):
    """The error with which the service refuses it; None when it does not."""
    try:
        call()
    except Refused as error:
        return error
    return None
