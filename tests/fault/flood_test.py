"""Junk, scanners and guessed passwords: calls in progress and good callers notice nothing."""

import os

import pytest

from support import crowd, wait
from support.flood import Flood
from support.rtp_crowd import RtpCrowd
from support.sip import SipEnd, sdp
from support.sip_call import Outgoing, wait_incoming

CALLS = 20
CARRIER = "127.44.0.1"
# What refusing may cost, whatever comes: places for addresses are made at the start, and a refusal
# keeps nothing. The rest is the library's and the allocator's.
GROWTH_MAX_BYTES = 16 << 20
FLOOD_S = 8


def resident_bytes(site):
    with open(f"/proc/{site.pid('edge-1')}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(site):
    with open(f"/proc/{site.pid('edge-1')}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def metric(site, name):
    return sum(value for key, value in site.metrics("edge-1").items()
               if key.startswith(f"tandem_edge_{name}"))


def logged(site, event):
    return site.log("edge-1").count(f'"event":"{event}"')


class Talk:
    """An agent's phone and a customer in a call, with sound both ways."""

    def __init__(self, site, number, caller_rtp, agent_rtp):
        self.agent = site.sip_end(str(5000 + number))
        self.customer = site.sip_end(f"+44770090{number:04d}")
        password = site.password(str(5000 + number))
        assert self.agent.register(password).status == 200
        wait.until(lambda: "phone registered" in site.tandem("agent", f"a{number}"), 10, "phone")
        site.tandem("agent", f"a{number}", "login")
        site.tandem("agent", f"a{number}", "ready")
        self.outgoing = Outgoing(self.customer, "500", caller_rtp.port).send()
        self.incoming = wait_incoming(self.agent)
        self.incoming.answer(agent_rtp.port)
        caller_rtp.talk_to(self.outgoing.wait_status(200).body)
        self.outgoing.ack()
        self.incoming.wait_request("ACK")
        agent_rtp.talk_to(self.incoming.invite.body)


def site_with_carrier(make_site):
    text = crowd.company(CALLS + 10) + \
        f'trunks:\n  - {{name: carrier, addresses: ["{CARRIER}"]}}\n'
    site = make_site(companies=())
    site.apply(text)
    return site


@pytest.mark.parametrize("addresses", [["127.66.0.1"],
                                       [f"127.67.{n // 250}.{n % 250 + 1}" for n in range(500)]],
                         ids=["from one address", "from five hundred addresses"])
def test_junk_invites_delay_no_call_and_keep_no_memory(make_site, addresses):
    site = site_with_carrier(make_site)
    with RtpCrowd(2 * CALLS) as sound:
        talks = [Talk(site, n + 1, sound.ends[2 * n], sound.ends[2 * n + 1]) for n in range(CALLS)]
        wait.until(lambda: all(len(end.heard) > 25 for end in sound.ends), 20, "all are heard")
        marks = [len(end.heard) for end in sound.ends]
        memory, cpu, pid = resident_bytes(site), cpu_seconds(site), site.pid("edge-1")

        with Flood(site, 5000, addresses, FLOOD_S) as flood:
            wait.until(lambda: metric(site, "strangers_dropped_total") > 1000, 10, "it is dropped")
            hang_up_and_call(site, talks[:5])
            sent = flood.wait_sent()

        used = cpu_seconds(site) - cpu
        assert sent > 2000 * FLOOD_S, "the flood itself was held up"
        assert site.pid("edge-1") == pid
        assert metric(site, "strangers_dropped_total") > sent / 2
        assert metric(site, "calls_overload_total") == 0
        assert logged(site, "strangers.dropped") <= 1 + FLOOD_S // 10 + 1
        talking = [end for talk_ends in zip(sound.ends[10::2], sound.ends[11::2])
                   for end in talk_ends]
        wait.until(lambda: all(len(end.heard) > mark + 50 * FLOOD_S // 2
                               for end, mark in zip(talking, marks[10:])), 20, "they talk on")
        lost = sum(end.missing(mark) for end, mark in zip(talking, marks[10:]))
        heard = sum(len(end.heard) - mark for end, mark in zip(talking, marks[10:]))
        assert lost <= heard / 1000, f"{lost} of {heard} packets lost"
        grown = resident_bytes(site) - memory
        print(f"{sent} INVITEs: {used / sent * 1e6:.0f} us CPU each, {grown >> 10} KiB grown")
        if "asan" not in os.environ.get("TANDEM_BUILD", ""):  # which keeps what is freed
            assert grown < GROWTH_MAX_BYTES
        for talk in talks[5:]:
            assert talk.outgoing.bye().status == 200


def hang_up_and_call(site, talks):
    """Hang-ups are honoured at once, and the carrier's calls are taken, one after the other."""
    for talk in talks:
        assert talk.outgoing.bye().status == 200
        talk.incoming.wait_bye()
    with SipEnd(site.sip, "+442079460000", "harbour.example", address=CARRIER) as carrier:
        for _ in range(10):
            call = Outgoing(carrier, "500").send()
            call.wait_status(200)
            call.ack()
            assert call.bye().status == 200
            assert 503 not in call.statuses
