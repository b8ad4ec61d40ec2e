"""Callers and agents of a load: one process, one thread, two sockets, no sound. `load.py` starts it.

It reads orders from standard input, a JSON object a line, and answers each with one:

    {"do": "register"}                  all agents' phones; {"registered": N}
    {"do": "call", "rate": R, "dial": ["600"]}   calls begin, R a second, until the next order
    {"do": "pause"}                     no new ones
    {"do": "hang_up", "count": 5}       so many of those who wait or talk go; by default all
    {"do": "count"}                     {"started": N, "open": N, "talking": N, ...}
    {"do": "report"}                    {"calls": [..], "agents": [..]}

Both ends are as patient as RFC 3261 says: what is not answered is repeated, and what is repeated to
them is answered again.
"""

import heapq
import itertools
import json
import os
import random
import selectors
import socket
import sys
import time
from collections import Counter, deque

from .sip import sdp
from .sip_message import Message, challenge_of, digest_answer, token

T1, T2, GIVE_UP_S = 0.5, 4.0, 32.0
REMEMBERED_S = 40.0
REGISTERING_AT_ONCE = 20
BODY = sdp(40000)


class Clock:
    """What is to be done later, in order of time."""

    def __init__(self):
        self._due = []
        self._order = itertools.count()

    def after(self, seconds, act):
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), act))

    def run_due(self):
        """Seconds until the next, at most 1."""
        while self._due:
            wait_s = self._due[0][0] - time.monotonic()
            if wait_s > 0:
                return min(wait_s, 1.0)
            heapq.heappop(self._due)[2]()
        return 1.0


class Line:
    """A socket that many dialogs share."""

    def __init__(self, clock, server):
        self.clock = clock
        self.server = tuple(server)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        self._awaited = {}  # (branch, method): what takes the responses
        self._tokens = (f"{token(4)}{n:x}" for n in itertools.count())

    def token(self):
        return next(self._tokens)

    def messages(self):
        while True:
            try:
                data, _ = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            if data.strip():
                yield Message.parse(data, None)

    def send(self, message):
        try:
            self.socket.sendto(message.bytes(), self.server)
        except OSError:
            pass  # its port is closed just now: repeated, as if it were lost

    def request(self, method, uri, common, sequence, branch=None, headers=(), body=""):
        """common: [From, To, Call-ID]."""
        branch = branch or f"z9hG4bK{self.token()}"
        lines = [("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch={branch}"),
                 ("Max-Forwards", "70"), *common, ("CSeq", f"{sequence} {method}"), *headers]
        if body:
            lines.append(("Content-Type", "application/sdp"))
        message = Message(f"{method} {uri} SIP/2.0", lines, body)
        message.own_branch = branch
        return message

    def ask(self, message, on_response, on_silence=lambda: None, until=GIVE_UP_S):
        """Sends it until a final response came (INVITE: any)."""
        key = (message.own_branch, message.start.split(" ", 1)[0])
        self._awaited[key] = on_response
        begun = time.monotonic()

        def repeat(pause):
            if self._awaited.get(key) is not on_response or getattr(message, "heard", False):
                return
            if time.monotonic() - begun > until:
                del self._awaited[key]
                on_silence()
                return
            self.send(message)
            self.clock.after(pause, lambda: repeat(min(pause * 2, T2)))
        repeat(T1)

    def take_response(self, message):
        """Did somebody wait for it?"""
        key = (message.branch, message.method)
        taker = self._awaited.get(key)
        if taker is None:
            return
        if message.status >= 200 and message.method != "INVITE":
            del self._awaited[key]
        taker(message)

    def forget(self, message):
        """No more of its responses."""
        self._awaited.pop((message.own_branch, message.start.split(" ", 1)[0]), None)

    def respond(self, request, status, reason, tag=None, headers=(), body=""):
        copied = [(name, value) for name, value in request.headers
                  if name.lower() in ("via", "from", "call-id", "cseq", "record-route")]
        to = request["To"]
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        lines = [*copied, ("To", to), *headers]
        if body:
            lines.append(("Content-Type", "application/sdp"))
        message = Message(f"SIP/2.0 {status} {reason}", lines, body)
        self.send(message)
        return message


