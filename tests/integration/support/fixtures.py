"""Fixtures: `site` for tests that share one, `own_site` for tests that break it.

A folder of tests has them by `from support.fixtures import *` in its conftest.py.
"""

import os
import pathlib

import pytest

from .site import PrivateSite


@pytest.fixture(scope="session")
def shared_site():
    with PrivateSite() as private:
        yield private


@pytest.fixture
def site(shared_site):
    """The whole site, shared: leave it as you found it. Phones end with their test."""
    mark = shared_site.mark()
    yield shared_site
    shared_site.end_parts(mark)


@pytest.fixture
def own_site():
    """The whole site for one test alone."""
    with PrivateSite() as private:
        yield private


@pytest.fixture
def make_site():
    """A site of other instances, companies or settings: make_site(instances=("edge-1", ..))."""
    made = []

    def make(**options):
        made.append(PrivateSite(**options))
        return made[-1].start()

    yield make
    for private in reversed(made):
        private.close()


@pytest.fixture(scope="session")
def suites():
    """The folder with conformance/ and data/, named by TANDEM_SUITES."""
    folder = os.environ.get("TANDEM_SUITES")
    if not folder:
        pytest.skip("TANDEM_SUITES does not name the folder of the public suites")
    return pathlib.Path(folder)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    """A failed test shows what the services last said."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for name in ("shared_site", "own_site"):
            private = item.funcargs.get(name)
            if private:
                report.sections.append((f"logs of {name}", private.last_words()))
