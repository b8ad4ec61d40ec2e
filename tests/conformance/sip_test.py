"""The torture messages of RFC 4475 and RFC 5118, one by one, to a real edge.

Each is either answered as the RFC says or not at all, is counted, and harms nobody.
"""

import re
import socket

import pytest

from support import wait
from support.scene import Caller

SILENCE = 0
# What is answered to each message, and the section that says so. Several: the RFC leaves it open.
# 404: understood, and the user is nobody's; 401: understood, and the phone must prove itself.
RFC4475 = {
    "wsinv": ({481}, "3.1.1.1: valid; its To has a tag of a dialog that is not ours (3261 12.2.2)"),
    "intmeth": ({501, 405}, "3.1.1.2: valid, of a method nobody knows"),
    "esc01": ({404}, "3.1.1.3: the user is sips:user@example.com, which is nobody"),
    "escnull": ({401}, "3.1.1.4: valid; a %00 does not end the name"),
    "esc02": ({501, 405}, "3.1.1.5: RE%47IST%45R is not REGISTER"),
    "lwsdisp": ({200}, "3.1.1.6: a display name needs no space behind it"),
    "longreq": ({404}, "3.1.1.7: long values"),
    "dblreq": ({401}, "3.1.1.8: what follows the body in a datagram is ignored"),
    "semiuri": ({200}, "3.1.1.9: a semicolon in a user"),
    "transports": ({200}, "3.1.1.10: transports nobody knows, further down"),
    "mpart01": ({405, 415}, "3.1.1.11: a body of several parts, of a method we do not take"),
    "unreason": ({SILENCE}, "3.1.1.12: a response to nothing"),
    "noreason": ({SILENCE}, "3.1.1.13: a response to nothing"),
    "badinv01": ({400, SILENCE}, "3.1.2.1: its Via cannot be read, so nobody can be told"),
    "clerr": ({400}, "3.1.2.2: shorter than its Content-Length"),
    "ncl": ({400}, "3.1.2.3: a negative Content-Length"),
    "scalar02": ({400}, "3.1.2.4: numbers beyond 32 bits"),
    "scalarlg": ({SILENCE}, "3.1.2.5: a response with numbers beyond 32 bits"),
    "quotbal": ({400}, "3.1.2.6: a quote that is not closed"),
    "ltgtruri": ({400}, "3.1.2.7: a Request-URI in <>"),
    "lwsruri": ({400, SILENCE}, "3.1.2.8: a space in the Request-URI"),
    "lwsstart": ({400}, "3.1.2.9: several spaces in the first line"),
    "trws": ({400, 200}, "3.1.2.10: a space at the end of the first line"),
    "escruri": ({400, 404}, "3.1.2.11: headers in the Request-URI"),
    "baddate": ({400}, "3.1.2.12: a Date that is not in GMT"),
    "regbadct": ({400, 401}, "3.1.2.13: a Contact without <> whose URI has a question mark"),
    "badaspec": ({400}, "3.1.2.14: spaces within <>"),
    "baddn": ({400}, "3.1.2.15: a comma in a display name without quotes"),
    "badvers": ({505, SILENCE}, "3.1.2.16: SIP/7.0, in its Via too"),
    "mismatch01": ({400}, "3.1.2.17: another method in CSeq"),
    "mismatch02": ({400, 501}, "3.1.2.18: another method in CSeq, an unknown one in the first line"),
    "bigcode": ({SILENCE}, "3.1.2.19: a response with a status of ten digits"),
    "badbranch": ({200, 400}, "3.2.1: a branch that is only the magic cookie"),
    "insuf": ({400}, "3.3.1: headers are missing"),
    "unkscm": ({416}, "3.3.2: a scheme nobody knows"),
    "novelsc": ({416}, "3.3.3: a scheme that is not for us"),
    "unksm2": ({400}, "3.3.4: an address of record that is no SIP URI"),
    "bext01": ({420}, "3.3.5: extensions nobody knows"),
    "invut": ({415}, "3.3.6: a body of a type nobody knows"),
    "regaut01": ({401}, "3.3.7: credentials of a scheme nobody knows"),
    "multi01": ({400}, "3.3.8: several values where one may be"),
    "mcl01": ({400}, "3.3.9: two different Content-Lengths"),
    "bcast": ({SILENCE}, "3.3.10: a response by way of a broadcast address"),
    "zeromf": ({483, 200}, "3.3.11: Max-Forwards 0"),
    "cparam01": ({401}, "3.3.12: a parameter of the Contact header nobody knows"),
    "cparam02": ({401}, "3.3.13: a parameter of the Contact URI nobody knows"),
    "regescrt": ({401}, "3.3.14: an escaped header in a Contact URI"),
    "sdp01": ({406, 404}, "3.3.15: we can answer in SDP only, which is not accepted"),
    "inv2543": ({404}, "3.4.1: an INVITE of RFC 2543, without branch"),
}
RFC5118 = {
    "ipv6-good": ({401}, "4.1: an IPv6 reference"),
    "ipv6-bad": ({400, SILENCE}, "4.2: an IPv6 address without brackets"),
    "port-ambiguous": ({401}, "4.3: the port became part of the address"),
    "port-unambiguous": ({401}, "4.4: a port behind the brackets"),
    "via-received-param-with-delim": ({481}, "4.5: received in brackets; of no dialog"),
    "via-received-param-no-delim": ({200}, "4.5: received without brackets"),
    "ipv6-in-sdp": ({404}, "4.6: IPv6 in SDP"),
    "mult-ip-in-header": ({481}, "4.7: IPv4 and IPv6 in one message; of no dialog"),
    "mult-ip-in-sdp": ({404}, "4.8: IPv4 and IPv6 in one SDP"),
    "ipv4-mapped-ipv6": ({404}, "4.9: an IPv4-mapped address"),
    "ipv6-bug-abnf-3-colons": ({400}, "4.10: three colons"),
    "ipv6-correct-abnf-2-colons": ({200}, "4.10: two colons"),
}
CASES = [("rfc4475", f"{name}.dat", *expected) for name, expected in RFC4475.items()] + \
    [("rfc5118", name, *expected) for name, expected in RFC5118.items()]

