"""The ways back: when the steps of a replacement can't all be done, those that were done are taken back.

Caller: walker, which carries the steps out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockerspec.core.plan.action import Action
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.report.outcome import Outcome, Status

_MISSED = (Status.FAILED, Status.SKIPPED)


def is_settled(rescue: Rescue, outcomes: Mapping[str, Outcome]) -> bool:
    """Whether all members have met their fate."""
    return all(key in outcomes for key in rescue.members)


def is_needed(rescue: Rescue, outcomes: Mapping[str, Outcome]) -> bool:
    """Whether the members did something, if only half, and did not get to their end."""
    if rescue.turns:
        # Of a run that the user stopped, what is done is done: the next one goes on from there.
        failed = sum(any(outcomes[key].status in _MISSED for key in turn) for turn in rescue.turns)
        return failed > rescue.tolerated
    fates = [outcomes[key].status for key in rescue.members]
    return Status.FAILED in fates or (Status.DONE in fates and any(fate is not Status.DONE for fate in fates))


def _is_done(turn: tuple[str, ...], outcomes: Mapping[str, Outcome]) -> bool:
    return all(outcomes[key].status is Status.DONE for key in turn)


def way_back(rescue: Rescue, outcomes: Mapping[str, Outcome]) -> Iterator[Action]:
    """The undo actions of all members that were done, or failed and so may be half done; the last member first.

    Of a rolling update, those of the replicas of which all members were done: the others have a way back of their own.
    """
    own = [key for turn in rescue.turns if _is_done(turn, outcomes) for key in turn]
    taken: list[Action] = []
    for key in reversed(own if rescue.turns else rescue.members):
        if outcomes[key].status in (Status.DONE, Status.FAILED):
            # Several members may be taken back by the same step.
            fresh = [step for step in rescue.undo.get(key, ()) if step not in taken]
            taken += fresh
            yield from fresh
