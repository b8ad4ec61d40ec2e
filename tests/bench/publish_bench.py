#!/usr/bin/python3
"""Events from outside, through context, Redis (every step synced), reporting and PostgreSQL.

One line a figure: events acknowledged a second with 256 on their way, how far the history is behind
when the last is acknowledged, and what one event costs each process.
"""

import os
import pathlib
import sys
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("TANDEM_BUILD", str(pathlib.Path(os.environ.get("BUILD", ROOT / "build")).absolute()))
sys.path.insert(0, str(ROOT / "tests/integration"))

from support import wait  # noqa: E402
from support.site import PrivateSite  # noqa: E402

INSTANCES = ("hub-1", "context-1", "reporting-1")
EVENTS = 50000
LINE = '{"order": 4711, "amount": 19.9, "currency": "EUR", "note": "' + "x" * 150 + '"}\n'


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def publish(site, count):
    """Seconds until all are acknowledged."""
    running = site.tandem_process("bus", "publish", "bench.order", "-")
    started = time.monotonic()
    feeding = threading.Thread(target=lambda: (running.stdin.write(LINE * count), running.stdin.close()))
    feeding.start()
    stored = sum(1 for _ in running.stdout)
    feeding.join()
    assert running.wait() == 0 and stored == count
    return time.monotonic() - started


def main():
    with PrivateSite(instances=INSTANCES, companies=()) as site:
        publish(site, EVENTS // 10)  # warm
        before = {name: cpu_s(site.pid(name)) for name in INSTANCES}
        took_s = publish(site, EVENTS)
        acknowledged = time.monotonic()
        wait.until(lambda: site.sql("SELECT count(*) FROM tandem.event")[0][0] >= EVENTS * 11 // 10, 60,
                   "all are in the history")
        print(f"publish: {EVENTS / took_s:.0f} events/s acknowledged on disk, 256 on their way")
        print(f"publish: history {(time.monotonic() - acknowledged) * 1000:.0f} ms behind the last of {EVENTS}")
        for name in INSTANCES:
            pid = site.pid(name)
            print(f"publish: {name} {(cpu_s(pid) - before[name]) / EVENTS * 1e6:.1f} us CPU an event, "
                  f"{rss_mib(pid):.0f} MiB")


if __name__ == "__main__":
    main()
