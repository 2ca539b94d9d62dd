"""Law 7, wherever it strikes: killed at every single engine call, the next run finishes or undoes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.killing import Killer
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

MOST_CALLS = 80
"""Beyond any scenario here: a scenario that needs more ends its test instead of the machine's patience."""

FIRST = """
networks: {front: {}, back: {}}
volumes: {data: {}}
containers:
  web:
    image: {image}
    command: [httpd, -f, -p, "80", -h, /data]
    stop_grace_period: 0s
    networks: {front: {aliases: [www]}, back: {}}
    depends_on: {db: {condition: service_healthy}}
    volumes: ["data:/data"]
    healthcheck: {test: "true", interval: 100ms}
  db:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: [back]
    volumes: ["data:/data", "/anonymous"]
    healthcheck: {test: "true", interval: 100ms}
  odd:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: [back]
"""
GONE = ""
SCENARIOS = {
    "create": (GONE, FIRST),
    "update": (FIRST, FIRST.replace("interval: 100ms}", "interval: 100ms}\n    mem_limit: 64m")),
    "replace": (FIRST, FIRST.replace("interval: 100ms}", "interval: 100ms}\n    user: '0:0'")),
    "rewire": (FIRST, FIRST.replace("back: {}}\nvol", "back: {labels: {made: anew}}}\nvol")),
    "rename and drop": (FIRST, FIRST.replace("  odd:", "  even:\n    container_name: {stack}-even")),
    "destroy": (FIRST, GONE),
}
"""The state before, and the one that the run was on the way to when it was killed."""


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


def _begin(stage: Stage, raw: RawEngine, before: str) -> None:
    """Bring the stack into the state before the scenario, and leave a mark in its volumes."""
    if before == GONE:
        report = stage.destroy(FIRST, delete_volumes=("data",))
        assert report.ok, told(report)
        return
    stage.settle(before)
    code, output = raw.execute(f"{stage.stack}-db-1", "sh", "-c", "echo kept | tee /data/mark /anonymous/mark")
    assert code == 0, output


def _after_destroy(stage: Stage, raw: RawEngine) -> Iterator[str]:
    """What is wrong after destroying went on in a second run."""
    report = stage.destroy(FIRST)
    if not report.ok:
        yield f"the next run failed: {told(report)}"
    for path in ("/containers/json", "/networks"):
        yield from (f"still there: {item}" for item in raw.get(path, all=True) if stage.stack in str(item))
    if raw.find(f"/volumes/{stage.stack}_data") is None:
        yield "the volume is gone"


def _after_apply(stage: Stage, raw: RawEngine, before: str, after: str) -> Iterator[str]:
    """What is wrong after the spec was applied in a second run."""
    report = stage.apply(after)
    if not report.ok:
        yield f"the next run failed: {told(report)}"
        return
    plan = stage.plan(after)
    if not plan.is_empty:
        yield f"not converged: {differing(plan)}"
    names = sorted(item["Names"][0] for item in raw.get("/containers/json", all=True) if stage.stack in str(item))
    if len(names) != after.count("image:"):
        yield f"doubled or missing containers: {names}"
    if before == GONE:
        return
    code, output = raw.execute(f"{stage.stack}-db-1", "cat", "/data/mark", "/anonymous/mark")
    if (code, output) != (0, "kept\nkept\n"):
        yield f"data was lost: {output}"
    # Not wget: the image's can neither look names up nor wait for a limited time.
    request = r"printf 'GET /mark HTTP/1.0\r\n\r\n' | nc -w 5 web 80 | tail -n 1"
    code, output = raw.execute(f"{stage.stack}-db-1", "sh", "-c", request)
    if code or output != "kept\n":
        yield f"the site does not answer: {code} {output}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("when", ["before", "during"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_law_7_killed_at_every_call(
    stage: Stage, raw: RawEngine, killer: Killer, tally: Callable[[str, int], None], scenario: str, when: str
) -> None:
    before, after = SCENARIOS[scenario]
    faults = []
    for at in range(1, MOST_CALLS):
        _begin(stage, raw, before)
        stage.load(after or FIRST)
        parallelism = 1 if when == "before" else 4
        fate = killer.run(stage.folder / "stack.yaml", at, when=when, parallelism=parallelism, destroy=after == GONE)
        assert fate in ("killed", "done"), f"call {at}: {fate}"
        found = _after_destroy(stage, raw) if after == GONE else _after_apply(stage, raw, before, after)
        faults += [f"killed {when} call {at}: {text}" for text in found]
        if fate == "done":
            break
    tally(f"kill points {when} a call of '{scenario}'", at - 1)
    assert at > 1
    assert not faults, "\n".join(faults)
