"""So many calls a second, with agents who answer, and an exact account of what became of each.

    with Load(site, agents=40) as load:
        load.call(20)               # 20 new calls a second from now on
        ...break something...
        load.finish()               # no new ones, and all come to their end
        load.assert_history()

Each call has a caller's number of its own, so that the history is compared call by call.
"""

import contextlib
import json
import os
import pathlib
import random
import select
import subprocess
import sys
import tempfile
import threading
from collections import Counter

import zmq

from . import wait
from .bus_peer import MESSAGES, BusPeer, Refused

DOMAIN = "harbour.example"
COMPANY = """\
tenant: 1
name: Load
domain: harbour.example
time_zone: Europe/London
entry_points:
  - {{name: early, numbers: ["600"], answer: at_agent, language: en, queue: load}}
  - {{name: answered, numbers: ["601"], answer: at_dialog, language: en, queue: load}}
  - {{name: greeted, numbers: ["602"], answer: at_dialog, language: en, queue: load, dialog: {dialog}}}
  - {{name: nobody, numbers: ["603"], answer: at_dialog, language: en, queue: nobody}}
  - {{name: recorded, numbers: ["604"], answer: at_dialog, language: en, queue: recorded}}
queues:
  - {{name: load, threshold_s: 20, offer_lease_s: 5, steps: [{{expression: ""}}]}}
  - {{name: recorded, threshold_s: 20, offer_lease_s: 5, record: true, steps: [{{expression: ""}}]}}
  - {{name: nobody, threshold_s: 20, offer_lease_s: 5, steps: [{{expression: "skill.none >= 1"}}]}}
agents:
{agents}
"""
FIRST_USER = 5001
DIALOG = "greeting.vxml"
GREETING = """\
<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en">
  <form>
    <block><prompt><break time="200ms"/></prompt></block>
    <transfer name="on" dest="queue:load"/>
  </form>
</vxml>
"""
# More than a test's site has: below the blocks of sites. Ports that another site took are passed by.
RTP_PORTS, RTP_COUNT = (2048, 7000), 5000
NOT_AT_WORK = ("AGENT_STATE_LOGGED_OUT", "AGENT_STATE_NOT_READY")


def company(agents):
    """The text of a company with agents a1 .. aN at phones 5001 and on."""
    people = "".join(f'  - name: a{n}\n    phone_user: "{FIRST_USER + n - 1}"\n'
                     for n in range(1, agents + 1))
    return COMPANY.format(agents=people, dialog=DIALOG)


