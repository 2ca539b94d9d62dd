"""The Engine's own fields (tests/cases/fields/engine.yaml), and which of them a request or an answer has.

Callers: the completeness tests, with and without an engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Json = Any

FIELDS = Path(__file__).parent / "cases" / "fields"
MAPS = ("HostConfig.PortBindings", "NetworkingConfig.EndpointsConfig")
"""Places whose keys are names given by the user and not fields."""


@dataclass(frozen=True)
class Known:
    """When a field came, and when it went; versions of the Engine API."""

    since: tuple[int, int]
    removed: tuple[int, int] | None = None

    def in_api(self, api: tuple[int, int]) -> bool:
        """Whether this version of the API has the field."""
        return self.since <= api and (self.removed is None or api < self.removed)


def read(name: str) -> Json:
    """A data file of the field cases."""
    return YAML(typ="safe").load(FIELDS / name) or {}


@cache
def engine_fields(kind: str) -> Mapping[str, Known]:
    """The fields of one kind of request: container, network, volume, pull or build."""
    return {place: _known(item) for place, item in read("engine.yaml")[kind].items()}


def _known(item: str | Mapping[str, str]) -> Known:
    if isinstance(item, str):
        return Known(version(item))
    return Known(version(item["since"]), version(item["removed"]))


def version(text: str) -> tuple[int, int]:
    """`1.44` as numbers."""
    major, minor = map(int, text.split("."))
    return major, minor


@cache
def reported_only(kind: str) -> frozenset[str]:
    """Places that only answers have."""
    return frozenset(read("engine.yaml")["reported"].get(kind, ()))


def places(body: Json, known: frozenset[str], at: str = "") -> Iterator[str]:
    """The places that a request or an answer has: those known, and as far as it leads whatever is not.

    Args:
        body: the request or answer, or a part of it.
        known: all places that are known.
        at: the place of the part.
    """
    if at in known:
        yield at
    elif isinstance(body, list):
        for item in body:
            yield from places(item, known, at)
    elif isinstance(body, Mapping) and body:
        for key, item in body.items():
            yield from places(item, known, at if at in MAPS else f"{at}.{key}".lstrip("."))
    elif at and not any(place.startswith(f"{at}.") for place in known):
        yield at


def answered(kind: str, answer: Mapping[str, Json]) -> Json:
    """The parts of an inspect answer that stand for the create request, in its shape."""
    if kind != "container":
        return answer
    networks = answer["NetworkSettings"]["Networks"]
    return {
        **answer["Config"],
        "HostConfig": answer["HostConfig"],
        "NetworkingConfig": {"EndpointsConfig": networks},
    }


def strangers(kind: str, answer: Mapping[str, Json], api: tuple[int, int]) -> set[str]:
    """Places of an inspect answer that neither list knows, or that this version of the API should not have."""
    fields, output = engine_fields(kind), reported_only(kind)
    found = places(answered(kind, answer), frozenset(fields) | output)
    return {place for place in found if place not in output and not (place in fields and fields[place].in_api(api))}
