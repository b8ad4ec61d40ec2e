"""What is counted: the same live, in the reports and counted once more; and days as long as they are."""

import random
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from support import wait
from support.bus_peer import MESSAGES, new_id
from support.crowd import Agent, Customer
from support.recount import COUNTS, Recount, by_queue, events, levels, live_calls, live_queue
from support.sip_call import Outgoing, wait_incoming
from support.site import PrivateSite

LONDON = ZoneInfo("Europe/London")
STATES = {1: "logged_out", 2: "not_ready", 3: "ready", 4: "offered", 5: "busy", 6: "wrap_up"}
LEVELS = ("after_threshold", "of_answered", "of_offered", "not_short", "with_abandoned_within")


@pytest.fixture(scope="module")
def store_site():
    """Without calls: what is said here, the test says."""
    with PrivateSite(instances=("hub-1", "context-1", "reporting-1")) as private:
        wait.until(lambda: private.sql("SELECT 1 FROM tandem.company"), 10, "reporting has the company")
        yield private


def id_at(at):
    return int(at * 1000).to_bytes(6, "big") + new_id()[6:]


def envelope(topic, kind, key, at, payload, identifier=None):
    return MESSAGES["Envelope"](
        id=identifier or id_at(at), tenant=1, topic=topic, type=kind, key=key, source="router-1",
        site="local", time_unix_us=int(at * 1e6), payload=payload.SerializeToString())


def put(site, said, partition=5):
    pipe = site.redis.pipeline(transaction=False)
    for each in said:
        pipe.xadd(f"tandem:local:events:{partition}", {"e": each.SerializeToString()})
    pipe.execute()


def wait_stored(site, said):
    ids = {each.id.hex() for each in said}
    count = lambda: site.sql("SELECT count(*) FROM tandem.event WHERE encode(uuid_send(event_id), 'hex') "
                             "= ANY(%s)", list(ids))[0][0]
    wait.until(lambda: count() == len(ids), 20, "all are in the history")


# --- the time of agents ------------------------------------------------------------------------------


