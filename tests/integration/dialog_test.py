"""Dialogs on real calls: heard, answered by keys, hung up on, broken, killed and gone on with."""

import pytest

from support import wait
from support.scene import history, seat
from support.site import INSTANCES, PrivateSite

COMPANY = """
tenant: 1
name: Harbour Lights
domain: harbour.example
time_zone: Europe/London
entry_points:
  - {name: menu, numbers: ["400"], answer: at_dialog, language: en, dialog: menu.vxml, queue: general}
  - {name: secret, numbers: ["401"], answer: at_dialog, language: en, dialog: secret.vxml, queue: general}
  - {name: broken, numbers: ["402"], answer: at_dialog, language: en, dialog: broken.vxml, queue: general}
  - {name: missing, numbers: ["403"], answer: at_dialog, language: en, dialog: missing.vxml, queue: general}
  - {name: two-steps, numbers: ["404"], answer: at_dialog, language: en, dialog: steps.vxml, queue: general}
  - {name: said, numbers: ["405"], answer: at_dialog, language: en, dialog: said.vxml, queue: general}
queues:
  - {name: general, threshold_s: 5, target_percent: 80, offer_lease_s: 5, wait_dialog: hold.vxml,
     steps: [{expression: skill.sales >= 1}]}
  - {name: chinese, threshold_s: 5, target_percent: 80, offer_lease_s: 5, wait_dialog: hold.vxml,
     steps: [{expression: skill.sales >= 1}]}
agents:
  - name: ada
    phone_user: "2001"
    attributes: {skill.sales: 5}
"""

VXML = '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en">{}</vxml>'

DOCUMENTS = {
    "menu.vxml": """
      <var name="language" expr="'en'"/>
      <form><field name="choice"><option dtmf="1" value="en"/><option dtmf="2" value="zh"/>
        <prompt>Welcome <value expr="session.tandem.caller"/>. Press 1 or 2.</prompt>
        <filled><assign name="language" expr="choice"/></filled></field>
      <block cond="language == 'zh'"><goto next="next.vxml#there"/></block>
      <transfer dest="queue:"><property name="tandem.attributes" value="language"/></transfer></form>""",
    "next.vxml": """
      <form id="there"><var name="language" expr="'zh'"/>
      <transfer dest="queue:chinese"><property name="tandem.attributes" value="language"/>
        <prompt>Please hold.</prompt></transfer></form>""",
    "secret.vxml": """
      <form><property name="tandem.sensitive" value="true"/>
      <field name="pin" type="digits?length=6"><prompt>Your number, please.</prompt></field>
      <block><log>It is <value expr="pin"/></log><var name="copy" expr="'x' + pin"/>
        <exit namelist="pin copy"/></block></form>""",
    "broken.vxml": """
      <catch event="error.semantic"><assign name="caught" expr="caught + 1"/></catch>
      <var name="caught" expr="0"/>
      <form><block><value expr="(function () { for (;;); })()"/></block>
      <block><value expr="(function () { var s = 'x'; for (;;) s += s; })()"/></block>
      <block><value expr="nothing.at.all"/></block>
      <block><exit namelist="caught"/></block></form>""",
    "steps.vxml": """
      <form><block>Welcome to two steps.</block>
      <field name="first" type="digits?length=1">First?</field>
      <field name="second" type="digits?length=1">Second?</field>
      <block><exit namelist="first second"/></block></form>""",
    "said.vxml": "<form><block>Said.<exit expr=\"'old'\"/></block></form>",
    "hold.vxml": """
      <form><property name="timeout" value="0s"/>
      <field name="key" type="digits?length=1">
        <prompt cond="session.tandem.position &gt; 1">You are number
          <value expr="session.tandem.position"/>.</prompt>
        <prompt><audio src="builtin/music"/></prompt>
        <catch event="noinput nomatch"><reprompt/></catch></field></form>""",
}


def write(folder, name, body):
    (folder / name).write_text(VXML.format(body), encoding="utf-8")


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dialogs")
    for name, body in DOCUMENTS.items():
        write(folder, name, body)
    return folder


@pytest.fixture(scope="module", name="site")
def _site(folder):
    with PrivateSite(instances=(*INSTANCES, "ivr-2"), companies=(COMPANY,),
                     overrides={("ivr", "documents"): folder}) as private:
        yield private


@pytest.fixture(autouse=True)
def _clean(site):
    mark = site.mark()
    yield
    site.end_parts(mark)


IVRS = ("ivr-1", "ivr-2")


def counted(site, name):
    """A counter of both instances together."""
    return sum(site.metrics(ivr)[f'tandem_ivr_{name}{{instance="{ivr}"}}'] for ivr in IVRS)


def logs(site):
    return "".join(site.log(ivr) for ivr in IVRS)


def call(site, number):
    """(caller, tail, interaction) once the dialog has begun."""
    tail = site.bus_tail()
    caller = site.caller()
    caller.dial(number)
    return caller, tail, tail.wait("dialog.started")["key"]


