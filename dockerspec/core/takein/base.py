"""What an inverse is: the normal form of a live field back to the keys of a spec that ask for it.

The table (`core.table`) knows of each field what a spec wants and what the engine reports. Each row has its inverse
here, found by the row's key; a test fails for a row without one. An inverse is only called for a field that the spec
written so far does not ask for already: so defaults and what the image says are subtracted before it sees the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerspec.core.facts import Value
from dockerspec.core.table.base import Context, Was, plain
from dockerspec.core.values.durations import format_duration

Json = Any
Keys = dict[str, Any]
"""Keys of a spec and their values, as they are written."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an inverse may look at beside the value.

    Attributes:
        raw: the inspect answer.
        context: what the row looks at: the image, and engine names by key.
        want: what the spec written so far asks for.
        fields: all normal forms of the object.
        was: what was recorded at the object's creation; None where nothing was.
        names: the names of the engine's containers by ID.
        containers, networks, volumes: keys of the spec by engine name.
    """

    raw: Json
    context: Context
    want: Value = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    was: Was | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    containers: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)


Inverse = Callable[[Any, Place], Keys]


def as_is(key: str) -> Inverse:
    """The normal form is what the spec says."""
    return lambda have, _place: {key: plain(have)}


def nothing(_have: Value, _place: Place) -> Keys:
    """Another row's inverse says it."""
    return {}


def sized(key: str) -> Inverse:
    """A number of bytes, with the unit that leaves no fraction; -1 stays."""
    return lambda have, _place: {key: size(have)}


def lasting(key: str) -> Inverse:
    """Nanoseconds, as `1m30s`."""
    return lambda have, _place: {key: format_duration(have)}


def size(amount: int) -> int | str:
    """Bytes as people write them: `64m`, and the bare number where no unit fits."""
    for unit, bits in (("g", 30), ("m", 20), ("k", 10)):
        if amount > 0 and amount % (1 << bits) == 0:
            return f"{amount >> bits}{unit}"
    return amount


def without(have: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a mapping that another one does not bring along already."""
    return {key: value for key, value in have.items() if key not in base or base[key] != value}
