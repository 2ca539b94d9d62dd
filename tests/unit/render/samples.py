"""Short ways to write plans, reports and states for the render cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dockerspec.core.address import Address
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.plan.action import (
    Action,
    AwaitContainer,
    CreateContainer,
    PullImage,
    RemoveContainer,
    StartContainer,
)
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan
from dockerspec.core.ready import Ready
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.core.report.status import StatusRow
from dockerspec.core.way import Way

WHERE = "Docker 28.5.2 (unix:///var/run/docker.sock)"


def field(path: str, old: Any, new: Any, way: Way = Way.REPLACE, cause: Cause = Cause.EDIT, **rest: Any) -> FieldChange:
    """A differing field; by default an edit that forces a replacement."""
    return FieldChange(path, old, new, way, cause, **rest)


def change(address: str, kind: str, cause: str, *fields: FieldChange, **rest: Any) -> ObjectChange:
    """A differing object; its engine name is made from its address."""
    parsed = Address.parse(address)
    return ObjectChange(parsed, ChangeKind(kind), cause, rest.pop("name", f"shop-{parsed.name}"), fields, **rest)


def plan(*changes: ObjectChange, actions: Sequence[Action] | None = None, **rest: Any) -> Plan:
    """A plan of the stack `shop`. Without `actions` each change but a keep gets one."""
    if actions is None:
        actions = [_stand_in(item) for item in changes if item.kind is not ChangeKind.KEEP]
    keys = [action.key for action in actions]
    rest.setdefault("unchanged", 7)
    chain = Graph.of(keys, pairwise(keys))
    return Plan("shop", changes, dict(zip(keys, actions, strict=True)), chain, **rest)


def _stand_in(item: ObjectChange) -> Action:
    if item.address.kind == "image":
        return PullImage(address=item.address, cause=item.cause, reference=item.name)
    return RemoveContainer(address=item.address, cause=item.cause, container=item.name, name=item.name)


def create(address: str, name: str, cause: str = "not on the host") -> CreateContainer:
    """The creation of a container."""
    return CreateContainer(address=Address.parse(address), cause=cause, name=name, body={"Env": ["PASSWORD=hunter22"]})


def start(address: str, name: str, cause: str = "not on the host") -> StartContainer:
    """The start of a container."""
    return StartContainer(address=Address.parse(address), cause=cause, container=name, name=name)


def remove(address: str, name: str, cause: str = "no longer in the spec") -> RemoveContainer:
    """The removal of a container."""
    return RemoveContainer(address=Address.parse(address), cause=cause, container=name, name=name)


def ready(address: str, name: str, until: Ready = Ready.HEALTHY) -> AwaitContainer:
    """The wait for a container."""
    return AwaitContainer(
        address=Address.parse(address), cause="web needs it", container=name, name=name, until=until, timeout=60.0
    )


def done(action: Action, seconds: float = 0.2, **rest: Any) -> Outcome:
    """An action that was carried out."""
    return Outcome(action, Status.DONE, seconds=seconds, **rest)


def failed(action: Action, message: str, **rest: Any) -> Outcome:
    """An action that failed."""
    return Outcome(action, Status.FAILED, message, seconds=0.4, **rest)


def skipped(action: Action, because: Action) -> Outcome:
    """An action that was left out because of another."""
    return Outcome(action, Status.SKIPPED, because.key)


def outcomes(*items: Outcome) -> dict[str, Outcome]:
    """Outcomes by key."""
    return {item.action.key: item for item in items}


def row(address: str, state: str, want: str = "running", **rest: Any) -> StatusRow:
    """A row of a status table."""
    parsed = Address.parse(address)
    return StatusRow(parsed, f"shop-{parsed.name}", want, state, **rest)
