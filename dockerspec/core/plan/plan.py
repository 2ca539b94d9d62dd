"""The plan: what differs, what will be called, in which order, and the way back if a step fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dockerspec.core.address import Address, Kind
from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.graph import Graph

if TYPE_CHECKING:  # an empty plan needs none of the many action types
    from dockerspec.core.plan.action import Action
    from dockerspec.core.plan.consent import Guard


@dataclass(frozen=True, slots=True)
class Rescue:
    """The way back for actions that only make sense together, such as the replacement of a container.

    If a member fails, or is skipped after another was done, the executor runs the undo actions of the members that
    were done (and of the one that failed, which may be half done), the last first, each as best it can.

    Those of a rolling update are grouped by replica: then a replica that failed has a way back of its own, and this one
    is for those that succeeded before too many others failed.

    Attributes:
        members: the keys of the actions, in order.
        undo: per member the actions that take it back.
        turns: the members by replica; empty where all stand and fall together.
        tolerated: how many replicas may fail.
    """

    members: tuple[str, ...]
    undo: Mapping[str, tuple[Action, ...]]
    turns: tuple[tuple[str, ...], ...] = ()
    tolerated: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """How many objects of each fate; what the last line of a plan says.

    `images` holds, of those that are made or changed, the images: each its kind of change, and the first verb of what
    is done about it, as `pull`.
    """

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    unchanged: int = 0
    images: tuple[tuple[ChangeKind, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen plan.

    Attributes:
        stack: the stack's name.
        changes: the objects that differ, in the order in which they are shown.
        actions: the engine calls by key, in one valid order.
        graph: the order between them.
        rescues: the ways back.
        diagnostics: warnings, and the errors that forbid an apply.
        unchanged: how many objects are as they should be.
        partial: whether only targets were planned.
        destroys: whether the plan removes the stack.
        engine: facts about the engine that it was made for.
        images: the IDs of the images that the spec names, by reference, as far as they are on the host.
        guards: what it does that takes more than a yes, and whether the user agreed to it.
    """

    stack: str
    changes: tuple[ObjectChange, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    graph: Graph = field(default_factory=lambda: Graph({}))
    rescues: tuple[Rescue, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unchanged: int = 0
    partial: bool = False
    destroys: bool = False
    engine: EngineFacts = field(default_factory=EngineFacts)
    images: Mapping[str, str] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.actions

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What forbids an apply."""
        return tuple(item for item in self.diagnostics if item.severity is Severity.ERROR)

    @property
    def summary(self) -> Summary:
        """The counts."""
        kinds = [change.kind for change in self.changes]
        return Summary(
            create=kinds.count(ChangeKind.CREATE),
            update=kinds.count(ChangeKind.UPDATE),
            replace=kinds.count(ChangeKind.REPLACE),
            delete=kinds.count(ChangeKind.DELETE),
            unchanged=self.unchanged,
            images=self._images(),
        )

    def _images(self) -> tuple[tuple[ChangeKind, str], ...]:
        kinds = {change.address: change.kind for change in self.changes if change.address.kind is Kind.IMAGE}
        verbs: dict[Address, str] = {}
        for action in self.actions.values():
            if action.address in kinds:
                verbs.setdefault(action.address, action.verb)
        return tuple((kinds[address], verb) for address, verb in verbs.items())
