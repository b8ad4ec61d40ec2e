"""What every service says at /metrics: readable for the strictest scraper, named as Prometheus
names things, and true."""

import time

import pytest

from support import wait
from support.prometheus import faults_of_name, parse

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
    waiting = families(site, "reporting-1")["tandem_queue_waiting"]
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