def test_a_key_chooses_and_the_result_goes_with_the_call(site):
    caller, tail, interaction = call(site, "400")
    caller.press("2")
    entered = tail.wait("dialog.input")["payload"]
    assert (entered["field"], entered["input"]) == ("choice", "2")
    ended = tail.wait("dialog.ended")["payload"]
    assert (ended["document"], ended["result"]) == ("next.vxml", "transfer")
    assert tail.wait("interaction.queued")["payload"]["queue"] == "chinese"
    caller.hangup()
    assert history(site, interaction)["outcome"] == "abandoned"


def test_waiting_is_a_dialog_that_ends_when_somebody_answers(site):
    caller, tail, _ = call(site, "400")
    caller.press("1")
    waiting = tail.wait("dialog.started", count=2)["payload"]
    assert (waiting["document"], waiting["purpose"]) == ("hold.vxml", "wait")
    wait.until(lambda: caller.heard().part(-1).loudness() > 0.005, 10, "the caller hears music")
    ada = seat(site, "ada", answer="auto", tone_hz=1000)
    caller.wait_tone(1000)
    assert tail.wait("dialog.ended", count=2)["payload"]["reason"] == "stopped"
    caller.hangup()
    ada.wait_ended()
    wait.until(lambda: counted(site, "dialogs_running") == 0, 5, "all have ended")


def test_hanging_up_in_the_dialog_ends_the_call(site):
    caller, tail, interaction = call(site, "400")
    caller.hangup()
    assert tail.wait("dialog.ended")["payload"]["result"] in ("hang_up", "unspecified")
    assert history(site, interaction)["outcome"] == "left_dialog"
    assert counted(site, "dialogs_running") == 0


def test_sensitive_digits_are_in_no_event_log_or_store(site):
    caller, tail, interaction = call(site, "401")
    caller.press("481516")
    assert "input" not in tail.wait("dialog.input")["payload"]
    ended = tail.wait("interaction.closed")
    row = history(site, interaction)
    assert row["outcome"] == "self_served"
    told = [str(event) for event in tail.events] + [str(row), str(ended), logs(site)]
    told += [str(site.redis.xrange(key)) for key in site.redis.keys("*events*")]
    told += [str(site.redis.hgetall(key)) for key in site.redis.keys("*dialogs*")]
    assert not [text for text in told if "481516" in text]
    assert "withheld" in logs(site)


def test_scripts_that_loop_or_eat_memory_are_ended_and_the_dialog_goes_on(site):
    before = counted(site, "scripts_killed_total")
    _, tail, interaction = call(site, "402")
    ended = tail.wait("dialog.ended", seconds=20)["payload"]
    assert ended["result"] == "done", ended
    assert counted(site, "scripts_killed_total") == before + 1
    assert all(site.is_healthy(ivr) for ivr in IVRS)
    assert history(site, interaction)["outcome"] == "self_served"


def test_a_document_that_is_not_there_leaves_the_call_to_the_queue(site):
    tail = site.bus_tail()
    caller = site.caller()
    caller.dial("403")
    assert tail.wait("interaction.queued")["payload"]["queue"] == "general"
    caller.hangup()
    tail.wait("interaction.closed")


def test_a_changed_document_is_used_by_the_next_call(site, folder):
    _, tail, _ = call(site, "405")
    assert tail.wait("dialog.ended")["payload"]["reason"] == "old"
    write(folder, "said.vxml", "<form><block>Said anew.<exit expr=\"'new'\"/></block></form>")
    _, tail, _ = call(site, "405")
    assert tail.wait("dialog.ended")["payload"]["reason"] == "new"
    write(folder, "said.vxml", "<form><block><wrong/></block></form>")
    _, tail, _ = call(site, "405")  # Each ivr goes on with the last version it could read.
    assert tail.wait("dialog.ended")["payload"]["reason"] in ("old", "new")
    assert "unknown element <wrong>" in logs(site)


def test_a_dialog_goes_on_in_another_ivr_when_its_own_dies(site):
    caller, tail, _ = call(site, "404")
    caller.press("7")
    tail.wait("dialog.input")
    wait.until(lambda: any(b"first" in value for key in site.redis.keys("*:dialogs")
                           for value in site.redis.hvals(key)), 5, "the dialog is written down")
    running = [ivr for ivr in IVRS
               if site.metrics(ivr)[f'tandem_ivr_dialogs_running{{instance="{ivr}"}}']]
    site.kill(running[0])
    again = tail.wait("dialog.started", count=2, seconds=15)["payload"]
    assert again["reason"] == "resumed"
    caller.press("8")
    entered = tail.wait("dialog.input", count=2)["payload"]
    assert (entered["field"], entered["input"]) == ("second", "8")
    assert tail.wait("dialog.ended")["payload"]["result"] == "done"
    wait.until(lambda: not any(site.redis.hlen(key) for key in site.redis.keys("*:dialogs")), 5,
               "nothing is left of the dialog")
