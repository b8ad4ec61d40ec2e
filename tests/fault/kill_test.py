"""Services die by kill -9 while calls run: each call ends with a reason or goes on, none is forgotten."""

import pytest

from support.load import Load, assert_clean, site_of_load

DIALS = ("600", "601", "602")


@pytest.mark.parametrize("instance", ["edge-1", "media-1", "ivr-1", "router", "hub-1", "context-1"])
def test_a_service_dies_under_load(make_site, instance):
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=2.0) as load:
        load.call(10, dial=DIALS)
        load.wait_count("talking", 10)
        victim = active_router(site) if instance == "router" else instance
        for _ in range(2):
            before = load.count("talked")
            site.kill(victim)
            load.wait_count("talked", before + 40, 30)  # it goes on
        load.finish()
        rows = load.assert_history()
        assert [row for row in rows.values() if row[1] != "answered" and not row[3]] == []
        assert_clean(site)


def active_router(site):
    keys = site.redis.keys("tandem:*:router:owner")
    owner = site.redis.get(keys[0]) if keys else None
    return owner.decode() if owner else None
