"""The load itself: every call is accounted for when nothing breaks."""

from support.load import Load, site_of_load


def test_every_call_of_an_ordinary_minute_is_in_the_history_once(make_site):
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=0.5) as load:
        load.call(20, dial=("600", "601", "602"))
        load.wait_count("talked", 100)
        report = load.finish()
        assert set(load.outcomes()) == {("talked", 200)}, load.outcomes()
        assert report["busy"] == []
        rows = load.assert_history()
        assert all(rows[call["number"]][1] == "answered" for call in report["calls"])
