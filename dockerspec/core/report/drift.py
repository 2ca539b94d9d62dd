"""What was changed on the host behind our back, told apart from what the spec wants by now. Pure.

Callers: api, render. Limits: goes by what was recorded on the objects, since there is no state file. What a record
can't tell is named in docs/guards.md: an object that was never made looks as one that somebody removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange
from dockerspec.core.diff.networks import is_own
from dockerspec.core.diff.pairing import Pair, is_aside
from dockerspec.core.diff.result import Diff, Finding
from dockerspec.core.facts import EngineFacts
from dockerspec.core.live.state import ContainerState, LiveContainer, LiveState
from dockerspec.core.plan.guards import looks_foreign, twins_of

_OUSTED = "something that is not the stack's has its name"


class Drift(StrEnum):
    """In which way an object is not as it was left."""

    CHANGED = "changed"
    MISSING = "missing"
    UNKNOWN = "unknown"
    UNWELL = "unwell"


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One object.

    Attributes:
        address: the object.
        name: its name on the engine; empty where it is not there.
        kind: in which way it drifted; None where only an apply is due.
        note: a clause that says more, or empty.
        fields: the fields that differ.
    """

    address: Address
    name: str
    kind: Drift | None
    note: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a look at a stack found.

    Attributes:
        stack: the stack's name.
        engine: facts about the engine that was asked.
        endpoint: the engine's address.
        drifted: what is not as dockerspec left it, ordered by address.
        pending: what differs since the spec was edited or an image moved, ordered by address.
        unchanged: how many objects are as the spec says.
        diagnostics: what forbids an apply, drift apart.
    """

    stack: str
    engine: EngineFacts
    endpoint: str
    drifted: tuple[DriftRow, ...] = ()
    pending: tuple[DriftRow, ...] = ()
    unchanged: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()

    def count(self, kind: Drift) -> int:
        """How many objects drifted in this way."""
        return sum(row.kind is kind for row in self.drifted)


def drift_of(
    desired: DesiredState, live: LiveState, diff: Diff, endpoint: str, faults: Iterable[Diagnostic] = ()
) -> DriftReport:
    """Tell drift from edits.

    Args:
        desired: what the spec wants.
        live: what the engine has.
        diff: what differs between the two.
        endpoint: the engine's address.
        faults: the diagnostics of a plan.
    """
    unwell = {address: words for address, pair in diff.pairs.items() if (words := _illness(pair))}
    rows = [row for finding in diff.findings for row in _rows(finding, desired, live)]
    drifted: list[DriftRow] = []
    for row in rows:
        words = unwell.pop(row.address, "") if row.kind is Drift.CHANGED else ""
        if row.kind is not None:
            drifted.append(replace(row, note=words or row.note))
    for address, words in unwell.items():
        old = diff.pairs[address].live
        drifted.append(DriftRow(address, old.name if old else "", Drift.UNWELL, words))
    drifted += _ousted(desired, live, diff)
    named = {f"{row.address.kind}s.{row.address.name}" for row in drifted}
    off = {row.address for row in drifted}
    return DriftReport(
        stack=desired.stack,
        engine=live.engine,
        endpoint=endpoint,
        drifted=_ordered(drifted),
        pending=_ordered(row for row in rows if row.kind is None),
        unchanged=sum(address not in off for address in diff.unchanged),
        diagnostics=tuple(item for item in faults if item.severity is Severity.ERROR and item.path not in named),
    )


def _ordered(rows: Iterable[DriftRow]) -> tuple[DriftRow, ...]:
    return tuple(sorted(rows, key=lambda row: (*row.address.sort_key, row.name)))


def _rows(finding: Finding, desired: DesiredState, live: LiveState) -> Iterator[DriftRow]:
    """One row, or two where one object was both changed on the host and edited in the spec."""
    change, subject = finding.change, finding.subject
    address, name = change.address, change.name
    if change.kind is ChangeKind.CREATE:
        is_image = address.kind is Kind.IMAGE  # the spec may name another one by now; what ran is not concerned
        yield DriftRow(address, name if is_image else "", None if is_image else Drift.MISSING, change.cause)
    elif change.kind in (ChangeKind.DELETE, ChangeKind.KEEP) and subject.pair is None:
        why = _strangeness(finding, desired, live)
        yield DriftRow(address, name, Drift.UNKNOWN if why else None, why or change.cause)
    else:
        # What is neither as recorded nor as wanted may have been changed live by an earlier apply: no drift for sure.
        behind = tuple(item for item in change.fields if item.cause is Cause.DRIFT)
        rest = tuple(item for item in change.fields if item not in behind)
        if behind:
            yield DriftRow(address, name, Drift.CHANGED, "", behind)
        if rest:
            yield DriftRow(address, name, None, "" if behind else change.cause, rest)


def _strangeness(finding: Finding, desired: DesiredState, live: LiveState) -> str:
    """Why an object that the spec does not know is not just one that it no longer has; empty if it is."""
    subject = finding.subject
    item = subject.live_container or subject.live_network or subject.live_volume
    if item is None:
        return ""
    adopted = {mark.object for mark in live.marks}
    ident = getattr(item, "id", item.name)
    if ident not in adopted and (why := looks_foreign(item, desired.stack, live)):
        return why
    if isinstance(item, LiveContainer):
        if item.one_off:
            return ""
        twins = twins_of(item, live)
        if len(twins) > 1 and not any(is_aside(other) for other in twins):
            return finding.change.cause
    if item.origin and desired.origin and item.origin != desired.origin:
        return f"it was made from {item.origin}"
    return ""


def _illness(pair: Pair) -> str:
    """What is wrong with a container though it runs as wanted, or with a job that is over."""
    if pair.live is None:
        return ""
    state = pair.live.state
    if state.status == "restarting":
        return f"it keeps restarting: exit code {state.exit_code}, {state.restarts} restarts"
    if state.status == "running" and state.health == "unhealthy":
        return "unhealthy"
    return _failure(state) if pair.desired.state == "completed" else ""


def _failure(state: ContainerState) -> str:
    failed = state.status == "exited" and state.exit_code != 0 and bool(state.finished_at)
    return f"the job failed with exit code {state.exit_code}" if failed else ""


def _ousted(desired: DesiredState, live: LiveState, diff: Diff) -> Iterator[DriftRow]:
    """Objects of the stack in whose place there is something foreign, and external ones that are gone."""
    found = {item.change.address for item in diff.findings}
    for address, pair in diff.pairs.items():
        if pair.live is None and address not in found:
            yield DriftRow(address, pair.desired.name, Drift.MISSING, _OUSTED)
    networks = {item.name: is_own(item, desired.stack, desired.networks) for item in live.networks}
    volumes = {item.name: item.stack == desired.stack for item in live.volumes}
    yield from _resources(((item.address, item.name, item.spec.external) for item in desired.networks), networks, found)
    yield from _resources(((item.address, item.name, item.spec.external) for item in desired.volumes), volumes, found)


def _resources(
    wanted: Iterable[tuple[Address, str, bool]], there: Mapping[str, bool], found: Collection[Address]
) -> Iterator[DriftRow]:
    for address, name, external in wanted:
        if external and name not in there:
            yield DriftRow(address, "", Drift.MISSING, f"the external {address.kind} {name} is not on the host")
        elif not external and not there.get(name, False) and address not in found:
            yield DriftRow(address, name, Drift.MISSING, _OUSTED)
