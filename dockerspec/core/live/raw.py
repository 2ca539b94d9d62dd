"""What was read from an engine in one go, as the engine said it.

Callers: runtime.snapshot makes it, `parse_live` turns it into normal form. Pure data; nothing here is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class RawSnapshot:
    """The engine's answers, seen from one stack.

    Attributes:
        stack: the stack's name.
        version, info: the answers of `/version` and `/info`.
        api: the API version in use.
        listing: every container of the engine, as the listing gives it.
        containers: the inspect answer of each container of the stack.
        networks: every network as listed; those of the stack are replaced by their inspect answers, which alone name
            the containers attached.
        volumes: every volume, as listed.
        images: inspect answers by the reference or the ID that was asked for; what is not on the host is absent.
        registry: the registry's digest by reference, where it was asked for and answered.
        spares: every image of the engine, as listed; only where those without a name matter.
        notes: what could not be read and is not needed for a plan, one sentence each.
    """

    stack: str
    version: Json
    info: Json
    api: tuple[int, int]
    listing: list[Json] = field(default_factory=list)
    containers: list[Json] = field(default_factory=list)
    networks: list[Json] = field(default_factory=list)
    volumes: list[Json] = field(default_factory=list)
    images: Mapping[str, Json] = field(default_factory=dict)
    registry: Mapping[str, str] = field(default_factory=dict)
    spares: list[Json] = field(default_factory=list)
    notes: tuple[str, ...] = ()
