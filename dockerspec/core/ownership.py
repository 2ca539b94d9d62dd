"""Ownership: the labels by which dockerspec knows its objects, and what it records on them at creation.

A container is ours only with both the stack and the resource label. Images carry other labels than these, since a
container inherits its image's labels: one started by hand from an image of the stack must stay foreign.

The objects of a Compose project are known by Compose's own labels, whoever made them. A project and a stack of the same
name are two owners: what stands for an owner everywhere is a text that is the stack's name, or `compose.PROJECT`, which
no stack can be called.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dockerspec.core import placed
from dockerspec.core.facts import Value
from dockerspec.core.owner import project_owner
from dockerspec.core.table.base import Row, plain

STACK = "dockerspec.stack"
RESOURCE = "dockerspec.resource"
REPLICA = "dockerspec.replica"
RECORDED = placed.RECORDED
SECRETS = "dockerspec.secrets"
ONE_OFF = "dockerspec.one-off"
"""On a container that runs a hook before another one's start; its value is the hook's number."""
ORIGIN = "dockerspec.origin"
BUILD_STACK = "dockerspec.build.stack"
BUILD_DIGEST = "dockerspec.build.digest"
BUILD_INPUTS = "dockerspec.build.inputs"
BUILD_BASES = "dockerspec.build.bases"

COMPOSE = "com.docker.compose."
"""How the labels begin that Compose puts on what it makes."""
PROJECT = f"{COMPOSE}project"
SERVICE = f"{COMPOSE}service"
NUMBER = f"{COMPOSE}container-number"
COMPOSE_ONE_OFF = f"{COMPOSE}oneoff"
NETWORK = f"{COMPOSE}network"
VOLUME = f"{COMPOSE}volume"
CONFIG_FILES = f"{COMPOSE}project.config_files"
IMAGE = f"{COMPOSE}image"
CONFIG_HASH = f"{COMPOSE}config-hash"

ASIDE = ".replaced"
"""The suffix of a container's name while its successor is not yet ready."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What an object's labels say that it stands for; `stack` is the owner, a stack or a Compose project."""

    stack: str
    resource: str
    replica: int = 0


def owner_of(labels: Mapping[str, str] | None) -> Owner | None:
    """The owner that labels name, or None for a foreign object."""
    labels = labels or {}
    stack, resource = labels.get(STACK), labels.get(RESOURCE)
    if not stack or not resource:
        return None if stack or PROJECT not in labels else _compose_owner(labels)
    replica = labels.get(REPLICA, "")
    return Owner(stack, resource, int(replica) if replica.isdecimal() else 1)


def _compose_owner(labels: Mapping[str, str]) -> Owner | None:
    """The owner by Compose's labels.

    An image that Compose built has a project and a service too, which containers started by hand inherit: a container
    of the project is one with a number. Those of `docker compose run` stand for no service.
    """
    owner, number = project_owner(labels[PROJECT]), labels.get(NUMBER, "")
    if labels.get(SERVICE) and number.isdecimal():
        ours = ONE_OFF in labels  # a hook's, which Compose must not take for the service
        whole = labels.get(COMPOSE_ONE_OFF, "").lower() == "false"
        return Owner(owner, labels[SERVICE], int(number)) if ours or whole else None
    resource = labels.get(NETWORK) or labels.get(VOLUME)
    return Owner(owner, resource, 1) if resource else None


def stack_labels(stack: str, resource: str, replica: int = 0) -> dict[str, str]:
    """The labels that make a new object a stack's."""
    labels = {STACK: stack, RESOURCE: resource}
    return {**labels, REPLICA: str(replica)} if replica else labels


def record_labels(fields: Mapping[str, str], origin: str = "") -> dict[str, str]:
    """The labels of a new object that say how it was made.

    Args:
        fields: its recorded digests.
        origin: where its spec came from; empty where that is unknown.
    """
    labels = {RECORDED: ",".join(f"{k}={v}" for k, v in sorted(fields.items()))}
    return {**labels, ORIGIN: origin} if origin else labels


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
    """Where the spec came from that an object was made from; empty where nothing says so.

    A container that Compose made tells its files: the first one counts, in the same short form.
    """
    labels = labels or {}
    if ORIGIN in labels:
        return labels[ORIGIN]
    first = labels.get(CONFIG_FILES, "").partition(",")[0]
    return "/".join(re.split(r"[/\\]", first)[-2:]) if PROJECT in labels else ""


def parse_record(labels: Mapping[str, str] | None) -> dict[str, str] | None:
    """What `record` wrote; None for an object on which nothing was recorded."""
    text = (labels or {}).get(RECORDED)
    if text is None:
        return None
    return dict(item.split("=", 1) for item in text.split(",") if "=" in item)


def was(recorded: Mapping[str, str], key: str, value: Value) -> bool:
    """Whether the recorded value of a field was this one."""
    return recorded.get(key) == (digest(value) if value or value is False else None)
