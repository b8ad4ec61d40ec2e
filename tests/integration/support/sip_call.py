"""Calls of a SipEnd, step by step: each method sends one message."""

from . import wait
from .sip import sdp
from .sip_message import Message, new_branch, token


class Outgoing:
    """A call that we make. Nothing is sent but by the methods called."""

    def __init__(self, end, number, rtp_port=40000, caller=None, headers=(), body=None):
        self.end = end
        self.uri = number if number.startswith("sip:") else f"sip:{number}@{end.domain}"
        own = f"<sip:{caller or end.user}@{end.domain}>;tag={token(4)}"
        self.invite = end.request(
            "INVITE", self.uri, from_=own, headers=headers,
            body=sdp(rtp_port) if body is None else body)
        self._sequence = 1

    def send(self):
        self.end.send(self.invite)
        return self

    def wait_status(self, status, seconds=10):
        """The first response with this status (or class: 1, 2 .. 6)."""
        def matches(message):
            return message.status == status or message.status // 100 == status
        return wait.until(
            lambda: next((m for m in self.end.responses_of(self.invite) if matches(m)), None),
            seconds, f"{status} for {self.invite}; came: {self.end.messages}")

    @property
    def statuses(self):
        """Of all responses so far, in order, repeats included."""
        return [message.status for message in self.end.responses_of(self.invite)]

    @property
    def answer(self):
        return next((m for m in self.end.responses_of(self.invite) if m.status // 100 == 2), None)

    def ack(self):
        final = self.end.final_of(self.invite)
        if final.status >= 300:  # part of the transaction: same branch and URI
            message = self._same_transaction("ACK", final["To"])
        else:
            message = self._in_dialog("ACK", self.invite.sequence)
        return self.end.send(message)

    def cancel(self):
        return self.end.send(self._same_transaction("CANCEL", self.invite["To"]))

    def bye(self, seconds=5):
        self._sequence += 1
        return self.end.transact(self._in_dialog("BYE", self._sequence), seconds)

    def reinvite(self, body):
        """Sends it; see `end.final_of(result)`."""
        self._sequence += 1
        return self.end.send(self._in_dialog("INVITE", self._sequence, body))

    def request(self, method, body="", headers=()):
        """Within the dialog; returns its final response."""
        self._sequence += 1
        return self.end.transact(self._in_dialog(method, self._sequence, body, headers))

    def wait_bye(self, seconds=10):
        """The other side's BYE, answered with 200."""
        message = self.end.wait_message(
            lambda m: m.is_request and m.method == "BYE" and m.call_id == self.invite.call_id,
            seconds, "BYE")
        self.end.send(self.end.response(message, 200, "OK"), message.source)
        return message

    def requests(self, method):
        """That came within this call, repeats left out."""
        branches = {}
        for message in self.end.messages:
            if message.is_request and message.method == method and \
                    message.call_id == self.invite.call_id:
                branches.setdefault(message.branch, message)
        return list(branches.values())

    def _same_transaction(self, method, to):
        headers = [("Via", self.invite["Via"]), ("Max-Forwards", "70"), ("From", self.invite["From"]),
                   ("To", to), ("Call-ID", self.invite.call_id),
                   ("CSeq", f"{self.invite.sequence} {method}")]
        return Message(f"{method} {self.invite.uri} SIP/2.0", headers)

    def _in_dialog(self, method, sequence, body="", headers=()):
        routes = [("Route", value) for value in reversed(self.answer.all("Record-Route"))]
        return self.end.request(
            method, self.answer.contact_uri(), call_id=self.invite.call_id,
            from_=self.invite["From"], to=self.answer["To"], sequence=sequence,
            headers=[*routes, *headers], body=body)


class Incoming:
    """A call that came to us: made by wait_incoming()."""

    def __init__(self, end, invite):
        self.end = end
        self.invite = invite
        self._tag = token(4)
        self._sequence = 0

    def respond(self, status, reason="", body=""):
        return self.end.send(
            self.end.response(self.invite, status, reason, tag=self._tag, body=body),
            self.invite.source)

    def ring(self):
        return self.respond(180, "Ringing")

    def answer(self, rtp_port=41000, formats=(8,)):
        return self.respond(200, "OK", sdp(rtp_port, formats))

    def wait_request(self, method, seconds=10):
        """Of this call: ACK, CANCEL, BYE, INVITE (a second one)."""
        return self.end.wait_message(
            lambda m: m.is_request and m.method == method and m.call_id == self.invite.call_id
            and (method != "INVITE" or m.branch != self.invite.branch), seconds, method)

    def wait_cancel(self, seconds=10):
        """CANCEL, answered with 200; the INVITE is left to the test."""
        message = self.wait_request("CANCEL", seconds)
        self.end.send(self.end.response(message, 200, "OK", tag=self._tag), message.source)
        return message

    def wait_bye(self, seconds=10):
        message = self.wait_request("BYE", seconds)
        self.end.send(self.end.response(message, 200, "OK", tag=self._tag), message.source)
        return message

    def bye(self, seconds=5):
        return self.send_in_dialog("BYE", seconds=seconds)

    def send_in_dialog(self, method, body="", headers=(), seconds=5):
        """Returns its final response."""
        self._sequence += 1
        return self.end.transact(self._in_dialog(method, self._sequence, body, headers), seconds)

    def reinvite(self, body, ack=True):
        """Returns its final response."""
        answer = self.send_in_dialog("INVITE", body)
        if ack and answer.status < 300:
            self.ack(answer)
        return answer

    def ack(self, answer, body=""):
        """Of a 2xx to our INVITE within the dialog."""
        return self.end.send(self._in_dialog("ACK", answer.sequence, body))

    def _in_dialog(self, method, sequence, body="", headers=()):
        return self.end.request(
            method, self.invite.contact_uri(), call_id=self.invite.call_id, branch=new_branch(),
            from_=f"{self.invite['To']};tag={self._tag}", to=self.invite["From"],
            sequence=sequence, headers=headers, body=body)


def wait_incoming(end, seconds=10, count=1):
    """The count-th call that came to this end."""
    def condition():
        calls = {}
        for message in end.messages:
            if message.is_request and message.method == "INVITE" and not message.tag("To"):
                calls.setdefault(message.call_id, message)
        return list(calls.values())[count - 1] if len(calls) >= count else None
    return Incoming(end, wait.until(condition, seconds, f"INVITE no. {count} comes"))
