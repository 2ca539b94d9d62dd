"""An engine that is restarted, kindly or not, under a run: the run goes on or fails cleanly, and the next converges.

A sample of the calls at which it happens, by a printed seed, and those of `KNOWN`. `DOCKERSPEC_SEED` is another seed;
`DOCKERSPEC_ALL_POINTS=1` takes all calls, and `DOCKERSPEC_POINTS` those that it names, as the output does.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker
from dockerspec.core.report.outcome import Report
from dockerspec.engine.gateway import connect
from tests.conftest import TALLY
from tests.engine.killing import UNDER_WAY, Struck
from tests.engine.reference import FIRST, SCENARIOS, begin, faults_after, left_behind, untrue
from tests.engine.stage import Stage, told
from tests.kit import images
from tests.kit.daemon import Daemon

SEED = int(os.environ.get("DOCKERSPEC_SEED", "1"))
ALL = bool(os.environ.get("DOCKERSPEC_ALL_POINTS"))
KNOWN = ("killed before create 10",)
"""Points that something went wrong at, which are always tried.

At this one 20.10 has begun to start a container and never noted it: see `runtime.execute.stuck`.
"""
NAMED = os.environ.get("DOCKERSPEC_POINTS", "")
"""Points, separated by commas."""
TURNS = ("create", "update", "replace", "roll", "destroy")
WAYS = ("killed before", "killed during", "stopped before", "stopped during")
"""What happens to the engine, and when."""
CALLS = {"create": 14, "update": 2, "replace": 14, "roll": 12, "destroy": 7}
"""How many calls a turn makes, at least; the sample is taken from these."""
STARTABLE = 60.0
"""Seconds for which the engine may still hold on to a process that was ended behind its back."""
KEPT_UP = "stop_grace_period: 0s\n    restart: always"
"""Half of the turns are made with containers that the engine starts again after its own restart."""


@dataclass(frozen=True)
class Point:
    """Where and how it happens."""

    turn: str
    at: int
    way: str
    kept_up: bool

    def __str__(self) -> str:
        return f"{self.way} {self.turn} {self.at}" + ("+up" if self.kept_up else "")

    @classmethod
    def named(cls, text: str) -> Point:
        """The point that its text names."""
        words, _, kept_up = text.strip().partition("+")
        verb, when, turn, at = words.split()
        return cls(turn, int(at), f"{verb} {when}", bool(kept_up))


def _points() -> list[Point]:
    """Those named, all, or the known ones and a sample in which every turn and every way comes up."""
    if NAMED:
        return [Point.named(text) for text in NAMED.split(",")]
    chance = random.Random(SEED)
    if ALL:
        where = [(turn, at, way) for turn in TURNS for at in range(1, CALLS[turn] + 1) for way in WAYS]
        return [Point(*item, chance.random() < 0.5) for item in where]
    ways = chance.sample(WAYS, len(WAYS)) * 2
    sample = [Point(turn, chance.randint(1, CALLS[turn]), ways.pop(), chance.random() < 0.5) for turn in TURNS]
    return [*map(Point.named, KNOWN), *sample]


@pytest.fixture
def stage(own_daemon: Daemon, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(own_daemon.host, tmp_path, "struck", images.ensure(own_daemon.raw, "busybox"))
    yield stage
    stage.docker.close()


class Restarter:
    """Restarts the engine once, at the call that it is handed."""

    def __init__(self, daemon: Daemon, way: str) -> None:
        self._daemon = daemon
        self._kills = way.startswith("killed")
        self._during = way.endswith("during")
        self._thread = threading.Thread(target=self._restart)

    def strike(self, call: Callable[[], Any]) -> Any:
        """Make the call while the engine goes down, or after it began to."""
        with ThreadPoolExecutor(1) as other:
            early = other.submit(call) if self._during else None
            time.sleep(UNDER_WAY)
            if self._kills:
                self._daemon.kill()
            self._thread.start()
            return early.result() if early else call()

    def wait(self) -> bool:
        """Wait until the engine is back; whether it was restarted at all."""
        if self._thread.ident is None:
            return False
        self._thread.join()
        return True

    def _restart(self) -> None:
        if self._kills:
            self._daemon.relaunch()
        else:
            self._daemon.restart()


def _struck_turn(stage: Stage, daemon: Daemon, point: Point, after: str) -> tuple[bool, Report]:
    """Take a turn under which the engine is restarted; whether it was, and how the turn ended."""
    spec = stage.load(after or _dressed(FIRST, point))
    restarter = Restarter(daemon, point.way)
    struck = Struck(connect(daemon.host), point.at, restarter.strike)
    with Docker(engine=struck) as docker:  # type: ignore[arg-type]
        plan = docker.plan(spec) if after else docker.plan_destroy(spec)
        try:
            report = docker.apply(plan, spec=spec, parallelism=2)
        finally:
            hit = restarter.wait()
    return hit, report


def _taken_up(stage: Stage, daemon: Daemon, before: str, after: str) -> tuple[list[str], int]:
    """What is wrong after the next run, and for how many containers somebody had to help with their own hands.

    An engine that was killed in the middle of a start can lose a process that runs. No call of its tells, and none
    ends it; then the failure says what does, and that is done here.
    """
    found = faults_after(stage, daemon.raw, before, after)
    lost = [item["Id"] for item in daemon.raw.containers(dockerspec_stack=stage.stack) if _has_lost(daemon, item["Id"])]
    if not lost:
        return found, 0
    for ident in lost:
        _end_shim(ident)
    deadline = time.monotonic() + STARTABLE
    while found and time.monotonic() < deadline:
        found = faults_after(stage, daemon.raw, before, after)
    return found, len(lost)


def _has_lost(daemon: Daemon, ident: str) -> bool:
    return "id already in use" in daemon.raw.container(ident)["State"]["Error"]


def _end_shim(ident: str) -> None:
    """As `stuck.way_out` says to do."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"containerd-shim" in words[0] and ident.encode() in words:
                os.kill(int(folder.name), signal.SIGKILL)


