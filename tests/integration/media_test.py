"""The media service alone, on the real bus with real UDP: an instance of Python stands for edge and
ivr, ends of Python for the phones."""

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import pytest

from support import wait
from support.bus_peer import BusPeer, as_text, new_id
from support.media import (BARGE_IN, DIGITS, FAILED, FINISHED, RELEASED, SILENCE, SSML, TIMEOUT, Leg,
                           done, events, everything, file, finished, recordings, refused, sdp, text)
from support.rtp import EVENTS, PCMA, PCMU
from support.site import PrivateSite
from tandem_site.sound import read_wav

@pytest.fixture(scope="module")
def media_site():
    with PrivateSite(instances=("media-1", "media-2"), companies=(),
                     overrides={("media", "sounds"): ""}) as site:
        yield site


@pytest.fixture
def peer(media_site):
    with BusPeer(media_site, "ivr", "ivr-9") as made:
        yield made


@pytest.fixture
def legs(peer):
    """Makes legs that are released in the end."""
    made = []

    def make(**options):
        made.append(Leg(peer, **options))
        return made[-1]

    yield make
    for leg in made:
        leg.close()


# --- one stream -----------------------------------------------------------------------------------

def test_a_whole_call_is_one_stream_without_a_jump(peer, legs):
    customer = legs(tone_hz=440, kind=PCMA).answered()
    assert done(peer, customer.play(text("Good morning."))).outcome == FINISHED
    request = customer.collect(text("请按一", "zh"))
    customer.rtp.press("1#")
    assert done(peer, request).digits == "1"
    customer.play(file("builtin/music"), loop=True)
    agent = legs(interaction=customer.interaction, tone_hz=700, kind=PCMU).called(like=customer)
    customer.connect(agent)
    customer.hears(700)
    agent.hears(440)  # and the laws differ: it is converted on the way

    customer.ask("LegDisconnect")
    second = legs(interaction=customer.interaction, tone_hz=1000, kind=PCMA).called(like=customer)
    customer.connect(second)
    customer.hears(1000)
    second.hears(440)
    agent.release()
    customer.rtp.assert_continuous()
    assert {packet.kind for packet in customer.rtp.packets} == {PCMA}
    assert {packet.kind for packet in agent.rtp.packets} == {PCMU}
    assert sum(packet.marker for packet in customer.rtp.packets) >= 4  # prompt, music, agents


def test_the_agent_is_offered_the_customers_law_first(legs):
    for kind in (PCMA, PCMU):
        customer = legs(kind=kind).answered()
        agent = legs(interaction=customer.interaction, kind=kind).called(like=customer)
        assert f" RTP/AVP {kind} " in agent.description


def test_prompts_to_one_party_do_not_end_the_talk(peer, legs):
    customer, agent = legs(tone_hz=440).answered(), legs(tone_hz=700).called()
    customer.connect(agent)
    customer.hears(700)
    request = customer.play({"kind": SILENCE, "duration_ms": 600})
    wait.until(lambda: customer.rtp.heard().part(-0.3).loudness() < 0.001, 3, "silence is heard")
    agent.hears(440)
    assert done(peer, request).played_ms == 600
    customer.hears(700)


def test_a_silent_other_phone_leaves_no_hole(legs):
    customer, agent = legs(tone_hz=440).answered(), legs(tone_hz=700).called()
    customer.connect(agent)
    customer.hears(700)
    agent.rtp.mute()
    count = len(customer.rtp.packets)
    wait.until(lambda: len(customer.rtp.packets) > count + 60, 4, "silence from here")
    agent.rtp.mute(False)
    customer.hears(700)
    before, packets = None, customer.rtp.packets[:]
    for packet in packets:
        assert before is None or packet.sequence == (before.sequence + 1) & 0xFFFF
        before = packet


def test_hold_by_sdp_stops_both_ways_and_the_stream_goes_on(legs):
    customer, agent = legs(tone_hz=440).answered(), legs(tone_hz=700).called()
    customer.connect(agent)
    customer.hears(700)
    reply = customer.ask("LegAnswer", "LegAnswerReply", interaction_id=customer.interaction,
                         sdp=sdp(customer.rtp.port, (PCMA,), "a=inactive\r\n"))
    assert reply.held and "a=inactive" in reply.sdp
    assert int(reply.sdp.split()[3]) == int(customer.description.split()[3]) + 1  # o= version
    held_at = len(customer.rtp.packets)
    wait.until(lambda: agent.rtp.heard().part(-0.3).loudness() < 0.001, 3, "the agent hears nothing")
    assert len(customer.rtp.packets) <= held_at + 2
    reply = customer.ask("LegAnswer", "LegAnswerReply", interaction_id=customer.interaction,
                         sdp=sdp(customer.rtp.port, (PCMA,)))
    assert not reply.held
    customer.hears(700)
    assert len({packet.ssrc for packet in customer.rtp.packets}) == 1