class Call:
    """One caller's call, to its end."""

    def __init__(self, ends, number, dial):
        self.ends = ends
        self.line = ends.callers
        self.number = f"+4470{number:08d}"
        self.dial = dial
        self.by_agent = ends.dice.random() < ends.plan["agent_ends"]
        self.begun = time.monotonic()
        self.begun_unix = time.time()
        self.first_ms = self.final_ms = self.talk_begun = self.ended = None
        self.status = 0
        self.retry_after = None
        self.agents = []
        self.outcome = None
        self.answer = None
        self._sequence = 1
        self._leaving = False
        domain = ends.plan["domain"]
        self.uri = f"sip:{dial}@{domain}"
        self._from = ("From", f"<sip:{self.number}@{domain}>;tag={self.line.token()}")
        self.call_id = f"{self.line.token()}-{number}@load"
        common = [self._from, ("To", f"<{self.uri}>"), ("Call-ID", self.call_id)]
        self._contact = ("Contact", f"<sip:{self.number}@127.0.0.1:{self.line.port}>")
        self.invite = self.line.request("INVITE", self.uri, common, 1, headers=[self._contact],
                                        body=BODY)
        self.line.ask(self.invite, self._on_response, lambda: self._end("silence"))
        if ends.plan["patience_s"]:
            ends.clock.after(ends.plan["patience_s"], self.leave)

    # --- what comes ---------------------------------------------------------------------------

    def _on_response(self, message):
        now_ms = (time.monotonic() - self.begun) * 1000
        self.invite.heard = True
        if self.first_ms is None:
            self.first_ms = now_ms
        if message.status < 200:
            self.status = max(self.status, message.status)
            return
        if message.status >= 300:
            self._acknowledge(message)
            if self.final_ms is None:
                self.final_ms, self.retry_after = now_ms, message["Retry-After"] or None
                self._end("left" if self._leaving else "refused", message.status)
            return
        self._acknowledge(message)
        if self.answer is None:
            self.answer, self.final_ms, self.status = message, now_ms, message.status
            if self._leaving:
                self._bye("left")
            elif self.agents:
                self._talk()

    def on_request(self, message):
        """Of this dialog."""
        if message.method == "BYE":
            self.line.respond(message, 200, "OK")
            talked = self.talk_begun is not None
            self._end(("talked" if self.by_agent else "cut") if talked else "dropped")
        elif message.method == "INVITE":
            self.line.respond(message, 200, "OK", headers=[self._contact], body=BODY)
        elif message.method != "ACK":
            known = self.outcome is None
            self.line.respond(message, *((200, "OK") if known else (481, "Gone")))

    def on_agent(self, agent):
        """An agent's phone was acknowledged."""
        self.agents.append(agent)
        if self.answer is not None:
            self._talk()

    # --- what is done ---------------------------------------------------------------------------

    def _talk(self):
        if self.outcome is not None or self._leaving:
            return
        self.talk_begun = time.monotonic()
        if not self.by_agent:
            self.ends.clock.after(self.ends.plan["talk_s"], lambda: self._bye("talked"))

    def leave(self, anyway=False):
        """Patience is over."""
        if self.outcome is not None or self._leaving or (self.talk_begun and not anyway):
            return
        self._leaving = True
        if self.answer is not None:
            self._bye("talked" if self.talk_begun else "left")
        else:
            self._cancel()

    def _cancel(self):
        cancel = self.line.request("CANCEL", self.uri, [
            self._from, ("To", f"<{self.uri}>"), ("Call-ID", self.call_id)], 1,
            branch=self.invite.own_branch)
        self.line.ask(cancel, lambda _: None)
        # Whoever answers neither has forgotten the call.
        self.ends.clock.after(5, lambda: self._end("left"))

    def _bye(self, outcome):
        if self.outcome is not None:
            return
        self._end(outcome)
        self._sequence += 1
        bye = self.line.request("BYE", self.answer.contact_uri(), [
            self._from, ("To", self.answer["To"]), ("Call-ID", self.call_id)], self._sequence)
        self.ends.byes_open += 1
        self.line.ask(bye, lambda message: self._on_bye(message.status), lambda: self._on_bye(0))

    def _on_bye(self, status):
        if status == 0 or status >= 200:
            self.ends.byes_open -= 1
            self.ends.byes[status] += 1

    def _acknowledge(self, message):
        good = message.status < 300
        uri = message.contact_uri() if good else self.uri
        ack = self.line.request("ACK", uri, [
            self._from, ("To", message["To"]), ("Call-ID", self.call_id)], 1,
            branch=None if good else self.invite.own_branch)
        self.line.send(ack)

    def _end(self, outcome, status=None):
        if self.outcome is not None:
            return
        self.outcome = outcome
        self.status = status or self.status
        self.ended = time.monotonic()
        self.ends.outcomes[outcome] += 1
        self.ends.clock.after(REMEMBERED_S, lambda: self.ends.archive(self))

    def record(self):
        return {"number": self.number, "dial": self.dial, "outcome": self.outcome,
                "status": self.status, "agents": self.agents, "first_ms": self.first_ms,
                "final_ms": self.final_ms, "retry_after": self.retry_after,
                "begun": self.begun_unix, "seconds": (self.ended or time.monotonic()) - self.begun,
                "wait_s": self.talk_begun and self.talk_begun - self.begun}


