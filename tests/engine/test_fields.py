"""Every field both ways on real engines: set it, spell it otherwise, change it, drop it (tests/cases/fields)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.plan.plan import Plan
from tests.engine.field_bench import Bench, Case, read_cases, unsettled, values


def _complaints(plan: Plan, cases: list[Case], stack: str) -> Iterator[str]:
    """What the plan says otherwise than the cases."""
    changes = {change.address.name: change for change in plan.changes}
    for case in cases:
        change = changes.get(case.name)
        if change is None:
            yield f"{case.name}: a -> b is not in the plan"
            continue
        paths = {item.path for item in change.fields}
        wanted = {path.replace("{stack}", stack) for path in case.paths}
        if paths != wanted:
            yield f"{case.name}: the plan names {sorted(paths)}, not {sorted(wanted)}"
        kind = ChangeKind.REPLACE if case.way == "replace" else ChangeKind.UPDATE
        if change.kind is not kind:
            yield f"{case.name}: the plan says {change.kind}, not {kind}"


def _moved(before: dict[str, str], after: dict[str, str], cases: list[Case], key: str) -> Iterator[str]:
    """Containers that kept or lost their identity against what the case says."""
    for case in cases:
        if getattr(case, key) == "any":
            continue
        same = before[case.name] == after[case.name]
        if same != (getattr(case, key) == "live"):
            yield f"{case.name}: {'kept' if same else 'lost'} its ID on a change said to be {getattr(case, key)}"


@pytest.mark.timeout(600)
def test_fields_both_ways(bench: Bench) -> None:
    known = bench.known()
    start = values(known, "a")
    bench.apply(start)
    faults = unsettled(bench.plan(start), "as created")
    for turn in range(max(len(case.same) for case in known)):
        spelled = {
            case.name: case.keys(case.same[turn]) if turn < len(case.same) else start[case.name] for case in known
        }
        faults += unsettled(bench.plan(spelled), f"spelling {turn + 1}")
    first = bench.ids()

    changed = values(known, "b")
    faults += _complaints(bench.plan(changed), known, bench.stack)
    bench.apply(changed)
    second = bench.ids()
    faults += _moved(first, second, known, "way")

    silent = {case.name: dict(case.extra) for case in known}
    bench.apply(silent)
    # A case whose b is the engine's default has nothing left to take back.
    back = [case for case in known if case.b not in (False, None, "no", -1)]
    faults += _moved(second, bench.ids(), back, "then")
    print(f"{len(known)} cases over {len({case.field for case in known})} fields")
    assert not faults, "\n".join(faults)


def test_an_engine_that_is_too_old_for_a_field_is_named(bench: Bench) -> None:
    api = bench.facts.api
    newer = [case for case in read_cases() if case.since > api]
    plan = bench.plan(values(newer, "a"))
    assert len(plan.errors) >= len({case.field for case in newer if "." not in case.paths[0]})
    for case in newer:
        text = "\n".join(str(fault) for fault in plan.errors if f".{case.name}." in fault.path)
        assert f"needs engine API {'.'.join(map(str, case.since))}" in text, case.name
