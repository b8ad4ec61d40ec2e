"""What every service says at /metrics: readable for the strictest scraper, named as Prometheus
names things, and true."""

import json
import time
import urllib.request

import pytest
import yaml

from support import REPOSITORY, wait
from support.prometheus import faults_of_name, parse, promql_selectors

COMMON = {"tandem_build_info", "tandem_healthy", "tandem_loop_lag_seconds", "tandem_requests_total",
          "tandem_requests_busy_total", "tandem_live_up", "tandem_disk_free_ratio",
          "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
          "process_max_fds", "process_start_time_seconds"}


def families(site, instance):
    return parse(site.metrics_text(instance))


def only(family):
    """The value of a family with one sample."""
    (value,) = family.samples.values()
    return value


@pytest.mark.parametrize("text, fault", [
    ("a 1\n", "before its family"),
    ("# HELP a b\n# TYPE a gauge\na 1", "does not end"),
    ("# HELP a b\n# TYPE a gauge\na 1\na 2\n", "twice"),
    ("# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n", "label x twice"),
    ("# HELP a b\n# TYPE a gauge\na{x=\"1} 1\n", "no label"),
    ("# HELP a b\n# TYPE a gauge\na one\n", "no value"),
    ("# HELP a b\n# TYPE a gauge\nb 1\n", "not of the family"),
])
def test_the_parser_is_strict(text, fault):
    with pytest.raises(AssertionError, match=fault):
        parse(text)


def test_every_service_says_its_figures_as_prometheus_wants_them(site):
    for instance in site.instances:
        found = families(site, instance)
        assert COMMON <= set(found), instance
        assert [fault for family in found.values() for fault in faults_of_name(family)] == []
        service = instance.rpartition("-")[0]
        labels = (("instance", instance), ("service", service))
        for name in COMMON - {"tandem_build_info"}:
            assert list(found[name].samples) == [labels], name
        assert any(name.startswith(f"tandem_{service}_") for name in found), "figures of its own"
        assert abs(only(found["process_start_time_seconds"]) - time.time()) < 86400
        assert 0 < only(found["process_open_fds"]) < only(found["process_max_fds"])
        assert 0 < only(found["tandem_disk_free_ratio"]) <= 1


def test_a_name_of_a_queue_is_quoted(site):
    waiting = wait.until(lambda: families(site, "reporting-1").get("tandem_queue_waiting"), 10,
                         "reporting has the company")
    assert waiting.kind == "gauge"
    assert {dict(labels)["tenant"] for labels in waiting.samples} >= {"1"}
    targets = families(site, "reporting-1")["tandem_queue_service_level_target_ratio"]
    assert all(0 <= value <= 1 for value in targets.samples.values())


def test_exactly_one_router_is_active(site):
    def active():
        return sum(only(families(site, router)["tandem_router_active"])
                   for router in ("router-1", "router-2"))
    wait.until(lambda: active() == 1, 10, "one router is active")


def test_the_history_is_not_behind_when_nothing_happens(site):
    wait.until(lambda: only(families(site, "reporting-1")["tandem_reporting_history_lag_seconds"]) == 0,
               10, "all is written")


# --- rules and dashboard ---------------------------------------------------------------------------

DASHBOARDS = REPOSITORY / "deploy/dashboards"
OF_PROMETHEUS = {"up", "ALERTS"}


def rules():
    groups = yaml.safe_load((DASHBOARDS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_queries():
    board = json.loads((DASHBOARDS / "grafana.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    for annotation in board["annotations"]["list"]:
        yield annotation["expr"]


def selectors(queries):
    """(name, {labels}) of every metric that PromQL expressions name."""
    return {selector for query in queries for selector in promql_selectors(query)}


def exported(site):
    """{name: labels that its samples have} over all instances."""
    names = {}
    for instance in site.instances:
        for name, family in families(site, instance).items():
            for sample in family.samples:
                names.setdefault(name, set()).update(label for label, _ in sample)
    return names


def test_names_are_found_in_every_corner_of_an_expression():
    query = ('sum by (tenant) (rate(tandem_a_total{b="c d_e",f!~"g"}[1m])) > 0 unless on(tenant) '
             'max(tandem_h) or label_values(tandem_i{j="$k"}, l)')
    assert set(promql_selectors(query)) == {
        ("tandem_a_total", frozenset({"b", "f"})), ("tandem_h", frozenset()),
        ("tandem_i", frozenset({"j"}))}


def test_rules_and_dashboard_name_only_what_is_said(site):
    known = exported(site)
    asked = selectors([rule["expr"] for rule in rules()]) | selectors(dashboard_queries())
    assert len(asked) > 40
    unknown = sorted(name for name, _ in asked if name not in known and name not in OF_PROMETHEUS)
    assert unknown == []
    for name, labels in asked:
        assert name in OF_PROMETHEUS or labels <= known[name], f"{name} has not {labels}"


def test_every_rule_says_itself_in_both_languages():
    found = rules()
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "summary_zh"}
        assert any(ord(character) > 0x4e00 for character in rule["annotations"]["summary_zh"])


def test_panels_lie_beside_each_other():
    board = json.loads((DASHBOARDS / "grafana.json").read_text(encoding="utf-8"))
    taken, ids = set(), set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        assert panel["id"] not in ids
        taken |= cells
        ids.add(panel["id"])


def test_a_site_tells_prometheus_what_to_scrape(site):
    targets = json.loads((site.folder.path / "targets.json").read_text())
    assert [target["labels"]["instance"] for target in targets] == list(site.instances)
    for target in targets:
        with urllib.request.urlopen(f"http://{target['targets'][0]}/metrics", timeout=5) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            build = parse(answer.read().decode())["tandem_build_info"]
            (labels,) = build.samples
            assert dict(labels)["instance"] == target["labels"]["instance"]