# --- prompts --------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, arguments", [
    ("mono.wav", ["-r", "8000", "-c", "1"]),
    ("stereo.wav", ["-r", "44100", "-c", "2"]),
    ("voice.flac", ["-r", "16000"]),
    ("voice.ogg", ["-r", "48000"]),
])
def test_files_of_many_formats_are_played(media_site, peer, legs, name, arguments):
    folder = pathlib.Path(media_site.data, "sounds/tones")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["sox", "-n", *arguments, folder / name, "synth", "1", "sine", "600", "vol", "0.5"],
                   check=True)
    leg = legs().answered()
    ended = done(peer, leg.play(file(f"tones/{name}")))
    assert ended.outcome == FINISHED and 950 <= ended.played_ms <= 1100
    assert leg.rtp.heard().heard_tone(600, 0.8)


def test_a_replaced_file_is_heard_anew(media_site, peer, legs):
    path = pathlib.Path(media_site.data, "sounds/notice.wav")
    path.parent.mkdir(exist_ok=True)
    leg = legs().answered()
    for hz in (500, 900):
        subprocess.run(["sox", "-n", "-r", "8000", path, "synth", "0.5", "sine", str(hz)], check=True)
        before = leg.rtp.heard().seconds
        done(peer, leg.play(file("notice.wav")))
        assert leg.rtp.heard().part(before).heard_tone(hz, 0.3)


@pytest.mark.parametrize("name", ["missing.wav", "../../../etc/passwd", "/etc/passwd", ""])
def test_what_cannot_be_played_is_spoken(peer, legs, name):
    leg = legs().answered()
    ended = done(peer, leg.play(file(name, fallback="Please hold the line.")))
    assert ended.outcome == FINISHED
    assert ended.played_ms > 800 and leg.rtp.heard().loudness() > 0.01


def test_what_cannot_be_spoken_is_a_tone_and_reported(peer, legs):
    leg = legs().answered()
    ended = done(peer, leg.play(file("missing.wav")))
    assert ended.outcome == FAILED
    assert leg.rtp.heard().heard_tone(880, 0.1, 0.5)


def test_ssml_is_spoken_with_its_breaks(peer, legs):
    leg = legs().answered()
    prompt = {"kind": SSML, "language": "zh", "content": '<speak>您好<break time="1s"/>请按一</speak>'}
    assert done(peer, leg.play(prompt)).played_ms > 2000
    quiet = [at for at, window in leg.rtp.heard().windows(0.1) if window.loudness() < 0.002]
    assert len(quiet) >= 8


def test_a_dead_synthesiser_comes_back(media_site, peer, legs):
    leg = legs().answered()

    def worker():
        found = subprocess.run(["pgrep", "-P", str(media_site.pid("media-1")), "-x", "speech"],
                               capture_output=True, text=True, check=False).stdout.split()
        return int(found[0]) if found else None

    first = wait.until(worker, 3, "the worker runs")
    os.kill(first, signal.SIGKILL)
    wait.until(lambda: worker() not in (None, first), 5, "another worker runs")
    assert done(peer, leg.play(text("I am back again."))).outcome == FINISHED


# --- digits ---------------------------------------------------------------------------------------

def test_a_key_barges_in_and_is_kept_for_the_next_question(peer, legs):
    leg = legs().answered()
    request = leg.play(file("builtin/music"), loop=True, barge_in=True)
    wait.until(lambda: leg.rtp.heard().part(-0.2).loudness() > 0.005, 3, "music is heard")
    leg.rtp.press("7")
    assert done(peer, request).outcome == BARGE_IN
    ended = done(peer, leg.collect(digits_max=1))
    assert (ended.outcome, ended.digits) == (DIGITS, "7")


