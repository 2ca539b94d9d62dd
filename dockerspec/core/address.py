"""Addresses: how every stage names an object of a stack, from the spec to the report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_TEXT = re.compile(r"(?P<kind>[a-z]+)\.(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*?)(?:\[(?P<replica>[0-9]+)\])?")


class Kind(StrEnum):
    """The four kinds of object that a spec describes, in the order in which a plan shows them."""

    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    CONTAINER = "container"


_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Address:
    """One object of a stack: `network.front`, `container.web`, `container.web[2]`.

    Attributes:
        kind: the kind of object.
        name: its key in the spec.
        replica: for containers the replica's number from 1 on; 0 for all else. The first replica is printed
            without a number, so that a container that never had a second one reads as its own name.
    """

    kind: Kind
    name: str
    replica: int = 0

    def __str__(self) -> str:
        suffix = f"[{self.replica}]" if self.replica > 1 else ""
        return f"{self.kind}.{self.name}{suffix}"

    @property
    def sort_key(self) -> tuple[int, str, int]:
        """The order of addresses in everything that is shown: kind, name, replica."""
        return (_RANK[self.kind], self.name, self.replica)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read what `str` printed.

        Raises:
            ValueError: the text is no address.
        """
        match = _TEXT.fullmatch(text)
        if match is None or match["kind"] not in set(Kind):
            raise ValueError(f"{text!r} is no address; write KIND.NAME or KIND.NAME[REPLICA], as container.web[2]")
        kind = Kind(match["kind"])
        first = 1 if kind is Kind.CONTAINER else 0
        return cls(kind, match["name"], int(match["replica"] or first))
