"""Measured here: chains of dependencies, from nothing, with nothing to do, and taken down. Callers: cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.bench import Bench
from benchmarks.measure import BenchmarkError, Sample, rounds, timed
from benchmarks.sides import OURS, THEIRS, Side, cleared
from benchmarks.stages import Stage, chain, links
from benchmarks.table import Case

_BARE = "the bare stops, in order"


def chains(bench: Bench) -> Iterator[Case]:
    """Chains in which each container waits for the health of the one before."""
    with cleared(bench):
        yield _rising(bench)
    with cleared(bench):
        yield _standing(bench)
    with cleared(bench):
        yield _falling(bench)


def _rising(bench: Bench) -> Case:
    depth = bench.effort.depth
    bench.say(f"{depth} containers, each waiting for the health of the one before")
    contenders = {
        "dockerspec apply": partial(OURS.up, bench, _chain(bench, OURS)),
        "docker compose up -d": partial(THEIRS.up, bench, _chain(bench, THEIRS)),
    }
    sides = dict(zip(contenders, (OURS, THEIRS), strict=True))

    def clear(name: str) -> None:
        side = sides[name]
        bench.check(side.name, depth)
        bench.raw.remove(side.name)

    found = rounds(bench.effort.chains, contenders, clear)
    return Case(f"A chain of {depth}, each waiting for the health of the one before", found, "docker compose up -d")


def _standing(bench: Bench) -> Case:
    depth = bench.effort.depth
    bench.say("the same with nothing to do")
    ours, theirs = _chain(bench, OURS), _chain(bench, THEIRS)
    OURS.up(bench, ours)
    THEIRS.up(bench, theirs)
    before = [bench.raw.running(side.name) for side in (OURS, THEIRS)]
    plan = OURS.command(bench, ours, "plan", "--detailed-exitcode")
    contenders: dict[str, Callable[[], Sample]] = {
        "dockerspec plan": lambda: bench.run(*plan),
        "dockerspec apply": partial(OURS.up, bench, ours),
        "docker compose up -d": partial(THEIRS.up, bench, theirs),
    }
    found = rounds(bench.effort.chains, contenders)
    if [bench.raw.running(side.name) for side in (OURS, THEIRS)] != before or len(before[0]) != depth:
        raise BenchmarkError("containers changed while nothing was to be done")
    return Case(f"A chain of {depth}, nothing to do", found, "docker compose up -d")


def _falling(bench: Bench) -> Case:
    depth, grace = bench.effort.depth, bench.effort.grace
    bench.say(f"taking down {depth} containers that take {grace} s to stop, one after another")
    contenders = {
        "dockerspec destroy": partial(_down, bench, OURS, OURS.down),
        "docker compose down": partial(_down, bench, THEIRS, THEIRS.down),
        _BARE: partial(_down, bench, OURS, _stop_and_remove),
    }
    found = rounds(bench.effort.chains, contenders)
    title = f"A chain of {depth} taken down; each ignores the signal, is killed after {grace} s, and may not go before"
    return Case(f"{title} those that depend on it", found, _BARE)


def _down(bench: Bench, side: Side, take_down: Callable[[Bench, Stage], Sample]) -> Sample:
    """Bring a chain of slow stoppers up, which is not measured, and down."""
    stage = _chain(bench, side, bench.effort.grace)
    side.up(bench, stage)
    bench.check(side.name, bench.effort.depth)
    found = take_down(bench, stage)
    if bench.engine.containers(bench_workload=side.name):
        raise BenchmarkError(f"{side.name} is not gone")
    return found


def _stop_and_remove(bench: Bench, stage: Stage) -> Sample:
    """The same by bare calls: the stops one after another, then all removals at once."""
    last_first = links(stage.name, bench.effort.depth)[::-1]

    def calls() -> None:
        bench.raw.stop(last_first)
        bench.raw.remove(stage.name)

    return timed(calls)


def _chain(bench: Bench, side: Side, grace: int = 0) -> Stage:
    return chain(side.name, bench.effort.depth, bench.image, grace=grace)
