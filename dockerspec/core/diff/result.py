"""What the differ hands to the planner: the changes that a reader sees, with the objects that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dockerspec.core.address import Address
from dockerspec.core.desired.state import DesiredImage, DesiredNetwork, DesiredVolume
from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.live.state import LiveContainer, LiveNetwork, LiveVolume
from dockerspec.core.marks import Mark
from dockerspec.core.way import Way


@dataclass(frozen=True, slots=True)
class Subject:
    """The objects that a change is about; which of them are set follows from the kind of the address.

    `spares` are the IDs of earlier images that go.
    """

    image: DesiredImage | None = None
    network: DesiredNetwork | None = None
    volume: DesiredVolume | None = None
    pair: Pair | None = None
    live_container: LiveContainer | None = None
    live_network: LiveNetwork | None = None
    live_volume: LiveVolume | None = None
    mark: Mark | None = None
    spares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A change and its subject."""

    change: ObjectChange
    subject: Subject


@dataclass(frozen=True, slots=True)
class Diff:
    """The differ's whole answer.

    Attributes:
        findings: what differs, ordered by address; a double of a container has a finding of its own.
        pairs: every desired container with what is there of it, changed or not.
        pending: references whose image this run pulls, builds or tags, so that its ID is not yet known.
        diagnostics: what forbids a plan or deserves a word.
        unchanged: the addresses that are as the spec says.
        left: what differs at the objects that were excluded.
        knocked: what the run means to excluded containers, which share or depend on what is made anew.
    """

    findings: tuple[Finding, ...]
    pairs: Mapping[Address, Pair]
    pending: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()
    unchanged: tuple[Address, ...] = ()
    left: tuple[Finding, ...] = ()
    knocked: tuple[Finding, ...] = ()


def ways(fields: tuple[FieldChange, ...]) -> frozenset[Way]:
    """The ways that a set of field changes needs."""
    return frozenset(item.way for item in fields)


def main_cause(fields: tuple[FieldChange, ...]) -> str:
    """The clause for an object whose fields differ: the one cause, or that there are several."""
    causes = {item.cause for item in fields}
    if len(causes) == 1:
        return str(next(iter(causes)))
    if Cause.DIFFERS in causes:
        return str(Cause.DIFFERS)
    return " and ".join(sorted(str(cause) for cause in causes))


def kind_of(fields: tuple[FieldChange, ...]) -> ChangeKind:
    """Whether field changes replace the object or only update it."""
    return ChangeKind.REPLACE if Way.REPLACE in ways(fields) else ChangeKind.UPDATE
