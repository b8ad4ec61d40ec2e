"""Many agents and callers at once: SIP ends without sound, each with a thread that answers."""

import threading

from . import wait
from .sip_call import Outgoing, wait_incoming

COMPANY = """\
tenant: 1
name: Crowd
domain: harbour.example
time_zone: Europe/London
entry_points:
  - {{name: crowd, numbers: ["500"], answer: at_dialog, language: en, queue: crowd}}
queues:
  - name: crowd
    threshold_s: 20
    offer_lease_s: 10
    steps: [{{expression: ""}}]
agents:
{agents}
"""


def company(count):
    """The text of a company with agents a1 .. aN, phones 5001 .. (5000 + N)."""
    agents = "".join(f'  - name: a{n}\n    phone_user: "{5000 + n}"\n' for n in range(1, count + 1))
    return COMPANY.format(agents=agents)


class Agent:
    """Answers every call at once and talks until the other side hangs up."""

    def __init__(self, site, number, ready=True):
        self.name = f"a{number}"
        self.site = site
        self.end = site.sip_end(str(5000 + number))
        assert self.end.register(site.password(str(5000 + number))).status == 200
        self._answered = set()
        self.calls = []
        threading.Thread(target=self._work, daemon=True).start()
        if ready:
            self.be_ready()

    def be_ready(self):
        wait.until(lambda: "phone registered" in self.site.tandem("agent", self.name), 10, self.name)
        self.site.tandem("agent", self.name, "login")
        self.site.tandem("agent", self.name, "ready")

    def _work(self):
        count = 0
        while True:
            try:
                call = wait_incoming(self.end, seconds=600, count=count + 1)
            except (AssertionError, OSError):
                return
            count += 1
            self.calls.append(call)
            call.answer()
            threading.Thread(target=self._end_with, args=(call,), daemon=True).start()

    @staticmethod
    def _end_with(call):
        try:
            call.wait_bye(seconds=600)
        except (AssertionError, OSError):
            return


class Customer:
    """Calls, is answered, and stays."""

    def __init__(self, site, number, dial="500"):
        self.end = site.sip_end(f"+4477009{number:05d}")
        self.call = Outgoing(self.end, dial).send()
        self.call.wait_status(200, 10)
        self.call.ack()

    @property
    def is_ended(self):
        return bool(self.call.requests("BYE"))

    def hang_up(self):
        return self.call.bye().status
