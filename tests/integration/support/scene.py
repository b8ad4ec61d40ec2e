"""What most tests begin with: agents at their phones, somebody who calls, and what is left of it."""

import json

from . import wait
from .rtp import RtpEnd
from .sip_call import Outgoing

USERS = {"ada": "2001", "ben": "2002", "cai": "2003"}


def agent_state(site, agent, tenant=1):
    """(state, reason) as the command line shows it."""
    words = site.tandem("--tenant", str(tenant), "agent", agent, check=False).split()
    return words[1] if words else None  # None: no router is active just now


def wait_state(site, agent, state, seconds=10, tenant=1):
    wait.until(lambda: agent_state(site, agent, tenant) == state, seconds, f"{agent} is {state}")


def seat(site, agent, user=None, domain="harbour.example", tenant=1, **options):
    """The agent's phone registers, the agent logs in and is ready. Returns the phone."""
    phone = site.agent_phone(user or USERS[agent], domain=domain, **options)
    words = ["--tenant", str(tenant), "agent", agent]
    wait.until(lambda: "phone registered" in site.tandem(*words, check=False), 5,
               f"{agent}'s phone is known")
    site.tandem(*words, "login")
    site.tandem(*words, "ready")
    at_work = ("ready", "offered", "busy")  # a caller may have waited for just this
    wait.until(lambda: agent_state(site, agent, tenant) in at_work, 10, f"{agent} is ready")
    return phone


def history(site, interaction, seconds=10):
    """The interaction's row as a dictionary, once it is there."""
    rows = wait.until(
        lambda: site.sql("SELECT row_to_json(i)::text FROM tandem.interaction i "
                         "WHERE interaction_id = %s", interaction),
        seconds, f"history of {interaction}")
    assert len(rows) == 1
    return json.loads(rows[0][0])


def topics(site, interaction):
    """Topics of the stored events of one interaction, in order."""
    return [row[0] for row in site.sql(
        "SELECT topic FROM tandem.event WHERE key = %s ORDER BY occurred_at, event_id",
        interaction)]


class Caller:
    """Somebody on a SipEnd with real RTP: for what a phone does not show."""

    def __init__(self, site, number="300", caller="+447700900123", tone_hz=440,
                 domain="harbour.example", **options):
        self.rtp = RtpEnd(tone_hz)
        self.end = site.sip_end(caller, domain)
        self.call = Outgoing(self.end, number, self.rtp.port, **options).send()

    def wait_answered(self, seconds=10):
        answer = self.call.wait_status(200, seconds)
        self.call.ack()
        self.rtp.talk_to(answer.body)
        return self

    def hang_up(self):
        response = self.call.bye()
        self.close()
        return response

    def close(self):
        self.rtp.close()
        self.end.close()
