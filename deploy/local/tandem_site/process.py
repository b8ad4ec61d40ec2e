"""Starting and ending the processes of a site. They are ended by their own pid, never by name."""

import ctypes
import os
import pwd
import signal
import subprocess

from .progress import Failure, wait_until

PR_SET_PDEATHSIG = 1


def spawn(command, log, end_with_us=None, user=None, keep=()):
    """Starts `command` in a session of its own, output to the file `log`.

    end_with_us: a signal it gets when our own process dies, so that a killed test run leaves
    nothing behind; to the kernel that is the thread that calls this. keep: file descriptors it
    inherits.
    """

    def in_child():
        if end_with_us:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, end_with_us)

    with open(log, "ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            preexec_fn=in_child, pass_fds=keep, **as_user(user))


def run(command, user=None):
    """Runs it to its end; what it printed. Failure with what it complained of."""
    # cwd: the user of PostgreSQL may not be allowed into ours.
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd="/",
                          check=False, **as_user(user))
    if done.returncode:
        raise Failure(f"{command[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def as_user(name):
    """What subprocess needs to become `name`; nothing for ourselves."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def read_pid(path, program):
    """The pid in the first line of `path` if that process lives and runs `program`, else None."""
    try:
        with open(path, encoding="ascii") as file:
            pid = int(file.readline())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().decode(errors="replace")
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if program in command and state != "Z" else None


def end(pid, sig=signal.SIGTERM, seconds=10):
    """Sends `sig` and waits until the process is gone; SIGKILL when it does not go."""
    for which, patience in ((sig, seconds), (signal.SIGKILL, 5)):
        try:
            os.kill(pid, which)
        except ProcessLookupError:
            return
        try:
            wait_until(lambda: not alive(pid), patience, f"process {pid} ends")
            return
        except Exception:
            if which == signal.SIGKILL:
                raise


def alive(pid):
    """Is it there and no zombie? Reaps it when it is our child."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
