"""Clients from outside: what they were granted works, everything else is refused and says why."""

import os
import stat
import subprocess
import uuid

import pytest
import zmq

from support import REPOSITORY, wait
from support.door import (BUSY, DENIED, DONE, INVALID, Guest, add, client, counter, settings_of,
                          wait_known)
from support.site import BUILD, PrivateSite
from tandem_client import Gap, Refused, WrongKey


@pytest.fixture(scope="module")
def door_site():
    """Without calls and without a company."""
    with PrivateSite(instances=("hub-1", "context-1", "door-1", "reporting-1"), companies=()) as private:
        yield private


@pytest.fixture
def crm(door_site):
    """A client that may publish and hear crm. and hear figures."""
    name = f"crm_{uuid.uuid4().hex[:8]}"
    path = add(door_site, name, "--publish", "crm.", "--subscribe", "crm.,metrics.")
    yield path
    door_site.tandem("client", "remove", name)


def name_of(path):
    return path.name.removesuffix(".client")


def stored(site, topic, tenant=1):
    return site.sql("SELECT event_id, key, payload FROM tandem.event WHERE topic = %s AND tenant = %s",
                    topic, tenant)


# --- what is granted -----------------------------------------------------------------------------

def test_what_a_client_publishes_is_on_disk_and_heard(door_site, crm):
    tail = door_site.bus_tail("crm.heard")
    with client(crm) as one:
        event_id, repeated = one.publish("crm.heard", {"order": 7, "note": "你好"}, key="LB-1")
        assert not repeated
        heard = tail.wait("crm.heard")
        assert heard["payload"] == {"order": 7, "note": "你好"} and heard["key"] == "LB-1"
        assert heard["id"] == str(event_id) and heard["tenant"] == 1
        assert one.publish("crm.heard", {"order": 7}, event_id=event_id) == (event_id, True)
        one.publish("crm.after", {})
    wait.until(lambda: stored(door_site, "crm.after"), 5, "it is in the history")
    assert len(stored(door_site, "crm.heard")) == 1


def test_a_subscriber_hears_its_events_and_figures(door_site, crm):
    with client(crm) as listener, client(crm) as publisher:
        listener.subscribe("crm.orders.", "crm.exact", "metrics.agents")
        for topic in ("crm.orders.new", "crm.orders", "crm.exact", "crm.exact.not", "crm.exactly"):
            publisher.publish(topic, {"t": topic})
        publisher.publish("crm.orders.last", {})
        heard = []
        for event in listener.events(timeout=10):
            heard.append(event.topic)
            if event.topic == "crm.orders.last":
                break
        assert [topic for topic in heard if not topic.startswith("metrics.")] \
            == ["crm.orders.new", "crm.exact", "crm.orders.last"]


# --- what is not ---------------------------------------------------------------------------------

def test_what_was_not_granted_is_refused_with_topic_and_grant(door_site, crm):
    with client(crm) as one:
        with pytest.raises(Refused, match=r"topic: orders.new is not granted.*may publish: crm\."):
            one.publish("orders.new", {})
        with pytest.raises(Refused, match=r"interaction. is not granted.*subscribe to: crm. metrics."):
            one.subscribe("crm.", "interaction.")
        with pytest.raises(Refused, match="topics.0.: expected a topic"):
            one.subscribe("")
        one.publish("crm.still_there", {})
    assert stored(door_site, "orders.new") == []


def test_an_unknown_key_is_refused_and_counted(door_site, crm):
    before = counter(door_site, "keys_refused_total")
    stranger = crm.with_name("stranger.client")
    public, secret = zmq.curve_keypair()
    stranger.write_text("\n".join(f"{name} {value}" for name, value in {
        **settings_of(crm), "public_key": public.decode(), "secret_key": secret.decode()}.items()))
    with client(stranger) as one, pytest.raises(WrongKey):
        one.publish("crm.x", {}, patience=5)
    assert counter(door_site, "keys_refused_total") > before


