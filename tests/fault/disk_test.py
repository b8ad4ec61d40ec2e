"""The disk with the recordings is full: an alarm at once, calls go on, the recording says it is not whole."""

import subprocess

import pytest

from support import wait
from support.load import Load, assert_clean, site_of_load

FAILED = 'tandem_media_recordings_failed_total{instance="media-1"}'


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds a few seconds of two voices."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=777", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_calls_go_on_without_their_recordings(make_site, small_disk):
    site = site_of_load(make_site, agents=10, overrides={("media", "recordings"): small_disk})
    with Load(site, agents=10, talk_s=5) as load:
        load.call(2, dial=("604",))
        wait.until(lambda: '"event":"recording.failed"' in site.log("media-1"), 30, "the alarm")
        assert site.metrics("media-1")[FAILED] >= 1
        before = load.count("talked")
        load.wait_count("talked", before + 5, 40)
        assert load.count("cut") == load.count("dropped") == 0
        load.finish(60)
        load.assert_history()
        wait.until(lambda: site.sql("SELECT count(*) FROM tandem.recording WHERE NOT complete")[0][0],
                   10, "a recording that is not whole")
        assert_clean(site, 60)
