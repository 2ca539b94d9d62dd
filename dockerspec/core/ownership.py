"""Ownership: the labels by which dockerspec knows its objects, and what it records on them at creation.

A container is ours only with both the stack and the resource label. Images carry other labels than these, since a
container inherits its image's labels: one started by hand from an image of the stack must stay foreign.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dockerspec.core.facts import Value
from dockerspec.core.table.base import Row, plain

STACK = "dockerspec.stack"
RESOURCE = "dockerspec.resource"
REPLICA = "dockerspec.replica"
RECORDED = "dockerspec.recorded"
SECRETS = "dockerspec.secrets"
ONE_OFF = "dockerspec.one-off"
"""On a container that runs a hook before another one's start; its value is the hook's number."""
ORIGIN = "dockerspec.origin"
BUILD_STACK = "dockerspec.build.stack"
BUILD_DIGEST = "dockerspec.build.digest"
BUILD_INPUTS = "dockerspec.build.inputs"
BUILD_BASES = "dockerspec.build.bases"

ASIDE = ".replaced"
"""The suffix of a container's name while its successor is not yet ready."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What an object's labels say that it stands for."""

    stack: str
    resource: str
    replica: int = 0


def owner_of(labels: Mapping[str, str] | None) -> Owner | None:
    """The owner that labels name, or None for a foreign object."""
    labels = labels or {}
    stack, resource = labels.get(STACK), labels.get(RESOURCE)
    if not stack or not resource:
        return None
    replica = labels.get(REPLICA, "")
    return Owner(stack, resource, int(replica) if replica.isdecimal() else 1)


def owner_labels(
    stack: str, resource: str, replica: int, fields: Mapping[str, str], origin: str = ""
) -> dict[str, str]:
    """The labels of a new object; `fields` are its recorded digests, `origin` says where its spec came from."""
    labels = {STACK: stack, RESOURCE: resource, RECORDED: ",".join(f"{k}={v}" for k, v in sorted(fields.items()))}
    if replica:
        labels[REPLICA] = str(replica)
    if origin:
        labels[ORIGIN] = origin
    return labels


def digest(value: Value) -> str:
    """A short stable digest of a normal form."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def record(rows: Iterable[Row[object]], fields: Mapping[str, Value]) -> dict[str, str]:
    """Digests of the fields that can change on a live object, or that the engine mixes values into or drops parts of.

    With the first, a later run can tell a change of the spec from one made behind our back; with the others it can
    tell the engine's doing from the spec's. Values at nothing are left out; a "no" where the engine may have chosen
    "yes" by itself is something. Only digests are kept, and never any of the environment.
    """
    return {
        row.key: digest(fields[row.key])
        for row in rows
        if row.is_recorded and (fields[row.key] or (row.polluted and fields[row.key] is False))
    }


def record_told(told: Mapping[str, Value]) -> dict[str, str]:
    """Digests of what else can change on a live object: its name, and whether it is to run."""
    return {key: digest(value) for key, value in told.items() if value}


def parse_secrets(labels: Mapping[str, str] | None) -> frozenset[str]:
    """The names of the environment variables that were secret at creation; the names only."""
    return frozenset(filter(None, (labels or {}).get(SECRETS, "").split(",")))


def parse_origin(labels: Mapping[str, str] | None) -> str:
    """Where the spec came from that an object was made from; empty where nothing says so."""
    return (labels or {}).get(ORIGIN, "")


def parse_record(labels: Mapping[str, str] | None) -> dict[str, str] | None:
    """What `record` wrote; None for an object on which nothing was recorded."""
    text = (labels or {}).get(RECORDED)
    if text is None:
        return None
    return dict(item.split("=", 1) for item in text.split(",") if "=" in item)


def was(recorded: Mapping[str, str], key: str, value: Value) -> bool:
    """Whether the recorded value of a field was this one."""
    return recorded.get(key) == (digest(value) if value or value is False else None)
