"""What happened to each object so far, in words: the figures and lines that both kinds of progress show.

Callers: `cli.progress` and `cli.live`.
"""

from __future__ import annotations

from collections.abc import Callable

from dockerspec.core.address import Address, Kind
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.plan.action import Action, AwaitContainer, HookAction, PassGate
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.core.report.progress import Progress
from dockerspec.render.clean import Cleaner
from dockerspec.render.report_text import seconds
from dockerspec.render.style import Line, Piece, Role
from dockerspec.render.words import FATES, IMAGES_DONE

_ENDED = {
    ChangeKind.CREATE: "created",
    ChangeKind.UPDATE: "updated",
    ChangeKind.REPLACE: "replaced",
    ChangeKind.DELETE: "deleted",
    ChangeKind.KEEP: "kept",
}

Show = Callable[[Progress], None]
"""What is called with each event of a run."""


class Tally:
    """Joins the actions of each object: a reader thinks in objects, not in engine calls."""

    def __init__(self, plan: Plan, clean: Cleaner) -> None:
        """Count the actions of every object of the plan."""
        self.clean = clean
        self.total = len(plan.actions)
        self.ended = 0
        self._changes = {change.address: change for change in plan.changes}
        self._left: dict[Address, int] = {}
        self._seconds: dict[Address, float] = {}
        self._spoilt: set[Address] = set()
        self._verbs: dict[Address, list[str]] = {}
        for action in plan.actions.values():
            self._verbs.setdefault(action.address, []).append(action.verb)
            self._left[action.address] = self._left.get(action.address, 0) + 1
        self._width = max((len(str(address)) for address in self._left), default=0)

    def finish(self, outcome: Outcome) -> Line | None:
        """Take note of an action's end; the answer is a line if it was a failure or its object's last action."""
        address = outcome.action.address
        self.ended += 1
        self._left[address] = self._left.get(address, 1) - 1
        self._seconds[address] = self._seconds.get(address, 0.0) + outcome.seconds
        if outcome.status is Status.FAILED:
            self._spoilt.add(address)
            what = "failed" if isinstance(outcome.action, AwaitContainer) else f"failed to {outcome.action.verb}"
            return self._line("!", address, f"{what}: {self._first(outcome)}", Role.DANGER)
        if outcome.status is not Status.DONE:
            self._spoilt.add(address)
        if self._left[address] or address in self._spoilt:
            return None
        change = self._changes.get(address)
        fate = FATES[change.kind if change else ChangeKind.UPDATE]
        verbs = dict.fromkeys(self._verbs[address]) if address.kind is Kind.IMAGE else {}
        word = " and ".join(IMAGES_DONE[verb] for verb in verbs) or _ENDED[change.kind if change else ChangeKind.UPDATE]
        took = Piece(f"  {seconds(self._seconds[address])}", Role.FAINT)
        return (*self._line(fate.sign, address, word, fate.role), took)

    def begin(self, action: Action, *, undo: bool = False) -> Line:
        """The line for an action that begins."""
        text = f"taking back: {doing(action)}" if undo else doing(action)
        return self._line("", action.address, text, Role.WARNING if undo else Role.FAINT)

    def note(self, action: Action, text: str) -> Line:
        """The line for a word on an action under way."""
        return self._line("", action.address, self.clean(text), Role.FAINT)

    def _first(self, outcome: Outcome) -> str:
        lines = self.clean.lines(outcome.message)
        return lines[0] if lines else "no reason given"

    def _line(self, sign: str, address: Address, text: str, role: Role) -> Line:
        name = self.clean(str(address))
        return (Piece(f"{sign:>3} {name:<{self._width}}  ", role), Piece(text, role))


def doing(action: Action) -> str:
    """An action under way, in words."""
    if isinstance(action, AwaitContainer):
        return f"waiting until {action.until.value}"
    if isinstance(action, PassGate):
        return "waiting for the other replicas" if action.gate == "end" else f"next replicas ({action.gate})"
    if isinstance(action, HookAction):
        return f"running {action.stage.value} ..."
    return f"{action.verb} ..."
