"""Real calls that cannot be served as usual: closed, full, nobody there, waited too long."""

import datetime

import pytest

from support import wait
from support.media import finished
from support.scene import Caller, history, seat, topics
from support.site import PrivateSite

# Closed today, whatever today is and whatever the clock says: no test has to wait for a day.
DAYS = [(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).date()
        for days in (-1, 0, 1)]
HOLIDAYS = ", ".join(f"{{date: '{day}'}}" for day in DAYS)

COMPANY = f"""
tenant: 1
name: Harbour Lights
domain: harbour.example
time_zone: Europe/Berlin
timetables:
  - name: open
    week: [{{days: [mon-sun], spans: ["00:00-24:00"]}}]
  - name: shut
    week: [{{days: [mon-sun], spans: ["00:00-24:00"]}}]
    holidays: [{HOLIDAYS}]
tiers: [{{tier: gold, seconds: 60}}]
entry_points:
  - {{name: shop, numbers: ["500"], answer: at_dialog, language: en, queue: nobody, timetable: shut,
     when_closed: {{action: message, texts: [{{language: zh, text: 不营业}}, {{language: en, text: Closed.}}]}}}}
  - {{name: desk, numbers: ["501"], answer: at_agent, queue: nobody, timetable: shut,
     when_closed: {{action: unavailable, retry_after_s: 90}}}}
  - {{name: office, numbers: ["502"], answer: at_agent, queue: nobody, timetable: shut,
     when_closed: {{action: voice_mail, texts: [{{language: en, text: Speak.}}]}}}}
  - {{name: small, numbers: ["503"], answer: at_dialog, queue: small, timetable: open,
     when_closed: {{action: busy}}}}
  - {{name: nobody, numbers: ["504"], answer: at_dialog, queue: nobody}}
  - {{name: patient, numbers: ["505"], answer: at_agent, queue: patient}}
  - {{name: recorded, numbers: ["506"], answer: at_dialog, queue: recorded}}
  - {{name: sold, numbers: ["507"], answer: at_dialog, queue: sold}}
queues:
  - {{name: small, max_waiting: 1, when_full: {{action: queue, queue: large}}}}
  - {{name: large, steps: [{{expression: skill.none}}]}}
  - {{name: nobody, when_no_agent: {{action: busy, retry_after_s: 30}}, steps: [{{expression: skill.none}}]}}
  - {{name: patient, max_wait_s: 1, when_waited: {{action: voice_mail}}, steps: [{{expression: skill.none}}]}}
  - {{name: sold, offer_lease_s: 10, steps: [{{expression: skill.sales}}]}}
  - {{name: recorded, record: true, offer_lease_s: 10, steps: [{{expression: skill.sales}}],
     recording_notice: {{mode: before_agent, texts: [{{language: en, text: Recorded.}}]}}}}
agents:
  - name: ada
    phone_user: "2001"
    attributes: {{skill.sales: true}}
customers:
  - {{external_id: HL-1, display_name: Goldie, tier: gold, phones: ["+447700900777"]}}
"""


@pytest.fixture(scope="module", name="site")
def _site():
    with PrivateSite(companies=(COMPANY,)) as private:
        yield private


@pytest.fixture(autouse=True)
def _clean(site):
    mark = site.mark()
    yield
    site.end_parts(mark)


def arrive(site, number, **options):
    """(caller, tail, interaction)"""
    tail = site.bus_tail()
    caller = Caller(site, number, **options)
    return caller, tail, tail.wait("interaction.arrived")["key"]


def begin_to_speak(site, caller):
    """The tone that the caller always says counts from the beep on."""
    wait.until(lambda: caller.rtp.heard().part(-0.6).has_tone(1000, 0.5), 20, "the beep")
    wait.until(lambda: site.metrics("media-1")['tandem_media_recordings_open{instance="media-1"}'] == 1,
               10, "it records")


def test_a_closed_entry_says_so_and_hangs_up(site):
    caller, tail, interaction = arrive(site, "500")
    caller.wait_answered()
    caller.call.wait_bye(seconds=20)
    assert caller.rtp.heard().loudness() > 0.01
    row = history(site, interaction)
    assert (row["outcome"], row["ended_by"], row["reason"]) == ("closed", "system", "closed")
    assert tail.wait("dialog.started")["payload"]["purpose"] == "message"
    assert "interaction.queued" not in topics(site, interaction)
    caller.close()


def test_a_closed_entry_may_be_unavailable_without_being_answered(site):
    caller, _, interaction = arrive(site, "501")
    refusal = caller.call.wait_status(480)
    assert refusal["Retry-After"] == "90"
    caller.call.ack()
    assert all(status < 200 or status == 480 for status in caller.call.statuses)
    assert history(site, interaction)["outcome"] == "closed"
    caller.close()


