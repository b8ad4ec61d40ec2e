"""What the call benchmarks share: a site, a crowd of agents and customers, and how lines are printed.

The conditions of all of them: an entry point without dialog, a queue whose agents ring at once,
known customers, media sessions and ports for both legs, no sound, no recording, talk 1 s, wrap-up
0, history on and PostgreSQL durable, Redis with appendfsync always.
"""

import json
import os
import pathlib
import queue
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).absolute()
os.environ.setdefault("TANDEM_BUILD", str(BUILD))
sys.path.insert(0, str(ROOT / "tests/integration"))

from support.site import INSTANCES, PrivateSite  # noqa: E402

# FreeSWITCH 1.11 with mod_callcenter (longest idle, in-memory database, no events, no recording:
# conditions that flatter it), measured on the two-core machine that Tandem is developed on.
PEER = {
    "call.invite_p50": (58, 65),
    "call.invite_p99": (124, 201),
    "call.invite_5000_agents_p99": (156, 172),
    "call.sustained": (30, 30),
    "call.sustained_5000_agents": (15, 15),
    "call.sustained_100_agents": (40, 40),
    "call.cpu_per_call": (27, 37),
    "call.cpu_per_call_all": (27, 37),
}
NUMBER = "500"
DOMAIN = "crowd.example"
PASSWORD = "crowd-of-agents"
PREFIX = "+44770"
CUSTOMERS = 2000
TRUNK = "127.0.0.2"
FIRST_USER = 10001
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

COMPANY = """\
tenant: 1
name: Crowd
domain: {domain}
time_zone: Europe/London
customers_file: customers.yaml
entry_points:
  - {{name: crowd, numbers: ["{number}"], answer: at_agent, language: en, queue: crowd}}
queues:
  - name: crowd
    threshold_s: 20
    target_percent: 80
    wrap_up_s: 0
    offer_lease_s: 10
    steps: [{{expression: ""}}]
trunks:
  - {{name: carrier, addresses: ["{trunk}/32"]}}
agents:
{agents}
"""
# Limits of a default site that are below what is measured; the ports of a test site are few.
OVERRIDES = {
    ("edge", "calls_per_s"): 1000,
    ("edge", "calls_burst"): 1000,
    ("edge", "calls_max"): 5000,
    ("media", "rtp_port_first"): 33000,
    ("media", "rtp_port_last"): 59999,
    ("media", "rtp_block_size"): 8000,
    ("media", "legs_max"): 5000,
}


class CallSite:
    """A site of its own with so many agents, ready, and their customers: run() makes calls."""

    def __init__(self, agents, trace=False, appendfsync="always"):
        self.agents = agents
        self.site = PrivateSite(companies=(), overrides=OVERRIDES, durable=True)
        self._trace = trace
        self._appendfsync = appendfsync
        self._load = None
        self._answers = queue.Queue()

    def __enter__(self):
        self.site.start()
        try:
            self.site.redis.config_set("appendfsync", self._appendfsync)
            self._apply()
            self._start_load()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._load:
            self._load.stdin.close()
            self._load.wait(timeout=10)
        self.site.close()

    def _apply(self):
        people = "".join(
            f'  - {{name: a{n + 1}, phone_user: "{FIRST_USER + n}", password: {PASSWORD}}}\n'
            for n in range(self.agents))
        customers = "customers:\n" + "".join(
            f'  - {{external_id: "C-{n}", display_name: "Customer {n}", phones: ["{PREFIX}{n:06}"]}}\n'
            for n in range(CUSTOMERS))
        folder = self.site.path / "crowd"
        folder.mkdir()
        (folder / "customers.yaml").write_text(customers)
        file = folder / "crowd.yaml"
        file.write_text(COMPANY.format(domain=DOMAIN, number=NUMBER, trunk=TRUNK, agents=people))
        self.site.apply(file)

    def _start_load(self):
        address, port = self.site.sip
        self._load = subprocess.Popen(
            [BUILD / "bin/callload", "--site", self.site.folder.site_yaml,
             "--edge", f"{address}:{port}", "--number", NUMBER, "--domain", DOMAIN,
             "--password", PASSWORD, "--agents", str(self.agents), "--first-user", str(FIRST_USER),
             "--customers", str(CUSTOMERS), "--customer-prefix", PREFIX,
             "--customer-address", TRUNK, "--trace", str(int(self._trace))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self._answer()

    def _read(self):
        """At once: a full pipe would stop its phones."""
        for line in self._load.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _answer(self):
        answer = self._answers.get()
        if answer is None:
            raise RuntimeError(f"callload has ended: {self._load.wait()}")
        return answer

    def begin(self, calls_per_s, seconds):
        self._load.stdin.write(f"run {calls_per_s} {seconds}\n")
        self._load.stdin.flush()

    def end(self):
        """(what the run was like, [(sent, offered) in Unix seconds] when traced)."""
        offers = []
        while True:
            answer = self._answer()
            if "sent" in answer:
                return answer, offers
            offers.append((answer["sent_unix_s"], answer["offered_unix_s"]))

    def run(self, calls_per_s, seconds):
        self.begin(calls_per_s, seconds)
        return self.end()[0]

    def warm(self):
        """Every customer calls once or so: caches and pages are there."""
        self.run(min(40, self.agents / 2), 5)

    # --- what it costs ------------------------------------------------------------------------

    def cpu_s(self):
        """{instance or store: seconds of CPU so far}; all processes of PostgreSQL as one."""
        site = self.site
        used = {name: cpu_s(site.pid(name)) for name in INSTANCES}
        for name in INSTANCES:
            used[name] += sum(cpu_s(pid) for pid in children(site.pid(name)))
        used["redis"] = cpu_s(site.store_pids[0])
        postgres = site.store_pids[1]
        # Those that have ended are in the account of the first.
        used["postgres"] = cpu_s(postgres, ended=True) + sum(map(cpu_s, children(postgres)))
        return used


def cpu_s(pid, ended=False):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15 if ended else 13]) * TICK_S


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- lines ------------------------------------------------------------------------------------------


