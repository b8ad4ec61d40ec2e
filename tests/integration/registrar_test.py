"""Who may do what at the edge."""

from support import wait
from support.scene import Caller, wait_state
from support.sip_call import Outgoing


def test_both_digests_are_understood(make_site):
    site = make_site(overrides={("edge", "digest_algorithms"): ["SHA-256", "MD5"]})
    for algorithm in ("MD5", "SHA-256"):
        end = site.sip_end("2001")
        assert end.register(site.password("2001"), algorithm=algorithm).status == 200
        assert end.register(site.password("2001"), expires=0, algorithm=algorithm).status == 200


def test_a_wrong_password_is_refused(site):
    end = site.sip_end("2001")
    assert end.register("wrong").status in (401, 403)
    assert "no phone" in site.tandem("agent", "ada")


def test_a_user_that_does_not_exist_cannot_be_told_from_a_wrong_password(site):
    end = site.sip_end("9999")
    assert end.register("wrong").status in (401, 403)


def test_a_binding_shows_and_ends(site):
    end = site.sip_end("2001")
    response = end.register(site.password("2001"), expires=60)
    assert response.status == 200 and "expires=" in response["Contact"].lower()
    wait.until(lambda: "phone registered" in site.tandem("agent", "ada"), 5, "it shows")
    end.register(site.password("2001"), expires=0)
    wait.until(lambda: "no phone" in site.tandem("agent", "ada"), 5, "it ended")


def test_a_number_that_nobody_has_is_404(site):
    caller = Caller(site, "999")
    assert caller.call.wait_status(404).status == 404
    caller.call.ack()
    caller.close()


def test_an_unregistered_caller_reaches_no_phone_and_no_feature_code(site):
    end = site.sip_end()
    for number in ("2001", "*13"):
        call = Outgoing(end, number).send()
        final = end.final_of(call.invite)
        assert final.status in (401, 403, 404, 407), number
        call.ack()


def test_options_is_answered(site):
    end = site.sip_end()
    assert end.transact(end.request("OPTIONS", "sip:harbour.example")).status == 200


def test_what_is_no_sip_harms_nobody(site):
    end = site.sip_end()
    for junk in (b"\x00" * 100, b"INVITE\r\n\r\n", b"INVITE sip:300@x SIP/2.0\r\n" + b"A: b\r\n" * 500,
                 b"REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP ;;;\r\nCSeq: x\r\n\r\n", b"\r\n" * 1000,
                 "INVITE sip:300@x SIP/2.0\r\nFrom: é\r\nContent-Length: -1\r\n\r\n".encode()):
        end.send_bytes(junk)
    assert end.transact(end.request("OPTIONS", "sip:harbour.example")).status == 200
    assert site.is_healthy("edge-1")


def test_an_offer_that_is_no_sdp_is_refused(site):
    end = site.sip_end()
    call = Outgoing(end, "300", body="v=0\r\nthis is no sdp\r\n").send()
    assert 400 <= end.final_of(call.invite).status < 500
    call.ack()


def test_agents_speak_by_feature_codes(site):
    phone = site.agent_phone("2002")
    for code, state in (("*11", None), ("*13", "ready"), ("*140", "not_ready"), ("*12", "logged_out")):
        calls = len([event for event in phone.events if event.get("type") == "CALL_CLOSED"])
        phone.dial(code)
        phone.wait_ended(seconds=15, count=calls + 1)
        if state:
            wait_state(site, "ben", state)
