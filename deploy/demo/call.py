#!/usr/bin/python3
"""Makes one call through a running site and tells it as it happens.

Ms Chen calls the main line, hears the greeting, presses a key, hears music; the agent who suits her
best rings, they talk, she hangs up, the agent gives the disposition. Caller and agents are real SIP
phones (baresip); what is told are the events of the bus.
"""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "deploy/local"))

from tandem_site.phone import PORTS, Phone  # noqa: E402
from tandem_site.ports import PHONES  # noqa: E402
from tandem_site.process import end  # noqa: E402
from tandem_site.progress import Failure, Progress, wait_until  # noqa: E402
from tandem_site.site import Site  # noqa: E402
from tandem_site.voice import write_speech  # noqa: E402

DOMAIN = "lanternfield.example"
CALLER, NUMBER, KEY = "+447700900001", "100", "1"
AGENTS = {"6001": "li.wei", "6002": "anna.berg", "6003": "zhao.min"}
LOG_IN, READY, SOLVED = "*11", "*13", "*151"
CALLER_SAYS = ("en-gb+f3", "Good morning. This is Chen Yulan. I should like to move some of my "
                           "savings into a bond fund. Can you help me with that?")
AGENT_SAYS = ("en-us", "Good morning Ms Chen, this is Li Wei. Of course, I have your portfolio in "
                       "front of me. Let us look at it together.")
PICKS_UP_AFTER_S = 4
LISTENS_S = 2.5
TALK_S = 6


class Tail:
    """Events of the bus from now on, by topic, each handed to `tell` as it comes."""

    def __init__(self, tandem, tell):
        self._events = []
        self._tell = tell
        self._joined = threading.Event()
        self._process = subprocess.Popen([*tandem, "bus", "tail", "--json"], text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._read, daemon=True).start()
        if not self._joined.wait(timeout=10):
            raise Failure("the hub does not take a subscription")

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            if "topic" in event:
                self._events.append(event)
                self._tell(event)
            else:
                self._joined.set()  # from here on it sees everything

    def find(self, topic):
        return next((event for event in self._events if event["topic"] == topic), None)

    def wait(self, topic, seconds=15):
        return wait_until(lambda: self.find(topic), seconds, f"the event {topic} comes")

    def close(self):
        end(self._process.pid)


