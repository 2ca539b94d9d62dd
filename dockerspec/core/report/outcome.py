"""What became of each action, as values; and the report of a whole run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dockerspec.core.address import Address
from dockerspec.core.diagnostics import Span
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.live.health_log import Check
from dockerspec.core.plan.action import Action
from dockerspec.core.report.failure import Failure


class Status(StrEnum):
    """The fate of an action."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # something that it needs failed
    CANCELLED = "cancelled"  # the user stopped the run before it began


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fate of one action.

    Attributes:
        action: the action.
        status: its fate.
        message: the error, or for a skipped action the key of the action at fault; else empty.
        hint: what the user can do about the error, or empty.
        warnings: what the engine remarked on a call that succeeded.
        logs: the last lines of a container that did not come up, of a job or of a hook, or empty.
        seconds: how long it took.
        undo: whether it was a step of a way back.
        path: the spec path that the error is about, as `containers.web.ports[0]`, or empty where the engine's words do
            not tell or no spec was given.
        span: the place of that path in its file, or None.
        kind: why it failed, or None where it did not.
        checks: the last health checks of a container that failed.
    """

    action: Action
    status: Status
    message: str = ""
    hint: str = ""
    warnings: tuple[str, ...] = ()
    logs: str = ""
    seconds: float = 0.0
    undo: bool = False
    path: str = ""
    span: Span | None = None
    kind: Failure | None = None
    checks: tuple[Check, ...] = ()


class Stand(StrEnum):
    """How an object stands after a run."""

    DONE = "done"
    AS_BEFORE = "as before"  # its way back was gone
    HALF_DONE = "half done"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an object that the plan is about stands after the run.

    Attributes:
        address: the object.
        name: its name on the engine.
        stand: how it stands.
        note: what was done and what was not, or empty.
    """

    address: Address
    name: str
    stand: Stand
    note: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next.

    Attributes:
        command: a command to type.
        why: what it is good for.
    """

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of carrying out a plan.

    Attributes:
        stack: the stack's name.
        outcomes: by action key, in the order in which they ended.
        undone: the steps of the ways back that were gone, in order.
        cancelled: whether the user stopped the run.
        remaining: what still differed from the spec when the engine was read again at the end; a sound run leaves
            nothing, but a container may have ended as soon as it was started.
        seconds: how long the run took.
        standing: how every object of the plan stands now; empty where the plan is not known.
        next: what to do next, after a run that did not succeed.
        unproven: why the engine could not be read again at the end, although every action was done; else empty.
    """

    stack: str
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    undone: tuple[Outcome, ...] = ()
    cancelled: bool = False
    remaining: tuple[ObjectChange, ...] = ()
    seconds: float = 0.0
    standing: tuple[Standing, ...] = ()
    next: tuple[Advice, ...] = ()
    unproven: str = ""

    @property
    def ok(self) -> bool:
        """Whether every action was done and, as far as that was to be looked at, nothing differs from the spec."""
        left = any(change.kind is not ChangeKind.KEEP for change in self.remaining)
        done = all(item.status is Status.DONE for item in self.outcomes.values())
        return done and not left and not self.unproven and not self.cancelled

    def count(self, status: Status) -> int:
        """How many actions met that fate."""
        return sum(item.status is status for item in self.outcomes.values())