def test_another_servers_key_opens_nothing(door_site, crm):
    before = counter(door_site, "connections_unproved_total")
    with Guest(crm, server_key=zmq.curve_keypair()[0].decode()) as guest:
        guest.publish("crm.never")
        wait.until(lambda: counter(door_site, "connections_unproved_total") > before, 5, "it is counted")
        assert guest.receive(0) is None


def test_companies_do_not_hear_each_other(door_site, crm):
    other = add(door_site, "island", "--publish", "crm.", "--subscribe", "crm.,metrics.", tenant=2)
    with client(crm) as ours, client(other) as theirs:
        ours.subscribe("crm.", "metrics.")
        theirs.subscribe("crm.", "metrics.")
        ours.publish("crm.private", {"of": 1})
        theirs.publish("crm.private", {"of": 2})
        ours.publish("crm.end", {})
        theirs.publish("crm.end", {})
        for one, tenant in ((ours, 1), (theirs, 2)):
            heard = []
            for event in one.events(timeout=10):
                if event.topic == "crm.end":
                    break
                heard.append(event)
            assert [event.data["of"] for event in heard if event.topic == "crm.private"] == [tenant]
    wait.until(lambda: stored(door_site, "crm.end", tenant=2), 5, "it is in the history")
    assert len(stored(door_site, "crm.private", tenant=2)) == 1
    assert door_site.tandem_fails("client", "show", "island").startswith("tandem: there is no client")
    door_site.tandem("--tenant", "2", "client", "remove", "island")


# --- limits --------------------------------------------------------------------------------------

def test_who_is_too_fast_is_told_when_to_come_back(door_site, crm):
    door_site.tandem("client", "change", name_of(crm), "--per-second", "20")
    with Guest(crm) as guest:
        def hurry():
            numbers = [guest.publish("crm.rate") for _ in range(30)]
            answers = [guest.answer(number) for number in numbers]
            return [answer for answer in answers if answer.status == BUSY]
        refused = wait.until(hurry, 5, "the limit is in force")
        assert "20 requests" in refused[-1].message and refused[-1].retry_after_ms > 0

        def retried():
            guest.publish("crm.rate")
            return guest.answer().status == DONE
        wait.until(retried, 5, "after the wait it is served")


def test_who_does_not_listen_to_that_is_cut_off(door_site, crm):
    door_site.tandem("client", "change", name_of(crm), "--per-second", "1")
    before = counter(door_site, "connections_cut_total")
    with Guest(crm) as guest:
        def hurry():
            for _ in range(20):
                guest.publish("crm.rate")
            return counter(door_site, "connections_cut_total") > before
        wait.until(hurry, 5, "it is cut off")


def test_bytes_are_limited_too(door_site, crm):
    door_site.tandem("client", "change", name_of(crm), "--bytes-per-second", "10000")
    with Guest(crm) as guest:
        def heavy():
            guest.publish("crm.heavy", b'"' + b"x" * 30000 + b'"')
            return guest.answer()
        answer = wait.until(lambda: (said := heavy()).status == BUSY and said, 5, "limited")
        assert answer.retry_after_ms > 1000


def test_a_client_has_so_many_connections(door_site, crm):
    door_site.tandem("client", "change", name_of(crm), "--connections", "2")
    with Guest(crm) as first, Guest(crm) as second, Guest(crm) as third:
        def crowded():
            for guest in (first, second, third):
                guest.publish("crm.crowd")
            messages = [guest.receive() for guest in (first, second, third)]
            return [said.answer for said in messages if said and said.answer.number == 0]
        answer = wait.until(crowded, 5, "one of them is sent away")[0]
        assert answer.status == BUSY and "connections" in answer.message


