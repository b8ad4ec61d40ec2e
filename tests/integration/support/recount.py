"""The figures once more, from what stands in the event streams: another way to the same numbers."""

from collections import Counter, defaultdict

from .bus_peer import MESSAGES

OUTCOMES = {1: "answered", 2: "abandoned", 3: "self_served", 4: "left_dialog", 5: "overflowed",
            9: "voice_mail", 10: "closed"}
MISSES = {"declined": "declined", "no_answer": "no_answer", "device_failure": "device_failures"}
QUEUE, VOICE_MAIL = 2, 3  # TransferTarget and DiversionAction have the same number for a queue


def events(site, name="local"):
    """(envelope, payload) of all that Tandem said, each id once, by time."""
    found = {}
    for partition in range(16):
        for _, fields in site.redis.xrange(f"tandem:{name}:events:{partition}"):
            envelope = MESSAGES["Envelope"].FromString(fields[b"e"])
            found[envelope.id] = envelope
    return [(envelope, MESSAGES[envelope.type].FromString(envelope.payload))
            for _, envelope in sorted(found.items()) if envelope.type in MESSAGES]


class Recount:
    """queues: {name: Counter}; calls: Counter of outcomes."""

    def __init__(self, said):
        self.queues = defaultdict(Counter)
        self.waits = defaultdict(list)  # of the answered
        self.calls = Counter()
        self._waiting = {}
        for envelope, payload in said:
            if envelope.topic == "interaction.closed":
                self._closed(payload)
            elif envelope.topic.startswith("interaction."):
                take = getattr(self, "_" + envelope.topic.partition(".")[2], None)
                if take:
                    take(payload)
            elif envelope.topic == "agent.state" and payload.previous_state == 6:
                self._of(payload.previous_queue)["wrap_up_ms"] += payload.previous_duration_ms
        for queue in self._waiting.values():
            self.queues[queue]["waiting"] += 1

    def _of(self, queue):
        """Of no queue: counted nowhere."""
        return self.queues[queue] if queue else Counter()

    def _queued(self, event):
        self.queues[event.queue]["offered"] += 1
        self._waiting[event.interaction_id] = event.queue

    def _left(self, event, how):
        queue = self._waiting.pop(event.interaction_id, None)
        if queue is None:
            return
        counts = self.queues[queue]
        counts[how] += 1
        counts[how + "_within"] += event.wait_ms <= event.threshold_ms
        counts["longest_wait_today_ms"] = max(counts["longest_wait_today_ms"], event.wait_ms)
        if how == "answered":
            self.waits[queue].append(event.wait_ms)
        if how == "abandoned":
            counts["short_abandoned"] += event.wait_ms <= event.short_abandon_ms
        if how == "overflowed":
            counts["to_voice_mail"] += event.action == VOICE_MAIL
            counts[f"cause {event.cause}"] += 1

    def _connected(self, event):
        self._left(event, "answered")

    def _abandoned(self, event):
        self._left(event, "abandoned")

    def _overflowed(self, event):
        self._left(event, "overflowed")
        self._of(event.to_queue)["overflowed_in"] += 1

    def _offer_ended(self, event):
        if event.reason in MISSES:
            self._of(event.queue)[MISSES[event.reason]] += 1

    def _resumed(self, event):
        if not event.duration_ms:
            return  # the other one still holds
        self._of(event.queue)["holds"] += 1
        self._of(event.queue)["hold_ms"] += event.duration_ms

    def _talked(self, queue, event):
        self._of(queue)["talks"] += 1
        self._of(queue)["talk_ms"] += event.duration_ms

    def _ended(self, event):
        self._talked(event.queue, event)

    def _transferred(self, event):
        self._talked(event.from_queue, event)
        self._of(event.from_queue)["transferred_out"] += 1
        if event.target == QUEUE:
            self._of(event.queue)["transferred_in"] += 1

    def _arrived(self, event):
        self.calls["dialled" if event.direction == 2 else "arrived"] += 1

    def _closed(self, summary):
        self.calls["all_closed"] += 1
        self.calls[OUTCOMES.get(summary.outcome, "failed")] += 1
        self.calls["short_abandoned"] += summary.short_abandoned
        self.calls["transfers"] += summary.transfers
        self.calls["holds"] += summary.holds


COUNTS = ("answered", "abandoned", "overflowed", "answered_within", "abandoned_within",
          "short_abandoned", "to_voice_mail", "overflowed_in", "transferred_in", "transferred_out",
          "declined", "no_answer", "device_failures", "holds")


def levels(counts):
    """The five service levels in the order of their names, as shares; None: nothing counts."""
    def share(part, whole):
        return part / whole if whole else None
    within, left = counts["answered_within"], sum(counts[how] for how in COUNTS[:3])
    return (share(within, counts["answered"] + counts["abandoned"] - counts["abandoned_within"]),
            share(within, counts["answered"]), share(within, left),
            share(within, left - counts["short_abandoned"]),
            share(within + counts["abandoned_within"], counts["answered"] + counts["abandoned"]))


def live_queue(site, queue, tenant=1, name="local"):
    """QueueMetrics as Redis has them."""
    value = site.redis.hget(f"tandem:{name}:{tenant}:metrics", f"queue.{queue}")
    return MESSAGES["QueueMetrics"].FromString(value or b"")


def live_calls(site, tenant=1, name="local"):
    value = site.redis.hget(f"tandem:{name}:{tenant}:metrics", "calls")
    return MESSAGES["CallMetrics"].FromString(value or b"")


def by_queue(site, queue, tenant=1):
    """The sum of all days of tandem.calls_by_queue, as a dictionary of counts."""
    names = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in ("offered", "entered", *COUNTS))
    row = site.sql(f"SELECT {names} FROM tandem.calls_by_queue WHERE tenant = %s AND queue = %s",
                   tenant, queue)[0]
    return dict(zip(("offered", "entered", *COUNTS), row))
