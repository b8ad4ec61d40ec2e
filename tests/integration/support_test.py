"""What the other tests stand on must itself tell right from wrong."""

import hashlib
import struct

import pytest

from support import wait
from support.phone import Phone, Sound, read_wav, write_tone
from support.rtp import EVENTS, PCMA, PCMU, DECODE, Packet, RtpEnd, encode
from support.sip import SipEnd
from support.sip_call import Outgoing, wait_incoming
from support.sip_message import Message, challenge_of, digest_answer
from tandem_site import ports

# --- sound -----------------------------------------------------------------------------------------


def test_a_tone_is_found_and_no_other(tmp_path):
    write_tone(tmp_path / "tone.wav", 440, seconds=2)
    sound, = read_wav(tmp_path / "tone.wav")
    assert sound.seconds == 2
    assert sound.has_tone(440)
    assert not sound.has_tone(700)
    assert not Sound([0] * 8000).has_tone(440)


def test_a_short_tone_between_silence_is_measured():
    silence = [0] * 8000
    code = {kind: encode(range(-8000, 8000, 100), kind) for kind in (PCMA, PCMU)}
    assert len(code[PCMA]) == len(code[PCMU]) == 160
    tone = [DECODE[PCMA][byte] for byte in encode(
        [int(9000 * ((i // 10) % 2 * 2 - 1)) for i in range(4000)], PCMA)]  # 400 Hz, square
    sound = Sound(silence + tone + silence)
    assert sound.heard_tone(400, 0.4, share=0.7)
    assert not sound.heard_tone(400, 0.7, share=0.7)


@pytest.mark.parametrize("kind", [PCMA, PCMU])
def test_g711_codes_and_values_belong_together(kind):
    values = DECODE[kind]
    assert max(values) > 30000 and min(values) < -30000
    assert [values[code] for code in encode(values, kind)] == values


# --- SIP -------------------------------------------------------------------------------------------

def test_a_message_survives_being_written_and_read():
    first = Message("INVITE sip:100@h SIP/2.0", [("Via", "SIP/2.0/UDP h;branch=z9hG4bKx"),
                    ("f", "<sip:a@h>;tag=1"), ("CSeq", "7 INVITE")], "v=0\r\n")
    again = Message.parse(first.bytes())
    assert (again.method, again.sequence, again.branch, again.tag("From"), again.body) == \
        ("INVITE", 7, "z9hG4bKx", "1", "v=0\r\n")


def test_digests_are_those_of_rfc_7616():
    """Section 3.9.1, with its client nonce."""
    realm, nonce = "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    expected = {"MD5": "8ca523f5e9506fed4657c9700eebdbec",
                "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}
    for algorithm, answer in expected.items():
        challenge = {"realm": realm, "nonce": nonce, "algorithm": algorithm, "qop": "auth"}
        ours = digest_answer(challenge, "GET", "/dir/index.html", "Mufasa", "Circle of Life")
        client_nonce = ours.split('cnonce="')[1].split('"')[0]
        make = hashlib.md5 if algorithm == "MD5" else hashlib.sha256

        def hashed(text, make=make):
            return make(text.encode()).hexdigest()

        ha1, ha2 = hashed(f"Mufasa:{realm}:Circle of Life"), hashed("GET:/dir/index.html")
        assert f'response="{hashed(f"{ha1}:{nonce}:00000001:{client_nonce}:auth:{ha2}")}"' in ours
        rfc_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        assert hashed(f"{ha1}:{nonce}:00000001:{rfc_nonce}:auth:{ha2}") == answer


def test_every_challenge_of_a_response_is_seen():
    response = Message("SIP/2.0 401 Unauthorized", [
        ("WWW-Authenticate", 'Digest realm="a", nonce="n1", algorithm=SHA-256, qop="auth"'),
        ("WWW-Authenticate", 'Digest realm="a", nonce="n2", algorithm=MD5, qop="auth"')])
    assert [challenge["algorithm"] for challenge in challenge_of(response)] == ["SHA-256", "MD5"]


def test_a_call_between_two_ends_goes_step_by_step():
    with SipEnd(("127.0.0.1", 9), "b") as b, SipEnd(("127.0.0.1", b.port), "a") as a, \
            RtpEnd(440) as mouth, RtpEnd(700) as ear:
        call = Outgoing(a, "b", mouth.port).send()
        incoming = wait_incoming(b)
        incoming.ring()
        call.wait_status(180)
        incoming.answer(ear.port)
        mouth.talk_to(call.wait_status(2).body)
        call.ack()
        incoming.wait_request("ACK")
        wait.until(lambda: ear.heard().part(-0.4).has_tone(440), 5, "the tone comes")
        mouth.press("7")
        wait.until(lambda: any(p.kind == EVENTS and p.payload[0] == 7 and p.payload[1] & 0x80
                               for p in ear.packets), 5, "the digit's end comes")
        ear.assert_continuous()
        hangup = Message.parse(a.request("BYE", "sip:x@y").bytes())
        assert hangup.method == "BYE"


# --- RTP -------------------------------------------------------------------------------------------

def packet(sequence, timestamp, ssrc=1, kind=PCMA):
    return Packet(struct.pack("!BBHII", 0x80, kind, sequence, timestamp, ssrc) + bytes(160),
                  ("127.0.0.1", 1), 0.0)


@pytest.mark.parametrize("packets, fault", [
    ([packet(65535, 0), packet(0, 160), packet(1, 320)], None),
    ([packet(1, 0), packet(3, 320)], "sequence jumps"),
    ([packet(1, 0), packet(2, 480)], "timestamp goes on by 480"),
    ([packet(1, 0), packet(2, 160, ssrc=2)], "2 SSRCs"),
    ([], "no RTP came"),
])
def test_a_jump_in_a_stream_is_noticed(packets, fault):
    with RtpEnd() as end:
        end.packets = packets
        if fault is None:
            end.assert_continuous()
        else:
            with pytest.raises(AssertionError, match=fault):
                end.assert_continuous()


# --- phones ----------------------------------------------------------------------------------------

@pytest.fixture
def block():
    claimed = ports.claim()
    yield claimed
    claimed.close()


def test_two_phones_hear_each_other_and_know_who_hung_up(tmp_path, block):
    first, second = block.port(ports.PHONES), block.port(ports.PHONES) + 20
    with Phone(tmp_path / "ann", "ann", first, ("127.0.0.1", second), tone_hz=440) as ann, \
            Phone(tmp_path / "bob", "bob", second, ("127.0.0.1", first), tone_hz=700) as bob:
        ann.dial("bob")
        bob.wait_ringing()
        bob.accept()
        assert ann.wait_tone(700) and bob.wait_tone(440)
        assert not ann.heard().has_tone(440)
        ann.press("5")
        bob.wait_event("CALL_DTMF_START")
        bob.hangup()
        ann.wait_ended()
        ann.dial("bob")
        bob.wait_ringing(count=2)
        bob.decline()
        assert "486" in ann.wait_ended(count=2)["param"]