def test_too_large_an_event_is_refused_by_name_and_too_large_a_message_ends_the_connection(door_site, crm):
    with Guest(crm) as guest:
        guest.publish("crm.large", b"x" * 32769)
        answer = guest.answer(0)
        assert answer.status == INVALID and "payload" in answer.message
        guest.publish("crm.large", b'"' + b"x" * 32766 + b'"')
        assert guest.answer().status == DONE
        guest.socket.send(b"x" * 70000)
        wait.until(lambda: counter(door_site, "guests") == 0, 5, "ZeroMQ closes it")
        wait.until(lambda: (guest.publish("crm.large"), guest.receive(0.2))[1], 5, "it may come again")


# --- changes -------------------------------------------------------------------------------------

def test_a_change_is_in_force_at_once(door_site, crm):
    with client(crm) as one, Guest(crm) as listener:
        one.publish("crm.before", {})
        listener.send(subscribe=dict(topics=["crm.a.", "metrics."]))
        assert listener.answer().status == DONE
        door_site.tandem("client", "change", name_of(crm), "--publish", "orders.", "--subscribe", "crm.b.")
        told = [listener.answer(0), listener.answer(0)]
        assert {answer.status for answer in told} == {DENIED}
        assert "crm.a. is not granted any more" in told[0].message
        one.publish("orders.new", {})
        with pytest.raises(Refused, match="may publish: orders."):
            one.publish("crm.after", {})


def test_a_client_that_is_removed_is_cut_off(door_site):
    path = add(door_site, "leaver", "--publish", "crm.", "--subscribe", "crm.")
    with Guest(path) as guest:
        guest.send(subscribe=dict(topics=["crm."]))
        assert guest.answer().status == DONE
        door_site.tandem("client", "remove", "leaver")
        answer = guest.answer(0)
        assert answer.status == DENIED and "removed" in answer.message
        wait.until(lambda: counter(door_site, "guests") == 0, 5, "its connection is closed")
    with client(path) as one, pytest.raises(WrongKey):
        one.publish("crm.x", {}, patience=5)


def test_another_key_ends_connections_with_the_old_one(door_site, crm):
    with Guest(crm) as guest:
        guest.publish("crm.key")
        assert guest.answer().status == DONE
        new = crm.with_suffix(".new")
        door_site.tandem("client", "change", name_of(crm), "--new-key", "--file", str(new))
        assert guest.answer(0).status == DENIED
    wait_known(door_site, name_of(crm))
    with client(new) as one:
        one.publish("crm.key", {})


# --- going on after a break ----------------------------------------------------------------------

def numbers(events):
    return [event.data["n"] for event in events if not isinstance(event, Gap)]


def hear(one, count):
    heard = []
    for event in one.events(timeout=10):
        heard.append(event)
        if len(heard) == count:
            break
    return heard


def test_who_comes_back_goes_on_where_it_was(door_site, crm):
    with client(crm) as publisher:
        with client(crm) as listener:
            listener.subscribe("crm.seq")
            for number in range(40):
                publisher.publish("crm.seq", {"n": number}, key=f"k{number % 7}")
            first = hear(listener, 25)
            places = listener.places
        for number in range(40, 60):
            publisher.publish("crm.seq", {"n": number}, key=f"k{number % 7}")
        with client(crm) as listener:
            listener.subscribe("crm.seq", places=places)
            then = hear(listener, 35)
            for number in range(60, 80):
                publisher.publish("crm.seq", {"n": number}, key=f"k{number % 7}")
            last = hear(listener, 20)
            assert list(listener.events(timeout=0.1)) == []
    assert sorted(numbers(first + then + last)) == list(range(80)), "without gap or double"
    assert sorted(numbers(last)) == list(range(60, 80))


def test_the_doors_death_is_no_gap(door_site, crm):
    with client(crm) as publisher, client(crm) as listener:
        listener.subscribe("crm.death")
        for number in range(10):
            publisher.publish("crm.death", {"n": number}, key=f"k{number}")
        before = hear(listener, 5)
        door_site.kill("door-1")
        door_site.tandem("bus", "publish", "crm.death", '{"n": 10}')
        for number in range(11, 20):
            publisher.publish("crm.death", {"n": number}, key=f"k{number}")
        assert sorted(numbers(before + hear(listener, 15))) == list(range(20))
        assert list(listener.events(timeout=0.1)) == []


