"""A pseudo terminal with a program in it, and a small screen that understands what the program may
write: text, line ends, cursor home, clearing, colours, the alternate screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import unicodedata

from . import wait

ESCAPE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


def columns(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """Lines of cells; a wide character fills two. What is not understood is an error."""

    def __init__(self, width, height):
        self.modes = set()
        self.colours = set()
        self.resize(width, height)

    def resize(self, width, height):
        self.width, self.height = width, height
        self.x = self.y = 0
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.width for _ in range(self.height)]

    @property
    def lines(self):
        return ["".join(row) for row in self.cells]

    def feed(self, text):
        """What it does not understand to its end yet is given back."""
        while text:
            if text[0] == "\x1b":
                match = ESCAPE.match(text)
                if not match:
                    return text
                self._escape(*match.groups())
                text = text[match.end():]
            else:
                self._put(text[0])
                text = text[1:]
        return ""

    def _escape(self, parameters, letter):
        if letter == "H" and not parameters:
            self.x = self.y = 0
        elif letter == "J" and parameters == "2":
            self.clear()
        elif letter == "m":
            self.colours.add(parameters)
        elif letter in "hl" and parameters.startswith("?"):
            (self.modes.add if letter == "h" else self.modes.discard)(parameters)
        else:
            raise AssertionError(f"unknown sequence ESC [ {parameters} {letter}")

    def _put(self, character):
        if character == "\r":
            self.x = 0
        elif character == "\n":
            assert self.y + 1 < self.height, "a line too many"
            self.y += 1
        else:
            assert character.isprintable(), repr(character)
            assert self.x + columns(character) <= self.width, f"line {self.y} is too wide"
            if columns(character) == 0:
                return
            self.cells[self.y][self.x] = character
            for place in range(self.x + 1, self.x + columns(character)):
                self.cells[self.y][place] = ""
            self.x += columns(character)


class Terminal:
    """Runs a command; `environment` is added to ours."""

    def __init__(self, command, width=80, height=24, environment=None):
        self.screen = Screen(width, height)
        self._rest, self.raw, self.status = b"", b"", None
        self._text = ""
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "LANG": "C.UTF-8", **(environment or {})})
            os.execv(command[0], command)
        self._set_size(width, height)

    def _set_size(self, width, height):
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        self.read()
        self.screen.resize(width, height)
        self._set_size(width, height)

    def press(self, keys):
        os.write(self._file, keys.encode())

    def send(self, sig):
        os.kill(self.pid, sig)

    def settings(self):
        """Local modes of the terminal: echo, canonical ..."""
        return termios.tcgetattr(self._file)[3]

    def read(self):
        """Takes in what has been written."""
        while select.select([self._file], [], [], 0)[0]:
            try:
                more = os.read(self._file, 65536)
            except OSError:  # the program is gone
                break
            if not more:
                break
            self.raw += more
            self._rest += more
        text = self._rest.decode(errors="ignore")
        self._rest = self._rest[len(text.encode()):]
        self._text = self.screen.feed(self._text + text)

    @property
    def lines(self):
        self.read()
        return self.screen.lines

    def has(self, text):
        return any(text in line for line in self.lines)

    def wait_for(self, text, seconds=10):
        try:
            wait.until(lambda: self.has(text), seconds, f"the screen shows {text!r}")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.lines])) from None

    def wait_gone(self, text, seconds=10):
        wait.until(lambda: not self.has(text), seconds, f"the screen shows {text!r} no more")

    def wait_end(self, seconds=10):
        """Its exit status; negative: the signal that ended it."""
        def ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return pid != 0
        wait.until(ended, seconds, "the program ends")
        self.read()
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        os.close(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
