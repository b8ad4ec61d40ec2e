"""Who calls, as the agent's phone shows it; whose word for it counts; what stays private."""

import pytest

from support import wait
from support.scene import wait_state
from support.sip import SipEnd
from support.sip_call import Outgoing, wait_incoming
from support.sip_message import token
from support.site import PrivateSite

COMPANY = """\
tenant: 1
name: Lighthouse
domain: light.example
time_zone: Europe/London
entry_points:
  - {name: tea, numbers: ["800"], answer: at_dialog, language: en, queue: tea}
  - {name: thee, numbers: ["801"], answer: at_dialog, language: zh, queue: cha}
queues:
  - {name: tea, display_name: "Tea \\"fine\\"", offer_lease_s: 20, steps: [{expression: skill.tea >= 1}]}
  - {name: cha, display_name: "茶", offer_lease_s: 20, steps: [{expression: skill.cha >= 1}]}
agents:
  - name: tom
    phone_user: "8001"
    language: en
    attributes: {skill.tea: 1}
  - name: tao
    phone_user: "8002"
    language: zh
    attributes: {skill.cha: 1}
customers:
  - {external_id: "L-1", display_name: Ann Lee, phones: ["+442079460123"]}
trunks:
  - {name: carrier, addresses: ["127.45.0.1"], trusted: true}
  - {name: partner, addresses: ["127.45.0.2"]}
"""
CARRIER, PARTNER, STRANGER = "127.45.0.1", "127.45.0.2", "127.45.0.3"
ANN, BOB = "+442079460123", "+442079460999"
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


@pytest.fixture(scope="module")
def lighthouse():
    with PrivateSite(companies=()) as site:
        site.apply(COMPANY)
        yield site


class Phone:
    """An agent's phone that takes each call and shows its INVITE."""

    def __init__(self, site, agent, user):
        self.site, self.agent = site, agent
        self.end = SipEnd(site.sip, user, "light.example")
        assert self.end.register(site.password(user)).status == 200
        wait.until(lambda: "phone registered" in site.tandem("agent", agent), 10, "phone")
        site.tandem("agent", agent, "login")
        site.tandem("agent", agent, "ready")
        self._calls = 0

    def show(self, address, headers=(), from_=None, uri="sip:800@light.example", to=None):
        """The INVITE that rings for a call from that address."""
        wait_state(self.site, self.agent, "ready")
        with SipEnd(self.site.sip, BOB, "light.example", address=address) as caller:
            call = Outgoing(caller, uri, headers=headers)
            call.invite.headers = [(name, self._changed(name, value, from_, to))
                                   for name, value in call.invite.headers]
            call.send()
            call.wait_status(200)
            call.ack()
            self._calls += 1
            ringing = wait_incoming(self.end, count=self._calls)
            ringing.answer()
            ringing.wait_request("ACK")
            assert call.bye().status == 200
            ringing.wait_bye()
        return ringing.invite

    @staticmethod
    def _changed(name, value, from_, to):
        if name == "From" and from_:
            return f"{from_};tag={token(4)}"
        return to if name == "To" and to else value


@pytest.fixture(scope="module")
def tom(lighthouse):
    phone = Phone(lighthouse, "tom", "8001")
    yield phone
    phone.end.close()


def shown(invite):
    return invite["From"].partition(";tag=")[0], invite["P-Asserted-Identity"], invite["Privacy"]


def asserted(number):
    return [("P-Asserted-Identity", f'"Whoever" <sip:{number}@carrier.example>')]


def test_the_queue_the_customer_and_the_number_are_shown(tom):
    assert shown(tom.show(CARRIER, asserted(ANN))) == (
        f'"Tea \\"fine\\" - Ann Lee" <sip:{ANN}@light.example>',
        f'"Ann Lee" <sip:{ANN}@light.example>', "")


def test_an_asserted_identity_counts_from_trusted_trunks_only(tom):
    for address, number in ((CARRIER, ANN), (PARTNER, BOB), (STRANGER, BOB)):
        assert f"<sip:{number}@light.example>" in tom.show(address, asserted(ANN))["From"], address


def test_a_withheld_number_is_nobodys_and_shown_as_withheld(lighthouse, tom):
    before = lighthouse.sql("SELECT count(*) FROM tandem.customer")
    wishes = [
        (CARRIER, [*asserted(ANN), ("Privacy", "id")], None),
        (CARRIER, asserted(ANN), ANONYMOUS),
        (STRANGER, [("Privacy", "user;critical")], f"<sip:{ANN}@light.example>"),
        (STRANGER, (), ANONYMOUS),
    ]
    for address, headers, from_ in wishes:
        invite = tom.show(address, headers, from_)
        assert shown(invite) == ('"Tea \\"fine\\" - Number withheld" <sip:anonymous@anonymous.invalid>',
                                 "", "id")
        for private in (ANN, ANN[3:], BOB, "Ann Lee"):
            assert private not in invite.bytes().decode()
    assert lighthouse.sql("SELECT count(*) FROM tandem.customer") == before


def test_withheld_is_said_in_the_agents_language(lighthouse):
    tao = Phone(lighthouse, "tao", "8002")
    invite = tao.show(STRANGER, (), ANONYMOUS, uri="sip:801@light.example")
    assert invite["From"].startswith('"茶 - 号码保密" <sip:anonymous@anonymous.invalid>')
    tao.end.close()


def test_a_trunk_may_say_elsewhere_what_was_dialled(tom):
    party = [("P-Called-Party-ID", "<sip:800@light.example>")]
    tom.show(CARRIER, party, uri="sip:account7@light.example")
    tom.show(CARRIER, uri="sip:account7@light.example", to="<sip:800@light.example>")
    # Where the URI is a number of ours, nothing else counts.
    tom.show(CARRIER, [("P-Called-Party-ID", "<sip:801@light.example>"),
                       ("Diversion", "<sip:801@light.example>;reason=unconditional"),
                       ("History-Info", "<sip:801@light.example>;index=1")])


def test_a_stranger_may_not(lighthouse):
    with SipEnd(lighthouse.sip, BOB, "light.example", address=STRANGER) as end:
        call = Outgoing(end, "sip:account7@light.example",
                        headers=[("P-Called-Party-ID", "<sip:800@light.example>")]).send()
        assert end.final_of(call.invite).status == 404


def test_what_a_caller_is_called_breaks_no_header(tom):
    invite = tom.show(STRANGER, from_='"x" <sip:a%0D%0AVia%3A%20b%22%3E@light.example>')
    assert "\nVia: b" not in invite.bytes().decode()
    invite = tom.show(STRANGER, from_='"x" <sip:%3Ca%22b%3E%3B@light.example>')
    assert "<sip:%3Ca%22b%3E" in invite["From"]
