"""The marks of adopted objects go when their objects do."""

from __future__ import annotations

from dockerspec.core.address import Kind
from dockerspec.core.diff.result import Diff
from dockerspec.core.live.state import LiveState
from dockerspec.core.marks import Mark
from dockerspec.core.plan.action import Action, RemoveContainer, RemoveMark, RemoveNetwork, RemoveVolume
from dockerspec.core.plan.draft import Draft


def plan_marks(diff: Diff, live: LiveState, draft: Draft) -> None:
    """Remove each mark after its object, and those that have none any more.

    After, not before: a run that is killed in between leaves a mark without an object, which the next plan clears; the
    other way round an object that is half replaced would be foreign.
    """
    if not live.marks and not live.stale_marks:
        return
    touched = {finding.change.address for finding in diff.findings}
    for mark in live.stale_marks:
        if mark.address in touched:
            draft.add(_unmark(mark))
    for mark in live.marks:
        for key in [key for key, action in draft.actions.items() if _removes(action, mark)]:
            draft.add(_unmark(mark), (key,))


def _unmark(mark: Mark) -> RemoveMark:
    return RemoveMark(address=mark.address, cause=f"the {mark.kind} that it marks is gone", name=mark.name)


def _removes(action: Action, mark: Mark) -> bool:
    match action:
        case RemoveContainer():
            return mark.kind is Kind.CONTAINER and action.container == mark.object
        case RemoveNetwork():
            return mark.kind is Kind.NETWORK and action.network == mark.object
        case RemoveVolume():
            return mark.kind is Kind.VOLUME and action.name == mark.object
        case _:
            return False
