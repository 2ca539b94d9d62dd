"""Changes: what differs between the desired and the live state, per object and per field, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dockerspec.core.address import Address
from dockerspec.core.facts import Value
from dockerspec.core.way import Way


class Cause(StrEnum):
    """Why a field differs, as far as the recorded values let us tell."""

    EDIT = "spec changed"
    DRIFT = "changed outside dockerspec"
    IMAGE = "image changed"
    DIFFERS = "differs from the spec"


class ChangeKind(StrEnum):
    """What happens to one object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"  # it stays although the spec or the run would let it go, and the plan says why


class Order(StrEnum):
    """Which of the old and the new container is up first; the values of `update.order`."""

    START_FIRST = "start-first"
    STOP_FIRST = "stop-first"


HIDDEN = "(sensitive)"
"""What stands in the place of a value that must not be shown."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One differing field.

    Attributes:
        path: the spec path below the object, as `mem_limit` or `environment.LOG_LEVEL`.
        old: the live value in normal form; None where there is none.
        new: the desired value in normal form; None where the spec wants the field gone.
        way: how it is carried out.
        cause: why it differs.
        unit: how to print the values: `bytes`, `ns`, `cpus` (billionths of one), or empty for as they are.
        note: an extra word for the reader, or empty.
    """

    path: str
    old: Value
    new: Value
    way: Way
    cause: Cause = Cause.DIFFERS
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """All that differs at one object.

    Attributes:
        address: the object.
        kind: what happens to it.
        cause: one clause that says why, shown beside the object.
        name: its name on the engine.
        fields: the differing fields, ordered by path. For a create: none.
        downtime: whether a running container stops on the way.
        data_loss: whether data that can't be made again is deleted.
        order: for a running container that is replaced, which of the two is up first; None for all else.
        order_reason: why the old one stops first, as a clause; empty where the spec says so, or nothing is against it.
    """

    address: Address
    kind: ChangeKind
    cause: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    downtime: bool = False
    data_loss: bool = False
    order: Order | None = None
    order_reason: str = ""
