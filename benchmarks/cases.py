"""What is measured: each function here makes one or more cases. Callers: the command line.

Everything that a case makes on the engine is gone when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.chains import chains
from benchmarks.composed import composed
from benchmarks.measure import BenchmarkError, Sample, rounds, timed
from benchmarks.peers import compose_program, docker_program, dockerspec
from benchmarks.stacks import Workload, long_spec
from benchmarks.table import Aim, Case, Tolls
from benchmarks.updates import updates

APPLY_AIM = 1.15
"""Creating containers may take this much longer than the engine's own share."""
PLAN_AIM = 2.0
"""A plan with nothing to do may take this much longer than Compose's look at its hash labels."""
LINES = 3000

_BARE = "the bare calls"
_COMPOSE = "docker compose up -d"

Contender = Callable[[], Sample]


GROUPS: dict[str, Callable[[Bench], Iterator[Case | Tolls]]] = {
    "starting": lambda bench: iter((starting(bench),)),
    "applying": lambda bench: applying(bench),
    "chains": chains,
    "updates": updates,
    "planning": lambda bench: (case for count in bench.effort.planned for case in planning(bench, count)),
    "composing": composed,
    "loading": lambda bench: iter((loading(bench),)),
}
"""All cases by group. What loads dockerspec into this process comes last: see `process` on memory."""


def starting(bench: Bench) -> Case:
    """Commands that do next to nothing."""
    docker = docker_program()
    commands = {
        "python -c pass": [dockerspec()[0], "-c", "pass"],
        "dockerspec version": dockerspec("version"),
        "dockerspec --help": dockerspec("--help"),
        "dockerspec version --engine": dockerspec("version", "--engine"),
        **({"docker --version": [docker, "--version"], "docker version": [docker, "version"]} if docker else {}),
    }
    bench.say("start-up")
    for command in commands.values():
        bench.run(*command)
    contenders = {name: _process(bench, *command) for name, command in commands.items()}
    return Case("Start-up: whole processes", rounds(bench.effort.starts, contenders), "python -c pass")


def loading(bench: Bench) -> Case:
    """From the text of a long spec to a validated stack."""
    from dockerspec.api import load

    path = bench.file("long.yaml", long_spec(LINES))
    if load([path]).diagnostics:
        raise BenchmarkError("the long spec has faults")
    bench.say(f"loading a spec of {LINES} lines")
    contenders = {
        "load() in a running program": lambda: timed(lambda: load([path])),
        "dockerspec validate": _process(bench, *dockerspec("validate", path)),
    }
    return Case(f"A spec of {LINES:,} lines, read and validated", rounds(bench.effort.starts, contenders))


def applying(bench: Bench) -> Iterator[Case]:
    """Create and start new containers: dockerspec, the same calls made raw, Compose."""
    effort = bench.effort
    ours, theirs, bare = (Workload(name, effort.applied, bench.image) for name in ("ours", "peer", "bare"))
    search = {_threads(count): _bare(bench, bare, count) for count in effort.threads}
    bench.say(f"{effort.applied} new containers: bare calls by number of threads")
    tried = rounds(effort.searches, search, _emptied(bench, dict.fromkeys(search, bare)))
    best = min(tried, key=lambda series: series.median).name
    yield Case(f"{effort.applied} new containers: create and start called raw, by number of threads", tried)
    spec, compose = bench.file("ours.yaml", ours.spec()), bench.file("peer.yaml", theirs.compose())
    base = f"{_BARE}, {best}"
    contenders = {
        "dockerspec apply": _process(bench, *dockerspec("apply", "--yes", spec)),
        base: search[best],
        _COMPOSE: _process(bench, compose_program(), "-f", compose, "up", "-d"),
    }
    bench.say(f"{effort.applied} new containers: dockerspec, {base}, Compose")
    found = rounds(
        effort.applies, contenders, _emptied(bench, dict(zip(contenders, (ours, bare, theirs), strict=True)))
    )
    yield Case(f"{effort.applied} new containers", found, base, Aim("dockerspec apply", APPLY_AIM))


def planning(bench: Bench, count: int) -> Iterator[Case]:
    """Look at containers that are all as they should be: dockerspec, Compose. And the inspects alone."""
    ours, theirs = (Workload(name, count, bench.image, "none") for name in ("ours", "peer"))
    spec, compose = bench.file("ours.yaml", ours.spec()), bench.file("peer.yaml", theirs.compose())
    up = (compose_program(), "-f", compose, "up", "-d")
    bench.say(f"{count} containers with nothing to do")
    try:
        bench.run(*dockerspec("apply", "--yes", spec))
        bench.run(*up)
        before = [bench.raw.running(item.name) for item in (ours, theirs)]
        contenders = {
            "dockerspec plan": _process(bench, *dockerspec("plan", "--detailed-exitcode", spec)),
            _COMPOSE: _process(bench, *up),
        }
        found = rounds(bench.effort.plans, contenders)
        if [bench.raw.running(item.name) for item in (ours, theirs)] != before or len(before[0]) != count:
            raise BenchmarkError("containers changed while nothing was to be done")
        most = count == bench.effort.planned[-1]
        aim = Aim("dockerspec plan", PLAN_AIM) if most else None
        yield Case(f"{count} containers, nothing to do", found, _COMPOSE, aim)
        if most:
            yield _inspecting(bench, before[0])
    finally:
        for item in (ours, theirs):
            bench.raw.remove(item.name)


def _inspecting(bench: Bench, idents: list[str]) -> Case:
    """The inspects of a plan alone, on one connection."""
    from dockerspec.engine.gateway import connect

    with connect(bench.host) as gateway:
        contenders: dict[str, Contender] = {
            "dockerspec's gateway": lambda: timed(lambda: [gateway.container(ident) for ident in idents]),
            _BARE: lambda: timed(lambda: bench.raw.inspect(idents)),
        }
        for contender in contenders.values():
            contender()
        found = rounds(bench.effort.starts, contenders)
    return Case(f"{len(idents)} inspects one after another, in a running program", found, _BARE)


def _process(bench: Bench, *command: str) -> Contender:
    return lambda: bench.run(*command)


def _bare(bench: Bench, workload: Workload, threads: int) -> Contender:
    return lambda: timed(lambda: bench.raw.create_and_start(workload, threads))


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"


def _emptied(bench: Bench, workloads: dict[str, Workload]) -> Callable[[str], None]:
    """What to do after each round of a contender: check that its containers run, and remove them."""

    def empty(name: str) -> None:
        workload = workloads[name]
        bench.check(workload.name, workload.count)
        bench.raw.remove(workload.name)

    return empty