VIA = re.compile(rb"(SIP\s*/\s*[\d.]+\s*/\s*)(UDP|TCP|TLS)(\s+(?:\[[^\]]*\]|[^:;,\s]+))(?::(\d+))?")
# Whatever the edge does with a message shows in one of these.
HANDLED = ("messages_malformed", "requests_unsupported", "requests_unsound", "requests_scheme",
           "requests_hops", "requests_extension", "requests_body", "requests_no_dialog",
           "responses_stray", "calls_not_found")


@pytest.fixture(scope="module")
def torture(suites):
    folder = suites / "conformance" / "sip"
    assert folder.is_dir(), f"{folder} is not there"
    return folder


def over(transport, data):
    """The message as it would be over that transport: as its topmost Via says."""
    return VIA.sub(lambda m: m[1] + transport + m[3] + (b":" + m[4] if m[4] else b""), data, count=1)


def reply_port(data):
    """Where a response goes over UDP: the port of the topmost Via (3261 18.2.2)."""
    found = VIA.search(data)
    return int(found[4]) if found and found[4] else 5060


def statuses(data):
    return [int(status) for status in re.findall(rb"(?m)^SIP/2\.0 (\d{3}) ", data)]


def handled(site):
    """Messages that were counted, of whatever kind."""
    return sum(value for name, value in site.metrics("edge-1").items()
               if any(name.startswith(f"tandem_edge_{wanted}_total") for wanted in HANDLED))


