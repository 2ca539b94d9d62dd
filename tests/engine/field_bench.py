"""The cases of tests/cases/fields, and a bench that puts them on an engine: one container per case in one stack.

Callers: the field suite, and every test that wants "each case of the suite on an engine" for another question. The
README beside the cases explains their words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dockerspec.api import Docker, load
from dockerspec.core.diff.change import ObjectChange
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from tests.kit.raw import RawEngine

Json = Any

FIELDS = Path(__file__).parents[1] / "cases" / "fields"
CONTAINERS = FIELDS / "containers"


@dataclass(frozen=True)
class Step:
    """What the plan must say of one change of a value.

    Attributes:
        way: `live`, `replace`, `none` for a change that means nothing, or `any` where engines and kernels differ.
        paths: all that it must name.
    """

    way: str
    paths: tuple[str, ...]


STEPS = {"a to b": ("a", "b"), "b to silent": ("b", "silent"), "silent to a": ("silent", "a")}
"""The changes that each case goes through, in this order: the states before and after."""


@dataclass(frozen=True)
class Case:
    """One line of the files.

    Attributes:
        place: file and line, for messages.
        name: the key of its container, which says the same.
        field, a, b, same, since, cgroup, kernel: the words of the line.
        extra: the word `with`.
        steps: what the plan must say for each change of the value, by name.
    """

    place: str
    name: str
    field: str
    a: Json
    b: Json
    steps: Mapping[str, Step]
    same: tuple[Json, ...] = ()
    extra: dict[str, Json] = field(default_factory=dict)
    since: tuple[int, int] = (1, 41)
    cgroup: int = 0
    kernel: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def known_to(self, engine: EngineFacts) -> bool:
        """Whether this engine and kernel can show the case."""
        return self.since <= engine.api and self.cgroup in (0, engine.cgroup_version)

    def keys(self, value: Json) -> dict[str, Json]:
        """The container's keys with this value of the field."""
        return {**self.extra, self.field: value}

    def at(self, state: str) -> dict[str, Json]:
        """The container's keys in one of the states `a`, `b` and `silent`."""
        return dict(self.extra) if state == "silent" else self.keys(getattr(self, state))


def api_version(text: str) -> tuple[int, int]:
    """`1.44` as numbers."""
    major, minor = map(int, text.split("."))
    return major, minor


def lines_of(file: Path) -> Iterator[tuple[str, dict[str, Json]]]:
    """The entries of a file of cases, each with its place."""
    text = file.read_text(encoding="utf-8")
    yaml = YAML(typ="safe")
    numbers = [item.start_mark.line + 1 for item in yaml.compose(text).value]
    for number, entry in zip(numbers, yaml.load(text), strict=True):
        yield f"{file.relative_to(FIELDS)}:{number}", entry


_ASKED = ("field", "a", "b", "same", "with", "since", "cgroup", "kernel")
_EXPECTED = ("way", "then", "first", "paths", "set", "unset")
WORDS = {*_ASKED, *_EXPECTED}
SILENCES = (False, None, "no", -1)
"""Values that say no more than a spec without the key."""


def read_cases() -> list[Case]:
    """All cases of container fields."""
    lines = [line for file in sorted(CONTAINERS.glob("*.yaml")) for line in lines_of(file)]
    return [_case(place, raw) for place, raw in lines]


def key_of(place: str) -> str:
    """The key of the container of the case at a place: `limits-5` for `containers/limits.yaml:5`."""
    file, _, line = place.rpartition(":")
    return f"{Path(file).stem}-{line}"


def _case(place: str, raw: Mapping[str, Json]) -> Case:
    unknown = set(raw) - WORDS
    assert not unknown, f"{place}: unknown words {sorted(unknown)}; known: {sorted(WORDS)}"
    return Case(
        place=place,
        name=key_of(place),
        field=raw["field"],
        a=raw["a"],
        b=raw["b"],
        steps=_steps(raw),
        same=tuple(raw.get("same", ())),
        extra=raw.get("with", {}),
        since=api_version(raw.get("since", "1.41")),
        cgroup=raw.get("cgroup", 0),
        kernel={file: _figures(figures) for file, figures in raw.get("kernel", {}).items()},
    )


def _figures(figures: list[Json]) -> dict[str, str]:
    """What a file of the kernel holds in each state; the last may be left out."""
    return dict(zip(("a", "b", "silent"), map(str, figures), strict=False))


def _steps(raw: Mapping[str, Json]) -> dict[str, Step]:
    paths = raw.get("paths", [raw["field"]])
    gained = raw.get("set", paths)
    lost = raw.get("unset", gained)
    then = raw.get("then", "none" if raw["b"] in SILENCES else raw["way"])
    first = raw.get("first", "none" if raw["a"] in SILENCES else raw["way"])
    ways = {"a to b": (raw["way"], paths), "b to silent": (then, lost), "silent to a": (first, gained)}
    return {name: Step(way, tuple(named)) for name, (way, named) in ways.items()}


