"""tandem simulate: the scenarios that come with it run, and what is wrong with others is said."""

import csv
import html.parser
import io
import subprocess

import pytest

from support import REPOSITORY
from support.site import BUILD

SCENARIOS = REPOSITORY / "deploy/scenarios"
SMALL = """\
name: Small
queues: [{name: sales, threshold_s: 20, steps: [{expression: "skill >= 5"}]}]
people: [{name: p, count: 4, attributes: {skill: 7}, shifts: ["09:00-17:00"]}]
demands:
  - name: calls
    queue: sales
    arrivals: [{during: "09:00-17:00", per_hour: 60}]
    handling: {mean_s: 180}
    patience: {mean_s: 60}
"""


def simulate(*arguments):
    return subprocess.run([BUILD / "bin/tandem", "simulate", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120, check=False)


def figures(path):
    """{(policy, group, measure, seed): value}"""
    with open(path, newline="", encoding="utf-8") as file:
        return {(row["policy"], row["group"], row["measure"], int(row["seed"])): float(row["value"])
                for row in csv.DictReader(file)}


class Page(html.parser.HTMLParser):
    """Everything that a page fetches."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.charts = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.charts += tag == "svg"
        self.fetched += [value for name, value in attrs if name in ("src", "href")]


@pytest.mark.parametrize("name, policies", [("bank", 2), ("shop", 2)])
def test_a_scenario_that_comes_along_runs_and_adds_up(name, policies, tmp_path):
    done = simulate(SCENARIOS / f"{name}.yaml", "--seeds", 2, "--csv", tmp_path / "out.csv",
                    "--html", tmp_path / "out.html")
    assert done.returncode == 0, done.stderr
    values = figures(tmp_path / "out.csv")
    assert len({key[0] for key in values}) == policies
    for policy, _, _, seed in list(values):
        offered = values[policy, "all", "offered", seed]
        assert offered > 1000
        queues = {key[1] for key in values if key[1].startswith("queue ")}
        assert offered == sum(values[policy, queue, "offered", seed] for queue in queues)
        first = next(iter(values))[0]
        assert offered == values[first, "all", "offered", seed], "policies met other customers"
    page = Page((tmp_path / "out.html").read_text())
    assert page.charts == 5 and not page.fetched


def test_the_same_seed_is_the_same_day(tmp_path):
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL)
    first, second = simulate(scenario), simulate(scenario)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_a_change_that_takes_people_away_makes_customers_wait(tmp_path):
    few, many = tmp_path / "few.yaml", tmp_path / "many.yaml"
    few.write_text(SMALL.replace("count: 4", "count: 2"))
    many.write_text(SMALL)
    simulate(few, "--csv", tmp_path / "few.csv")
    simulate(many, "--csv", tmp_path / "many.csv")
    few, many = figures(tmp_path / "few.csv"), figures(tmp_path / "many.csv")
    for seed in range(1, 6):
        key = ("as it is", "all", "abandoned", seed)
        assert few[key] > many[key]


@pytest.mark.parametrize("old, new, fault", [
    ("skill >= 5", "skill >=", "queue sales: requirement: expected a number after >= at column 9"),
    ("queue: sales", "queue: sails", ":5: queue: expected a queue of the scenario"),
    ("mean_s: 180", "mean_s: 0", ":5: handling: expected a mean_s above 0"),
    ('during: "09:00-17:00"', 'during: "9-17"', ":5: during: expected a span"),
    ("count: 4", "count: 0", ":3: people: expected 1 to 100000 agents"),
    ("threshold_s", "treshold_s", ':2: unknown key "treshold_s"'),
])
def test_what_is_wrong_with_a_scenario_is_said(old, new, fault, tmp_path):
    scenario = tmp_path / "bad.yaml"
    assert old in SMALL
    scenario.write_text(SMALL.replace(old, new))
    done = simulate(scenario)
    assert done.returncode == 2
    assert fault in done.stderr
    assert done.stdout == ""


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL)
    done = simulate(scenario, "--csv", tmp_path / "nowhere/out.csv")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert io.StringIO(done.stdout).readline().startswith("Small")