def test_what_is_no_longer_kept_is_told(door_site, crm):
    with client(crm) as one:
        one.publish("crm.kept", {"n": 1}, key="trim")
        wait.until(lambda: stored(door_site, "crm.kept"), 5, "it is in the history")
        stream = next(f"tandem:local:events:{number}" for number in range(16)
                      if b"crm.kept" in str(door_site.redis.xrange(f"tandem:local:events:{number}")).encode())
        newest = door_site.redis.xinfo_stream(stream)["last-generated-id"].decode()
        door_site.redis.set(f"{stream}:trimmed", newest)  # as the history's keeper does
        door_site.redis.xtrim(stream, maxlen=0)
        one.publish("crm.kept", {"n": 2}, key="trim")
        with client(crm) as late:
            partition = int(stream.rpartition(":")[2])
            late.subscribe("crm.kept", places={partition: "1-0"})
            gap, event = hear(late, 2)
            assert gap == Gap(0, partition, "1-0", newest)
            assert event.data == {"n": 2}


def test_places_that_are_none_are_refused_by_name(door_site, crm):
    with Guest(crm) as guest:
        for after, field in ((dict(partition=16, id="1-0"), "after.partition"),
                             (dict(partition=1, id="yesterday"), "after.id"),
                             (dict(partition=1, id=f"{10**15}-0"), "future")):
            guest.send(subscribe=dict(topics=["crm."], after=[after]))
            answer = guest.answer()
            assert answer.status == INVALID and field in answer.message


# --- the command line ----------------------------------------------------------------------------

