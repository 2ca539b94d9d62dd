"""Which actions may run now, and what becomes of those that never will.

Caller: walker, from one thread. Pure: no engine, no thread, no clock.
"""

from __future__ import annotations

import graphlib
from collections.abc import Mapping

from dockerspec.core.plan.action import Action, PassGate
from dockerspec.core.plan.graph import Graph
from dockerspec.core.report.outcome import Outcome, Status


class Schedule:
    """A walk over a plan's graph: `take` hands out what can start, `settle` takes in what became of it.

    Attributes:
        outcomes: the fates so far, by action key, in the order in which they came.
    """

    def __init__(self, actions: Mapping[str, Action], graph: Graph) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._actions = actions
        self._before = {key: graph.before.get(key, frozenset()) for key in actions}
        self._rank = {key: index for index, key in enumerate(actions)}
        self._sorter = graphlib.TopologicalSorter(self._before)
        self._sorter.prepare()

    @property
    def is_over(self) -> bool:
        """Whether every action has met its fate."""
        return not self._sorter.is_active()

    def take(self, *, cancelled: bool) -> tuple[list[Action], list[Outcome]]:
        """The actions that can start now, in the plan's order, and the fates of those that this call found never will.

        Args:
            cancelled: whether the user stopped the run: then nothing starts any more.
        """
        ready: list[Action] = []
        passed: list[Outcome] = []
        while keys := sorted(self._sorter.get_ready(), key=self._rank.__getitem__):
            for key in keys:
                fate = self._hindered(key, cancelled)
                if fate is None:
                    ready.append(self._actions[key])
                else:
                    self.settle(fate)
                    passed.append(fate)
        return ready, passed

    def settle(self, outcome: Outcome) -> None:
        """Take in the fate of an action that was handed out."""
        self.outcomes[outcome.action.key] = outcome
        self._sorter.done(outcome.action.key)

    def _hindered(self, key: str, cancelled: bool) -> Outcome | None:
        """The fate of an action that must not start; None if nothing hinders it.

        A skipped action names the action that failed, not the one in between that was skipped itself.
        """
        action = self._actions[key]
        before = [self.outcomes[item] for item in sorted(self._before[key], key=self._rank.__getitem__)]
        if isinstance(action, PassGate) and not cancelled:
            failed = sum(outcome.status is not Status.DONE for outcome in before)
            before = before if failed > action.tolerated else []
        for outcome in before:
            if outcome.status is Status.FAILED:
                return Outcome(action, Status.SKIPPED, outcome.action.key)
            if outcome.status is Status.SKIPPED:
                return Outcome(action, Status.SKIPPED, outcome.message)
        if cancelled or any(outcome.status is Status.CANCELLED for outcome in before):
            return Outcome(action, Status.CANCELLED)
        return None
