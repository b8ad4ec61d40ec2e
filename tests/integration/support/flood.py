#!/usr/bin/python3
"""Junk INVITEs at a rate, as a process of its own: flood.py PORT RATE SECONDS ADDRESS...

Each message is a well-formed call of its own, from one of the addresses in turn. Prints how many
were sent.
"""

import pathlib
import socket
import subprocess
import sys
import time

SDP = ("v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\n"
       "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n")
INVITE = ("INVITE sip:{n}@harbour.example SIP/2.0\r\n"
          "Via: SIP/2.0/UDP {a}:{p};rport;branch=z9hG4bK{n}\r\nMax-Forwards: 70\r\n"
          "From: <sip:junk{n}@{a}>;tag={n}\r\nTo: <sip:{n}@harbour.example>\r\n"
          "Call-ID: junk{n}@{a}\r\nCSeq: 1 INVITE\r\nContact: <sip:junk@{a}:{p}>\r\n"
          "Content-Type: application/sdp\r\nContent-Length: {l}\r\n\r\n{s}")
BATCH_S = 0.01


def messages(ends, number):
    end = ends[number % len(ends)]
    address, port = end.getsockname()
    body = SDP.format(a=address)
    text = INVITE.format(n=1000000 + number, a=address, p=port, l=len(body), s=body)
    return end, text.encode()


def run(port, rate, seconds, addresses):
    ends = []
    for address in addresses:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.bind((address, 0))
        ends.append(end)
    sent, started = 0, time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        while sent < rate * elapsed:
            end, data = messages(ends, sent)
            end.sendto(data, ("127.0.0.1", port))
            sent += 1
        time.sleep(BATCH_S)
    print(sent)


class Flood:
    """That process, for tests: while it is open, junk comes."""

    def __init__(self, site, rate, addresses, seconds=600):
        words = [sys.executable, str(pathlib.Path(__file__)), str(site.sip[1]), str(rate),
                 str(seconds), *addresses]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def wait_sent(self):
        """How many messages it sent in its time."""
        out, _ = self._process.communicate(timeout=120)
        return int(out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