class Bench:
    """One stack with a container per case. None is started unless asked: the engine keeps all fields all the same.

    Attributes:
        docker: dockerspec on the engine.
        raw: calls to the same engine, independent of dockerspec.
        stack: the stack's name.
        base: keys of every case's container.
        running: keys of a container that runs until it is stopped.
    """

    def __init__(self, host: str, stack: str, image: str, folder: Path, subnet: str) -> None:
        self.docker = Docker(host)
        self.raw = RawEngine(host)
        self.stack = stack
        self.base: dict[str, Json] = {"image": image, "state": "stopped"}
        self.running = {
            "image": image,
            "command": ["sleep", "9999"],
            "stop_grace_period": "0s",
            "state": "running",
        }
        self._net = subnet.rpartition(".")[0]
        self._file = folder / "stack.yaml"
        (folder / "token.txt").write_text("the-bench's-token")

    @cached_property
    def facts(self) -> EngineFacts:
        """What the engine says of itself."""
        return self.docker.version()

    def known(self, cases: Iterable[Case] | None = None) -> list[Case]:
        """The cases that this engine and kernel can show; of all cases by default."""
        return [case for case in (read_cases() if cases is None else cases) if case.known_to(self.facts)]

    def start(self) -> None:
        """Run the containers of all cases from now on."""
        self.base = self.running

    def load(self, containers: Mapping[str, dict[str, Json]], **objects: Mapping[str, Json]) -> LoadResult:
        """The spec of these containers on top of the base, with what they refer to; it must be sound.

        Args:
            containers: their keys by the container's key.
            objects: further entries of other sections: `networks={"mine": {}}`.
        """
        spec = {
            "dockerspec": 1,
            "stack": self.stack,
            "networks": {
                "one": {"ipam": {"config": [{"subnet": "{net}.0/24"}]}},
                "two": {},
                "six": {"enable_ipv6": True, "ipam": {"config": [{"subnet": "{net6}::/64"}]}},
                **objects.get("networks", {}),
            },
            "volumes": {"data": {}, **objects.get("volumes", {})},
            "configs": {"app": {"content": "debug=1"}, **objects.get("configs", {})},
            "secrets": {"token": {"file": "./token.txt"}, **objects.get("secrets", {})},
            "containers": {
                "target": self.running,
                **{name: {**self.base, **keys} for name, keys in containers.items()},
            },
        }
        self._file.write_text(self.filled(json.dumps(spec)))
        loaded = load([self._file])
        assert loaded.stack is not None, "\n".join(map(str, loaded.diagnostics))
        return loaded

    def filled(self, text: str) -> str:
        """The text with `{net}`, `{net6}`, `{stack}` and `{image}` put in."""
        known = {
            "{net}": self._net,
            "{net6}": "fd00:" + self._net.replace(".", ":"),
            "{stack}": self.stack,
            "{image}": self.base["image"],
        }
        for word, value in known.items():
            text = text.replace(word, value)
        return text

    def plan(self, containers: Mapping[str, dict[str, Json]], **objects: Mapping[str, Json]) -> Plan:
        """The plan for these containers."""
        return self.docker.plan(self.load(containers, **objects))

    def apply(self, containers: Mapping[str, dict[str, Json]], **objects: Mapping[str, Json]) -> list[str]:
        """Carry the plan out; a complaint for everything that failed or differs afterwards."""
        spec = self.load(containers, **objects)
        report = self.docker.apply(self.docker.plan(spec), spec=spec, allow=tuple(Consent))
        failed = [f"{key}: {item.status} {item.message}" for key, item in report.outcomes.items() if item.message]
        return [*failed, *(_complaint(change, "after apply") for change in report.remaining)]

    def settle(self, cases: Iterable[Case], state: str = "a") -> LoadResult:
        """Put each case on the engine in one of its states `a`, `b` and `silent`; the spec that does it."""
        containers = states(cases, state)
        faults = self.apply(containers)
        assert not faults, "\n".join(faults)
        return self.load(containers)

    def ids(self) -> dict[str, str]:
        """The IDs of the stack's containers by key."""
        listed = self.raw.containers(dockerspec_stack=self.stack)
        return {item["Labels"]["dockerspec.resource"]: item["Id"] for item in listed}


def states(cases: Iterable[Case], state: str) -> dict[str, dict[str, Json]]:
    """The containers of the cases in one of the states `a`, `b` and `silent`."""
    return {case.name: case.at(state) for case in cases}


def _complaint(change: ObjectChange, what: str) -> str:
    return f"{change.address} ({what}): " + "; ".join(f"{f.path}: {f.old!r} -> {f.new!r}" for f in change.fields)


def unsettled(plan: Plan, what: str) -> list[str]:
    """A complaint for every object that differs although it should not."""
    return [*(_complaint(change, what) for change in plan.changes), *(f"{what}: {fault}" for fault in plan.errors)]
