"""One live object to the keys of a spec: what the spec written so far does not ask for yet is added, row by row.

Callers: takein.importing, takein.outside. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dockerspec.core.diff.compare import differs, memory
from dockerspec.core.facts import Value
from dockerspec.core.spec.model import ContainerSpec, NetworkSpec, VolumeSpec
from dockerspec.core.table.base import Row
from dockerspec.core.takein import process, resources, wiring
from dockerspec.core.takein.base import Inverse, Place

CONTAINER: Mapping[str, Inverse] = {**process.INVERSES, **wiring.INVERSES}
INVERSES: Mapping[type, Mapping[str, Inverse]] = {
    ContainerSpec: CONTAINER,
    NetworkSpec: resources.NETWORK,
    VolumeSpec: resources.VOLUME,
}

_TELLING = ("networks", "driver_opts", "ipam.config", "masked_paths", "readonly_paths")
"""Rows by which a silent spec accepts whatever an object without a record has. It is written all the same, so that what
is made anew gets the same addresses and options."""

_ROUNDS = 3
"""Rows look at each other's keys (`volumes` at `tmpfs`, `cgroup` at `privileged`), so that one round may not do."""


def spec_keys(
    base: Mapping[str, Any],
    rows: Iterable[Row[Any]],
    place: Place,
    model: type[ContainerSpec] | type[NetworkSpec] | type[VolumeSpec],
    recorded: Mapping[str, str] | None,
) -> dict[str, Any]:
    """The keys that make a spec ask for what the engine reports.

    Args:
        base: keys that are settled.
        rows: the table of the kind.
        place: the object.
        model: the kind's model.
        recorded: the digests recorded at creation; they tell the engine's additions from what was asked for.
    """
    inverses = INVERSES[model]
    keys: dict[str, Any] = {}
    ordered = tuple(rows)
    was = memory(recorded) if recorded is not None else None
    spec: Any = model.model_validate(base)
    for _ in range(_ROUNDS):
        before = dict(keys)
        for row in ordered:
            have = place.fields[row.key]
            want = row.want(spec, place.context)
            if _is_said(row, want, have, recorded):
                continue
            for key, value in inverses[row.key](have, replace(place, want=want, was=was)).items():
                nested = key == "ipam" and key in keys
                keys[key] = {**keys[key], **value} if nested else value
            spec = model.model_validate({**base, **keys})
        if keys == before:
            break
    return keys


def _is_said(row: Row[Any], want: Value, have: Value, recorded: Mapping[str, str] | None) -> bool:
    """Whether a field needs no word more, since no plan would say anything about it."""
    telling = recorded is None and row.key in _TELLING
    return want == have if telling else not differs(row, want, have, recorded)
