"""The load itself: every call is accounted for when nothing breaks."""

from support.load import Load, assert_clean, site_of_load


def test_every_call_of_an_ordinary_minute_is_in_the_history_once(make_site):
    site = site_of_load(make_site, agents=30)
    with Load(site, agents=30, talk_s=0.5) as load:
        load.call(20, dial=("600", "601", "602"))
        load.wait_count("talked", 100)
        report = load.finish()
        # A machine that also runs other things may be too busy now and then: then it says so.
        assert set(load.outcomes()) <= {("talked", 200), ("refused", 503)}, load.outcomes()
        assert report["busy"] == []
        rows = load.assert_history()
        assert_clean(site)
        assert all(rows[call["number"]][1] == "answered" for call in report["calls"]
                   if call["outcome"] == "talked")