def test_time_outs_tell_what_came(peer, legs):
    leg = legs().answered()
    ended = done(peer, leg.collect(first_digit_ms=300))
    assert (ended.outcome, ended.digits) == (TIMEOUT, "")
    request = leg.collect(first_digit_ms=3000, inter_digit_ms=400)
    leg.rtp.press("42")
    ended = done(peer, request)
    assert (ended.outcome, ended.digits, ended.terminator) == (TIMEOUT, "42", "")


def test_keys_during_a_prompt_that_must_be_heard_are_dropped(peer, legs):
    leg = legs().answered()
    request = leg.collect({"kind": SILENCE, "duration_ms": 700}, barge_in=False, digits_max=2)
    leg.rtp.press("1")
    wait.until(lambda: leg.rtp.heard().seconds > 1.2, 5, "the prompt is over")
    leg.rtp.press("23")
    assert done(peer, request).digits == "23"


def test_the_end_of_a_leg_ends_what_was_asked_of_it(peer, legs):
    leg = legs().answered()
    request = leg.collect()
    leg.release()
    assert done(peer, request).outcome == RELEASED


def test_a_repeated_request_is_one(peer, legs):
    leg = legs().answered()
    request = new_id()
    for _ in range(3):
        leg.ask("Play", request_id=request, notify="ivr-9",
                prompts=[{"kind": SILENCE, "duration_ms": 200}])
    done(peer, request)
    assert len([each for each in peer.of("MediaDone") if each.request_id == request]) == 1


def test_stop_ends_it_without_a_word(peer, legs):
    leg = legs().answered()
    request = leg.play(file("builtin/music"), loop=True)
    leg.ask("MediaStop")
    wait.until(lambda: leg.rtp.heard().seconds > 0.5 and leg.rtp.heard().part(-0.3).loudness() < 0.001,
               3, "the music has stopped")
    assert not [each for each in peer.of("MediaDone") if each.request_id == request]


# --- recordings -----------------------------------------------------------------------------------

def test_a_recording_has_its_two_sides_and_its_true_length(media_site, legs):
    customer = legs(tone_hz=440).answered()
    agent = legs(interaction=customer.interaction, tone_hz=700, kind=PCMU).called()
    customer.connect(agent, record=True)
    began = time.monotonic()
    agent.hears(440)
    agent.rtp.mute()  # a network that lost everything
    muted = time.monotonic() - began
    wait.until(lambda: time.monotonic() - began > muted + 1.5, 3, "some time passed")
    agent.rtp.mute(False)
    back = time.monotonic() - began
    wait.until(lambda: time.monotonic() - began > back + 1.0, 3, "some time passed")
    customer.release()
    length = time.monotonic() - began

    event, (left, right) = finished(media_site, customer.interaction)
    assert event.complete and event.file.endswith(f"{as_text(customer.interaction)}.wav")
    assert abs(event.duration_ms / 1000 - length) < 0.25
    assert abs(left.seconds - event.duration_ms / 1000) < 0.01
    assert left.part(0.3, -0.3).has_tone(440, 0.9)
    assert right.part(muted + 0.2, back - 0.1).loudness() < 0.001
    assert right.part(back + 0.2, -0.2).has_tone(700, 0.9)


def test_the_second_agents_talk_is_a_second_file(media_site, legs):
    customer = legs(tone_hz=440).answered()
    for hz in (700, 1000):
        agent = legs(interaction=customer.interaction, tone_hz=hz).called()
        customer.connect(agent, record=True)
        customer.hears(hz)
    customer.release()
    names = [f"{as_text(customer.interaction)}{suffix}.wav" for suffix in ("", "-2")]
    wait.until(lambda: {event.file.rsplit("/", 1)[1] for event in events(media_site, "RecordingFinished")}
               >= set(names), 5, "both are told")
    second = next(path for path in recordings(media_site) if path.name == names[1])
    assert read_wav(second)[1].part(0.2, -0.2).has_tone(1000)


def test_a_secret_is_in_no_recording_relay_log_or_store(media_site, peer, legs):
    secret = "92751836"
    customer = legs(tone_hz=440).answered()
    agent = legs(interaction=customer.interaction, tone_hz=700).called()
    customer.connect(agent, record=True)
    agent.hears(440)
    began = len(agent.rtp.packets)
    request = customer.collect(sensitive=True, digits_max=len(secret))
    customer.rtp.press(secret, duration_ms=60)
    assert done(peer, request).digits == secret
    passed = [packet for packet in agent.rtp.packets[began:] if packet.kind == EVENTS]
    assert not passed
    agent.hears(440)  # Afterwards they hear each other again.
    customer.release()

    _, (left, _) = finished(media_site, customer.interaction)
    quiet = sum(0.1 for _, window in left.windows(0.1) if window.loudness() < 0.001)
    assert quiet > 1.0
    assert secret not in media_site.log("media-1")
    assert secret not in everything(media_site.redis)


