"""The company's configuration: applied whole or not at all, in force at once."""

from support import wait
from support.scene import Caller
from support.site import COMPANIES


def test_a_change_is_in_force_at_once_and_shows_in_the_diff(own_site):
    file = own_site.path / "applied-harbour.yaml"
    text = file.read_text()
    changed = own_site.path / "changed.yaml"
    changed.write_text(text.replace('numbers: ["302"]', 'numbers: ["302", "399"]'))
    diff = own_site.tandem("config", "diff", str(changed))
    assert '+    numbers: ["302", "399"]' in diff and "password" not in diff
    assert "version 2 is in force" in own_site.tandem("config", "apply", str(changed))

    def reached():
        caller = Caller(own_site, "399")
        final = caller.end.final_of(caller.call.invite)
        caller.call.ack()
        if final.status == 200:
            caller.call.bye()
        caller.close()
        return final.status == 200
    wait.until(reached, 10, "the new number is reached")
    assert "no change" in own_site.tandem("config", "apply", str(changed))


def test_what_is_shown_can_be_applied_again(site):
    shown = site.tandem("config", "show")
    assert "ha1" not in shown and "password" not in shown
    file = site.path / "shown.yaml"
    file.write_text(shown)
    assert "no change" in site.tandem("config", "apply", str(file))


def test_a_wrong_file_changes_nothing(site):
    wrong = site.path / "wrong.yaml"
    wrong.write_text(COMPANIES.joinpath("harbour.yaml").read_text().replace(
        "queue: patient", "queue: impatient"))
    before = site.sql("SELECT max(version) FROM tandem.config")
    assert 'there is no queue "impatient"' in site.tandem_fails("config", "apply", str(wrong))
    assert site.sql("SELECT max(version) FROM tandem.config") == before


def test_customers_are_created_updated_and_left_alone(site):
    base = COMPANIES.joinpath("harbour.yaml").read_text()
    people = base + ('customers:\n  - {external_id: C1, display_name: Ms Chen, tier: gold, language: zh,'
                     ' account_manager: ada, phones: ["+44 7700 900111"], attributes: {age: 43}}\n')
    assert "1 created" in apply(site, people)
    assert "1 unchanged" in apply(site, people)
    assert "1 updated" in apply(site, people.replace("tier: gold", "tier: silver"))
    tail = site.bus_tail("interaction.")
    caller = Caller(site, "301", caller="+447700900111").wait_answered()
    event = tail.wait("interaction.arrived")["payload"]
    caller.hang_up()
    assert event["identified"] == "known"
    assert event["customer"]["display_name"] == "Ms Chen"
    assert event["customer"]["tier"] == "silver"


def apply(site, text):
    file = site.path / "people.yaml"
    file.write_text(text)
    return site.tandem("config", "apply", str(file))
