"""SIP over TCP: calls, connections that are used again, pieces, and those who hold connections."""

import pytest

from support import wait
from support.scene import agent_state, wait_state
from support.sip_call import Outgoing, wait_incoming
from support.sip_stream import SipStream

DOMAIN = "harbour.example"


@pytest.fixture
def stream(site):
    made = []

    def make(user="+447700900123", **options):
        made.append(SipStream(site.sip, user, DOMAIN, **options))
        return made[-1]

    yield make
    for end in made:
        end.close()


def options_of(end):
    return end.request("OPTIONS", f"sip:{DOMAIN}")


def is_answered(end, message, seconds=5):
    return end.final_of(message, seconds).status == 200


def test_a_call_between_two_connections_uses_them_and_no_others(site, stream):
    phone = stream("2003")
    assert phone.register(site.password("2003")).status == 200
    wait.until(lambda: "phone registered" in site.tandem("agent", "cai"), 5, "the phone is known")
    site.tandem("agent", "cai", "login")
    site.tandem("agent", "cai", "ready")
    wait_state(site, "cai", "ready")
    caller = stream()
    call = Outgoing(caller, "301").send()
    call.wait_status(200)
    call.ack()
    ringing = wait_incoming(phone)  # its Contact cannot be connected to: nobody listens there
    assert "transport=tcp" in ringing.invite["Contact"] and "/TCP " in ringing.invite["Via"]
    ringing.ring()
    ringing.answer()
    ringing.wait_request("ACK")
    wait.until(lambda: agent_state(site, "cai") == "busy", 10, "they talk")
    assert ringing.bye().status == 200
    call.wait_bye()
    assert not caller.closed.is_set() and not phone.closed.is_set()
    assert phone.register(site.password("2003"), expires=0).status == 200


def test_messages_may_come_in_pieces_and_together(stream):
    end = stream()
    whole = options_of(end)
    for byte in whole.bytes():
        end.send_bytes(bytes([byte]))
    assert is_answered(end, whole)
    several = [options_of(end) for _ in range(20)]
    data = b"".join(message.bytes() for message in several)
    end.send_bytes(data[:1000])
    end.send_bytes(data[1000:])
    assert all(is_answered(end, message) for message in several)
    order = [message.branch for message in end.messages if not message.is_request]
    assert order == [whole.branch] + [message.branch for message in several]


def test_an_empty_line_keeps_a_connection_and_is_answered(stream):
    end = stream()
    end.send_bytes(b"\r\n\r\n")
    wait.until(lambda: end.pongs >= 1, 5, "the keep-alive is answered (RFC 5626 section 4.4.1)")
    message = options_of(end)
    end.send(message)
    assert is_answered(end, message)


def test_who_never_ends_a_message_loses_the_connection_and_nobody_else_does(make_site):
    site = make_site(overrides={("edge", "message_timeout"): 1000})
    slow = [SipStream(site.sip, address="127.48.0.1") for _ in range(10)]
    quiet = SipStream(site.sip, address="127.48.0.2")
    for end in slow:
        end.send_bytes(options_of(end).bytes()[:60])
    wait.until(lambda: all(end.closed.is_set() for end in slow), 15, "the slow ones are closed")
    message = options_of(quiet)
    quiet.send(message)
    assert is_answered(quiet, message)
    for end in (*slow, quiet):
        end.close()


def connections(site, name="connections"):
    return sum(value for key, value in site.metrics("edge-1").items()
               if key.startswith(f"tandem_edge_{name}{{") or key == f"tandem_edge_{name}")


def test_one_address_gets_so_many_connections_and_others_theirs(make_site):
    site = make_site(overrides={("edge", "source_connections_max"): 5,
                                ("edge", "connections_max"): 12})
    greedy = [SipStream(site.sip, address="127.48.1.1") for _ in range(8)]
    wait.until(lambda: sum(end.closed.is_set() for end in greedy) == 3, 5, "three are closed")
    others = [SipStream(site.sip, address=f"127.48.2.{n}") for n in range(1, 9)]
    wait.until(lambda: sum(end.closed.is_set() for end in others) == 4, 5,
               "strangers have nine of twelve")
    assert connections(site) == 9
    assert connections(site, "connections_refused_total") == 7
    phone = site.sip_end("2001")  # whose address is known from now on
    assert phone.register(site.password("2001")).status == 200
    known = [SipStream(site.sip) for _ in range(3)]
    message = options_of(known[-1])
    known[-1].send(message)
    assert is_answered(known[-1], message)
    for end in (*greedy, *others, *known):
        end.close()
    wait.until(lambda: connections(site) == 0, 5, "closed ones are not counted any more")
