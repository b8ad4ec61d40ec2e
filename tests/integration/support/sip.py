"""A SIP end that does exactly what the test says, over UDP: for orders that no phone makes."""

import socket
import threading

from . import wait
from .sip_message import Message, challenge_of, digest_answer, new_branch, token

SDP = """\
v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio {port} RTP/AVP {formats} 101\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=ptime:20\r
a=sendrecv\r
"""


def sdp(port, formats=(8, 0)):
    """An offer or answer for RTP at a loopback port; formats 8: PCMA, 0: PCMU."""
    return SDP.format(port=port, formats=" ".join(map(str, formats)))


class SipEnd:
    """One UDP socket. Everything that comes is kept in `messages`, in order."""

    def __init__(self, server, user="tester", domain="127.0.0.1", port=0, address="127.0.0.1"):
        self.server = server  # (address, port) of the edge
        self.user = user
        self.domain = domain
        self.messages = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.address, self.port = self._socket.getsockname()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self):
        """Wakes the reader, then frees the port."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self._thread.join(timeout=2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        while True:
            try:
                data, source = self._socket.recvfrom(65536)
            except OSError:
                return
            if not data:
                return
            if data.strip():
                self.messages.append(Message.parse(data, source))

    # --- exact messages -----------------------------------------------------------------------

    def send(self, message, to=None):
        self.send_bytes(message.bytes(), to)
        return message

    def send_bytes(self, data, to=None):
        self._socket.sendto(data, to or self.server)

    def wait_message(self, matches, seconds=5, what="SIP message"):
        return wait.until(lambda: next((message for message in self.messages if matches(message)),
                                       None), seconds, f"{what}; came: {self.messages}")

    def contact(self):
        return f"<sip:{self.user}@{self.address}:{self.port}>"

    def request(self, method, uri, *, call_id=None, from_=None, to=None, sequence=1, branch=None,
                headers=(), body=""):
        """A request with the headers every request has."""
        lines = [
            ("Via", f"SIP/2.0/UDP {self.address}:{self.port};rport;branch={branch or new_branch()}"),
            ("Max-Forwards", "70"),
            ("From", from_ or f"<sip:{self.user}@{self.domain}>;tag={token(4)}"),
            ("To", to or f"<{uri}>"),
            ("Call-ID", call_id or f"{token()}@test"),
            ("CSeq", f"{sequence} {method}"),
            ("Contact", self.contact()),
            *headers,
        ]
        if body and not any(name == "Content-Type" for name, _ in headers):
            lines.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {uri} SIP/2.0", lines, body)

    def response(self, request, status, reason="", *, tag=None, headers=(), body=""):
        """The answer to a request that came, with the headers it must copy."""
        copied = [(name, value) for name, value in request.headers
                  if name.lower() in ("via", "v", "from", "f", "call-id", "i", "cseq",
                                      "record-route")]
        to = request["To"]
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        lines = [*copied, ("To", to), ("Contact", self.contact()), *headers]
        if body:
            lines.append(("Content-Type", "application/sdp"))
        return Message(f"SIP/2.0 {status} {reason or 'Test'}", lines, body)

    def transact(self, request, seconds=5, to=None):
        """Sends a request and waits for its final response."""
        self.send(request, to)
        return self.final_of(request, seconds)

    def responses_of(self, request):
        return [message for message in self.messages if not message.is_request
                and message.branch == request.branch and message.method == request.method]

    def final_of(self, request, seconds=5):
        return wait.until(
            lambda: next((m for m in self.responses_of(request) if m.status >= 200), None), seconds,
            f"final response of {request}; came: {self.messages}")

    # --- registering --------------------------------------------------------------------------

    def register(self, password, expires=60, algorithm=None, call_id=None, sequence=1):
        """REGISTER, the challenge, REGISTER again. Returns the last response.

        algorithm: which of the offered challenges to answer; None: the first.
        """
        uri = f"sip:{self.domain}"
        own = f"<sip:{self.user}@{self.domain}>"
        common = {"call_id": call_id or f"{token()}@test", "from_": f"{own};tag={token(4)}",
                  "to": own}
        plain = self.request("REGISTER", uri, sequence=sequence,
                             headers=[("Expires", str(expires))], **common)
        first = self.transact(plain)
        if first.status not in (401, 407):
            return first
        challenges = challenge_of(first)
        chosen = next(c for c in challenges
                      if algorithm is None or c.get("algorithm", "MD5") == algorithm)
        answer = digest_answer(chosen, "REGISTER", uri, self.user, password)
        return self.transact(self.request(
            "REGISTER", uri, sequence=sequence + 1,
            headers=[("Expires", str(expires)), ("Authorization", answer)], **common))
