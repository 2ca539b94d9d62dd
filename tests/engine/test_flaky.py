"""A connection that is not to be relied on: a run succeeds or fails with the truth, and the next one converges.

What befalls a call is decided by a seed. `DOCKERSPEC_SOAK=SECONDS` goes on with further seeds for that long on each
engine; `DOCKERSPEC_SEED` is the first one.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from dockerspec.api import Docker
from dockerspec.core.plan.consent import Consent
from dockerspec.errors import EngineError
from tests.engine.reference import (
    FIRST,
    IN_VAIN,
    SCENARIOS,
    anonymous_volumes,
    begin,
    faults_after,
    left_behind,
    untrue,
)
from tests.engine.stage import Stage
from tests.kit.daemon import Daemon
from tests.kit.flaky import FAULTS, FlakyProxy
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

FIRST_SEED = int(os.environ.get("DOCKERSPEC_SEED", "1"))
SOAK = float(os.environ.get("DOCKERSPEC_SOAK", "0"))
RATES = (0.1, 0.25, 0.5)
"""The part of all calls that something befalls: what runs survive, and what many don't."""


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield stage
    stage.docker.close()


def _turn(stage: Stage, raw: RawEngine, host: str, after: str) -> tuple[str, list[str]]:
    """One turn over a sick connection: how it ended, and what its report says that is not so."""
    spec = stage.load(after or FIRST)
    with Docker(host) as docker:
        try:
            plan = docker.plan(spec) if after else docker.plan_destroy(spec)
            report = docker.apply(plan, spec=spec, allow=tuple(Consent))
        except EngineError as fault:
            return "not begun", [] if fault.message else ["refused without a word"]
    faults = untrue(report, raw)
    if report.ok and after and not stage.plan(after).is_empty:
        faults.append("the report says that all is well, and it is not")
    return ("done" if report.ok else "failed"), faults


@pytest.mark.timeout(900 + SOAK * 3)
def test_law_7_a_sick_connection(
    engine_daemon: Daemon | GivenEngine, stage: Stage, raw: RawEngine, tmp_path: Path, tally: Callable[[str, int], None]
) -> None:
    if not isinstance(engine_daemon, Daemon):
        pytest.skip("the proxy wants the engine's socket")
    fates: Counter[str] = Counter()
    befell: Counter[str] = Counter()
    faults: list[str] = []
    end = time.monotonic() + SOAK
    for seed in count(FIRST_SEED):
        for number, (name, (before, after)) in enumerate(SCENARIOS.items()):
            rate = RATES[(seed + number) % len(RATES)]
            begin(stage, raw, before)
            dangling = anonymous_volumes(raw)
            file = tmp_path / f"{seed}-{number}.sock"
            with FlakyProxy(engine_daemon.socket, file, seed=seed * len(SCENARIOS) + number, rate=rate) as proxy:
                fate, found = _turn(stage, raw, proxy.host, IN_VAIN.get(name, after))
            fates[fate] += 1
            befell.update(proxy.faults)
            found += faults_after(stage, raw, before, after)
            found += left_behind(raw, stage.stack, dangling) if after else []
            faults += [f"seed {seed}, '{name}', {fate}, {dict(proxy.faults)}: {text}" for text in found]
        if time.monotonic() >= end and set(befell) == set(FAULTS):
            break
    print(f"seeds {FIRST_SEED} to {seed}: {dict(fates)}; {dict(befell)}")
    tally(f"turns over a sick connection (seeds {FIRST_SEED} to {seed})", fates.total())
    tally("faults of a connection", befell.total())
    assert not faults, "\n".join(faults)
    assert fates["done"] > fates.total() // 2