def _dressed(text: str, point: Point) -> str:
    return text.replace("stop_grace_period: 0s", KEPT_UP) if point.kept_up else text


@pytest.mark.timeout(7200 if ALL or NAMED else 600)
def test_law_7_an_engine_that_is_restarted(own_daemon: Daemon, stage: Stage, pytestconfig: pytest.Config) -> None:
    fates: Counter[str] = Counter()
    faults: list[str] = []
    for point in _points():
        before, after = (_dressed(text, point) for text in SCENARIOS[point.turn])
        begin(stage, own_daemon.raw, before)
        hit, report = _struck_turn(stage, own_daemon, point, after)
        fates["survived" if report.ok else "failed"] += hit
        # Containers whose engine was restarted since may rightly not be as the report left them.
        found = [text for text in untrue(report, own_daemon.raw) if "fault of ours" in text or "without a word" in text]
        wrong, helped = _taken_up(stage, own_daemon, before, after)
        found += wrong
        fates["helped by hand"] += helped
        found += [text for text in left_behind(own_daemon.raw, stage.stack, set()) if "lock" in text]
        faults += [f"{point}: {text}" for text in found]
        print(f"{point}{wrong}: {'not struck' if not hit else 'survived' if report.ok else told(report)}", flush=True)
    struck = fates["survived"] + fates["failed"]
    print(f"seed {SEED}: {dict(fates)}")
    counts = pytestconfig.stash[TALLY].setdefault(f"Docker {own_daemon.version}", {})
    counts[f"restarts of the engine under a run (seed {SEED})"] = struck
    assert struck >= len(TURNS) or NAMED
    assert not faults, "\n".join(faults)
    assert fates["survived"] or NAMED
