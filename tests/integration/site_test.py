"""The site itself: it comes up whole, says how it is, and heals."""

import re
import subprocess

from support import REPOSITORY, wait
from support.site import BUILD, INSTANCES
from tandem_site.settings import Settings


def test_every_instance_is_healthy(site):
    assert all(site.is_healthy(instance) for instance in INSTANCES)


def test_the_stores_keep_what_they_acknowledged(site):
    assert site.redis.config_get("appendfsync") == {"appendfsync": "always"}
    assert site.redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert site.sql("SELECT name FROM tandem.migration ORDER BY name")[0] == ("001_config.sql",)


def test_a_migration_that_was_applied_is_not_applied_again(site):
    before = site.sql("SELECT count(*) FROM tandem.migration")
    command = [REPOSITORY / "deploy/sql/migrate.sh", site.conninfo]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert site.sql("SELECT count(*) FROM tandem.migration") == before


def test_a_killed_service_comes_back_by_itself(own_site):
    pid = own_site.kill("ivr-1")
    wait.until(lambda: own_site.pid("ivr-1") not in (0, pid), 5, "supervisord starts it again")
    own_site.wait_healthy("ivr-1")


def test_the_settings_file_shows_every_key_with_its_default():
    settings = Settings((REPOSITORY / "deploy/site.yaml").read_text())
    for service in sorted({instance.rpartition("-")[0] for instance in INSTANCES}):
        told = subprocess.run([BUILD / "bin" / service, "--help"], capture_output=True, text=True,
                              check=True).stdout
        own = told.partition(f"\n{service}:\n")[2]
        for key, default in re.findall(r"^  (\w+) .*, (?:default (.*)|required)\)$", own, re.MULTILINE):
            shown = settings.get(service, key)
            assert shown is not None, f"deploy/site.yaml: {service}.{key} is missing"
            assert shown == default.strip('"') or not default, f"{service}.{key}"


def test_a_wrong_setting_is_refused_with_its_line(site, tmp_path):
    wrong = tmp_path / "site.yaml"
    text = site.folder.site_yaml.read_text().replace("  name: local", "  nmae: local")
    line = text[:text.index("nmae")].count("\n") + 1
    wrong.write_text(text)
    for instance in INSTANCES:
        program = BUILD / "bin" / instance.rpartition("-")[0]
        done = subprocess.run([program, "--site", wrong, "--check-config"], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 2, program
        assert f"site.yaml:{line}:" in done.stderr and "nmae" in done.stderr