def spread(values):
    """The median, and how far the runs lie apart."""
    return statistics.median(values), min(values), max(values)


def print_figure(name, unit, values, lower_is_better=True, digits=1):
    """One line: name value unit, the spread, the peer's figure and how many times better ours is."""
    middle, least, most = spread(values)
    line = f"{name} {middle:.{digits}f} {unit}"
    if len(values) > 1:
        line += f"  ({len(values)} runs, {least:.{digits}f} to {most:.{digits}f})"
    if name in PEER:
        low, high = PEER[name]
        peer = f"{low}" if low == high else f"{low}-{high}"
        times = statistics.mean((low, high)) / middle if lower_is_better else middle / statistics.mean((low, high))
        line += f"  FreeSWITCH 1.11 mod_callcenter {peer} {unit}, {times:.1f} times better"
    print(line, flush=True)


def quantile(values, share):
    return sorted(values)[round((len(values) - 1) * share)]


def invite_figures(calls, seconds, p50=None, p99=None, runs=3):
    calls.warm()
    done = [calls.run(5, seconds) for _ in range(runs)]
    for one in done:
        assert has_passed(one), one
    if p50:
        print_figure(p50, "ms", [one["p50_ms"] for one in done])
    if p99:
        print_figure(p99, "ms", [one["p99_ms"] for one in done])


def cpu_figures(calls, calls_per_s, seconds, runs=3):
    calls.warm()
    costs = []
    for _ in range(runs):
        before = calls.cpu_s()
        done = calls.run(calls_per_s, seconds)
        after = calls.cpu_s()
        assert done["completed"] > 0.99 * done["sent"], done
        costs.append({name: (after[name] - before[name]) * 1000 / done["sent"] for name in after})
    stores = ("redis", "postgres")
    ours = [sum(ms for name, ms in cost.items() if name not in stores) for cost in costs]
    print_figure("call.cpu_per_call", "ms", ours, digits=2)
    print_figure("call.cpu_per_call_all", "ms", [sum(cost.values()) for cost in costs], digits=2)
    for name in costs[0]:
        print_figure(f"call.cpu_per_call_{name.replace('-', '_')}", "ms",
                     [cost[name] for cost in costs], digits=2)


# --- how much it bears --------------------------------------------------------------------------------


def has_passed(run):
    """All calls were answered, and those at the end waited no longer than those at the beginning."""
    grew = run["last_p50_ms"] > 1.5 * run["first_p50_ms"] + 5
    return run["completed"] == run["sent"] and run["unsent"] == 0 and not grew


def sustained_figure(calls, name, low, high):
    """Looks for the rate with short runs, then holds it for a minute, lower where that fails."""
    until = time.monotonic() + 270 - 20
    calls.warm()
    while high - low > max(2, low * 0.05):
        middle = (low + high) / 2
        low, high = (middle, high) if has_passed(calls.run(middle, 6)) else (low, middle)
    rate, held = low, []
    while time.monotonic() + 70 < until and len(held) < 3:
        done = calls.run(rate, 60)
        if has_passed(done):
            held.append(done)
        else:
            rate, held = rate * 0.92, []
    print_figure(name, "calls/s", [rate if held else 0], lower_is_better=False)
    p50 = [run["p50_ms"] for run in held] or [0]
    print(f"{name}_p50 {statistics.median(p50):.1f} ms  (held for 60 s, {len(held)} times)", flush=True)
