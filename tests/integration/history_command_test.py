"""`tandem history`: what the views of the history say, as a table, as CSV and as JSON."""

import csv
import io
import json

import pytest

from support import wait
from support.scene import Caller, history, seat, wait_state
from support.site import PrivateSite

CALLS = 2300  # more than two pages


@pytest.fixture(scope="module")
def told_site():
    """One call of today, and many of a day on which London's clocks went back."""
    with PrivateSite() as site:
        tail = site.bus_tail("interaction.")
        seat(site, "ada", answer="auto")
        caller = Caller(site, "301").wait_answered()
        tail.wait("interaction.connected")
        caller.hang_up()
        history(site, tail.wait("interaction.closed")["key"])
        wait_state(site, "ada", "ready")
        site.sql("""
            INSERT INTO tandem.interaction (tenant, occurred_at, interaction_id, site, channel,
                entry_point, queue, agent, caller, called, outcome, ended_by, reason, disposition,
                dialog_ms, wait_ms, talk_ms, wrap_up_ms, offers, declined, no_answer,
                device_failures, within_threshold, decision)
            SELECT 1, timestamptz '2025-10-26 00:30:00+00' + n / 2 * interval '1 second',
                gen_random_uuid(), 'local', 'voice', 'front', 'old', 'ada', %s, '300', 'answered',
                'customer', '', '', 0, 1000, 60000, 0, 1, 0, 0, 0, true, ''
            FROM generate_series(1, %s) AS n""", '=HYPERLINK("http://x")', CALLS)
        site.sql("SELECT tandem.make_days(1)")
        wait.until(lambda: site.sql("SELECT 1 FROM tandem.calls_by_agent WHERE handled = 1"), 10,
                   "the agent's call is counted")
        yield site


def told(site, *words):
    return json.loads(site.tandem("history", *words, "--format", "json"))


@pytest.mark.parametrize("by", ["day", "queue", "agent"])
def test_figures_are_those_of_the_views(told_site, by):
    site = told_site
    (row,) = [row for row in told(site, "--by", by)
              if row.get("queue") in (None, "sales") and row.get("agent") in (None, "ada")]
    names = [name for name in row if not name.endswith(("_ms", "occupancy"))]  # time goes on
    where = "" if by == "day" else f" AND {by} = %s"
    values = [row[by]] if by != "day" else []
    (expected,) = site.sql(f"SELECT {', '.join(names)} FROM tandem.calls_by_{by} "
                           f"WHERE tenant = 1 AND day = %s{where}", row["day"], *values)
    assert [str(value) for value in expected] == [str(row[name]) for name in names]
    assert "tenant" not in row


def test_hours_and_times_are_of_the_companys_zone(told_site):
    rows = told(told_site, "calls", "--from", "2025-10-26", "--to", "2025-10-26")
    assert len(rows) == CALLS
    # 01:30 comes twice that night; this is the first one.
    assert rows[0]["arrived_at"].startswith("2025-10-26T01:30:00")
    assert rows[0]["arrived_at"].endswith("+01:00")
    assert rows[-1]["arrived_at"] == "2025-10-26T01:49:10+01:00"
    assert len({row["interaction_id"] for row in rows}) == CALLS, "none left out, none twice"
    assert [row["arrived_at"] for row in rows] == sorted(row["arrived_at"] for row in rows)


def test_csv_is_what_rfc_4180_says_and_no_formula(told_site):
    text = told_site.tandem_bytes("history", "calls", "--from", "2025-10-26", "--to", "2025-10-26",
                                  "--format", "csv").decode()
    assert text.count("\r\n") == CALLS + 1 and text.count("\n") == CALLS + 1
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert {row["caller"] for row in rows} == {'\'=HYPERLINK("http://x")'}
    assert {row["talk_ms"] for row in rows} == {"60000"}


def test_filters_choose(told_site):
    site = told_site
    assert told(site, "calls", "--queue", "nothing") == []
    (call,) = told(site, "calls", "--queue", "sales", "--agent", "ada")
    assert call["outcome"] == "answered" and call["caller"] == "+447700900123"
    assert [row["queue"] for row in told(site, "--queue", "sales")] == ["sales"]
    assert [row["agent"] for row in told(site, "--agent", "ada")] == ["ada"]
    assert told(site, "--from", "2025-10-01", "--to", "2025-10-25") == []
    hours = [row for row in told(site, "--by", "hour") if row["entered"] > 0]
    assert {row["queue"] for row in hours} == {"sales"}
    assert {row["queue"] for row in told(site, "--by", "hour", "--queue", "sales")} == {"sales"}
    assert told(site, "--from", "today") == told(site)
    days = [row["day"] for row in told(site, "--from", "2025-10-26")]
    assert days[0] == "2025-10-26" and len(days) == 2


def test_a_table_has_titles_and_durations(told_site):
    lines = told_site.tandem("history", "calls", "--from", "2025-10-26", "--to", "2025-10-26")
    first, second = lines.splitlines()[:2]
    assert first.split()[:3] == ["ARRIVED", "ID", "CALLER"]
    assert second.startswith("2025-10-26 01:30:00") and "1:00" in second
    assert told_site.tandem("history", "--queue", "none") == "nothing in these days\n"
    assert told_site.tandem("history").startswith("DAY ")


@pytest.mark.parametrize("words, said", [
    (("--by", "month"), "expected day, hour, queue or agent"),
    (("--from", "2026-02-30"), "expected a day"),
    (("--from", "2026-02-03", "--to", "2026-02-02"), "is after"),
    (("--format", "xml"), "expected table, csv or json"),
    (("--by", "day", "--queue", "sales"), "--queue goes with"),
    (("--by", "queue", "--agent", "ada"), "--agent goes with"),
    (("calls", "--by", "day"), "--by"),
    (("--since", "today"), "no such option"),
    (("--from",), "usage"),
])
def test_what_cannot_be_is_refused_by_name(told_site, words, said):
    done = told_site.tandem_run("history", *words)
    assert done.returncode == 2 and said in done.stderr
