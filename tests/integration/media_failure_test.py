"""The media service alone when something dies, is stuck or full."""

import os
import pathlib
import signal
import struct
import subprocess

import pytest

from support import wait
from support.bus_peer import BusPeer, as_text
from support.media import FAILED, FINISHED, Leg, done, finished, recordings, refused, text
from support.site import PrivateSite
from tandem_site.sound import read_wav


@pytest.fixture(scope="module")
def impatient_site():
    """Its times are short, it has room for four legs, and tests may break and restart it."""
    with PrivateSite(instances=("media-1",), companies=(), overrides={
            ("media", "silent_after"): 1000, ("media", "orphan_after"): 5000,
            ("media", "speech_deadline"): 500, ("media", "rtp_port_rest"): 0,
            ("media", "legs_max"): 4}) as site:
        yield site


@pytest.fixture
def impatient(impatient_site):
    """An instance that asks for legs there."""
    impatient_site.wait_healthy("media-1")
    with BusPeer(impatient_site, "edge", "edge-9") as made:
        yield made


def test_a_stuck_synthesiser_costs_a_tone_not_the_dialog(impatient_site, impatient):
    leg = Leg(impatient).answered()
    worker = subprocess.run(["pgrep", "-P", str(impatient_site.pid("media-1")), "-x", "speech"],
                            capture_output=True, text=True, check=True).stdout.split()[0]
    os.kill(int(worker), signal.SIGSTOP)
    assert done(impatient, leg.play(text("This is never heard."))).outcome == FAILED
    assert leg.rtp.heard().heard_tone(880, 0.1, 0.5)
    assert done(impatient, leg.play(text("But this one is."))).outcome == FINISHED
    leg.close()


def test_a_spoken_text_is_kept_over_a_restart(impatient_site):
    words = "Said only once."
    counts = []
    for _ in range(2):
        with BusPeer(impatient_site, "ivr", "ivr-9") as peer:
            before = spoken(impatient_site)
            leg = Leg(peer).answered()
            assert done(peer, leg.play(text(words))).outcome == FINISHED
            counts.append(spoken(impatient_site) - before)
            leg.close()
        wait.until(lambda: list(pathlib.Path(impatient_site.data, "speech").glob("*.s16")), 3,
                   "it is on disk")
        impatient_site.stop_service("media-1")
        impatient_site.start_service("media-1")
    assert counts == [1, 0]


def spoken(site):
    return site.metrics("media-1")['tandem_media_texts_spoken_total{instance="media-1"}']


def test_a_full_house_says_busy_and_recovers(impatient):
    made = [Leg(impatient).answered() for _ in range(4)]
    extra = Leg(impatient)
    assert refused(extra.answered).code == "BUSY"
    made[0].close()
    wait.until(lambda: not refused(extra.answered), 3, "there is room again")
    for leg in (*made[1:], extra):
        leg.close()


def test_a_silent_far_end_is_told_to_whoever_made_the_leg(impatient):
    leg = Leg(impatient).answered()
    wait.until(lambda: leg.rtp.packets, 3, "it is heard")
    leg.rtp.mute()
    told = impatient.wait("LegSilent", lambda message: message.leg_id == leg.id)
    assert told.silent_ms >= 1000
    leg.close()


def known_legs(site):
    return site.redis.hlen("tandem:local:1:legs:media-1")


def test_legs_of_a_dead_owner_are_closed(impatient_site):
    with BusPeer(impatient_site, "edge", "edge-8") as owner:
        leg = Leg(owner).answered()
        leg.rtp.mute()
        wait.until(lambda: known_legs(impatient_site) == 1, 3, "it is known")
    leg.rtp.close()
    wait.until(lambda: known_legs(impatient_site) == 0, 9, "it is closed")


def talk(peer):
    """A recorded talk in which both hear each other."""
    customer = Leg(peer, tone_hz=440).answered()
    agent = Leg(peer, interaction=customer.interaction, tone_hz=700).called()
    customer.connect(agent, record=True)
    customer.hears(700)
    agent.hears(440)
    return customer, agent


def test_after_a_kill_the_recording_can_be_played_and_is_told(impatient_site, impatient):
    customer, agent = talk(impatient)
    path = wait.until(lambda: next((path for path in recordings(impatient_site)
                                    if path.stem == as_text(customer.interaction)
                                    and read_wav(path)[0].seconds > 1.0), None), 5, "some is on disk")
    impatient_site.kill("media-1")
    left, right = read_wav(path)
    assert left.part(0.1).has_tone(440) and right.part(0.2).has_tone(700)
    assert struct.unpack("<I", path.read_bytes()[40:44])[0] == path.stat().st_size - 44
    event, _ = finished(impatient_site, customer.interaction, 10)
    assert not event.complete and abs(event.duration_ms - left.seconds * 1000) < 600
    wait.until(lambda: known_legs(impatient_site) == 0, 5, "its legs are dropped")
    customer.rtp.close()
    agent.rtp.close()


def test_without_redis_talk_goes_on_and_its_recording_is_told_afterwards(impatient_site, impatient):
    customer, agent = talk(impatient)
    endpoint = impatient.endpoint_of("media-1")
    impatient.endpoint_of = lambda instance: endpoint
    impatient_site.stop_redis(signal.SIGKILL)
    mark = len(customer.rtp.packets)
    wait.until(lambda: len(customer.rtp.packets) > mark + 100, 4, "packets go on")
    customer.hears(700)
    customer.release()
    impatient_site.start_redis()
    event, _ = finished(impatient_site, customer.interaction, 15)
    assert event.complete
    agent.close()
    customer.rtp.close()


def test_a_clean_stop_finishes_recordings(impatient_site, impatient):
    customer, agent = talk(impatient)
    impatient_site.stop_service("media-1")
    event, _ = finished(impatient_site, customer.interaction)
    assert event.complete
    assert '"event":"service.stopped"' in impatient_site.log("media-1")
    impatient_site.start_service("media-1")
    customer.rtp.close()
    agent.rtp.close()
