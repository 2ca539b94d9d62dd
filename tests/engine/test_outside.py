"""What is changed behind dockerspec's back is in the next plan, and the next apply puts it right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.plan.plan import Plan
from tests.engine.field_bench import Bench
from tests.engine.outside import Hand, Outside, read_outside

Json = Any
KINDS = {"live": ChangeKind.UPDATE, "replace": ChangeKind.REPLACE, "create": ChangeKind.CREATE}


def _spec(bench: Bench, cases: list[Outside]) -> tuple[dict[str, dict[str, Json]], dict[str, dict[str, Json]]]:
    """The containers of all cases, and the networks and volumes that they bring."""
    containers = {case.name: {**(bench.running if case.runs else {}), **case.spec} for case in cases}
    objects: dict[str, dict[str, Json]] = {}
    for case in cases:
        for kind, items in case.objects.items():
            objects.setdefault(kind, {}).update(items)
    return containers, objects


def _filled(bench: Bench, case: Outside, deeds: tuple[Json, ...]) -> tuple[Json, ...]:
    return tuple(json.loads(bench.filled(json.dumps(deeds)).replace("{key}", case.name)))


def _fault(case: Outside, change: ObjectChange | None) -> str:
    """What the plan says of a case's container otherwise than the case."""
    if change is None:
        return "the plan says nothing"
    if case.way != "any" and change.kind is not KINDS[case.way]:
        return f"the plan says {change.kind}, not {KINDS[case.way]}"
    paths = {item.path for item in change.fields}
    if paths != case.paths:
        return f"the plan names {sorted(paths)}, not {sorted(case.paths)}"
    others = sorted(f"{item.path}: {item.cause}" for item in change.fields if item.cause is not case.cause)
    return f"the plan gives another cause than {case.cause}: {others}" if others else ""


def _said(plan: Plan, cases: list[Outside]) -> Iterator[str]:
    changes = {str(change.address): change for change in plan.changes}
    expected = {f"container.{case.name}" for case in cases}
    for case in cases:
        fault = _fault(case, changes.get(f"container.{case.name}"))
        if fault:
            yield f"{case.place} {case.do}: {fault}"
        for address, kind in case.also.items():
            expected.add(address)
            found = changes.get(address)
            if found is None or found.kind != kind:
                yield f"{case.place} {case.do}: {address} is {found.kind if found else 'not in the plan'}, not {kind}"
    yield from (f"{address} is in the plan and in no case" for address in sorted(set(changes) - expected))


def _life(bench: Bench, case: Outside, ident: str) -> Json:
    """What must be as before where a change is made live: the process too, where nobody touched the state."""
    state = bench.raw.container(ident)["State"]
    keys = ("Running", "Pid", "StartedAt") if "state" not in case.paths else ("Running",)
    return {key: state[key] for key in keys}


@pytest.mark.timeout(600)
def test_what_is_changed_from_outside_is_named_and_put_right(bench: Bench, tally: Callable[[str, int], None]) -> None:
    cases = [case for case in read_outside() if case.known_to(bench.facts)]
    tally("changes from outside", len(cases))
    hands = {case.name: Hand(bench, f"{bench.stack}-{case.name}-1") for case in cases}
    for case in cases:
        hands[case.name].run(_filled(bench, case, case.before))
    containers, objects = _spec(bench, cases)
    faults = bench.apply(containers, **objects)
    before = bench.ids()
    lives = {case.name: _life(bench, case, before[case.name]) for case in cases}

    for case in cases:
        hands[case.name].container = before[case.name]
        hands[case.name].run(_filled(bench, case, case.do))
    plan = bench.plan(containers, **objects)
    faults += _said(plan, cases)
    live = {change.address.name for change in plan.changes if change.kind is ChangeKind.UPDATE}

    faults += bench.apply(containers, **objects)
    after = bench.ids()
    for case in cases:
        kept = before[case.name] == after[case.name]
        if kept != (case.name in live):
            faults.append(f"{case.place} {case.do}: {'kept' if kept else 'lost'} its ID against what the plan said")
        elif kept and _life(bench, case, after[case.name]) != lives[case.name]:
            faults.append(f"{case.place} {case.do}: was restarted for a live change")
    assert not faults, "\n".join(faults)