# --- strangers ------------------------------------------------------------------------------------

def test_a_stranger_neither_talks_nor_listens(media_site, legs):
    customer, agent = legs(tone_hz=440).answered(), legs(tone_hz=700).called()
    customer.connect(agent)
    agent.hears(440)
    port = int(customer.description.split("m=audio ")[1].split()[0])
    before = media_site.metrics("media-1")['tandem_media_packets_foreign_total{instance="media-1"}']
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as thief:
        thief.bind(("127.0.0.1", 0))
        thief.settimeout(0.3)
        for i in range(50):
            thief.sendto(struct.pack("!BBHII", 0x80, PCMA, i, 160 * i, 99) + b"\x80" * 160,
                         ("127.0.0.1", port))
            thief.sendto(os.urandom(40), ("127.0.0.1", port))
        with pytest.raises(socket.timeout):
            thief.recvfrom(2000)
    agent.hears(440)
    after = media_site.metrics("media-1")['tandem_media_packets_foreign_total{instance="media-1"}']
    assert after - before >= 50


def test_a_phone_behind_a_nat_is_found(legs):
    leg = legs(tone_hz=440)
    elsewhere = sdp(9, (PCMA,)).replace("IN IP4 127.0.0.1", "IN IP4 192.0.2.1")  # as it sees itself
    reply = leg.ask("LegAnswer", "LegAnswerReply", interaction_id=leg.interaction, sdp=elsewhere)
    leg.rtp.talk_to(reply.sdp)
    wait.until(lambda: len(leg.rtp.packets) > 5, 3, "packets come to where it really is")


def test_reports_are_sent_and_say_goodbye(legs):
    leg = legs()
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as control:
        control.bind(("127.0.0.1", leg.rtp.port + 1))
        control.settimeout(8)
        leg.answered()
        assert control.recv(500)[1] in (200, 201)
        leg.release()
        assert b"\x81\xcb\x00\x01" in control.recv(500)


# --- requests -------------------------------------------------------------------------------------

def test_wrong_requests_get_a_sentence_that_names_the_field(peer, legs):
    stray = legs()
    assert "leg_id" in str(refused(lambda: stray.ask("Play", request_id=new_id())))
    bad = refused(lambda: stray.ask("LegAnswer", "LegAnswerReply", interaction_id=new_id(),
                                    sdp="v=0\r\no=x\r\n"))
    assert bad.code == "SYNTAX" and "line 2" in str(bad)
    none = refused(lambda: stray.ask("LegAnswer", "LegAnswerReply", interaction_id=new_id(),
                                     sdp=sdp(4000, (18,))))
    assert none.code == "NOT_FOUND" and "PCMA" in str(none)
    leg = legs().answered()
    assert "digits_max" in str(refused(lambda: leg.ask("Collect", request_id=new_id(), digits_max=65)))
    assert "nothing was offered" in str(refused(
        lambda: leg.ask("LegAccept", "LegAcceptReply", sdp=sdp(4000))))
    assert "leg_b" in str(refused(lambda: peer.ask("media-1", "LegConnect", leg_a=leg.id, leg_b=leg.id)))
    stray.release()  # Unknown: no error.


def test_a_repeated_offer_and_answer_are_the_same(legs):
    leg = legs()
    fields = {"interaction_id": leg.interaction, "sdp": sdp(leg.rtp.port)}
    first = leg.ask("LegAnswer", "LegAnswerReply", **fields)
    assert leg.ask("LegAnswer", "LegAnswerReply", **fields).sdp == first.sdp
    called = legs()
    offers = {called.ask("LegOffer", "LegOfferReply", interaction_id=leg.interaction).sdp
              for _ in range(2)}
    assert len(offers) == 1


def test_two_instances_of_a_host_never_share_a_port(peer, legs):
    made = [legs(instance=f"media-{1 + i % 2}").answered() for i in range(20)]
    ports = {leg.description.split("m=audio ")[1].split()[0] for leg in made}
    assert len(ports) == 20