def test_the_secret_is_shown_once_or_written_for_its_owner_alone(door_site, tmp_path):
    path = add(door_site, "keeper", "--publish", "crm.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = settings_of(path)["secret_key"]
    shown = door_site.tandem("client", "change", "keeper", "--new-key")
    assert "secret_key " in shown and secret not in shown
    everything = "".join(door_site.log(name) for name in ("door-1", "context-1", "hub-1"))
    everything += str(door_site.sql("SELECT * FROM tandem.client")) + door_site.tandem("client", "show", "keeper")
    for line in shown.splitlines():
        if line.startswith("secret_key "):
            assert line.split(" ", 1)[1] not in everything
    assert "Permission" not in everything and secret not in everything
    assert "exists" in door_site.tandem_fails("client", "change", "keeper", "--new-key", "--file", str(path))
    assert stat.S_IMODE((door_site.data / "door.key").stat().st_mode) == 0o600
    door_site.tandem("client", "remove", "keeper")


def test_the_command_line_says_what_is_wrong(door_site, crm):
    for words, reason in ((("add", "x y"), "not expected"), (("add",), "NAME"),
                          (("add", "a", "--publish", "interaction."), "says these itself"),
                          (("add", "a", "--subscribe", "metrics"), "--subscribe"),
                          (("add", "a", "--per-second", "0"), "--per-second: expected a number from 1"),
                          (("add", "a", "--public-key", "abc"), "--public-key"),
                          (("add", name_of(crm)), "already"), (("remove", "nobody"), "no client"),
                          (("list", "x"), "not expected")):
        assert reason in door_site.tandem_fails("client", *words), words
    for command in ("add", "change", "list", "show", "remove"):
        assert door_site.tandem("client", command, "--help").startswith(f"tandem client {command}")


def test_a_key_of_the_clients_own_making(door_site, tmp_path):
    public, secret = zmq.curve_keypair()
    path = tmp_path / "own.client"
    door_site.tandem("client", "add", "own", "--publish", "crm.", "--public-key", public.decode(),
                     "--file", str(path))
    wait_known(door_site, "own")
    assert "secret_key is not known here" in path.read_text()
    with path.open("a") as file:
        file.write(f"secret_key {secret.decode()}\n")
    with client(path) as one:
        one.publish("crm.own", {})
    assert "own" in door_site.tandem("client", "list")
    door_site.tandem("client", "remove", "own")


# --- the examples --------------------------------------------------------------------------------

def run_example(words, **options):
    environment = {**os.environ, "PYTHONPATH": str(BUILD / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          timeout=30, env=environment, **options)


EXAMPLES = REPOSITORY / "tools/examples/python"


@pytest.mark.parametrize("language, program", [
    ("c", BUILD / "examples/publish_orders"), ("python", EXAMPLES / "publish_orders.py")])
def test_an_integrators_orders_are_stored_once(door_site, crm, language, program):
    before = len(stored(door_site, "crm.order_placed"))
    lines = "".join(f'{{"order": {number}, "in": "{language}"}}\n' for number in range(150))
    for said in ("stored {", "stored before {"):
        done = run_example([program, crm], input=lines)
        assert done.returncode == 0 and done.stdout.count(said) == 150, done.stderr
    wait.until(lambda: len(stored(door_site, "crm.order_placed")) == before + 150, 5, "each once")
    door_site.tandem("client", "change", name_of(crm), "--publish", "orders.")

    def refused():
        done = run_example([program, crm], input=lines[:40].splitlines()[0] + "\n")
        return done.returncode == 1 and "client" in done.stderr and done.stderr
    assert "may publish: orders." in wait.until(refused, 5, "it says why not")
    done = run_example([program, crm.with_name("nowhere.client")])
    assert done.returncode == 1 and "nowhere.client" in done.stderr


@pytest.mark.parametrize("program", [BUILD / "examples/dashboard", EXAMPLES / "dashboard.py"])
def test_a_dashboard_shows_the_queues_and_ends_when_it_is_shown_out(site, program):
    path = add(site, "board", "--subscribe", "metrics.")
    environment = {**os.environ, "PYTHONPATH": str(BUILD / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    running = subprocess.Popen([str(program), str(path)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment)
    try:
        shown = [running.stdout.readline() for _ in range(8)]
        assert any("sales" in line and "waiting" in line for line in shown), shown
        site.tandem("client", "remove", "board")
        assert running.wait(10) == 1
        assert "removed" in running.stderr.read()
    finally:
        running.kill()
        running.communicate()


def test_a_follower_in_c_goes_on_after_its_own_end_and_the_doors(door_site, crm, tmp_path):
    places = tmp_path / "places"
    words = [str(BUILD / "examples/follow_events"), str(crm), str(places), "crm.follow"]
    heard = []

    def has_stored_all():
        kept = dict(word.split("/") for word in places.read_text().split())
        for number in range(16):
            entries = door_site.redis.xrevrange(f"tandem:local:events:{number}")
            newest = next((place for place, fields in entries if b"crm.follow" in fields[b"e"]), b"0-0")
            if in_order(kept[str(number)]) < in_order(newest.decode()):
                return False
        return True

    def in_order(place):
        return tuple(map(int, place.split("-")))

    def follow(count, meanwhile=lambda: None):
        running = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            wait.until(places.exists, 10, "it is subscribed")
            for _ in range(count // 2):
                heard.append(running.stdout.readline())
            meanwhile()
            for _ in range(count - count // 2):
                heard.append(running.stdout.readline())
            wait.until(has_stored_all, 5, "it stored where it is, after the last line")
        finally:
            running.kill()
            running.communicate()

    with client(crm) as publisher:
        def publish(numbers):
            for number in numbers:
                publisher.publish("crm.follow", {"n": number}, key=f"k{number % 5}")
        follow(0)
        publish(range(20))
        follow(20)
        publish(range(20, 40))
        follow(40, lambda: (door_site.kill("door-1"), publish(range(40, 60))))
    said = sorted(int(line.rpartition(" ")[2].rstrip("}\n")) for line in heard)
    assert said == list(range(60)), "without gap or double"
