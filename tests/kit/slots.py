"""Where private daemons live: numbered slots under one well-known folder, each owned by a live process or dead.

Callers: daemon (claims one), the command line (`down`, `sweep`). A slot is a folder, an address block and a bridge
name. Its lock file is held by the owning process for as long as it lives, so a free lock means a dead owner, even
after `kill -9`. Lock files are never removed: doing so would let two owners hold different files of the same name.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kit.errors import KitError

PARENT = Path("/tmp/dockerspec-kit")
"""Fixed and short: the next run must find what a dead one left, and a socket path has 107 bytes at most."""
SLOTS = 64
FIRST_OCTET = 128
"""Slot n has the addresses 10.(128+n).0.0/16."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place for a daemon: the number decides folder, addresses and bridge name."""

    number: int

    @property
    def folder(self) -> Path:
        """All that the daemon keeps is below it."""
        return PARENT / f"d{self.number}"

    @property
    def bridge(self) -> str:
        """The name of the default bridge."""
        return f"dskit{self.number}"

    @property
    def block(self) -> ipaddress.IPv4Network:
        """Every address that this daemon gives away."""
        return ipaddress.IPv4Network(f"10.{FIRST_OCTET + self.number}.0.0/16")


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot held by this process until `release`, or until the process ends."""

    slot: Slot
    descriptor: int

    def release(self) -> None:
        """Give the slot back."""
        os.close(self.descriptor)


def prepare() -> None:
    """Make the parent folder, and refuse one that belongs to somebody else."""
    PARENT.mkdir(mode=0o711, exist_ok=True)
    if PARENT.is_symlink() or PARENT.stat().st_uid != os.geteuid():
        raise KitError(f"{PARENT} belongs to somebody else; remove it")


def claim(number: int) -> Claim | None:
    """Take the slot, or None while a live process holds it. Never waits."""
    descriptor = os.open(PARENT / f"d{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Claim(Slot(number), descriptor)


def abandoned() -> Iterator[Claim]:
    """Each slot whose owner is dead but whose folder is still there, claimed for the caller to sweep and release."""
    for number in range(SLOTS):
        if Slot(number).folder.exists():
            taken = claim(number)
            if taken:
                yield taken


def free() -> Iterator[Claim]:
    """Each slot that nobody holds and whose addresses nobody on this machine uses; the caller keeps one."""
    used = list(_used_networks())
    for number in range(SLOTS):
        if any(Slot(number).block.overlaps(network) for network in used):
            continue
        taken = claim(number)
        if taken:
            yield taken


def _used_networks() -> Iterator[ipaddress.IPv4Network]:
    for words in (["ip", "-4", "-o", "route", "show", "table", "all"], ["ip", "-4", "-o", "addr"]):
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for found in re.findall(r"\b(\d+\.\d+\.\d+\.\d+(?:/\d+)?)", text):
            network = ipaddress.IPv4Network(found, strict=False)
            if network.prefixlen:
                yield network
