"""Which containers a user means, and what keys and places they get in the spec. Pure.

Callers: api (which containers), takein.importing (keys).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerspec.core.nearest import nearest
from dockerspec.core.ownership import ASIDE, COMPOSE, Owner
from dockerspec.errors import NotFound

Json = Any

_LEAST_PREFIX = 4
_NOT_STACK = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to import.

    Attributes:
        names: container names, or beginnings of IDs.
        labels: `KEY` or `KEY=VALUE`; a container must have all of them.
        all: every container of the engine.
    """

    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    all: bool = False


def choose(listing: Iterable[Json], selection: Selection) -> tuple[str, ...]:
    """The IDs of the chosen containers, ordered by name.

    Raises:
        NotFound: a name means no container or several, or nothing at all is chosen.
    """
    items = [(name_of(item), item) for item in listing]
    items = sorted(((name, item) for name, item in items if not name.endswith(ASIDE)), key=lambda pair: pair[0])
    chosen: dict[str, None] = {}
    for name in selection.names:
        chosen[_one(name, items)] = None
    for _, item in items:
        labels = item.get("Labels") or {}
        if selection.all or (selection.labels and all(_has(labels, text) for text in selection.labels)):
            chosen[item["Id"]] = None
    if not chosen:
        wish = f"with the label {' and '.join(selection.labels)}" if selection.labels else "at all"
        raise NotFound(f"there is no container {wish} on this engine", hint="`docker ps --all` lists them")
    order = {item["Id"]: number for number, (_, item) in enumerate(items)}
    return tuple(sorted(chosen, key=order.__getitem__))


def name_of(item: Json) -> str:
    """A listed container's own name; a legacy link adds others with more slashes."""
    return str(min(item.get("Names") or [""], key=lambda name: name.count("/"))).lstrip("/")


def _one(wanted: str, items: Sequence[tuple[str, Json]]) -> str:
    exact = [item["Id"] for name, item in items if wanted in (name, item["Id"])]
    found = exact or [item["Id"] for _, item in items if len(wanted) >= _LEAST_PREFIX and item["Id"].startswith(wanted)]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise NotFound(f"{wanted} is the beginning of {len(found)} container IDs", hint="write more of it")
    close = nearest(wanted, [name for name, _ in items])
    hint = f"did you mean '{close}'?" if close else "`docker ps --all` lists them"
    raise NotFound(f"there is no container {wanted} on this engine", hint=hint)


def _has(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return labels.get(key) == value if equals else key in labels


def stack_name(owners: Iterable[Owner | None], labels: Iterable[Mapping[str, str]], default: str) -> str:
    """The stack's name: that of the containers' own stack, else of their Compose project, else a name given."""
    stacks = {owner.stack if owner else "" for owner in owners}
    if len(stacks) == 1 and "" not in stacks:
        return stacks.pop()
    projects = {item.get(f"{COMPOSE}project", "") for item in labels}
    wish = projects.pop() if len(projects) == 1 else ""
    name = _NOT_STACK.sub("", (wish or default).lower()).lstrip("_-")
    return name or "imported"
