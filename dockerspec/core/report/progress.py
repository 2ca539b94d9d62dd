"""What a run tells while it goes on, as values. The command line shows them; the report is made without them.

All of a run's events arrive from one thread, the one that called `execute`, in the order in which things happened.
"""

from __future__ import annotations

from dataclasses import dataclass

from dockerspec.core.plan.action import Action
from dockerspec.core.report.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ActionStarted:
    """The call is on its way."""

    action: Action


@dataclass(frozen=True, slots=True)
class ActionNote:
    """A word on a call that takes long: a layer that was pulled, a step of a build."""

    action: Action
    text: str


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """The action met its fate; skipped and cancelled ones never started."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class UndoStarted:
    """A step of a way back is on its way."""

    action: Action


@dataclass(frozen=True, slots=True)
class UndoFinished:
    """A step of a way back is over."""

    outcome: Outcome


Progress = ActionStarted | ActionNote | ActionFinished | UndoStarted | UndoFinished
"""Any event of a run."""