class Story:
    """Turns events into lines for people."""

    def __init__(self, progress):
        self._progress = progress
        self._began_us = None
        self._lock = threading.Lock()

    def tell(self, event):
        """Calls _arrived, _queued .. for interaction.arrived, interaction.queued .."""
        kind, _, what = event["topic"].partition(".")
        words = getattr(self, f"_{what}", None) if kind == "interaction" else None
        if words:
            self._line(event["time_unix_us"], what, words(event["payload"]))
            if what == "arrived":
                self._line(event["time_unix_us"], "identified", self._identified(event["payload"]))

    def note(self, text):
        """Something that only the phones know."""
        self._line(time.time_ns() // 1000, "", text)

    def _line(self, at_us, what, text):
        with self._lock:
            self._began_us = self._began_us or at_us
            since = (at_us - self._began_us) / 1e6
            self._progress.say(f"  {since:6.2f} s  {what:<12} {text}")

    def _arrived(self, event):
        return f"{event.get('caller', 'a withheld number')} dialled {event['called']}"

    def _identified(self, event):
        customer = event.get("customer")
        if not customer:
            return f"nobody ({event['identified']})"
        words = [customer.get("display_name", "a new customer"), customer.get("tier")]
        if customer.get("account_manager"):
            words.append(f"looked after by {customer['account_manager']}")
        return ", ".join(word for word in words if word)

    def _dialog(self, event):
        return f"{event['document']} speaks with her"

    def _queued(self, event):
        return f"in {event['queue']}, position {event.get('position', 1)}"

    def _offered(self, event):
        return (f"to {event['agent']}; next would be "
                f"{event['decision'].get('next_agent', 'nobody')}")

    def _ringing(self, event):
        return f"{event['agent']}'s phone"

    def _offer_ended(self, event):
        return f"{event['agent']}: {event.get('reason', '')}"

    def _accepted(self, event):
        return f"by {event['agent']}"

    def _connected(self, event):
        return f"to {event['agent']}, {event.get('wait_ms', 0) / 1000:.1f} s after she was queued"

    def _ended(self, event):
        return f"by the {event.get('reason') or 'system'}"

    def _closed(self, event):
        return (f"{event['outcome']}; dialog {event.get('dialog_ms', 0) / 1000:.1f} s, waited "
                f"{event.get('wait_ms', 0) / 1000:.1f} s, talked "
                f"{event.get('talk_ms', 0) / 1000:.1f} s, disposition "
                f"{event.get('disposition', 'none')}")


class Demonstration:
    def __init__(self, site, progress):
        self._site = site
        self._progress = progress
        self._story = Story(progress)
        self._folder = site.folder.path / "demo"
        self._tandem = [str(site.build / "bin/tandem"), "--site", str(site.folder.site_yaml)]
        self._next_port = site.block.port(PHONES)

    def run(self):
        speech = self._speech()
        caller = self._phone(CALLER, speak=speech["caller"])
        agents = {user: self._phone(user, speak=speech["agent"],
                                    password=self._site.folder.password(user)) for user in AGENTS}
        tail = None
        try:
            with self._progress.step("agents' phones") as step:
                for phone in agents.values():
                    phone.start()
                with concurrent.futures.ThreadPoolExecutor() as people:
                    list(people.map(self._log_in, agents.values()))
                step.result = f"{', '.join(AGENTS.values())} are ready"
            tail = Tail(self._tandem, self._story.tell)
            self._call(caller.start(), agents, tail)
        finally:
            if tail:
                tail.close()
            for phone in (caller, *agents.values()):
                phone.stop()

    def _speech(self):
        self._folder.mkdir(exist_ok=True)
        files = {}
        for name, (voice, text) in (("caller", CALLER_SAYS), ("agent", AGENT_SAYS)):
            files[name] = self._folder / f"{name}.wav"
            if not files[name].exists():
                write_speech(files[name], text, voice, repeat=4)
        return files

    def _phone(self, user, **options):
        first, self._next_port = self._next_port, self._next_port + PORTS
        return Phone(self._folder / user, user, first, (self._site.listen, self._site.sip_port),
                     domain=DOMAIN, **options)

    @staticmethod
    def _log_in(phone):
        """An agent without a screen dials what they have to say."""
        for count, code in enumerate((LOG_IN, READY), start=1):
            phone.dial(code)
            phone.wait_ended(count=count)

    def _call(self, caller, agents, tail):
        self._progress.say(f"\nMs Chen's phone, {CALLER}, dials {NUMBER}:\n")
        caller.dial(NUMBER)
        wait_until(lambda: hears(caller, 1), 15, "the caller hears a greeting")
        self._story.note("she hears a voice")
        time.sleep(LISTENS_S)
        caller.press(KEY)
        self._story.note(f"she presses {KEY}")
        agent = agents[self._who_rings(tail)]
        agent.wait_ringing()
        time.sleep(PICKS_UP_AFTER_S)
        self._story.note("she hears her place in line and music" if hears(caller, 1)
                         else "she hears nothing")
        agent.accept()
        connected = tail.wait("interaction.connected")
        time.sleep(TALK_S)
        self._story.note(heard(caller, agent))
        caller.hangup()
        agent.wait_ended(count=3)
        agent.dial(SOLVED)
        tail.wait("interaction.closed")
        self._afterwards(connected["payload"]["interaction_id"], tail)

    @staticmethod
    def _who_rings(tail):
        name = tail.wait("interaction.offered")["payload"]["agent"]
        return next(user for user, agent in AGENTS.items() if agent == name)

    def _afterwards(self, interaction, tail):
        recording = tail.wait("recording.finished")["payload"]
        file = self._site.folder.data / "recordings" / recording["file"]
        self._progress.say(f"\nWhy this agent:  build/bin/tandem why {interaction}")
        self._show("why", interaction)
        self._progress.say(f"\nRecording, left the caller, right the agent:\n  {file}")
        self._progress.say(f"\nWhat happened:  build/bin/tandem interaction {interaction}")
        self._show("interaction", interaction)
        self._progress.say("\nIts row in the history, table tandem.interaction:")
        self._progress.say(self._row(interaction))

    def _show(self, *words):
        def ask():
            return subprocess.run([*self._tandem, *words], capture_output=True, text=True,
                                  check=False)

        # The history is written from the streams, a moment after them.
        wait_until(lambda: ask().returncode == 0, 5, f"tandem {' '.join(words)} answers")
        self._progress.say("\n".join(f"  {line}" for line in ask().stdout.rstrip().splitlines()))

    def _row(self, interaction):
        row = self._site.postgres.query(
            f"SELECT row_to_json(i) FROM tandem.interaction i WHERE interaction_id = '{interaction}'")
        return "\n".join(f"  {name:<20} {value}" for name, value in json.loads(row).items()
                         if value not in (None, "", 0) and not str(value).startswith("\\x"))


def hears(phone, seconds):
    """Was there sound in the last so many seconds?"""
    sound = phone.heard()
    return sound.seconds >= seconds and sound.part(-seconds).loudness() > 0.01


def heard(caller, agent):
    if hears(caller, 3) and hears(agent, 3):
        return "they talk and hear each other"
    return "they do not hear each other"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", default=ROOT / "var/site/site.yaml", type=pathlib.Path,
                        metavar="FILE", help="site.yaml of the site; var/site/site.yaml")
    args = parser.parse_args()
    site = Site(args.site.parent)
    try:
        if not site.is_up:
            raise Failure(f"no site is up in {args.site.parent}: `make run` starts one")
        Demonstration(site, Progress()).run()
    except Failure as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
