"""A private Docker daemon: own folder, socket, bridge and addresses, beside any other and without touching it.

Callers: the test fixtures, the demo, the command line. Limits: root only. The daemon leaves the machine's firewall
alone (`iptables: false`): published ports are reached through its user-space proxy, on the loopback address too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.kit import slots, sweep
from tests.kit.engines import EngineBinaries
from tests.kit.errors import KitError
from tests.kit.raw import RawEngine
from tests.kit.slots import Claim

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Daemon:
    """One running daemon; a context manager that starts it and removes every trace at the end.

    Attributes:
        engine: which programs it runs.
        host: its address, `unix:///...`.
        raw: calls to it, independent of the product.

    `settings` are further keys of its daemon.json.
    """

    def __init__(self, engine: EngineBinaries, settings: Mapping[str, object] | None = None) -> None:
        self.engine = engine
        self._settings = dict(settings or {})
        self._claim: Claim | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Daemon:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def version(self) -> str:
        """The engine's version, `20.10.24`."""
        return self.engine.version

    @property
    def folder(self) -> Path:
        """Where everything of this daemon is."""
        return self._held().slot.folder

    @property
    def socket(self) -> Path:
        """The path of its socket."""
        return self.folder / "s.sock"

    @property
    def host(self) -> str:
        """Its address for clients."""
        return f"unix://{self.socket}"

    @property
    def raw(self) -> RawEngine:
        """Calls to it."""
        return RawEngine(self.host)

    @property
    def pid(self) -> int:
        """The process ID of dockerd."""
        return self._running().pid

    def subnet(self, number: int) -> str:
        """A /24 for an explicit `ipam` (number 1 to 127) that collides with nothing on this machine."""
        if not 1 <= number <= 127:
            raise ValueError(f"subnet {number} is not within 1 to 127")
        second = self._held().slot.block.network_address.packed[1]
        return f"10.{second}.{number}.0/24"

    def subnet6(self, number: int) -> str:
        """A /64 for an explicit `ipam` (number 1 to 127) that collides with nothing on this machine."""
        if not 1 <= number <= 127:
            raise ValueError(f"subnet {number} is not within 1 to 127")
        return f"fd00:d5:{self._held().slot.number:x}:{number:x}::/64"

    @property
    def bridge(self) -> str:
        """The name of its default bridge on the host."""
        return self._held().slot.bridge

    def log(self) -> str:
        """All that dockerd has written."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> Daemon:
        """Start and wait until it answers. Raises KitError with the end of the log when it doesn't."""
        if os.geteuid() != 0:
            raise KitError("starting a private Docker daemon takes root; run as root, or name an engine")
        slots.prepare()
        sweep.sweep_abandoned()
        self._claim = next(slots.free(), None)
        if not self._claim:
            raise KitError(f"no free slot below {slots.PARENT}: stop other test runs, or 'python -m tests.kit down'")
        try:
            sweep.sweep(self._claim.slot)
            self._lay_out()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the daemon and all that it runs, and remove what it left. Does nothing when not started."""
        if not self._claim:
            return
        try:
            self._terminate(with_containers=True)
            sweep.sweep(self._claim.slot)
        finally:
            self._claim.release()
            self._claim = None

    def restart(self) -> None:
        """Stop dockerd as an administrator would, and start it again on the same data."""
        self._terminate()
        self._launch()

    def kill(self) -> None:
        """End dockerd at once, as a crash would; its containers and folder stay. `relaunch` brings it back."""
        self._running().kill()
        self._running().wait()
        self._process = None

    def relaunch(self) -> None:
        """Start dockerd again after `kill`."""
        # Its containerd died with it. Where nobody collects that process at once, its number still looks alive, and
        # the new dockerd would wait for it instead of starting another.
        (self.folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        self._launch()

    def pause(self) -> None:
        """Freeze dockerd: its socket accepts, but nothing answers, until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def _held(self) -> Claim:
        if not self._claim:
            raise KitError("this daemon is not started")
        return self._claim

    def _running(self) -> subprocess.Popen[bytes]:
        if not self._process:
            raise KitError("dockerd is not running")
        return self._process

    def _lay_out(self) -> None:
        slot = self._held().slot
        slot.folder.mkdir(mode=0o711, parents=True)
        _ensure_cgroups()
        gateway = f"{slot.block.network_address + 1}/24"
        _ip("link", "add", "name", slot.bridge, "type", "bridge")
        _ip("address", "add", gateway, "dev", slot.bridge)
        _ip("link", "set", "dev", slot.bridge, "up")
        sweep.forward(slot, add=True)
        (slot.folder / "daemon.json").write_text(json.dumps(self._config(), indent=1), encoding="utf-8")

    def _config(self) -> dict[str, object]:
        slot = self._held().slot
        pool = f"10.{slot.block.network_address.packed[1]}.128.0/17"
        return {
            "data-root": f"{slot.folder}/data",
            "exec-root": f"{slot.folder}/exec",
            "pidfile": f"{slot.folder}/pid",
            "hosts": [self.host],
            "bridge": slot.bridge,
            "default-address-pools": [{"base": pool, "size": 24}],
            "iptables": False,
            "ip6tables": False,
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "shutdown-timeout": 3,
            **self._settings,
        }

    def _launch(self) -> None:
        folder = self.folder
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["dockerd", "--config-file", f"{folder}/daemon.json"],
                env={"PATH": self.engine.path, "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.raw.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log().splitlines()[-15:])
                raise KitError(f"Docker {self.version} did not start; the end of its log:\n{tail}")
            time.sleep(0.05)

    def _terminate(self, *, with_containers: bool = False) -> None:
        """Ask dockerd to end, and insist after a while; a frozen one is woken for it.

        `with_containers` spares their stop timeouts, where all that they have is about to be removed anyway.
        """
        process, self._process = self._process, None
        if not process:
            return
        for number in (signal.SIGCONT, signal.SIGTERM):
            process.send_signal(number)
        if with_containers:
            sweep.end_containers(self._held().slot)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ensure_cgroups() -> None:
    """Mount the unified control groups where a bare machine has none."""
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    if any(line.split()[2] in ("cgroup", "cgroup2") for line in mounts.splitlines()):
        return
    done = subprocess.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], capture_output=True, text=True)
    if done.returncode != 0:
        raise KitError(f"no control groups on this machine, and they can't be mounted: {done.stderr.strip()}")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise KitError(f"ip {' '.join(words)} failed: {done.stderr.strip()}")
