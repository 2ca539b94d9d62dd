"""The state of a stack at one moment, as a table: what runs, how it fares, and what differs from the spec."""

from __future__ import annotations

from dataclasses import dataclass

from dockerspec.core.address import Address
from dockerspec.core.diff.change import FieldChange
from dockerspec.core.facts import EngineFacts


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One object of a stack.

    Attributes:
        address: the object.
        name: its name on the engine; empty where it is not there.
        want: the state that the spec asks for: `running`, `stopped`, `completed`, `present` or `absent`.
        state: what the engine says: a container's status, `present` for other kinds, `absent` where it is not there.
        health: `starting`, `healthy`, `unhealthy`, or empty.
        image: the image reference that a container was created with, or empty.
        ports: published ports as `8080->80/tcp`.
        since: how long it has been in this state, as `3h20m`, or empty.
        drift: the fields that differ from the spec.
        note: a word on what is wrong or odd, or empty.
    """

    address: Address
    name: str
    want: str
    state: str
    health: str = ""
    image: str = ""
    ports: tuple[str, ...] = ()
    since: str = ""
    drift: tuple[FieldChange, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The state of a whole stack.

    Attributes:
        stack: the stack's name.
        engine: facts about the engine that was asked.
        endpoint: the engine's address.
        rows: the stack's objects, ordered by address.
        unchanged: how many objects are as the spec says.
    """

    stack: str
    engine: EngineFacts
    endpoint: str
    rows: tuple[StatusRow, ...] = ()
    unchanged: int = 0
