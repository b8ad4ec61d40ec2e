"""A SIP end over TCP: as SipEnd, and the stream itself for tests that cut it to pieces."""

import re
import socket
import threading

from .sip import SipEnd
from .sip_message import Message


class SipStream(SipEnd):
    """One connection to the edge. It ends when either side closes it: see `closed`."""

    def __init__(self, server, user="tester", domain="127.0.0.1", address="127.0.0.1"):
        self.server, self.user, self.domain = server, user, domain
        self.messages = []
        self.pongs = 0
        self.closed = threading.Event()
        self._socket = socket.create_connection(server, source_address=(address, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address, self.port = self._socket.getsockname()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        data = b""
        while True:
            try:
                more = self._socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.closed.set()
                return
            data = self._take(data + more)

    def _take(self, data):
        """Keeps the whole messages; returns the rest."""
        while True:
            while data.startswith(b"\r\n"):
                self.pongs, data = self.pongs + 1, data[2:]
            head, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                return data
            found = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
            size = int(found[1]) if found else 0
            if len(rest) < size:
                return data
            self.messages.append(Message.parse(head + end + rest[:size], self.server))
            data = rest[size:]

    def send_bytes(self, data, to=None):
        self._socket.sendall(data)

    def request(self, *args, **options):
        message = super().request(*args, **options)
        message.headers = [(name, value.replace("SIP/2.0/UDP", "SIP/2.0/TCP") if name == "Via"
                            else value) for name, value in message.headers]
        return message

    def contact(self):
        return f"<sip:{self.user}@{self.address}:{self.port};transport=tcp>"
