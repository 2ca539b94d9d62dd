"""What tests/cases/fields/outside.yaml may list: things done to an engine behind dockerspec's back.

The words are those of the plan cases (tests/flow/drift.py); here they go to a real engine, through its bare API, and
mean the case's own container. Caller: test_outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerspec.core.diff.change import Cause
from dockerspec.core.facts import EngineFacts
from dockerspec.core.values.sizes import parse_size
from tests.engine.field_bench import FIELDS, Bench, api_version, key_of, lines_of
from tests.kit.raw import RawEngine

Json = Any
WORDS = {"spec", "networks", "volumes", "runs", "before", "do", "paths", "way", "cause", "also", "since", "cgroup"}


@dataclass(frozen=True)
class Outside:
    """One entry of the file.

    Attributes:
        place: file and line, for messages.
        name: the key of its container.
        spec, runs, before, do, paths, way, cause, also, since, cgroup: the words of the entry.
        objects: the words `networks` and `volumes`.
    """

    place: str
    name: str
    spec: dict[str, Json]
    do: tuple[Json, ...]
    runs: bool
    before: tuple[Json, ...]
    paths: frozenset[str]
    way: str
    cause: Cause
    also: Mapping[str, str]
    since: tuple[int, int]
    cgroup: int
    objects: Mapping[str, dict[str, Json]] = field(default_factory=dict)

    def known_to(self, engine: EngineFacts) -> bool:
        """Whether this engine and kernel can show the case."""
        return self.since <= engine.api and self.cgroup in (0, engine.cgroup_version)


def read_outside() -> list[Outside]:
    """All entries."""
    return [_entry(place, raw) for place, raw in lines_of(FIELDS / "outside.yaml")]


def _entry(place: str, raw: Mapping[str, Json]) -> Outside:
    assert set(raw) <= WORDS, f"{place}: unknown words {sorted(set(raw) - WORDS)}; known: {sorted(WORDS)}"
    return Outside(
        place=place,
        name=key_of(place),
        spec=raw["spec"],
        do=tuple(raw["do"]),
        runs=raw.get("runs", False),
        before=tuple(raw.get("before", ())),
        paths=frozenset(raw.get("paths", ())),
        way=raw.get("way", "live"),
        cause=Cause(raw.get("cause", Cause.DRIFT)),
        also=raw.get("also", {}),
        since=api_version(raw.get("since", "1.41")),
        cgroup=raw.get("cgroup", 0),
        objects={kind: raw[kind] for kind in ("networks", "volumes") if kind in raw},
    )


class Hand:
    """Does to one container on an engine what an entry says."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.raw: RawEngine = bench.raw
        self.bench = bench
        self.container = name

    def run(self, entries: tuple[Json, ...]) -> None:
        """Do everything that is listed, in order."""
        for entry in entries:
            ((word, argument),) = entry.items() if isinstance(entry, Mapping) else ((entry, None),)
            act = DEEDS.get(word)
            assert act is not None, f"unknown word {word!r}; known: {', '.join(sorted(DEEDS))}"
            act(self, argument)

    def call(self, verb: str, body: Json = None, **query: Json) -> None:
        """A call on the container."""
        self.raw.post(f"/containers/{self.container}/{verb}", body, **query)

    def network(self, key: str) -> str:
        """The engine name of a network, given by key or by name."""
        own = f"{self.bench.stack}_{key}"
        return own if self.raw.find(f"/networks/{own}") else key

    def update(self, body: Mapping[str, Json]) -> None:
        """`docker update`, by the engine's own keys."""
        sizes = {key: parse_size(value) for key, value in body.items() if isinstance(value, str) and "Memory" in key}
        self.call("update", {**body, **sizes})

    def connect(self, item: Mapping[str, Json]) -> None:
        """`docker network connect`, with endpoint settings by the engine's own keys."""
        settings = {key: value for key, value in item.items() if key != "network"}
        body = {"Container": self.container, "EndpointConfig": settings}
        self.raw.post(f"/networks/{self.network(item['network'])}/connect", body)

    def disconnect(self, key: str) -> None:
        """`docker network disconnect`."""
        self.raw.post(f"/networks/{self.network(key)}/disconnect", {"Container": self.container})

    def image(self, reference: str) -> None:
        """Another image, with the same content, comes under a tag."""
        repository, _, tag = reference.rpartition(":")
        made = self.raw.post("/containers/create", {"Image": self.bench.base["image"]})["Id"]
        self.raw.post("/commit", {}, container=made, repo=repository, tag=tag, comment=made)
        self.raw.delete(f"/containers/{made}")


DEEDS: Mapping[str, Callable[[Hand, Json], object]] = {
    "connect": Hand.connect,
    "disconnect": Hand.disconnect,
    "image": Hand.image,
    "kill": lambda hand, _: hand.call("kill"),
    "pause": lambda hand, _: hand.call("pause"),
    "remove": lambda hand, _: hand.raw.delete(f"/containers/{hand.container}", force=True),
    "remove-network": lambda hand, key: hand.raw.delete(f"/networks/{hand.network(key)}"),
    "remove-volume": lambda hand, key: hand.raw.delete(f"/volumes/{hand.bench.stack}_{key}"),
    "rename": lambda hand, name: hand.call("rename", name=f"{hand.bench.stack}-{hand.container[-8:]}-{name}"),
    "start": lambda hand, _: hand.call("start"),
    "stop": lambda hand, _: hand.call("stop", t=0),
    "update": Hand.update,
}
