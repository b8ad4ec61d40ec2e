"""`tandem top`: seen through a terminal of our own, while a call comes and goes."""

import signal
import termios

import pytest

from support import wait
from support.scene import Caller, seat, wait_state
from support.site import BUILD, PrivateSite
from support.terminal import Terminal

COMPANY = """\
tenant: 1
name: Harbour Lights
domain: harbour.example
time_zone: Europe/London
entry_points:
  - {name: front, numbers: ["300"], answer: at_dialog, queue: 客户服务}
queues:
  - {name: 客户服务, threshold_s: 1, target_percent: 80, wrap_up_s: 60}
  - {name: sales, threshold_s: 20}
agents:
  - name: ada
    phone_user: "2001"
  - name: ben
    phone_user: "2002"
feature_codes:
  - {code: "*11", action: log_in}
"""


@pytest.fixture(scope="module")
def watched_site():
    with PrivateSite(companies=(COMPANY,)) as private:
        yield private


@pytest.fixture
def site(watched_site):
    mark = watched_site.mark()
    yield watched_site
    watched_site.end_parts(mark)


@pytest.fixture
def top(site):
    opened = []

    def start(*arguments, **options):
        opened.append(Terminal([str(BUILD / "bin/tandem"), "--site", str(site.folder.site_yaml),
                                "top", *arguments], **options))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def row(terminal, text):
    return next((line for line in terminal.lines if text in line), "")


def test_a_call_comes_and_goes_on_the_screen(site, top):
    screen = top()
    screen.wait_for("客户服务")
    assert row(screen, "sales").index("0") - row(screen, "客户服务").index("0") == len("客户服务"), \
        "each of its characters fills two columns"
    screen.wait_for("3 Calls (0)")

    caller = Caller(site, "300").wait_answered()
    screen.wait_for("3 Calls (1)")
    wait.until(lambda: row(screen, "客户服务").split()[1] == "1", 5, "one waits in the queue")
    screen.press("3")
    screen.wait_for("queued")
    assert "客户服务" in row(screen, "queued")
    assert "+447700900123" in row(screen, "queued")

    ada = seat(site, "ada", answer="auto")
    screen.wait_for("connected")
    assert "ada" in row(screen, "connected")
    name = row(screen, "connected").split()[0]
    assert name in site.tandem("interaction", name), "a call goes by the name on the screen"
    screen.press("2")
    screen.wait_for("busy")
    assert row(screen, "busy").split()[-2:] == ["yes", name]

    caller.hang_up()
    ada.wait_ended()
    screen.wait_for("wrap_up")
    site.tandem("agent", "ada", "disposition", "solved")
    wait_state(site, "ada", "ready")
    screen.wait_for("ready")
    screen.press("3")
    screen.wait_for("3 Calls (0)")
    screen.wait_gone(name)
    screen.press("q")
    assert screen.wait_end() == 0


def test_keys_choose_what_is_shown(top):
    screen = top()
    screen.wait_for("sales")
    screen.press("/客户\r")
    screen.wait_gone("sales")
    assert screen.has("客户服务")
    screen.press("\x1b[D")  # sort by the column to the left; the filter stays
    screen.wait_for("sort QUEUE")
    screen.press("r")
    screen.wait_for("reversed")
    screen.press("/\x1b")
    screen.wait_for("sales")
    screen.press("\t")
    screen.wait_for("[2 Agents")
    screen.press("?")
    screen.wait_for("the other way round")
    screen.press("?")
    screen.wait_gone("the other way round")
    screen.press("q")
    assert screen.wait_end() == 0


def test_it_fills_the_terminal_and_follows_its_size(top):
    screen = top(width=80, height=24)
    screen.wait_for("客户服务")
    assert screen.lines[23].startswith("q quit")
    screen.resize(132, 40)
    wait.until(lambda: screen.lines[39].startswith("q quit"), 5, "the foot is at the new bottom")
    screen.resize(50, 6)
    wait.until(lambda: screen.lines[5].startswith("q quit"), 5, "the foot is at the new bottom")


@pytest.mark.parametrize("how", ["q", signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_is_as_it_was_afterwards(top, how):
    screen = top()
    screen.read()
    before = screen.settings()
    screen.wait_for("客户服务")
    assert screen.screen.modes >= {"?1049"} and "?25" not in screen.screen.modes
    assert not screen.settings() & (termios.ECHO | termios.ICANON)
    (screen.press if how == "q" else screen.send)(how)
    screen.wait_end()
    assert screen.screen.modes == {"?25", "?7"}
    assert before & (termios.ECHO | termios.ICANON)
    assert screen.settings() & (termios.ECHO | termios.ICANON) == termios.ECHO | termios.ICANON


def test_it_goes_to_the_background_and_comes_back(top):
    screen = top()
    screen.wait_for("客户服务")
    screen.press("\x1a")  # Ctrl-Z
    wait.until(lambda: "?1049" not in (screen.read() or screen.screen.modes), 5, "it gave it back")
    screen.screen.clear()
    screen.send(signal.SIGCONT)
    screen.wait_for("客户服务")
    assert "?1049" in screen.screen.modes


def test_colours_are_there_unless_unwanted(top):
    coloured = top()
    coloured.wait_for("客户服务")
    assert "7" in coloured.screen.colours
    plain = top(environment={"NO_COLOR": "1"})
    plain.wait_for("客户服务")
    assert plain.screen.colours == set()


def test_it_speaks_chinese(top):
    screen = top(environment={"LANG": "zh_CN.UTF-8"})
    screen.wait_for("等待")
    screen.wait_for("q 退出")


def test_once_and_without_a_terminal_it_is_one_plain_picture(site, top):
    for words in (("top",), ("top", "--once")):
        said = site.tandem(*words)
        assert "\x1b" not in said
        lines = said.splitlines()
        assert sum("客户服务" in line for line in lines) == 1
        assert any(line.startswith("AGENT") for line in lines)
        assert any(line.startswith("ada") for line in lines)
        assert all(line == line.rstrip() for line in lines)
    assert "usage" in site.tandem_fails("top", "--twice")


def test_it_says_when_nobody_routes_and_when_nothing_is_heard(site, top):
    screen = top()
    screen.wait_for("客户服务")
    for router in ("router-1", "router-2"):
        site.stop_service(router)
    screen.wait_for("no router is active")
    site.stop_service("hub-1")
    screen.wait_for("no hub")
    for instance in ("hub-1", "router-1", "router-2"):
        site.start_service(instance)
    screen.wait_gone("no router is active")
