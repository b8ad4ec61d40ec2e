#!/usr/bin/python3
"""kill -9 of the active router, 50 times with 20 calls a second: how long until an agent's phone gets
the INVITE of a call that came after the kill. A killed router stays away until then."""

import math
import os
import random
import time

from call_site import CallSite, print_figure, quantile

from support import wait

KILLS = int(os.environ.get("KILLS", 50))
EVERY_S = 3.6  # those who came meanwhile are served before the next
CALLS_PER_S = 20
LONGEST_S = 4 * KILLS


def active_router(site):
    keys = site.redis.keys("tandem:*:router:owner")
    owner = site.redis.get(keys[0]) if keys else None
    return owner.decode() if owner else None


def kill_active(site):
    """Returns when it was, in Unix seconds; the router starts again once the other has taken over."""
    before = active_router(site)
    at = time.time()
    site.kill_for_good(before)
    wait.until(lambda: active_router(site) not in (None, before), 10, "the standby takes over")
    site.start_service(before)
    return at


def main():
    with CallSite(agents=100, trace=True) as calls:
        calls.warm()
        calls.begin(CALLS_PER_S, LONGEST_S)
        kills = []
        ends = time.monotonic() + LONGEST_S
        while len(kills) < KILLS and time.monotonic() < ends - 2 * EVERY_S:
            next_kill = time.monotonic() + EVERY_S + random.uniform(0, 1 / CALLS_PER_S)
            kills.append(kill_active(calls.site))
            time.sleep(max(0.0, next_kill - time.monotonic()))
        run, offers = calls.end()
        took_s = [min((offered for sent, offered in offers if sent >= kill), default=math.inf) - kill
                  for kill in kills]
        print_figure("call.takeover_p99", "s", [quantile(took_s, 0.99)], digits=2)
        print(f"call.takeover_p50 {quantile(took_s, 0.5):.2f} s  ({len(kills)} kills)")
        lost = run["sent"] - run["completed"] - run["refused"]
        print(f"call.takeover_refused {run['refused']} calls of {run['sent']}, at once; "
              f"{lost} ended otherwise; {run['double_bookings']} double bookings")


if __name__ == "__main__":
    main()
