"""Every field both ways on real engines: set it, spell it otherwise, change it, drop it (tests/cases/fields)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.api import Docker, load
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.plan.plan import Plan
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

CASES = Path(__file__).parents[1] / "cases" / "fields" / "containers"


@dataclass(frozen=True)
class Case:
    """One line of the files."""

    name: str
    field: str
    a: Any
    b: Any
    way: str
    then: str
    paths: tuple[str, ...]
    same: tuple[Any, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    since: tuple[int, int] = (1, 41)
    cgroup: int = 0


def read_cases() -> Iterator[Case]:
    """The cases, numbered: the number is a part of the container's name."""
    lines = [line for file in sorted(CASES.glob("*.yaml")) for line in YAML(typ="safe").load(file)]
    for number, raw in enumerate(lines):
        yield Case(
            name=f"c{number:03}-{raw['field'].replace('_', '-')}",
            field=raw["field"],
            a=raw["a"],
            b=raw["b"],
            way=raw["way"],
            then=raw.get("then", raw["way"]),
            paths=tuple(raw.get("paths", [raw["field"]])),
            same=tuple(raw.get("same", ())),
            extra=raw.get("with", {}),
            since=tuple(map(int, raw.get("since", "1.41").split("."))),  # type: ignore[arg-type]
            cgroup=raw.get("cgroup", 0),
        )


class Bench:
    """One stack with a container per case, none of them started: the engine keeps all fields all the same."""

    def __init__(self, host: str, stack: str, image: str, folder: Path, subnet: str) -> None:
        self.docker = Docker(host)
        self.subnet = subnet
        self.stack = stack
        self._image = image
        self._file = folder / "stack.yaml"

    def plan(self, containers: dict[str, dict[str, Any]]) -> Plan:
        """The plan for these containers; the spec must be sound."""
        base = {"image": self._image, "state": "stopped"}
        spec = {
            "dockerspec": 1,
            "stack": self.stack,
            "networks": {"one": {"ipam": {"config": [{"subnet": self.subnet}]}}, "two": {}},
            "volumes": {"data": {}},
            "containers": {
                "target": {**base, "state": "running", "command": ["sleep", "9999"], "stop_grace_period": "0s"},
                **{name: {**base, **values} for name, values in containers.items()},
            },
        }
        self._file.write_text(json.dumps(spec).replace("{net}", self.subnet.rpartition(".")[0]))
        loaded = load([self._file])
        assert loaded.stack is not None, "\n".join(map(str, loaded.diagnostics))
        self._loaded = loaded
        return self.docker.plan(loaded)

    def apply(self, containers: dict[str, dict[str, Any]]) -> None:
        """Carry the plan out; the run itself proves that nothing differs afterwards."""
        report = self.docker.apply(self.plan(containers), spec=self._loaded)
        failed = [f"{key}: {item.status} {item.message}" for key, item in report.outcomes.items() if item.message]
        left = [f"{change.address}: {change.fields}" for change in report.remaining]
        assert report.ok, "\n".join([*failed, *left])

    def settled(self, containers: dict[str, dict[str, Any]], what: str) -> list[str]:
        """Complaints for every container that differs although it should not."""
        plan = self.plan(containers)
        return [
            f"{change.address} ({what}): " + "; ".join(f"{f.path}: {f.old!r} -> {f.new!r}" for f in change.fields)
            for change in plan.changes
        ] + [f"{what}: {fault}" for fault in plan.errors]


@pytest.fixture
def bench(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(engine_daemon.host, stack_name, busybox, tmp_path, engine_daemon.subnet(6))
    yield bench
    bench.docker.close()


@pytest.fixture
def known(bench: Bench) -> list[Case]:
    """The cases that this engine and kernel can show."""
    facts = bench.docker.version()
    return [case for case in read_cases() if case.since <= facts.api and case.cgroup in (0, facts.cgroup_version)]


def _specs(cases: list[Case], key: str) -> dict[str, dict[str, Any]]:
    return {case.name: {**case.extra, case.field: getattr(case, key)} for case in cases}


def _ids(raw: RawEngine, stack: str) -> dict[str, str]:
    return {item["Labels"]["dockerspec.resource"]: item["Id"] for item in raw.containers(dockerspec_stack=stack)}


def _complaints(plan: Plan, cases: list[Case], stack: str) -> Iterator[str]:
    """What the plan says otherwise than the cases."""
    changes = {change.address.name: change for change in plan.changes}
    for case in cases:
        change = changes.get(case.name)
        if change is None:
            yield f"{case.name}: a -> b is not in the plan"
            continue
        paths = {item.path for item in change.fields}
        wanted = {path.replace("{stack}", stack) for path in case.paths}
        if paths != wanted:
            yield f"{case.name}: the plan names {sorted(paths)}, not {sorted(wanted)}"
        kind = ChangeKind.REPLACE if case.way == "replace" else ChangeKind.UPDATE
        if change.kind is not kind:
            yield f"{case.name}: the plan says {change.kind}, not {kind}"


def _moved(before: dict[str, str], after: dict[str, str], cases: list[Case], key: str) -> Iterator[str]:
    """Containers that kept or lost their identity against what the case says."""
    for case in cases:
        if getattr(case, key) == "any":
            continue
        same = before[case.name] == after[case.name]
        if same != (getattr(case, key) == "live"):
            yield f"{case.name}: {'kept' if same else 'lost'} its ID on a change said to be {getattr(case, key)}"


@pytest.mark.timeout(600)
def test_fields_both_ways(bench: Bench, known: list[Case], raw: RawEngine) -> None:
    start = _specs(known, "a")
    bench.apply(start)
    faults = bench.settled(start, "as created")
    for turn in range(max(len(case.same) for case in known)):
        spelled = {
            case.name: {**case.extra, case.field: case.same[turn]} if turn < len(case.same) else start[case.name]
            for case in known
        }
        faults += bench.settled(spelled, f"spelling {turn + 1}")
    first = _ids(raw, bench.stack)

    changed = _specs(known, "b")
    faults += _complaints(bench.plan(changed), known, bench.stack)
    bench.apply(changed)
    second = _ids(raw, bench.stack)
    faults += _moved(first, second, known, "way")

    silent = {case.name: dict(case.extra) for case in known}
    bench.apply(silent)
    # A case whose b is the engine's default has nothing left to take back.
    back = [case for case in known if case.b not in (False, None, "no", -1)]
    faults += _moved(second, _ids(raw, bench.stack), back, "then")
    print(f"{len(known)} cases over {len({case.field for case in known})} fields")
    assert not faults, "\n".join(faults)


def test_an_engine_that_is_too_old_for_a_field_is_named(bench: Bench) -> None:
    api = bench.docker.version().api
    newer = [case for case in read_cases() if case.since > api]
    plan = bench.plan(_specs(newer, "a"))
    assert len(plan.errors) >= len({case.field for case in newer if "." not in case.paths[0]})
    for case in newer:
        text = "\n".join(str(fault) for fault in plan.errors if f".{case.name}." in fault.path)
        assert f"needs engine API {'.'.join(map(str, case.since))}" in text, case.name
