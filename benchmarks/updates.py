"""Measured here: what a client sees of a server while it is updated. Callers: cases."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from itertools import count

from benchmarks.bench import Bench
from benchmarks.measure import BenchmarkError, Sample, rounds
from benchmarks.sides import SIDES, Side, cleared, replaced
from benchmarks.stages import Stage, published, shared
from benchmarks.table import Case, Toll, Tolls
from tests.kit.load import Load, Served

_COMPOSE = "docker compose"
_RATE = 200.0
"""Requests a second."""
_PATIENCE = 0.2
"""Seconds that the client of a published port waits for an answer: it would otherwise hang on one that never comes."""
_CLIENTS = {
    "all": "tries all addresses of the answer until one accepts the connection",
    "first": "tries the first address of the answer only",
}


def updates(bench: Bench) -> Iterator[Case | Tolls]:
    """A server behind a port of the host; a server behind an alias."""
    for prompt in (True, False):
        with cleared(bench):
            yield _published(bench, prompt=prompt)
    for persistence, words in _CLIENTS.items():
        with cleared(bench):
            yield _shared(bench, persistence, words)


def _published(bench: Bench, *, prompt: bool) -> Case:
    words = "ends at once when stopped" if prompt else "closes its port when stopped and takes its whole grace, 1 s"
    bench.say(f"updating a server with a published port that {words}")
    ports = {name: _free_port() for name in SIDES}
    version = count(1)

    def stage(name: str) -> Stage:
        return published(SIDES[name].name, bench.image, ports[name], next(version), prompt=prompt)

    def outage(name: str) -> Sample:
        load = Load("127.0.0.1", ports[name], bench.folder, timeout=_PATIENCE)
        return Sample(_updated(bench, SIDES[name], stage(name), load).gap)

    for name, side in SIDES.items():
        side.up(bench, stage(name))
    found = rounds(bench.effort.updates, {name: partial(outage, name) for name in SIDES})
    return Case(f"The outage that a client sees: one server with a published port, which {words}", found, _COMPOSE)


def _shared(bench: Bench, persistence: str, words: str) -> Tolls:
    seconds = bench.effort.load
    bench.say(f"updating a server under load behind an alias; the client {words}")
    version = count(1)

    def stage(side: Side) -> Stage:
        return shared(side.name, bench.server, bench.image, next(version))

    def tolls(side: Side) -> Toll:
        inside = bench.engine.container(f"{side.name}-client-1")["State"]["Pid"]
        load = Load("web", 80, bench.folder, rate=_RATE, seconds=seconds, persistence=persistence, inside=inside)
        found = _updated(bench, side, stage(side), load)
        return Toll(found.requests, found.failed, found.slowest, found.faults)

    for side in SIDES.values():
        side.up(bench, stage(side))
    # By turns, as everything else.
    rows: dict[str, list[Toll]] = {name: [] for name in SIDES}
    for _ in range(bench.effort.loads):
        for name, side in SIDES.items():
            rows[name].append(tolls(side))
    title = f"{_RATE:g} requests a second for {seconds:g} s to an alias, the server updated; the client {words}"
    return Tolls(title, {name: tuple(found) for name, found in rows.items()})


def _updated(bench: Bench, side: Side, stage: Stage, load: Load) -> Served:
    """What the client saw of an update.

    Raises:
        BenchmarkError: there was none.
    """
    before = bench.engine.container(f"{side.name}-web-1")["Id"]
    with load:
        side.up(bench, stage)
        found = load.end()
    replaced(bench, side, before)
    if found.requests == 0:
        raise BenchmarkError("the client asked nothing")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