def test_a_message_is_recorded_until_a_pause(site):
    caller, tail, interaction = arrive(site, "502")
    caller.wait_answered()
    begin_to_speak(site, caller)
    begun = caller.rtp.heard().seconds
    wait.until(lambda: caller.rtp.heard().seconds > begun + 1, 10, "a second is said")
    caller.rtp.mute()
    caller.call.wait_bye(seconds=20)
    row = history(site, interaction)
    assert (row["outcome"], row["ended_by"]) == ("voice_mail", "system")
    event, (customer, agent) = finished(site, bytes.fromhex(interaction.replace("-", "")))
    assert (event.kind, event.complete) == (1, True)
    assert customer.heard_tone(440, 0.8) and agent.loudness() < 0.002
    kinds = wait.until(lambda: site.sql("SELECT kind, file FROM tandem.recording WHERE interaction_id = %s",
                                        interaction), 10, "the history has it")
    assert kinds == [("voice_mail", event.file)]
    assert abs(event.duration_ms - tail.wait("interaction.closed")["payload"]["voice_mail_ms"]) < 600
    shown = wait.until(lambda: "voice mail " in (text := site.tandem("interaction", interaction))
                       and text, 10, "the command line shows it")
    assert event.file in shown
    caller.close()


def test_who_hangs_up_has_left_a_message_all_the_same(site):
    caller, tail, interaction = arrive(site, "502")
    caller.wait_answered()
    begin_to_speak(site, caller)
    caller.hang_up()
    row = history(site, interaction)
    assert (row["outcome"], row["ended_by"]) == ("voice_mail", "customer")
    event, (customer, _) = finished(site, bytes.fromhex(interaction.replace("-", "")))
    assert event.kind == 1 and customer.seconds > 0
    assert tail.wait("dialog.ended")["payload"]["result"] == "hang_up"


def test_a_full_queue_leads_to_another_and_both_accounts_are_right(site):
    first, tail, _ = arrive(site, "503")
    first.wait_answered()
    tail.wait("interaction.queued")
    second = Caller(site, "503", caller="+447700900124").wait_answered()
    overflowed = tail.wait("interaction.overflowed")
    said = overflowed["payload"]
    assert (said["queue"], said["cause"], said["action"], said["to_queue"]) == \
        ("small", "full", "queue", "large")
    tail.wait("interaction.queued", lambda event: event["payload"]["queue"] == "large")
    for queue, figures in {"small": (2, 0, 1, 1), "large": (1, 0, 0, 1)}.items():
        def counted(name=queue):
            found = [event["payload"] for event in tail.of(f"metrics.queue.{name}")]
            return tuple(found[-1].get(key, 0) for key in (
                "offered", "abandoned", "overflowed", "waiting")) if found else None
        wait.until(lambda: counted() == figures, 10, f"{queue} counts {figures}")
    second.hang_up()
    first.hang_up()
    row = history(site, overflowed["key"])
    assert (row["outcome"], row["queue"]) == ("abandoned", "large")
    assert topics(site, overflowed["key"]) == [
        "interaction.arrived", "interaction.queued", "interaction.overflowed",
        "interaction.queued", "interaction.abandoned", "interaction.closed"]


def test_a_queue_without_agents_is_busy(site):
    caller, _, interaction = arrive(site, "504")
    refusal = caller.call.wait_status(486)
    assert refusal["Retry-After"] == "30"
    caller.call.ack()
    row = history(site, interaction)
    assert (row["outcome"], row["queue"], row["reason"]) == \
        ("overflowed", "nobody", "nobody is logged in")
    caller.close()


def test_who_waited_long_enough_is_answered_for_a_message(site):
    caller, tail, interaction = arrive(site, "505")
    caller.call.wait_status(183)
    caller.wait_answered()
    assert tail.wait("interaction.overflowed")["payload"]["cause"] == "max_wait"
    assert tail.wait("dialog.started")["payload"]["purpose"] == "voice_mail"
    caller.hang_up()
    assert history(site, interaction)["outcome"] == "overflowed"  # Nothing was said after the beep.


def test_nobody_is_offered_a_call_before_it_heard_that_it_is_recorded(site):
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    caller, tail, interaction = arrive(site, "506")
    caller.wait_answered()
    ada.wait_talking()
    assert tail.wait("dialog.started")["payload"]["purpose"] == "notice"
    assert tail.wait("dialog.ended")["payload"]["result"] == "done"
    wait.until(lambda: caller.rtp.heard().part(-0.7).has_tone(1000, 0.5), 10, "they talk")
    caller.hang_up()
    history(site, interaction)
    order = topics(site, interaction)
    # What ivr writes of the end and what the router does about it are on disk in either order.
    assert order.index("dialog.started") < order.index("interaction.offered")
    event, (customer, agent) = finished(site, bytes.fromhex(interaction.replace("-", "")))
    assert event.kind == 0
    assert customer.has_tone(440, 0.5) and agent.has_tone(1000, 0.3)


def test_a_tier_counts_as_waiting_and_the_decision_says_so(site):
    ada = seat(site, "ada", answer="auto")
    caller, _, interaction = arrive(site, "507", caller="+447700900777")
    caller.wait_answered()
    ada.wait_talking()
    caller.hang_up()
    history(site, interaction)
    assert "gold customers count as waiting 1 min longer" in site.tandem("why", interaction)


def test_queues_that_lead_in_a_circle_are_refused(site, tmp_path):
    company = tmp_path / "circle.yaml"
    company.write_text(COMPANY.replace(
        "name: large,", "name: large, when_no_agent: {action: queue, queue: small},"),
        encoding="utf-8")
    said = site.tandem_fails("config", "apply", str(company))
    assert "when_" in said and "leads back here: a circle" in said
