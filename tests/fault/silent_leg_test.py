"""A leg falls silent that the edge has ended, because media was too busy to hear of it."""

import uuid

from support import wait
from support.bus_peer import MESSAGES, BusPeer, new_id
from support.sip_call import Outgoing


def test_it_is_released_at_the_media_that_speaks_of_it(site):
    with BusPeer(site, "media", "media-9") as media:
        leg = new_id()
        media.ask("edge-1", "LegSilent", leg_id=leg, interaction_id=new_id(), silent_ms=10000)
        media.wait("LegRelease", lambda message: message.leg_id == leg)


def test_also_while_the_router_does_not_yet_know_of_the_end(own_site):
    site = own_site
    tail = site.bus_tail("interaction.")
    call = Outgoing(site.sip_end("+447700900188"), "301").send()
    call.wait_status(200)
    call.ack()
    key = tail.wait("interaction.queued")["key"]
    stored = [MESSAGES["SipDialog"].FromString(value) for value in
              site.redis.hgetall("tandem:local:1:sip_dialogs:edge-1").values()]
    before = site.pid("edge-1")
    for router in ("router-1", "router-2"):
        site.pause(router)
    assert call.bye().status == 200
    with BusPeer(site, "media", "media-9") as media:
        media.ask("edge-1", "LegSilent", leg_id=stored[0].leg.leg_id,
                  interaction_id=uuid.UUID(key).bytes, silent_ms=10000)
        media.wait("LegRelease", lambda message: message.leg_id == stored[0].leg.leg_id)
    for router in ("router-1", "router-2"):
        site.resume(router)
    wait.until(lambda: site.sql("SELECT outcome FROM tandem.interaction") == [("abandoned",)], 20,
               "the end is told")
    assert site.pid("edge-1") == before