def site_of_load(make_site, agents, overrides=None, **options):
    """A site with that company and its dialog."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"tandem-test-{os.getpid()}-"))
    folder.chmod(0o755)
    (folder / DIALOG).write_text(GREETING)
    first = random.randrange(*RTP_PORTS, 100)
    ours = {("ivr", "documents"): folder, ("edge", "calls_per_s"): 1000,
            ("edge", "calls_burst"): 1000, ("media", "rtp_port_first"): first,
            ("media", "rtp_port_last"): first + RTP_COUNT - 1, ("media", "rtp_port_rest"): 0}
    site = make_site(companies=(), overrides={**ours, **(overrides or {})}, **options)
    site.apply(company(agents))
    return site


class Load:
    """talk_s, answer_s: how long they talk, and phones ring. agent_ends: share of talks that the
    agent ends. patience_s: who is not connected by then goes; None: nobody does."""

    def __init__(self, site, agents=40, talk_s=1.0, answer_s=0.05, agent_ends=0.3, patience_s=None,
                 seed=1, first_number=1):
        self.site = site
        self.agents = agents
        users = {str(FIRST_USER + n): site.password(str(FIRST_USER + n)) for n in range(agents)}
        self._plan = {"server": site.sip, "domain": DOMAIN, "users": users, "talk_s": talk_s,
                      "answer_s": answer_s, "agent_ends": agent_ends, "patience_s": patience_s,
                      "seed": seed, "first_number": first_number}
        self._lock = threading.Lock()
        self._foreman = None
        self.readied = 0  # how often an agent had to say again that they are ready

    def __enter__(self):
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.load_ends", json.dumps(self._plan)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
        try:
            registered = self._order("register")
            assert registered["registered"] == self.agents, registered
            self._foreman = Foreman(self)
            self._foreman.wait_all_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._foreman:
            self._foreman.stop()
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def _order(self, do, seconds=60, **more):
        with self._lock:
            self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], seconds)
            assert ready, f"the load does not answer {do} within {seconds} s"
            return json.loads(self._process.stdout.readline())

    # --- orders -------------------------------------------------------------------------------

    def call(self, rate, dial=("600", "601"), talk_s=None, patience_s=None):
        """From now on, until the next order of this kind."""
        self._order("call", rate=rate, dial=list(dial), talk_s=talk_s, patience_s=patience_s)
        return self

    def pause(self):
        self._order("pause")

    def hang_up(self, count=None):
        """So many of those who are in a call go; by default all."""
        self._order("hang_up", count=count)

    def count(self, name=None):
        """What happened so far: started, open, talking, and outcomes: see `Call` in load_ends."""
        counts = self._order("count")
        return counts.get(name, 0) if name else counts

    def wait_count(self, name, at_least, seconds=20):
        return wait.until(lambda: self.count(name) >= at_least, seconds,
                          f"{at_least} {name}; {self.count()}")

    def finish(self, seconds=60):
        """No new calls; all that are there come to their end, hang-ups acknowledged."""
        self.pause()

        def is_over():
            counts = self.count()
            return not (counts["open"] or counts["byes_open"] or counts["phones_in_call"])
        try:
            wait.until(is_over, seconds, "all calls come to their end")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.count()}; open: {self.open_calls()[:10]}") from None
        return self.report()

    def report(self):
        """{"calls": [..], "byes": {status: count}, "busy": [..]}"""
        return self._order("report")

    def outcomes(self):
        """{(outcome, status): how many}."""
        return Counter((call["outcome"], call["status"]) for call in self.report()["calls"])

    def open_calls(self):
        return [call for call in self.report()["calls"] if call["outcome"] is None]

    # --- accounts -----------------------------------------------------------------------------

    def assert_history(self, seconds=30):
        """Each call that was let in is there exactly once, no other twice. Returns {number: row}."""
        calls = self.report()["calls"]
        admitted = {call["number"]: call for call in calls if was_admitted(call)}

        def rows():
            return self.site.sql("SELECT caller, outcome, agent, reason, interaction_id::text "
                                 "FROM tandem.interaction")
        with contextlib.suppress(AssertionError):
            wait.until(lambda: len({row[0] for row in rows()} & set(admitted)) == len(admitted),
                       seconds, "the history is whole")
        found = rows()
        numbers = [row[0] for row in found]
        twice = {number for number in numbers if numbers.count(number) > 1} \
            if len(numbers) != len(set(numbers)) else set()
        missing = [call for number, call in admitted.items() if number not in set(numbers)]
        assert not twice, f"{len(twice)} more than once: {sorted(twice)[:5]}"
        assert not missing, f"{len(missing)} of {len(admitted)} are missing: {missing[:5]}"
        return {row[0]: row for row in found}


def assert_clean(site, wait_s=40):
    """`tandem check` finds nothing; what it looked at."""
    done = site.tandem_run("check", "--json", "--wait", str(wait_s), seconds=wait_s + 20)
    answer = json.loads(done.stdout) if done.stdout else {"findings": []}
    sentences = [finding["sentence"] for finding in answer["findings"]]
    assert done.returncode == 0, "\n".join([f"{len(sentences)} findings:", *sentences[:20],
                                            done.stderr])
    return answer["looked_at"]


def was_admitted(call):
    """The router took it: the caller heard more than 100."""
    return call["status"] in (183, 200) or call["outcome"] in ("talked", "dropped", "cut")


class Foreman:
    """Says for agents that they are ready, as they do themselves when they see that they are not."""

    def __init__(self, load):
        self._load = load
        self._peer = BusPeer(load.site, "load", "load-1")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def wait_all_ready(self):
        count = self._load.agents
        wait.until(lambda: len(self._idle()) == 0 and self._known() >= count, 60,
                   "all agents are ready")
        self._load.readied = 0
        self._thread.start()

    def _known(self):
        return len(self._status())

    def _idle(self):
        idle = [status for status in self._status() if status[1] in NOT_AT_WORK]
        for name, _ in idle:
            with contextlib.suppress(Refused, AssertionError):
                self._ask("AgentCommand", "AgentCommandReply", agent=name,
                          action="FEATURE_ACTION_READY", source="load")
                self._load.readied += 1
        return idle

    def _status(self):
        """[(name, state)] of all."""
        found, after = [], ""
        while True:
            page = self._ask("AgentQuery", "AgentQueryReply", after=after)
            state = MESSAGES["AgentStatus"].DESCRIPTOR.fields_by_name["state"].enum_type
            found += [(each.agent, state.values_by_number[each.state].name) for each in page.agents]
            if page.done or not page.agents:
                return found
            after = page.agents[-1].agent

    def _ask(self, kind, reply, **fields):
        keys = self._load.site.redis.keys("tandem:*:router:owner")
        owner = self._load.site.redis.get(keys[0]) if keys else None
        if owner is None:
            raise Refused("UNAVAILABLE", "no router is active")
        return self._peer.ask(owner.decode(), kind, reply, seconds=1, **fields)

    def _watch(self):
        while not self._stopped.wait(0.5):
            try:
                self._idle()
            except (Refused, AssertionError, OSError, zmq.ZMQError):
                continue  # something is broken: that is what the test is about
            except Exception as error:  # a Redis that is away has many names
                if "redis" not in type(error).__module__:
                    raise

    def stop(self):
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._peer.close()
