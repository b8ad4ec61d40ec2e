"""A block of free ports for a site, kept for as long as the site lives.

Blocks lie below the range from which the system gives ports to whoever asks, and are claimed by
holding the block's first TCP port, so that sites started at the same time do not meet.
"""

import contextlib
import random
import socket

from .progress import Failure

BLOCK_SIZE = 500
FIRST, LAST = 12000, 32000

# Offsets in a block.
REDIS, POSTGRES, SIP, BUS, DOOR = 1, 2, 10, 20, 21
HTTP = 40       # and on, one for each instance
PHONES = 60     # test phones and callers take theirs from here
PHONES_END = 200
RTP = 200       # up to the block's end


class Block:
    """`base`, and the claim: a listening socket that processes of the site inherit."""

    def __init__(self, base, claim):
        self.base = base
        self.claim = claim

    def port(self, offset):
        return self.base + offset

    @property
    def rtp(self):
        """First and last RTP port."""
        return self.base + RTP, self.base + BLOCK_SIZE - 1

    def close(self):
        self.claim.close()


def claim(preferred=None):
    """The preferred block if it is free, else any."""
    bases = list(range(FIRST, LAST, BLOCK_SIZE))
    random.shuffle(bases)
    if preferred in bases:
        bases.insert(0, preferred)
    for base in bases:
        holder = _listen(base)
        if holder and all(is_free(base + offset) for offset in range(1, PHONES)):
            return Block(base, holder)
        if holder:
            holder.close()
    raise Failure(f"no free block of {BLOCK_SIZE} ports between {FIRST} and {LAST}")


def is_free(port, address="127.0.0.1"):
    """Is it free for TCP and UDP?"""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with contextlib.closing(socket.socket(family, kind)) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def _listen(port):
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.bind(("127.0.0.1", port))
        holder.listen(1)
        return holder
    except OSError:
        holder.close()
        return None
