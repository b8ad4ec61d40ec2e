"""Scanners learn nothing, guessed passwords are not looked at for long, and no phone is kept out."""

import re
import shutil
import subprocess

import pytest

from support import wait
from support.sip import SipEnd
from support.sip_message import challenge_of, digest_answer, token

PHONES = ("2001", "2002", "2003")  # of harbour.example; 2004 and on are nobody's
SCANNER = "127.68.0.1"


def sipvicious(site, tool, *arguments, seconds=60):
    """What it printed."""
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not there: install sipvicious")
    words = [tool, "-p", str(site.sip[1]), *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=seconds,
                          stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def received(site):
    return sum(value for name, value in site.metrics("edge-1").items()
               if name.startswith("tandem_edge_messages_received_total"))


def found_extensions(output):
    """Rows of svwar's table: extension and what it concluded."""
    return dict(re.findall(r"^\|\s*(\d+)\s*\|\s*(\w+)", output, re.MULTILINE))


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
def test_a_scan_cannot_tell_phones_from_nobody(site, method):
    heard = received(site)
    output = sipvicious(site, "svwar", "-e2000-2010", "-m", method, "--force", "127.0.0.1")
    found = found_extensions(output)
    told = {number: found.get(number) for number in map(str, range(2000, 2011))}
    assert len(set(told.values())) == 1, output
    wait.until(lambda: received(site) > heard, 5, "the scan came through")


def test_answers_are_alike_for_phones_and_nobody(site):
    def shape(message):
        return (message.status, sorted({name.lower() for name, _ in message.headers}),
                [(c["realm"], c.get("algorithm")) for c in challenge_of(message)])

    def ask(method, user, number, headers=()):
        with SipEnd(site.sip, user, "harbour.example", address=SCANNER) as end:
            uri = "sip:harbour.example" if method == "REGISTER" else f"sip:{number}@harbour.example"
            own = f"<sip:{user}@harbour.example>"
            return shape(end.transact(end.request(
                method, uri, from_=f"{own};tag={token(4)}",
                to=own if method == "REGISTER" else None, headers=headers)))

    def guess(user):
        return [("Proxy-Authorization", digest_answer(
            {"realm": "harbour.example", "nonce": "0" * 40, "qop": "auth", "algorithm": "MD5"},
            "INVITE", "sip:300@harbour.example", user, "wrong"))]

    assert ask("REGISTER", "2001", "") == ask("REGISTER", "2999", "")
    assert ask("OPTIONS", "x", "2001") == ask("OPTIONS", "x", "2999")
    assert ask("INVITE", "x", "2001") == ask("INVITE", "x", "2999")
    assert ask("INVITE", "2001", "300*") == ask("INVITE", "2999", "300*")
    assert ask("INVITE", "2001", "*13") == ask("INVITE", "2999", "*13")
    assert ask("INVITE", "2001", "300", guess("2001")) == ask("INVITE", "2999", "300",
                                                              guess("2999"))


def test_svmap_finds_an_edge_and_harms_nothing(site):
    pid = site.pid("edge-1")
    assert "127.0.0.1" in sipvicious(site, "svmap", "127.0.0.1")
    assert site.pid("edge-1") == pid


def test_svcrack_does_not_find_a_password_in_its_list(site, tmp_path):
    words = tmp_path / "words"
    words.write_text("\n".join([f"wrong{n}" for n in range(60)] + [site.password("2001")]) + "\n")
    output = sipvicious(site, "svcrack", "-u", "2001", "-d", str(words), "--maximumtime=3",
                        "127.0.0.1")
    assert site.password("2001") not in output
    assert "no phone" in site.tandem("agent", "ada")


class Guesser:
    """Tries passwords over nonces it was given, as a clever tool does."""

    def __init__(self, site, user, address):
        self.end = SipEnd(site.sip, user, "harbour.example", address=address)
        self.own = f"<sip:{user}@harbour.example>"
        self.user = user

    def guess(self, password):
        """The status of the answer to a proof over a new nonce."""
        uri = "sip:harbour.example"
        common = {"from_": f"{self.own};tag={token(4)}", "to": self.own}
        first = self.end.transact(self.end.request("REGISTER", uri, **common))
        answer = digest_answer(challenge_of(first)[0], "REGISTER", uri, self.user, password)
        return self.end.transact(self.end.request(
            "REGISTER", uri, headers=[("Authorization", answer)], **common)).status


def test_past_some_wrong_passwords_the_right_one_is_not_heard_and_the_phone_is(make_site):
    site = make_site(overrides={("edge", "source_messages_burst"): 1000})
    phone = site.sip_end("2001")
    assert phone.register(site.password("2001")).status == 200
    guesser = Guesser(site, "2001", SCANNER)
    for number in range(12):
        assert guesser.guess(f"wrong{number}") == 401
    assert guesser.guess(site.password("2001")) == 401
    others = [Guesser(site, "2001", f"127.68.1.{n}") for n in range(1, 5)]
    for other in others:  # until the user's share is used up, from everywhere but where it is
        for number in range(8):
            assert other.guess(f"wrong{number}") == 401
    assert others[-1].guess(site.password("2001")) == 401
    assert phone.register(site.password("2001")).status == 200
    # Who has done nothing wrong, and wants another phone, is heard as ever.
    elsewhere = Guesser(site, "2002", "127.68.2.1")
    assert elsewhere.guess(site.password("2002")) == 200
    wait.until(lambda: any("guesses_unheard" in name and value > 0
                           for name, value in site.metrics("edge-1").items()), 5, "it is counted")
    for end in (guesser, elsewhere, *others):
        end.end.close()
