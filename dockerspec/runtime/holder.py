"""Who runs this: what a lock says of its holder, and whether a holder on this machine is still alive.

Callers: lock, journal. A process is told from a later one of the same number by the boot, the namespace and the moment
at which it started.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_START_FIELD = 19
"""Where /proc/PID/stat has the start time, counted behind the program's name (proc(5), field 22)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock.

    Attributes:
        user, host, pid: whose it is, for the reader.
        since: since when, as RFC 3339 text.
        boot: the machine's boot, and the namespace that the number counts in; empty where the system has no such thing.
        start: when the process started, in the kernel's ticks.
    """

    user: str
    host: str
    pid: int
    since: str
    boot: str = ""
    start: str = ""

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid}, since {self.since})"

    def to_text(self) -> str:
        """As a label holds it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Holder | None:
        """What a label says; None if it is not one of these."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError):
            return None

    @property
    def is_dead(self) -> bool:
        """Whether the process is known to have ended; never so for one on another machine."""
        return bool(self.boot) and self.boot == _boot() and _start(self.pid) != self.start

    @property
    def is_me(self) -> bool:
        """Whether it is this very process."""
        return bool(self.boot) and (self.boot, self.pid, self.start) == (_boot(), os.getpid(), _start(os.getpid()))


def myself(now: float) -> Holder:
    """This process, as the holder of a lock from `now` (seconds since the epoch) on."""
    pid = os.getpid()
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return Holder(_user(), socket.gethostname(), pid, since, _boot(), _start(pid))


def has_ended(holder: Holder) -> bool:
    """Whether a process that was on this machine has ended, if only since the machine was booted anew.

    Unlike `is_dead` this goes by the host's name, and so is no ground to take anything over from it.
    """
    if holder.is_dead:
        return True
    then, now = holder.boot.partition(" ")[0], _boot().partition(" ")[0]
    return holder.host == socket.gethostname() and bool(then and now) and then != now


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a number that has no name
        return str(os.geteuid())


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When a process started; empty if there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[_START_FIELD]