class AgentCall:
    """One call at an agent's phone."""

    def __init__(self, ends, user, invite):
        self.ends = ends
        self.line = ends.agents
        self.user = user
        self.invite = invite
        self.state = "ringing"
        self._tag = self.line.token()
        self._contact = ("Contact", f"<sip:{user}@127.0.0.1:{self.line.port}>")
        self._last = self._respond(180, "Ringing")
        ends.clock.after(ends.plan["answer_s"], self._answer)

    def _respond(self, status, reason, body=""):
        return self.line.respond(self.invite, status, reason, tag=self._tag,
                                 headers=[self._contact], body=body)

    def _answer(self):
        if self.state != "ringing":
            return
        self.state = "answered"
        self._last = self._respond(200, "OK", BODY)
        self.ends.clock.after(T1, lambda: self._repeat(T1, time.monotonic()))

    def _repeat(self, pause, begun):
        if self.state != "answered":
            return
        if time.monotonic() - begun > GIVE_UP_S:  # RFC 3261 section 13.3.1.4: BYE
            self.ends.never_acknowledged += 1
            self.hang_up()
            return
        self.line.send(self._last)
        pause = min(pause * 2, T2)
        self.ends.clock.after(pause, lambda: self._repeat(pause, begun))

    def on_request(self, message):
        if message.method == "INVITE":
            if message.branch == self.invite.branch:
                self.line.send(self._last)
            else:
                self.line.respond(message, 200, "OK", headers=[self._contact], body=BODY)
        elif message.method == "ACK":
            self._on_ack()
        elif message.method == "CANCEL":
            self.line.respond(message, 200, "OK", tag=self._tag)
            if self.state == "ringing":
                self._last = self._respond(487, "Request Terminated")
                self._close()
        elif message.method == "BYE":
            self.line.respond(message, 200, "OK")
            self._close()
        else:
            known = self.state != "over"
            self.line.respond(message, *((200, "OK") if known else (481, "Gone")))

    def _on_ack(self):
        if self.state != "answered":
            return
        self.state = "talking"
        number = self.invite["From"].split("sip:", 1)[1].split("@", 1)[0]
        call = self.ends.calls.get(number)
        if call is None:
            return
        call.on_agent(self.user)
        if call.by_agent:
            self.ends.clock.after(self.ends.plan["talk_s"], self.hang_up)

    def hang_up(self):
        if self.state not in ("talking", "answered"):
            return
        self._close()
        bye = self.line.request("BYE", self.invite.contact_uri(), [
            ("From", f"{self.invite['To']};tag={self._tag}"), ("To", self.invite["From"]),
            ("Call-ID", self.invite.call_id)], 1)
        self.line.ask(bye, lambda _: None)

    def _close(self):
        if self.state != "over":
            self.ends.clock.after(REMEMBERED_S, lambda: self.ends.forget_at_agent(self.invite))
        self.state = "over"
        if self.ends.phones.get(self.user) is self:
            del self.ends.phones[self.user]


