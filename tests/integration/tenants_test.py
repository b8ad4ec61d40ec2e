"""Two companies in one installation, with queues and agents of the same names."""

import pathlib

from support import wait
from support.scene import Caller, history, seat
from support.site import COMPANIES


def test_two_tenants_with_the_same_names_do_not_meet(make_site):
    site = make_site(companies=())
    for tenant, name in ((1, "harbour.yaml"), (2, "island.yaml")):
        apply(site, tenant, COMPANIES / name)
    island = seat(site, "ada", user="2901", domain="island.example", tenant=2, answer="auto",
                  tone_hz=1000)
    tail = site.bus_tail("interaction.")
    waiting = Caller(site, "301").wait_answered()
    first = tail.wait("interaction.queued")["key"]
    served = Caller(site, "700", caller="+447700900777",
                    domain="island.example").wait_answered()
    island.wait_talking()
    wait.until(lambda: served.rtp.heard().part(-0.3).has_tone(1000), 10, "the agent is heard")
    served.hang_up()
    waiting.hang_up()
    assert history(site, first)["outcome"] == "abandoned"
    rows = [(1, "abandoned", ""), (2, "answered", "ada")]
    wait.until(lambda: site.sql("SELECT tenant, outcome, agent FROM tandem.interaction "
                                "ORDER BY tenant") == rows, 10, "each has its own")
    assert not [event for event in tail.events if event["tenant"] != 1]


def apply(site, tenant, file: pathlib.Path):
    from tandem_site import company
    target = site.path / f"applied-{file.name}"
    company.prepare(file, target, site.folder)
    site.tandem("--tenant", str(tenant), "config", "apply", str(target))