@pytest.mark.parametrize("folder, name, expected, why", CASES, ids=[case[1] for case in CASES])
def test_a_torture_message_over_udp(site, torture, folder, name, expected, why):
    data = over(b"UDP", (torture / folder / name).read_bytes())
    address = f"127.75.1.{CASES.index((folder, name, expected, why)) + 1}"
    pid = site.pid("edge-1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end, \
            site.sip_end("torture") as witness:
        end.bind((address, reply_port(data)))
        end.settimeout(5)
        end.sendto(data, site.sip)
        # Messages are taken in order: when this one is answered, the one before has been.
        assert witness.transact(witness.request("OPTIONS", "sip:harbour.example")).status == 200
        end.setblocking(False)
        try:
            came = statuses(end.recv(65536))
        except BlockingIOError:
            came = [SILENCE]
    assert came[0] in expected, why
    assert site.pid("edge-1") == pid


# Whole on a stream only where they say how long they are (3261 18.3), and readable enough for the
# next message to be found.
STREAM = [case for case in CASES if SILENCE not in case[2] and case[1] not in (
    "clerr.dat", "dblreq.dat", "inv2543.dat", "ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6")]
WITNESS = (b"OPTIONS sip:harbour.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKwitness\r\n"
           b"From: <sip:w@w>;tag=w\r\nTo: <sip:w@w>\r\nCall-ID: witness\r\nCSeq: 1 OPTIONS\r\n"
           b"Content-Length: 0\r\n\r\n")


def read_to_the_end(end):
    """What came until the witness was answered, or the edge closed: it does where it cannot tell
    where the next message starts."""
    data = b""
    while b"z9hG4bKwitness" not in data:
        try:
            more = end.recv(65536)
        except ConnectionResetError:
            break
        if not more:
            break
        data += more
    return data


@pytest.mark.parametrize("folder, name, expected, why", STREAM, ids=[case[1] for case in STREAM])
def test_a_torture_message_over_tcp(site, torture, folder, name, expected, why):
    data = over(b"TCP", (torture / folder / name).read_bytes())
    pid = site.pid("edge-1")
    with socket.create_connection(site.sip, timeout=5) as end:
        end.sendall(data)
        end.sendall(WITNESS)
        came = statuses(read_to_the_end(end))
    assert came and came[0] in expected, why
    assert site.pid("edge-1") == pid


def test_a_good_call_works_right_after_all_of_them(site, torture):
    pid, before = site.pid("edge-1"), handled(site)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind(("127.75.2.1", 0))
        for folder, name, _, _ in CASES:
            end.sendto(over(b"UDP", (torture / folder / name).read_bytes()), site.sip)
    caller = Caller(site, "303").wait_answered()
    assert caller.hang_up().status == 200
    # All but those that are answered as valid ones: challenges and OPTIONS.
    valid = sum(1 for _, _, expected, _ in CASES if expected & {200, 401})
    wait.until(lambda: handled(site) - before >= len(CASES) - valid, 5,
               "each is counted by kind")
    assert site.pid("edge-1") == pid


@pytest.fixture
def ipv6_site(make_site):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as end:
            end.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    return make_site(overrides={("edge", "sip_address"): "[::1]"})


def answers_before_the_witness(end, edge, data):
    """What came to a message, and then to an OPTIONS from the same place."""
    port = end.getsockname()[1]
    witness = WITNESS.replace(b"/TCP 127.0.0.1", f"/UDP [::1]:{port}".encode())
    end.sendto(data, edge)
    end.sendto(witness, edge)
    came = []
    while not came or b"z9hG4bKwitness" not in came[-1]:
        came.append(end.recv(65536))
    return statuses(b"\r\n".join(came[:-1])) or [SILENCE]


def test_the_messages_of_rfc_5118_over_ipv6(ipv6_site, torture):
    pid = ipv6_site.pid("edge-1")
    for name, (expected, why) in RFC5118.items():
        data = over(b"UDP", (torture / "rfc5118" / name).read_bytes())
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as end:
            end.bind(("::1", reply_port(data)))
            end.settimeout(5)
            came = answers_before_the_witness(end, ("::1", ipv6_site.sip[1]), data)
            assert came[0] in expected, why
    assert ipv6_site.pid("edge-1") == pid
