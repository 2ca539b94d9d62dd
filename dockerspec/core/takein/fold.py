"""Replicas of one container back into one entry of the spec. Pure.

Callers: takein.importing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerspec.core.facts import Value
from dockerspec.core.ownership import COMPOSE, parse_record

Json = Any


@dataclass(frozen=True, slots=True)
class Member:
    """One container.

    Attributes:
        raw, name, labels, fields: the container.
        key, replica: what its labels, or its name, say that it stands for.
        own: whether it is the stack's already, so that key and replica are not free.
    """

    raw: Json
    name: str
    labels: Mapping[str, str]
    fields: Mapping[str, Value]
    key: str
    replica: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Folded:
    """One entry of the spec.

    Attributes:
        key: its key.
        first: the container that it is written from.
        replicas: how many there are.
        fields: the first one's normal forms, published ports being the ranges of all.
    """

    key: str
    first: Member
    replicas: int
    fields: Mapping[str, Value]

    @property
    def recorded(self) -> Mapping[str, str] | None:
        """The digests recorded at its creation."""
        return parse_record(self.first.labels)


def fold(members: Sequence[Member], stack: str) -> list[Folded]:
    """The entries of the spec; every container is in one, and no two have the same key."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.key, []).append(member)
    result: list[Folded] = []
    taken: set[str] = set()
    for key, group in sorted(groups.items()):
        group.sort(key=lambda item: (not item.own, item.replica, item.name))
        for folded in _entries(key, group, stack):
            taken.add(folded.key)
            result.append(folded)
    return _distinct(result)


def _entries(key: str, group: Sequence[Member], stack: str) -> Iterator[Folded]:
    first = group[0]
    if len(group) == 1:
        yield Folded(key, first, max(first.replica, 1) if first.own else 1, first.fields)
        return
    if first.own:
        # Their labels bind them to this key: where they differ, the plan will say so.
        own = [item for item in group if item.own]
        yield Folded(key, first, max(item.replica for item in own), _joined(own))
        strangers = group[len(own) :]
    elif _are_one(group, stack):
        yield Folded(key, first, len(group), _joined(group))
        strangers = []
    else:
        strangers = list(group)
    for item in strangers:
        yield Folded(item.name, item, 1, item.fields)


def _are_one(group: Sequence[Member], stack: str) -> bool:
    """Whether containers that are free to be anything are replicas 1, 2, ... of one entry."""
    numbered = all(
        item.replica == number and item.name == f"{stack}-{item.key}-{number}" for number, item in enumerate(group, 1)
    )
    return numbered and all(_shape(item) == _shape(group[0]) for item in group) and _joined_ports(group) is not None


def _shape(member: Member) -> dict[str, Value]:
    """What must be alike in all replicas."""
    shape = {key: value for key, value in member.fields.items() if key not in ("ports", "networks", "labels")}
    labels = member.fields["labels"]
    networks = member.fields["networks"]
    assert isinstance(labels, Mapping)
    assert isinstance(networks, Mapping)
    shape["labels"] = {key: value for key, value in labels.items() if not key.startswith(COMPOSE)}
    shape["networks"] = {
        name: {key: value for key, value in endpoint.items() if key not in ("mac_address", "aliases")}
        if isinstance(endpoint, Mapping)
        else endpoint
        for name, endpoint in networks.items()
    }
    return shape


def _joined(group: Sequence[Member]) -> Mapping[str, Value]:
    ports = _joined_ports(group)
    return {**group[0].fields, **({"ports": ports} if ports is not None else {})}


def _joined_ports(group: Sequence[Member]) -> Mapping[str, Value] | None:
    """The ports of all: the same ones, or host ports that count up as a range; None where they are neither."""
    each = [item.fields["ports"] for item in group]
    first = each[0]
    assert isinstance(first, Mapping)
    if all(item == first for item in each):
        return first
    result: dict[str, Value] = {}
    for target in first:
        bindings = [item.get(target, ()) if isinstance(item, Mapping) else () for item in each]
        ranges = [_range(column) for column in zip(*bindings, strict=False)] if _even(bindings) else [None]
        if None in ranges or any(isinstance(item, Mapping) and item.keys() != first.keys() for item in each):
            return None
        result[target] = tuple(ranges)
    return result


def _even(bindings: Iterable[Any]) -> bool:
    return len({len(item) for item in bindings}) == 1


def _range(column: Sequence[Any]) -> str | None:
    """`8080-8082` for host ports 8080, 8081, 8082 on one address."""
    parts = [str(binding).rpartition(":") for binding in column]
    hosts, ports = {part[0] for part in parts}, [part[2] for part in parts]
    if len(hosts) != 1 or not all(port.isdecimal() for port in ports):
        return str(column[0]) if len(set(column)) == 1 else None
    numbers = [int(port) for port in ports]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    host, colon, _ = parts[0]
    return f"{host}{colon}{numbers[0]}-{numbers[-1]}"


def _distinct(items: Sequence[Folded]) -> list[Folded]:
    """Give a second bearer of a key another one; those that are bound to theirs keep it."""
    result: list[Folded] = []
    taken = {item.key for item in items if item.first.own}
    for item in items:
        key, number = item.key, 2
        while not item.first.own and key in taken:
            key, number = f"{item.key}-{number}", number + 1
        taken.add(key)
        result.append(Folded(key, item.first, item.replicas, item.fields))
    return result
