"""Every field both ways on real engines: set it, spell it otherwise, change it, drop it (tests/cases/fields)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.plan.plan import Plan
from dockerspec.core.table import container
from tests.engine.field_bench import STEPS, Bench, Case, Step, read_cases, states, unsettled
from tests.places import strangers

Json = Any


def _said(plan: Plan, cases: list[Case], name: str, stack: str) -> Iterator[str]:
    """What the plan says otherwise than the cases."""
    changes = {change.address.name: change for change in plan.changes}
    for case in cases:
        step, change = case.steps[name], changes.get(case.name)
        fault = _fault(step, change, stack)
        if fault:
            yield f"{case.place} {case.field}, {name}: {fault}"


def _fault(step: Step, change: ObjectChange | None, stack: str) -> str:
    if change is None:
        return "" if step.way in ("none", "any") else "the plan says nothing"
    paths = {item.path for item in change.fields}
    wanted = {path.replace("{stack}", stack) for path in step.paths}
    way = "replace" if change.kind is ChangeKind.REPLACE else "live"
    if step.way not in (way, "any"):
        return f"the plan says {way}, not {step.way}"
    return f"the plan names {sorted(paths)}, not {sorted(wanted)}" if paths != wanted else ""


def _moved(bench: Bench, before: Mapping[str, str], plan: Plan, cases: list[Case], name: str) -> Iterator[str]:
    """Containers that kept or lost their identity against what the plan said."""
    after = bench.ids()
    made = {change.address.name for change in plan.changes if change.kind is ChangeKind.REPLACE}
    for case in cases:
        kept = before[case.name] == after[case.name]
        if kept == (case.name in made):
            said = "replaced" if case.name in made else "left alone or changed live"
            yield f"{case.place} {case.field}, {name}: {'kept' if kept else 'lost'} its ID, though it was to be {said}"


def _strangers(bench: Bench) -> set[str]:
    """What the engine reports of the stack's objects and tests/cases/fields/engine.yaml does not list."""
    raw, ours = bench.raw, {"filters": {"label": [f"dockerspec.stack={bench.stack}"]}}
    answers = {
        "container": [raw.container(ident) for ident in bench.ids().values()],
        "network": [raw.get(f"/networks/{item['Id']}") for item in raw.get("/networks", **ours)],
        "volume": raw.get("/volumes", **ours)["Volumes"],
    }
    api = bench.facts.api
    return {
        f"engine.yaml does not list {kind} {place} for API {api}"
        for kind, items in answers.items()
        for item in items
        for place in strangers(kind, item, api)
    }


def _walk(bench: Bench, cases: list[Case]) -> Iterator[str]:
    """Take all cases through all steps; what goes otherwise than they say."""
    for name, (_, state) in STEPS.items():
        wanted, before = states(cases, state), bench.ids()
        plan = bench.plan(wanted)
        yield from _said(plan, cases, name, bench.stack)
        yield from (f"{name}: {fault}" for fault in bench.apply(wanted))
        yield from _moved(bench, before, plan, cases, name)
        yield from sorted(_strangers(bench))


@pytest.mark.timeout(600)
def test_fields_both_ways(bench: Bench, tally: Callable[[str, int], None]) -> None:
    cases = bench.known()
    tally("container cases", len(cases))
    tally(f"of {len(container.ROWS)} container fields", len({case.field for case in cases}))
    start = states(cases, "a")
    faults = bench.apply(start)
    for turn in range(max(len(case.same) for case in cases)):
        spelled = {
            case.name: case.keys(case.same[turn]) if turn < len(case.same) else start[case.name] for case in cases
        }
        faults += unsettled(bench.plan(spelled), f"spelling {turn + 1}")
    faults += [*sorted(_strangers(bench)), *_walk(bench, cases)]
    assert not faults, "\n".join(faults)


def _seen(bench: Bench, cases: list[Case], state: str) -> Iterator[str]:
    """What the kernel holds otherwise than the cases say."""
    ids = bench.ids()
    for case in cases:
        for file, figures in case.kernel.items():
            if state not in figures or ("/" in file) != (bench.facts.cgroup_version == 1):
                continue  # each version of the control groups has its own files
            _, text = bench.raw.execute(ids[case.name], "cat", f"/sys/fs/cgroup/{file}")
            if text.strip() != figures[state]:
                yield f"{case.place} {case.field}, {state}: {file} is {text.strip()}, not {figures[state]}"


def _lives(bench: Bench) -> dict[str, tuple[str, bool, int, str]]:
    """What tells one life of a container from another, by the container's key."""
    found = {key: bench.raw.container(ident) for key, ident in bench.ids().items()}
    return {
        key: (item["Id"], item["State"]["Running"], item["State"]["Pid"], item["State"]["StartedAt"])
        for key, item in found.items()
    }


@pytest.mark.timeout(600)
def test_what_changes_live_does_so_on_running_containers_and_reaches_the_kernel(
    bench: Bench, tally: Callable[[str, int], None]
) -> None:
    cases = [case for case in bench.known() if case.steps["a to b"].way == "live"]
    tally("live cases on running containers", len(cases))
    bench.start()
    faults = bench.apply(states(cases, "a"))
    lives = _lives(bench)
    faults += [*_seen(bench, cases, "a"), *_said(bench.plan(states(cases, "b")), cases, "a to b", bench.stack)]
    faults += [*bench.apply(states(cases, "b")), *_seen(bench, cases, "b")]
    lifted = [case for case in cases if case.steps["b to silent"].way == "live"]
    faults += [*bench.apply({**states(cases, "b"), **states(lifted, "silent")}), *_seen(bench, lifted, "silent")]
    faults += [*bench.apply(states(cases, "a")), *_seen(bench, cases, "a")]
    after = _lives(bench)
    faults += [f"{key} was restarted" for key, life in lives.items() if after.get(key) != life or not life[1]]
    assert not faults, "\n".join(faults)


def test_an_engine_that_is_too_old_for_a_field_is_named(bench: Bench, tally: Callable[[str, int], None]) -> None:
    newer = [case for case in read_cases() if case.since > bench.facts.api]
    tally("cases that the engine is too old for", len(newer))
    plan = bench.plan(states(newer, "a"))
    assert {error.path.split(".")[1] for error in plan.errors} == {case.name for case in newer}
    for case in newer:
        text = "\n".join(str(fault) for fault in plan.errors if f".{case.name}." in fault.path)
        assert f"needs engine API {'.'.join(map(str, case.since))}" in text, case.name
