"""Marks: how an object that was taken over is known, since its own labels can't be changed.

The engine fixes labels at creation, so that an adopted object can't carry ours. A companion does: a local volume
without data, whose labels name the object and what it stands for. Every plan lists the volumes in any case, so that
seeing the marks costs no call. An object is the stack's if its own labels say so, or if a mark does whose identity is
still that of the object: one that somebody made anew under the same name is foreign again.

Callers: runtime.snapshot, live, diff, plan, takein. Everything that decides whose an object is asks `Marks.owner`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.owner import is_project
from dockerspec.core.ownership import Owner, owner_of

Json = Any

MARK = "dockerspec.mark"
"""The label that makes a volume a mark; its value is the object's kind."""
_STACK, _RESOURCE, _REPLICA, _OBJECT, _CREATED = (
    f"{MARK}.{part}" for part in ("stack", "resource", "replica", "object", "created")
)

_STEADY_CREATED = (1, 48)
"""The API version from which a volume's `CreatedAt` is trusted. Engine 20.10 gives the time of the last change within
the volume instead (tried live); 28.5 does not."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One adopted object.

    Attributes:
        kind: the object's kind.
        owner: what it stands for.
        object: a container's or network's ID, a volume's name.
        created: a volume's time of creation, where the engine can be trusted with it; else empty. A volume has no ID,
            and another one may come under its name.
    """

    kind: Kind
    owner: Owner
    object: str
    created: str = ""

    @property
    def name(self) -> str:
        """The name of the companion volume; another object of the same address has another one."""
        replica = f".{self.owner.replica}" if self.owner.replica > 1 else ""
        digest = hashlib.sha256(f"{self.object} {self.created}".encode()).hexdigest()[:12]
        return f"dockerspec.{self.owner.stack}.{self.kind}.{self.owner.resource}{replica}.{digest}"

    @property
    def address(self) -> Address:
        """The object's address."""
        return Address(self.kind, self.owner.resource, self.owner.replica)

    def body(self) -> dict[str, Json]:
        """The engine's create body for the companion volume."""
        labels = {MARK: str(self.kind), _STACK: self.owner.stack, _RESOURCE: self.owner.resource, _OBJECT: self.object}
        if self.owner.replica:
            labels[_REPLICA] = str(self.owner.replica)
        if self.created:
            labels[_CREATED] = self.created
        return {"Name": self.name, "Driver": "local", "Labels": labels}


def mark_of(volume: Json) -> Mark | None:
    """The mark that a volume is; None for an ordinary volume."""
    labels = volume.get("Labels") or {}
    kind, stack, resource = labels.get(MARK), labels.get(_STACK), labels.get(_RESOURCE)
    if kind not in (Kind.CONTAINER, Kind.NETWORK, Kind.VOLUME) or not (stack and resource and labels.get(_OBJECT)):
        return None
    given = labels.get(_REPLICA, "")
    first = 1 if kind == Kind.CONTAINER else 0
    owner = Owner(stack, resource, int(given) if given.isdecimal() else first)
    return Mark(Kind(kind), owner, labels[_OBJECT], labels.get(_CREATED, ""))


def created_of(volume: Json, api: tuple[int, int]) -> str:
    """The time of creation that a new mark of a volume notes."""
    return str(volume.get("CreatedAt") or "") if api >= _STEADY_CREATED else ""


class Marks:
    """All marks of an engine, by object. Two marks of one object are no use to anybody: the first by name counts."""

    def __init__(self, volumes: Iterable[Json]) -> None:
        found = [mark for mark in map(mark_of, volumes) if mark is not None]
        self.all = tuple(sorted(found, key=lambda mark: mark.name))
        self._by: dict[tuple[Kind, str], list[Mark]] = {}
        for mark in self.all:
            self._by.setdefault((mark.kind, mark.object), []).append(mark)

    def owner(self, kind: Kind, ident: str, labels: Mapping[str, str] | None, created: str = "") -> Owner | None:
        """What an object stands for; None for a foreign one.

        Our own labels say it, else a mark, else Compose's labels: what a stack has taken over from a project is the
        stack's.

        Args:
            kind: its kind.
            ident: a container's or network's ID, a volume's name.
            labels: its own labels.
            created: a volume's `CreatedAt`.
        """
        own = owner_of(labels)
        if not self._by or (own is not None and not is_project(own.stack)):
            return own
        for mark in self._by.get((kind, ident), ()):
            if mark.created in ("", created):
                return mark.owner
        return own

    def stack_of(self, kind: Kind, ident: str, labels: Mapping[str, str] | None, created: str = "") -> Owner | None:
        """The same, but None for what is only a Compose project's: a stack may take it over."""
        owner = self.owner(kind, ident, labels, created)
        return None if owner is not None and is_project(owner.stack) else owner

    def of_stack(self, stack: str) -> tuple[Mark, ...]:
        """The marks of one stack."""
        return tuple(mark for mark in self.all if mark.owner.stack == stack)


def is_stale(mark: Mark, idents: Collection[str], volumes: Mapping[str, str]) -> bool:
    """Whether the object that a mark names is gone.

    Args:
        mark: the mark.
        idents: the IDs of all containers and networks.
        volumes: `CreatedAt` of all volumes by name.
    """
    if mark.kind is not Kind.VOLUME:
        return mark.object not in idents
    return mark.object not in volumes or mark.created not in ("", volumes[mark.object])
