"""Gates and the way back of a rolling update, by what became of its replicas."""

from __future__ import annotations

import pytest

from dockerspec.core.plan.action import PassGate
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.runtime.execute.rescue import is_needed, way_back
from dockerspec.runtime.execute.schedule import Schedule
from tests.unit.runtime.plans import address, remove, start, stop

WORDS = {"d": Status.DONE, "f": Status.FAILED, "s": Status.SKIPPED, "c": Status.CANCELLED}


def gate(tolerated: int) -> PassGate:
    return PassGate(address=address("a"), cause="test", gate="end", tolerated=tolerated)


@pytest.mark.parametrize(
    ("fates", "tolerated", "fate"),
    [
        ("ddd", 0, None),
        ("dfd", 0, Status.SKIPPED),
        ("dfd", 1, None),
        ("dff", 1, Status.SKIPPED),
        ("fff", 3, None),
        ("dsd", 0, Status.SKIPPED),
    ],
)
def test_a_gate_counts(fates: str, tolerated: int, fate: Status | None) -> None:
    replicas = [start(name) for name in "abc"]
    last = gate(tolerated)
    actions = {action.key: action for action in (*replicas, last)}
    schedule = Schedule(actions, Graph.of(actions, [(action.key, last.key) for action in replicas]))
    schedule.take(cancelled=False)
    for action, word in zip(replicas, fates, strict=True):
        schedule.settle(Outcome(action, WORDS[word], "x" if word == "s" else ""))
    ready, passed = schedule.take(cancelled=False)
    assert [item.status for item in passed] == ([] if fate is None else [fate])
    assert ready == ([last] if fate is None else [])


def test_a_gate_does_not_open_once_the_user_stopped_the_run() -> None:
    last = gate(3)
    schedule = Schedule({last.key: last}, Graph.of([last.key], []))
    _, passed = schedule.take(cancelled=True)
    assert [item.status for item in passed] == [Status.CANCELLED]


@pytest.mark.parametrize(
    ("fates", "tolerated", "back"),
    [
        ("dd dd dd", 0, None),
        ("dd df ss", 0, "a"),
        ("dd df dd", 1, None),
        ("dd df dd", 0, "ca"),
        ("df df dd", 1, "c"),
        ("ss ss ss", 0, ""),
        # What is done when the user stops the run stays as it is.
        ("dd dc cc", 0, None),
    ],
)
def test_too_many_failures_take_those_back_that_succeeded(fates: str, tolerated: int, back: str | None) -> None:
    steps = {name: (stop(name), start(name)) for name in "abc"}
    turns = tuple(tuple(step.key for step in steps[name]) for name in "abc")
    undo = {steps[name][1].key: (remove(name),) for name in "abc"}
    rescue = Rescue(tuple(key for turn in turns for key in turn), undo, turns, tolerated)
    outcomes = {
        step.key: Outcome(step, WORDS[word])
        for name, words in zip("abc", fates.split(), strict=True)
        for step, word in zip(steps[name], words, strict=True)
    }
    assert is_needed(rescue, outcomes) is (back is not None)
    if back is not None:
        assert [step.address.name for step in way_back(rescue, outcomes)] == list(back)
