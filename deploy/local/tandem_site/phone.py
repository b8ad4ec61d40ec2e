"""A real SIP phone without a screen: baresip, driven and listened to."""

import json
import pathlib
import queue
import re
import shutil
import signal
import socket
import threading

from . import process, sound
from .progress import wait_until

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
call_max_calls 4
audio_source aufile,{folder}/speak.wav
audio_player aufile,{folder}/player.wav
audio_alert none
ausrc_srate 8000
auplay_srate 8000
rtp_ports {rtp_first}-{rtp_last}
snd_path {folder}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""
PORTS = 10  # that one phone takes: SIP, TLS, control, RTP of three calls


class Phone:
    """ports: first of PORTS free ones. registrar: (address, port); with a password it registers.

    answer: "auto" or "manual". tone_hz: what it says, all the time.
    """

    def __init__(self, folder, user, ports, registrar, domain="127.0.0.1", password=None,
                 answer="manual", tone_hz=440, codecs="PCMA,PCMU", display="", speak=None):
        self.folder = pathlib.Path(folder)
        self.user = user
        self.domain = domain
        self.sip_port = ports
        self._control_port = ports + 2
        self._rtp = (ports + 4, ports + PORTS - 1)
        self._registrar = registrar
        self._password = password
        self._answer = answer
        self._tone_hz = tone_hz
        self._speak = speak
        self._codecs = codecs
        self._display = display
        self._process = self._control = None

    # --- life -------------------------------------------------------------------------------

    def start(self, wait_registered=True):
        shutil.rmtree(self.folder, ignore_errors=True)  # what an earlier phone heard is not ours
        self.folder.mkdir(mode=0o700, parents=True)
        self._write_files()
        self._process = process.spawn(
            ["baresip", "-f", str(self.folder)], self.folder / "baresip.log",
            end_with_us=signal.SIGTERM)
        self._control = Control(wait_until(self._connect, 5, f"{self.user}: baresip listens"))
        if self._password and wait_registered:
            # By its log: the event may come before the control connection is there.
            wait_until(lambda: " binding]" in self.log(), 10,
                       f"{self.user} registers; see {self.folder}")
        return self

    def _write_files(self):
        first, last = self._rtp
        (self.folder / "config").write_text(CONFIG.format(
            folder=self.folder, sip_port=self.sip_port, control_port=self._control_port,
            rtp_first=first, rtp_last=last))
        (self.folder / "accounts").write_text(self._account() + "\n")
        (self.folder / "contacts").write_text("")
        if self._speak:
            (self.folder / "speak.wav").write_bytes(pathlib.Path(self._speak).read_bytes())
        else:
            sound.write_tone(self.folder / "speak.wav", self._tone_hz)

    def _account(self):
        address, port = self._registrar
        display = f'"{self._display}" ' if self._display else ""
        account = (f"{display}<sip:{self.user}@{self.domain}>;answermode={self._answer}"
                   f";audio_codecs={self._codecs};outbound=\"sip:{address}:{port}\"")
        if self._password:
            return f"{account};auth_user={self.user};auth_pass={self._password};regint=60"
        return f"{account};regint=0"

    def _connect(self):
        try:
            return socket.create_connection(("127.0.0.1", self._control_port), timeout=5)
        except OSError:
            return None

    def stop(self):
        """As when somebody quits it: unregisters and ends its calls."""
        self._end(signal.SIGTERM)

    def kill(self):
        """As when the network cable is pulled."""
        self._end(signal.SIGKILL)

    def _end(self, sig):
        if self._process:
            process.end(self._process.pid, sig)
            self._control.close()
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- what a person does -------------------------------------------------------------------

    def dial(self, number):
        uri = number if number.startswith("sip:") else f"sip:{number}@{self.domain}"
        return self.command("dial", uri)

    def accept(self):
        return self.command("accept")

    def hangup(self):
        return self.command("hangup")

    def decline(self):
        """486 while it rings."""
        return self.command("hangup")

    def press(self, digits):
        """RFC 4733 events, one after the other."""
        for digit in digits:
            self.command("sndcode", digit)

    def hold(self):
        return self.command("hold")

    def resume(self):
        return self.command("resume")

    def command(self, name, params=""):
        return self._control.command(name, params)

    # --- what a person sees and hears -----------------------------------------------------------

    @property
    def events(self):
        """All so far, as dictionaries with "type"."""
        return list(self._control.events)

    def wait_event(self, kind, seconds=10, count=1, what=None):
        """The count-th event of this type: REGISTER_OK CALL_INCOMING CALL_RINGING
        CALL_PROGRESS CALL_ESTABLISHED CALL_CLOSED."""
        def condition():
            found = [event for event in self._control.events if event.get("type") == kind]
            return found[count - 1] if len(found) >= count else None
        return wait_until(condition, seconds, what or f"{self.user} sees {kind} (no. {count})")

    def wait_ringing(self, seconds=10, count=1):
        return self.wait_event("CALL_INCOMING", seconds, count)

    def wait_talking(self, seconds=10, count=1):
        return self.wait_event("CALL_ESTABLISHED", seconds, count)

    def wait_ended(self, seconds=10, count=1):
        return self.wait_event("CALL_CLOSED", seconds, count)

    def heard(self, call=-1):
        """What came out of the receiver in the given call."""
        return self._dump("dec", call)

    def said(self, call=-1):
        return self._dump("enc", call)

    def _dump(self, side, call):
        files = sorted(self.folder.glob(f"dump-*-{side}.wav"), key=lambda path: path.stat().st_ctime)
        sounds = sound.read_wav(files[call]) if files else []
        return sounds[0] if sounds else sound.Sound([])

    def wait_tone(self, frequency, seconds=10, stretch=0.4):
        """Waits until it hears the tone for a while."""
        return wait_until(lambda: self.heard().part(-stretch).has_tone(frequency), seconds,
                          f"{self.user} hears {frequency} Hz")

    def log(self):
        text = (self.folder / "baresip.log").read_text(errors="replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Control:
    """ctrl_tcp: netstrings of JSON; answers carry our token, events come by themselves."""

    def __init__(self, connection):
        self.events = []
        self._connection = connection
        self._connection.settimeout(None)
        self._answers = queue.Queue()
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, name, params=""):
        self._number += 1
        token = str(self._number)
        text = json.dumps({"command": name, "params": params, "token": token}).encode()
        self._connection.sendall(b"%d:%s," % (len(text), text))
        while True:
            answer = self._answers.get(timeout=5)
            if answer.get("token") == token:
                return answer

    def _read(self):
        buffer = b""
        while True:
            try:
                received = self._connection.recv(65536)
            except OSError:
                return
            if not received:
                return
            buffer = self._take(buffer + received)

    def _take(self, buffer):
        while True:
            length, colon, rest = buffer.partition(b":")
            if not colon or len(rest) < int(length) + 1:
                return buffer
            message = json.loads(rest[:int(length)])
            buffer = rest[int(length) + 1:]
            if message.get("event"):
                self.events.append(message)
            elif message.get("response"):
                self._answers.put(message)

    def close(self):
        self._connection.close()
