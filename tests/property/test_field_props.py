"""Any fields together, on the engine in memory: what was asked for is what is reported, and silence takes it back.

The values are those of the field suite (tests/cases/fields), which real engines have confirmed one by one.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dockerspec.core.spec.load import LoadResult
from dockerspec.core.spec.load import load as load_texts
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.testing import FakeEngine
from tests.engine.field_bench import Case, read_cases
from tests.flow.world import World, text_of, told
from tests.property.stacks import STACK

Json = Any

CASES = [case for case in read_cases() if case.since <= FakeEngine().api_version]
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
RUNNING = {"image": "busybox", "command": ["serve"]}


def spec_of(keys: dict[str, Json]) -> LoadResult:
    """A stack with one container of these keys beside what they may refer to."""
    stack = {
        "dockerspec": 1,
        "stack": STACK,
        "networks": {
            "one": {"ipam": {"config": [{"subnet": "10.9.0.0/24"}]}},
            "two": {},
            "six": {"enable_ipv6": True, "ipam": {"config": [{"subnet": "fd00:9::/64"}]}},
        },
        "volumes": {"data": {}},
        "configs": {"app": {"content": "debug=1"}},
        "secrets": {"token": {"environment": "TOKEN"}},
        "containers": {"target": RUNNING, "it": {"image": "busybox", "state": "stopped", **keys}},
    }
    text = json.dumps(stack).replace("{net}", "10.9.0").replace("{net6}", "fd00:9")
    source = SourceFile("spec.yaml", text.replace("{stack}", STACK), "/nowhere")
    variables = Variables(environment={"TOKEN": "a-token"})
    return load_texts([source], variables, lambda _path: FileFault("doesn't exist", missing=True))


def merged(chosen: list[tuple[Case, str]]) -> dict[str, Json]:
    """The keys of several cases; where two set the same one, the first does."""
    keys: dict[str, Json] = {}
    for case, state in chosen:
        keys = {**case.at(state), **keys}
    return keys


chosen = st.lists(
    st.tuples(st.sampled_from(CASES), st.sampled_from(["a", "b"])), max_size=6, unique_by=lambda item: item[0].field
).map(merged)


@BOUNDED
@given(chosen, chosen)
def test_any_fields_together_settle_and_any_others_after_them(before: dict[str, Json], after: dict[str, Json]) -> None:
    world = World()
    for keys in (before, after, {}):
        spec = spec_of(keys)
        assume(spec.stack is not None)
        plan = world.plan(spec)
        assume(not plan.errors)
        report = world.apply(plan, spec)
        assert report.ok, told(report)
        again = world.plan(spec)
        assert again.is_empty, text_of(again, spec)


def test_each_case_settles_in_each_state_and_in_each_spelling() -> None:
    faults = []
    for case in CASES:
        world = World()
        keys = [case.at("a"), *(case.keys(value) for value in case.same), case.at("b"), case.at("silent"), case.at("a")]
        for number, state in enumerate(keys):
            spec = spec_of(state)
            assert spec.stack is not None, f"{case.place}: " + "\n".join(map(str, spec.diagnostics))
            plan = world.plan(spec)
            if 0 < number <= len(case.same) and not plan.is_empty:
                faults.append(f"{case.place}, spelling {number}:\n{text_of(plan, spec)}")
            report = world.apply(plan, spec)
            left = world.plan(spec)
            if not report.ok or not left.is_empty:
                faults.append(f"{case.place}, {state}: {told(report)}\n{text_of(left, spec)}")
    assert not faults, "\n".join(faults)