class Ends:
    """All of it. plan: server, domain, users {user: password}, and how they behave."""

    def __init__(self, plan):
        self.plan = plan
        self.clock = Clock()
        self.dice = random.Random(plan["seed"])
        self.callers = Line(self.clock, plan["server"])
        self.agents = Line(self.clock, plan["server"])
        self.calls = {}        # by the caller's number
        self.archived = []
        self._by_call_id = {}
        self._at_agents = {}   # by Call-ID
        self.phones = {}       # user: the call that its phone is in
        self.outcomes = Counter()
        self.byes = Counter()
        self.byes_open = 0
        self.busy = []         # (user, state, seconds): rung while in a call
        self.never_acknowledged = 0
        self._numbers = itertools.count(plan["first_number"])
        self._calling = None   # (rate, dial, begun, made)
        self._registered = Counter()

    # --- orders -------------------------------------------------------------------------------

    def obey(self, order):
        return getattr(self, "do_" + order.pop("do"))(**order)

    def do_register(self):
        waiting = deque(self.plan["users"].items())
        for _ in range(min(REGISTERING_AT_ONCE, len(waiting))):
            self._register_next(waiting)
        return None  # answered when all are

    def _register_next(self, waiting):
        if not waiting:
            return
        user, password = waiting.popleft()
        domain = self.plan["domain"]
        uri, own = f"sip:{domain}", f"<sip:{user}@{domain}>"
        common = [("From", f"{own};tag={self.agents.token()}"), ("To", own),
                  ("Call-ID", f"{self.agents.token()}@load")]
        rest = [("Contact", f"<sip:{user}@127.0.0.1:{self.agents.port}>"), ("Expires", "3600")]

        def done(status):
            if status == 503:  # busy: a phone tries again
                waiting.append((user, password))
                self.clock.after(T1, lambda: self._register_next(waiting))
                return
            self._registered[status] += 1
            self._register_next(waiting)
            if sum(self._registered.values()) == len(self.plan["users"]):
                say({"registered": self._registered[200], "statuses": self._registered})

        def on_first(message):
            if message.status != 401:
                done(message.status)
                return
            answer = digest_answer(challenge_of(message)[0], "REGISTER", uri, user, password)
            again = self.agents.request("REGISTER", uri, common, 2,
                                        headers=[*rest, ("Authorization", answer)])
            self.agents.ask(again, lambda final: done(final.status), lambda: done(0))
        first = self.agents.request("REGISTER", uri, common, 1, headers=rest)
        self.agents.ask(first, on_first, lambda: done(0))

    def do_call(self, rate, dial, talk_s=None, patience_s=None):
        for name, value in (("talk_s", talk_s), ("patience_s", patience_s)):
            if value is not None:
                self.plan[name] = value
        self._calling = [rate, itertools.cycle(dial), time.monotonic(), 0]
        self._call_next(self._calling)
        return {}

    def _call_next(self, calling):
        """As many as are due by now: the rate holds although the clock is coarse."""
        rate, dial, begun, _ = calling
        if self._calling is not calling:
            return
        due = (time.monotonic() - begun) * rate
        while calling[3] <= due:
            calling[3] += 1
            call = Call(self, next(self._numbers), next(dial))
            self.calls[call.number] = self._by_call_id[call.call_id] = call
        self.clock.after(max((calling[3] - due) / rate, 0.001), lambda: self._call_next(calling))

    def do_pause(self):
        self._calling = None
        return {}

    def do_hang_up(self, count=None):
        open_ = [call for call in self.calls.values() if call.outcome is None]
        for call in open_[:count]:
            call.leave(anyway=True)
        return {}

    def do_count(self):
        open_ = [call for call in self.calls.values() if call.outcome is None]
        return {"started": len(self.archived) + len(self.calls), "open": len(open_), "byes_open": self.byes_open,
                "talking": sum(call.talk_begun is not None for call in open_),
                "answered": sum(call.answer is not None for call in open_),
                "phones_in_call": len(self.phones), **self.outcomes}

    def do_report(self):
        return {"calls": [*self.archived, *(call.record() for call in self.calls.values())],
                "byes": dict(self.byes), "busy": self.busy,
                "never_acknowledged": self.never_acknowledged}

    def archive(self, call):
        """Nothing of it comes any more: only what happened is kept."""
        self.callers.forget(call.invite)
        del self.calls[call.number], self._by_call_id[call.call_id]
        self.archived.append(call.record())

    # --- messages -----------------------------------------------------------------------------

    def read_callers(self):
        for message in self.callers.messages():
            if not message.is_request:
                self.callers.take_response(message)
            elif message.call_id in self._by_call_id:
                self._by_call_id[message.call_id].on_request(message)
            elif message.method != "ACK":
                self.callers.respond(message, 481, "No Such Call")

    def read_agents(self):
        for message in self.agents.messages():
            if not message.is_request:
                self.agents.take_response(message)
            elif message.call_id in self._at_agents:
                self._at_agents[message.call_id].on_request(message)
            elif message.method == "INVITE" and not message.tag("To"):
                self._ring(message)
            elif message.method != "ACK":
                self.agents.respond(message, 481, "No Such Call")

    def _ring(self, message):
        user = message.start.split("sip:", 1)[1].split("@", 1)[0]
        other = self.phones.get(user)
        if other is not None:  # one line: busy
            self.busy.append((user, other.state, time.time()))
            self.agents.respond(message, 486, "Busy Here", tag=self.agents.token())
            return
        call = AgentCall(self, user, message)
        self.phones[user] = self._at_agents[message.call_id] = call

    def forget_at_agent(self, invite):
        del self._at_agents[invite.call_id]

    # --- life -------------------------------------------------------------------------------

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.callers.socket, selectors.EVENT_READ, self.read_callers)
        selector.register(self.agents.socket, selectors.EVENT_READ, self.read_agents)
        selector.register(sys.stdin, selectors.EVENT_READ, self.read_orders)
        self._rest = b""
        os.set_blocking(sys.stdin.fileno(), False)
        while True:
            for key, _ in selector.select(self.clock.run_due()):
                key.data()

    def read_orders(self):
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            sys.exit(0)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            answer = self.obey(json.loads(line))
            if answer is not None:
                say(answer)


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Ends(json.loads(sys.argv[1])).run()
