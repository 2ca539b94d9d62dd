"""Any graph, any failures, any moment to stop: the walker's promises hold."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from dockerspec.core.plan.action import Action
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan, Rescue
from dockerspec.core.report.outcome import Report, Status
from dockerspec.errors import ServerError
from dockerspec.runtime.execute.walker import execute
from dockerspec.testing import FakeEngine
from dockerspec.testing.host import Call
from tests.unit.runtime.plans import start, stop


@dataclass(frozen=True)
class Case:
    """A run to try: `edges` lead from lower to higher numbers, so there is no cycle."""

    size: int
    edges: tuple[tuple[int, int], ...]
    failing: frozenset[int]
    stop_at: int
    parallelism: int


@st.composite
def cases(draw: st.DrawFn, *, stopping: bool) -> Case:
    size = draw(st.integers(1, 14))
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = draw(st.lists(pairs, max_size=2 * size)) if size > 1 else []
    return Case(
        size=size,
        edges=tuple(edges),
        failing=draw(st.frozensets(st.integers(0, size - 1), max_size=3)),
        stop_at=draw(st.integers(0, size - 1)) if stopping else -1,
        parallelism=draw(st.integers(1, 5)),
    )


class Run:
    """One run of a case, with what was seen of it from the engine's side."""

    def __init__(self, case: Case, rescues: tuple[Rescue, ...] = ()) -> None:
        self.case = case
        self.actions = [start(f"c{number}") for number in range(case.size)]
        self.engine = FakeEngine()
        self.engine.add_image("busybox")
        for action in self.actions:
            self.engine.create_container(action.name, {"Image": "busybox"})
        for number in case.failing:
            self.engine.fail("start_container", ServerError("no", status=500), subject=f"c{number}")
        self.engine.calls.clear()
        self.engine.most_at_once = 0
        self.cancel = threading.Event()
        self.early: list[str] = []
        self.running: set[str] = set()
        self.engine.on_start = self.running.add
        self.engine.delay = self._watch
        by_key: dict[str, Action] = {action.key: action for action in self.actions}
        keys = [action.key for action in self.actions]
        graph = Graph.of(by_key, [(keys[first], keys[then]) for first, then in case.edges])
        plan = Plan("test", actions=by_key, graph=graph, rescues=rescues)
        self.report: Report = execute(plan, self.engine, cancel=self.cancel, parallelism=case.parallelism)

    def _watch(self, call: Call) -> None:
        """Before each call: everything that it depends on must have been done on the engine."""
        if call.verb != "start_container":
            return
        number = int(call.subject[1:])
        if number == self.case.stop_at:
            self.cancel.set()
        for first, then in self.case.edges:
            if then == number and f"c{first}" not in self.running:
                self.early.append(call.subject)

    def status(self, number: int) -> Status:
        return self.report.outcomes[self.actions[number].key].status


def check(run: Run) -> None:
    """What holds for every run."""
    case, report = run.case, run.report
    assert set(report.outcomes) == {action.key for action in run.actions}
    assert run.early == []
    assert run.engine.most_at_once <= case.parallelism
    started = [call.subject for call in run.engine.calls if call.verb == "start_container"]
    assert len(started) == len(set(started))
    for number in range(case.size):
        status = run.status(number)
        assert (f"c{number}" in started) == (status in (Status.DONE, Status.FAILED))
        before = {run.status(first) for first, then in case.edges if then == number}
        match status:
            case Status.DONE:
                assert number not in case.failing
                assert before <= {Status.DONE}
            case Status.FAILED:
                assert number in case.failing
            case Status.SKIPPED:
                assert before & {Status.FAILED, Status.SKIPPED}
                fault = report.outcomes[run.actions[number].key].message
                assert report.outcomes[fault].status is Status.FAILED
            case Status.CANCELLED:
                assert run.cancel.is_set()


@settings(max_examples=150, deadline=None)
@given(cases(stopping=False))
def test_every_action_meets_exactly_one_fate(case: Case) -> None:
    run = Run(case)
    check(run)
    assert run.report.count(Status.CANCELLED) == 0
    # Skipped are exactly those that depend, over any number of steps, on a failure.
    doomed = set(case.failing)
    for number in range(case.size):
        if any(first in doomed for first, then in case.edges if then == number):
            doomed.add(number)
    assert {number for number in range(case.size) if run.status(number) is not Status.DONE} == doomed


@settings(max_examples=100, deadline=None)
@given(cases(stopping=True))
def test_a_stop_at_any_moment_leaves_no_action_without_a_fate(case: Case) -> None:
    run = Run(case)
    check(run)
    assert run.report.cancelled == (run.report.count(Status.CANCELLED) > 0)


@settings(max_examples=100, deadline=None)
@given(cases(stopping=True), st.data())
def test_a_way_back_is_gone_if_and_only_if_it_is_needed(case: Case, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, case.size))
    members = [start(f"c{number}") for number in range(size)]
    undo = {member.key: (stop(member.name),) for member in members}
    run = Run(case, (Rescue(tuple(member.key for member in members), undo),))
    check(run)
    fates = [run.status(number) for number in range(size)]
    touched = [number for number in range(size) if fates[number] in (Status.DONE, Status.FAILED)]
    broken = any(fate is not Status.DONE for fate in fates)
    expected = [f"c{number}" for number in reversed(touched)] if broken else []
    assert [outcome.action.address.name for outcome in run.report.undone] == expected
