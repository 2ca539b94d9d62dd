"""The lines of tests/cases/fields/networks.yaml and volumes.yaml, and the bench on which they are tried."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dockerspec.api import Docker, load
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Report
from tests.engine.stage import told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine

CASES = Path(__file__).parents[1] / "cases" / "fields"
Objects = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One line; the words are explained in the file."""

    name: str
    field: str
    a: Any
    b: Any
    rest: Any
    paths: tuple[str, ...]
    same: tuple[Any, ...] = ()
    since: tuple[int, int] = (1, 41)
    swarm: bool = False


def read_cases(kind: str) -> Iterator[Case]:
    """The cases of `networks` or `volumes`, numbered: the number is a part of the object's name."""
    for number, raw in enumerate(YAML(typ="safe").load(CASES / f"{kind}.yaml")):
        yield Case(
            name=f"c{number:02}-{re.sub('[_.]', '-', raw['field'])}",
            field=raw["field"],
            a=raw["a"],
            b=raw.get("b"),
            rest=raw.get("rest", {}),
            paths=tuple(raw.get("paths", [raw["field"]])),
            same=tuple(raw.get("same", ())),
            since=tuple(map(int, raw.get("since", "1.41").split("."))),  # type: ignore[arg-type]
            swarm=raw.get("swarm", False),
        )


class ResourceBench:
    """A stack with an object per case, and no containers: the engine keeps all fields all the same."""

    def __init__(self, daemon: Daemon | GivenEngine, kind: str, stack: str, folder: Path, others: Objects) -> None:
        self.docker = Docker(daemon.host)
        self.stack = stack
        self.kind = kind
        self._daemon = daemon
        self._others = others
        self._file = folder / "stack.yaml"

    def _filled(self, text: str) -> str:
        text = re.sub(r"{net(\d+)}", lambda m: self._daemon.subnet(int(m[1])).rpartition(".")[0], text)
        text = re.sub(r"{six(\d+)}", lambda m: self._daemon.subnet6(int(m[1])).removesuffix("::/64"), text)
        return text.replace("{bridge}", self._daemon.bridge)

    def plan(self, objects: Objects, consent: tuple[str, ...] = ()) -> Plan:
        """The plan for these objects; the spec must be sound."""
        spec = {"dockerspec": 1, "stack": self.stack, self.kind: {**self._others, **objects}}
        self._file.write_text(self._filled(json.dumps(spec)))
        self._loaded = load([self._file])
        assert self._loaded.stack is not None, "\n".join(map(str, self._loaded.diagnostics))
        return self.docker.plan(self._loaded, delete_volumes=consent)

    def apply(self, objects: Objects, consent: tuple[str, ...] = ()) -> None:
        """Carry the plan out; the run itself proves that nothing differs afterwards."""
        report = self.run(objects, consent)
        assert report.ok, told(report)

    def run(self, objects: Objects, consent: tuple[str, ...] = ()) -> Report:
        """Carry the plan out, however it ends."""
        plan = self.plan(objects, consent)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        return self.docker.apply(plan, spec=self._loaded, allow=tuple(Consent))

    def settled(self, objects: Objects, what: str) -> list[str]:
        """Complaints for every object that differs although it should not."""
        plan = self.plan(objects)
        return [
            f"{change.address} ({what}): " + "; ".join(f"{f.path}: {f.old!r} -> {f.new!r}" for f in change.fields)
            for change in plan.changes
        ] + [f"{what}: {fault}" for fault in plan.errors]


def spelled(cases: list[Case], turn: int) -> Objects:
    """The objects in their other spelling of that number, or as first written."""
    return {case.name: case.same[turn] if turn < len(case.same) else case.a for case in cases}


def complaints(plan: Plan, cases: list[Case]) -> Iterator[str]:
    """What the plan says otherwise than the cases."""
    changes = {change.address.name: change for change in plan.changes}
    for case in cases:
        change = changes.get(case.name)
        if change is None:
            yield f"{case.name}: a -> b is not in the plan"
            continue
        paths = {item.path for item in change.fields}
        if paths != set(case.paths):
            yield f"{case.name}: the plan names {sorted(paths)}, not {sorted(case.paths)}"
        if change.kind is not ChangeKind.REPLACE:
            yield f"{case.name}: the plan says {change.kind}, not replace"
