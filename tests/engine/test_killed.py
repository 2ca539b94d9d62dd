"""Law 7, wherever it strikes: killed at every single engine call, the next run finishes or undoes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.killing import Killer
from tests.engine.reference import FIRST, GONE, IN_VAIN, SCENARIOS, begin, faults_after
from tests.engine.stage import Stage
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

MOST_CALLS = 80
"""Beyond any scenario here: a scenario that needs more ends its test instead of the machine's patience."""

ROLLING = ("roll", "roll back")
"""Their calls are those of the others, so that being killed during them is tried there; and each of their many calls is
tried on one of the engines only, by turns. So is being killed during a call: what is left of that is what is left
before it or before the next one, but for what the engine does a moment later."""


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield stage
    stage.docker.close()


@pytest.fixture
def killer(engine_daemon: Daemon | GivenEngine) -> Iterator[Killer]:
    killer = Killer(engine_daemon.host)
    yield killer
    killer.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("scenario", "when"),
    [
        (scenario, when)
        for scenario in SCENARIOS
        for when in ("before", "during")
        if when == "before" or scenario not in ROLLING
    ],
)
def test_law_7_killed_at_every_call(
    stage: Stage,
    raw: RawEngine,
    killer: Killer,
    engine_name: str,
    tally: Callable[[str, int], None],
    scenario: str,
    when: str,
) -> None:
    before, after = SCENARIOS[scenario]
    faults, tried = [], 0
    by_turns = scenario in ROLLING or when == "during"
    # A turn of two calls has one for each engine.
    points = range(1 + (engine_name == "old"), MOST_CALLS, 2) if by_turns else range(1, MOST_CALLS)
    for at in points:
        begin(stage, raw, before)
        stage.load(IN_VAIN.get(scenario, after) or FIRST)
        parallelism = 1 if when == "before" else 4
        fate = killer.run(stage.folder / "stack.yaml", at, when=when, parallelism=parallelism, destroy=after == GONE)
        assert fate in ("killed", "done"), f"call {at}: {fate}"
        faults += [f"killed {when} call {at}: {text}" for text in faults_after(stage, raw, before, after)]
        if fate == "done":
            break
        tried += 1
    tally(f"kill points {when} a call of '{scenario}'", tried)
    assert tried
    assert not faults, "\n".join(faults)
