"""Remove every trace of a dead daemon: processes, mounts, bridges, cgroups, firewall rule, folder.

Callers: daemon (at the end of each run, and before the next), the command line. Works from what is on disk and in
/proc alone, so that it also cleans up after an owner that was killed. Ends only processes that it can tell to be the
slot's: engine programs that name the slot's folder, and processes in the control group of one of its containers.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.kit import slots
from tests.kit.errors import KitError
from tests.kit.slots import Slot

PROGRAMS = ("dockerd", "containerd", "containerd-shim", "docker-proxy")
SECONDS = 20.0
"""How long killed processes may take to be gone."""
CGROUPS = Path("/sys/fs/cgroup")
_LINKS_OF_A_NETWORK = ("br", "dm", "di", "vx")
"""Prefixes of the links that the engine makes for a network: bridge, macvlan and ipvlan parents, overlay."""


def sweep_abandoned() -> list[Slot]:
    """Sweep the slots of all dead owners; which ones there were."""
    swept = []
    if slots.PARENT.exists():
        for claim in slots.abandoned():
            try:
                sweep(claim.slot)
            finally:
                claim.release()
            swept.append(claim.slot)
    return swept


def sweep(slot: Slot) -> None:
    """Remove all that is left of the slot's daemon. The caller holds the slot."""
    containers = _container_ids(slot)
    networks = _network_ids(slot)
    sockets = _shim_sockets(slot)
    _end_processes(slot, containers)
    _unmount_below(slot.folder)
    _delete_links(slot, networks)
    forward(slot, add=False)
    for socket in sockets:
        socket.unlink(missing_ok=True)
    for ident in containers:
        _remove_cgroups(ident)
    shutil.rmtree(slot.folder, ignore_errors=True)
    if slot.folder.exists():
        raise KitError(f"{slot.folder} can't be removed; look at what still uses it")


def end_containers(slot: Slot) -> None:
    """Kill all that runs inside the slot's containers."""
    containers = _container_ids(slot)
    for pid in _all_pids():
        if _is_inside(pid, containers):
            _kill(pid)


def leftovers(slot: Slot) -> list[str]:
    """What is still there of the slot, in words; empty when it is clean."""
    found = [f"process {pid}" for pid in processes(slot, _container_ids(slot))]
    found += [f"mount {path}" for path in _mounts_below(slot.folder)]
    found += [f"link {name}" for name in _links(slot, _network_ids(slot))]
    if slot.folder.exists():
        found.append(f"folder {slot.folder}")
    return found


def processes(slot: Slot, containers: frozenset[str] = frozenset()) -> list[int]:
    """The live processes of the slot: engine programs, and all that runs in these containers."""
    return [pid for pid in _all_pids() if _is_engine(slot, pid) or _is_inside(pid, containers)]


def forward(slot: Slot, *, add: bool) -> None:
    """Let containers of one network talk where bridged frames pass a firewall whose default is to drop them.

    The kit's daemons leave the machine's firewall alone, so the one rule that they need is made here.
    """
    block = str(slot.block)
    rule = ["FORWARD", "-s", block, "-d", block, "-j", "ACCEPT"]
    if not shutil.which("iptables"):
        return
    present = subprocess.run(["iptables", "-w", "-C", *rule], capture_output=True).returncode == 0
    if present != add:
        subprocess.run(["iptables", "-w", "-I" if add else "-D", *rule], capture_output=True)


def _all_pids() -> Iterator[int]:
    own = os.getpid()
    return (int(entry) for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != own)


def _is_engine(slot: Slot, pid: int) -> bool:
    words = _read(Path(f"/proc/{pid}/cmdline")).split("\0")
    program = os.path.basename(words[0])
    if program == "docker-proxy":
        # It names no folder, but an address of the slot.
        return any(word.startswith(str(slot.block.network_address).removesuffix("0.0")) for word in words)
    return program.startswith(PROGRAMS) and any(word.startswith(f"{slot.folder}/") for word in words)


def _is_inside(pid: int, containers: frozenset[str]) -> bool:
    return bool(containers & set(re.findall(r"[0-9a-f]{64}", _read(Path(f"/proc/{pid}/cgroup")))))


def _end_processes(slot: Slot, containers: frozenset[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while found := processes(slot, containers):
        for pid in found:
            _kill(pid)
        if time.monotonic() > deadline:
            raise KitError(f"processes {found} of {slot.folder} can't be ended")
        time.sleep(0.02)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    points = [line.split(" ")[4] for line in lines]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def _unmount_below(folder: Path) -> None:
    for point in _mounts_below(folder):
        subprocess.run(["umount", "-l", point], capture_output=True)


def _container_ids(slot: Slot) -> frozenset[str]:
    folder = slot.folder / "data" / "containers"
    return frozenset(path.name for path in folder.glob("*")) if folder.exists() else frozenset()


def _network_ids(slot: Slot) -> frozenset[str]:
    """IDs of the networks that the daemon ever made: its store is a binary file, but they stand in it as text."""
    store = slot.folder / "data" / "network" / "files" / "local-kv.db"
    if not store.exists():
        return frozenset()
    return frozenset(ident.decode() for ident in re.findall(rb"[0-9a-f]{64}", store.read_bytes()))


def _links(slot: Slot, networks: frozenset[str]) -> list[str]:
    expected = {f"{prefix}-{ident[:12]}" for prefix in _LINKS_OF_A_NETWORK for ident in networks} | {slot.bridge}
    return sorted(expected & set(os.listdir("/sys/class/net")))


def _delete_links(slot: Slot, networks: frozenset[str]) -> None:
    for name in _links(slot, networks):
        subprocess.run(["ip", "link", "delete", name], capture_output=True)


def _shim_sockets(slot: Slot) -> list[Path]:
    """Sockets that containerd's shims open outside the daemon's folder; their names are noted inside it."""
    found = []
    for pattern in ("exec/**/address", "exec/**/bootstrap.json", "data/**/bootstrap.json"):
        for note in slot.folder.glob(pattern):
            found += re.findall(r"/run/containerd/s/[0-9a-f]{64}", _read(note))
    return [Path(name) for name in found]


def _remove_cgroups(ident: str) -> None:
    patterns = (f"docker/{ident}", f"*/docker/{ident}", f"system.slice/docker-{ident}.scope")
    for pattern in patterns:
        for group in CGROUPS.glob(pattern):
            for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
                _rmdir(folder)
            _rmdir(group)


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