class Worker:
    """An agent who changes state at random: the events, and the seconds in each state."""

    def __init__(self, name, dice, began, ended):
        self.name, self.said = name, []
        self.by_day, self.by_hour = Counter(), Counter()
        at, state, since, reason = began, 1, 0, ""
        while at < ended:
            state, since, reason = self._change(at, state, since, reason, dice.choice([2, 3, 3, 5, 6]), dice)
            at = round(at + dice.choice([3, 40, 900, 7200, 40000]) + dice.random(), 3)
        self._change(ended, state, since, reason, 1, dice)

    def _change(self, at, state, since, reason, new, dice):
        new_reason = dice.choice(["lunch", "training"]) if new == 2 else ""
        record = MESSAGES["AgentRecord"](
            agent=self.name, state=new, reason=new_reason, since_unix_us=round(at * 1e6),
            previous_state=state, previous_since_unix_us=round(since * 1e6), previous_reason=reason)
        self.said.append(envelope("agent.state", "AgentRecord", self.name, at, record))
        if state != 1:
            self._spend(since, at, (STATES[state], reason))
        return new, at, new_reason

    def _spend(self, began, ended, what):
        """Second by second where a day or hour ends between, in microseconds."""
        while began < ended:
            local = datetime.fromtimestamp(began, LONDON)
            hour_ends = (began // 3600 + 1) * 3600  # London's hours are those of UTC
            until = min(ended, hour_ends)
            micros = round((until - began) * 1e6)
            self.by_day[(local.date(), *what)] += micros
            self.by_hour[(hour_ends - 3600, *what)] += micros
            began = until


def near(found, expected):
    return found.keys() == expected.keys() and all(
        abs(found[key] - expected[key] / 1000) <= 1 for key in expected)


@pytest.mark.parametrize("middle, hours", [((2026, 10, 25), 25), ((2026, 3, 29), 23), ((2026, 7, 8), 24)])
def test_the_time_of_agents_by_day_and_hour(store_site, middle, hours):
    """Over midnights and clock changes; said in any order and twice; reporting killed in between."""
    site, dice = store_site, random.Random(hours)
    noon = datetime(*middle, 12, tzinfo=LONDON)
    began, ended = (noon - timedelta(days=2)).timestamp(), (noon + timedelta(days=2)).timestamp()
    workers = [Worker(f"worker-{hours}-{n}", dice, began + dice.random() * 50000, ended)
               for n in range(8)]
    said = [each for worker in workers for each in worker.said]
    repeated = said + dice.sample(said, len(said) // 3)
    dice.shuffle(repeated)
    put(site, repeated[:len(repeated) // 2])
    site.kill("reporting-1")
    put(site, repeated[len(repeated) // 2:])
    site.wait_healthy("reporting-1")
    wait_stored(site, said)
    site.sql("SELECT tandem.make_days(1)")
    assert site.sql("SELECT ends_at - begins_at FROM tandem.day WHERE tenant = 1 AND day = %s",
                    noon.date()) == [(timedelta(hours=hours),)]
    for worker in workers:
        by_day = {row[:3]: row[3] for row in site.sql(
            "SELECT day, state, reason, duration_ms FROM tandem.agent_time_by_day WHERE agent = %s",
            worker.name)}
        assert near(by_day, worker.by_day), worker.name
        by_hour = {(int(row[0].timestamp()), *row[1:3]): row[3] for row in site.sql(
            "SELECT hour, state, reason, duration_ms FROM tandem.agent_time_by_hour WHERE agent = %s",
            worker.name)}
        assert near(by_hour, worker.by_hour), worker.name
        row = site.sql("SELECT logged_in_ms, occupancy FROM tandem.calls_by_agent WHERE agent = %s "
                       "AND day = %s", worker.name, noon.date())
        if row:
            assert row[0][0] <= hours * 3600000 + 5


def test_who_is_still_in_a_state_has_it_until_now(store_site):
    site = store_site
    now = time.time()
    record = MESSAGES["AgentRecord"](agent="steady", state=3, since_unix_us=int((now - 3 * 86400) * 1e6))
    said = [envelope("agent.state", "AgentRecord", "steady", now - 3 * 86400, record)]
    put(site, said)
    wait_stored(site, said)
    site.sql("SELECT tandem.make_days(1)")
    rows = site.sql("SELECT ready_ms, occupancy FROM tandem.calls_by_agent WHERE agent = 'steady' ORDER BY day")
    assert len(rows) == 4 and all(row[1] == 0 for row in rows)
    assert abs(sum(row[0] for row in rows) - 3 * 86400000 - (time.time() - now) * 1000) < 2000
    # What is older and comes later does not take it back.
    old = MESSAGES["AgentRecord"](agent="steady", state=1, since_unix_us=int((now - 4 * 86400) * 1e6))
    said = [envelope("agent.state", "AgentRecord", "steady", now - 4 * 86400, old)]
    put(site, said)
    wait_stored(site, said)
    assert site.sql("SELECT state FROM tandem.agent_state WHERE agent = 'steady'") == [("ready",)]


# --- queues ------------------------------------------------------------------------------------------


class Day:
    """Calls as a router tells of them, all in the last minutes; no two events in one millisecond,
    since these ids do not rise within one as a router's do."""

    def __init__(self, dice, queues):
        self.said, self._dice, self._queues = [], dice, queues
        self._at = time.time() - 600

    def _tell(self, call, word, **fields):
        self._at += 0.002
        event = MESSAGES["InteractionEvent"](
            interaction_id=call, at_unix_us=int(self._at * 1e6), threshold_ms=2000,
            short_abandon_ms=900, **fields)
        self.said.append(envelope(f"interaction.{word}", "InteractionEvent", call.hex(), self._at, event))

    def _close(self, call, outcome, **fields):
        self._at += 0.002
        summary = MESSAGES["InteractionSummary"](interaction_id=call, outcome=outcome, **fields)
        self.said.append(envelope("interaction.closed", "InteractionSummary", call.hex(), self._at, summary))

    def call(self):
        dice, call = self._dice, new_id()
        queue = dice.choice(self._queues)
        self._tell(call, "arrived")
        self._tell(call, "queued", queue=queue)
        for _ in range(dice.randrange(3)):
            self._tell(call, "offer_ended", queue=queue, agent="ann",
                       reason=dice.choice(["declined", "no_answer", "device_failure", "cancelled"]))
        if dice.random() < 0.2:
            other = dice.choice(self._queues)
            self._tell(call, "overflowed", queue=queue, wait_ms=dice.randrange(6000), action=2,
                       to_queue=other, cause=dice.randrange(1, 5))
            queue = other
            self._tell(call, "queued", queue=queue)
        self._end(call, queue, dice.randrange(6000))

    def _end(self, call, queue, wait_ms):
        how = self._dice.random()
        if how < 0.3:
            self._tell(call, "abandoned", queue=queue, wait_ms=wait_ms)
            self._close(call, 2, queue=queue, short_abandoned=wait_ms <= 900)
        elif how < 0.4:
            self._tell(call, "overflowed", queue=queue, wait_ms=wait_ms, action=3, cause=3)
            self._close(call, self._dice.choice([5, 9]), queue=queue)
        elif how < 0.95:
            self._talk(call, queue, wait_ms)

    def _talk(self, call, queue, wait_ms):
        dice = self._dice
        self._tell(call, "connected", queue=queue, agent="ann", wait_ms=wait_ms)
        transfers = 0
        for _ in range(dice.randrange(3)):
            self._tell(call, "held", queue=queue, agent="ann", reason="agent")
            self._tell(call, "resumed", queue=queue, agent="ann", reason="agent",
                       duration_ms=dice.randrange(1, 90))
        if dice.random() < 0.3:
            other, transfers = dice.choice(self._queues), 1
            self._tell(call, "transferred", queue=other, from_queue=queue, from_agent="ann", target=2,
                       duration_ms=dice.randrange(50000))
            self._tell(call, "queued", queue=other)
            self._tell(call, "connected", queue=other, agent="ben", wait_ms=dice.randrange(3000))
            queue = other
        self._tell(call, "ended", queue=queue, agent="ben", duration_ms=dice.randrange(90000))
        self._close(call, 1, queue=queue, transfers=transfers)


TIMES = ("talk_ms", "hold_ms", "wrap_up_ms", "longest_wait_today_ms")


def wait_live(site, queue, counts):
    """Figures are said each second: the ones that have all of these, or what differs."""
    names = ("offered", *COUNTS, *TIMES)
    expected = {name: counts[name] for name in names}
    found = {}

    def settled():
        live = live_queue(site, queue)
        found.update({name: getattr(live, name) for name in names})
        return live if found == expected else None
    try:
        return wait.until(settled, 10, f"{queue} is counted")
    except AssertionError:
        assert found == expected, queue
        raise


def assert_all_the_same(site, queues):
    """Live figures, reports and a recount of the streams."""
    recount = Recount(events(site))
    for queue in queues:
        counts = recount.queues[queue]
        expected = {name: counts[name] for name in COUNTS}
        live = wait_live(site, queue, counts)
        assert live.consistent and live.waiting == counts["waiting"]
        assert live.offered == live.answered + live.abandoned + live.overflowed + live.waiting
        assert {cause.cause: cause.count for cause in live.overflow_causes} == {
            int(name.split()[1]): count for name, count in counts.items() if name.startswith("cause ")}
        exact = sorted(recount.waits[queue])
        for permille, said in ((500, live.wait_p50_ms), (900, live.wait_p90_ms), (950, live.wait_p95_ms)):
            true = exact[(len(exact) * permille + 999) // 1000 - 1] if exact else 0
            assert true <= said <= true + true / 16

        wait.until(lambda: by_queue(site, queue)["entered"] == counts["offered"], 20, "it is written")
        report = by_queue(site, queue)
        assert {name: report[name] for name in COUNTS} == expected, queue
        assert report["offered"] == live.offered - live.waiting
        assert_levels(site, queue, live, levels(counts))
    assert_calls(site, recount.calls)


def assert_levels(site, queue, live, shares):
    names = ("level_after_threshold_permille", "level_answered_permille", "level_offered_permille",
             "level_not_short_permille", "level_abandoned_within_permille")
    for name, share in zip(names, shares):
        assert getattr(live, name) == (1000 if share is None else int(share * 1000 + 1e-9)), name
    rows = site.sql(f"SELECT {', '.join(LEVELS)} FROM tandem.calls_by_queue WHERE tenant = 1 AND queue = %s",
                    queue)
    if len(rows) == 1:  # else midnight has passed meanwhile: shares of two days
        for name, found, share in zip(LEVELS, rows[0], shares):
            assert (found is None) == (share is None) and abs(float(found or 0) - 100 * (share or 0)) < 0.06, name


def assert_calls(site, calls):
    wait.until(lambda: live_calls(site).closed == calls["all_closed"], 10, "all calls are counted")
    live = live_calls(site)
    assert (live.arrived, live.answered, live.abandoned, live.overflowed, live.voice_mails, live.short_abandoned,
            live.transfers, live.holds) == tuple(
        calls[name] for name in ("arrived", "answered", "abandoned", "overflowed", "voice_mail",
                                 "short_abandoned", "transfers", "holds"))
    total = lambda: site.sql("SELECT coalesce(sum(calls), 0), sum(answered), sum(abandoned), "
                             "sum(short_abandoned), sum(overflowed), sum(voice_mails), sum(transfers) "
                             "FROM tandem.calls_by_day WHERE tenant = 1")[0]
    wait.until(lambda: total()[0] == calls["all_closed"], 20, "they are written")
    assert total() == tuple(calls[name] for name in (
        "all_closed", "answered", "abandoned", "short_abandoned", "overflowed", "voice_mail", "transfers"))


def test_a_thousand_calls_are_the_same_wherever_they_are_counted(make_site):
    site = make_site(instances=("hub-1", "context-1", "reporting-1"))
    queues = ("sales", "patient", "relaxing", "unheard-of")
    day = Day(random.Random(20), queues)
    for _ in range(1000):
        day.call()
    half = len(day.said) // 2
    put(site, day.said[:half])
    site.kill("reporting-1")  # part of it is in the streams alone, part in the history too
    put(site, day.said[half - 40:])  # and part is said twice
    site.wait_healthy("reporting-1")
    assert_all_the_same(site, queues)
    site.kill("reporting-1")
    site.wait_healthy("reporting-1")
    assert_all_the_same(site, queues)


# --- calls on real lines ---------------------------------------------------------------------------

DESK = """\
tenant: 1
name: Desk
domain: harbour.example
time_zone: Europe/London
entry_points:
  - {name: desk, numbers: ["500"], answer: at_dialog, language: en, queue: desk}
  - {name: nobody, numbers: ["501"], answer: at_dialog, language: en, queue: nobody}
queues:
  - name: desk
    threshold_s: 2
    short_abandon_s: 1
    service_level: not_short
    target_percent: 90
    offer_lease_s: 2
    wrap_up_s: 1
    steps: [{expression: ""}]
  - name: nobody                    # whom nobody can serve, one waits, and not for long
    threshold_s: 1
    max_waiting: 1
    max_wait_s: 4
    when_waited: {action: queue, queue: desk}
    when_full: {action: busy}
    steps: [{expression: skill.none >= 1}]
agents:
  - name: a1
    phone_user: "5001"
  - name: a2
    phone_user: "5002"
  - name: a3
    phone_user: "5003"
"""


class Moody(Agent):
    """Declines the first call, lets the second one ring, answers from then on."""

    def _work(self):
        moods = ["decline", "ignore"]
        for count in range(1, 1000):
            try:
                call = wait_incoming(self.end, seconds=600, count=count)
            except (AssertionError, OSError):
                return
            mood = moods.pop(0) if moods else "answer"
            if mood == "decline":
                call.respond(486, "Busy Here")
            elif mood == "ignore":
                call.ring()
                threading.Thread(target=self._give_up, args=(call,), daemon=True).start()
            else:
                call.answer()

    @staticmethod
    def _give_up(call):
        call.wait_cancel()
        call.respond(487, "Request Terminated")


def closed_count(site):
    return site.sql("SELECT count(*) FROM tandem.interaction")[0][0]


def test_calls_on_real_lines_are_the_same_wherever_they_are_counted(make_site):
    site = make_site(companies=())
    site.apply(DESK)
    Moody(site, 1)
    tail = site.bus_tail("interaction.")
    first = Customer(site, 1)
    tail.wait("interaction.offer_ended")
    Agent(site, 2)
    tail.wait("interaction.connected")
    second = Customer(site, 2)
    tail.wait("interaction.offer_ended", count=2)
    site.tandem("agent", "a1", "logout")
    Agent(site, 3)
    tail.wait("interaction.connected", count=2)
    gone = Customer(site, 3)  # all are busy
    assert gone.hang_up() == 200
    patient = Customer(site, 4, dial="501")
    refused = site.sip_end("+447700900777")
    refused_call = Outgoing(refused, "501").send()
    wait.until(lambda: any(status >= 400 for status in refused_call.statuses) or
               refused_call.requests("BYE"), 10, "one is too many")
    assert second.hang_up() == 200  # then the patient one, sent on after four seconds, is taken
    tail.wait("interaction.connected", seconds=15, count=3)
    assert patient.hang_up() == 200 and first.hang_up() == 200
    wait.until(lambda: closed_count(site) == 5, 20, "all are over")
    assert_all_the_same(site, ("desk", "nobody"))
    live = live_queue(site, "desk")
    assert (live.declined, live.no_answer, live.overflowed_in, live.answered, live.abandoned) == (1, 1, 1, 3, 1)
    assert live.service_level == 4 and live.service_level_permille == live.level_not_short_permille
    assert live.wrap_up_ms > 0 and live.talks == 3
    assert live_queue(site, "nobody").overflowed == 2
    agents = {row[0]: row[1:] for row in site.sql(
        "SELECT agent, handled, declined, no_answer FROM tandem.calls_by_agent WHERE tenant = 1")}
    assert sum(row[0] for row in agents.values()) == 3 and agents["a1"][1:] == (1, 1)
