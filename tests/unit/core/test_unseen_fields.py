"""Fields that no machine here can show at work (cases/fields/unseen.yaml): parsed, sent, read back, compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.core.desired.build import World, build_desired
from dockerspec.core.facts import EngineFacts
from dockerspec.core.table import container as table
from dockerspec.core.table.base import RELEASES
from dockerspec.core.way import Way
from tests.unit.core.samples import ENGINE, container, context, have, put, stack, want

Json = Any
FILE = Path(__file__).parents[2] / "cases" / "fields" / "unseen.yaml"
CASES = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
WORDS = {"field", "a", "b", "body", "inspect", "same", "way", "then", "engine", "refused"}


def engine_of(case: Json) -> EngineFacts:
    facts = {"api": max(RELEASES), **case.get("engine", {})}
    return replace(ENGINE, **{**facts, "api": tuple(facts["api"])})


def faults(case: Json, engine: EngineFacts) -> list[str]:
    spec = stack(networks={"front": {}}, containers={"web": {"image": "app:1", case["field"]: case["a"]}})
    return list(map(str, build_desired(spec, World(engine=engine))[1]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["field"])
def test_a_field_that_machines_here_lack(case: Json) -> None:
    assert set(case) <= WORDS
    field, engine = case["field"], engine_of(case)
    row, seen = table.BY_KEY[field], context(engine=engine)
    a, b, silent = (container(**keys) for keys in ({field: case["a"]}, {field: case["b"]}, {}))
    assert put(field, a, seen) == case["body"]
    wanted = want(field, a, seen)
    assert wanted == have(field, case.get("inspect", case["body"]), engine)
    for other in case.get("same", ()):
        assert want(field, container(**{field: other}), seen) == wanted
    after, nothing = want(field, b, seen), want(field, silent, seen)
    assert wanted != after
    assert row.way(wanted, after, engine) is Way(case["way"])
    if case.get("then") != "none":
        assert row.way(after, nothing, engine) is Way(case.get("then", case["way"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["field"])
def test_an_engine_takes_it_or_the_plan_says_why_not(case: Json) -> None:
    assert faults(case, engine_of(case)) == []
    plain = faults(case, ENGINE)
    if "refused" in case:
        assert case["refused"] in "\n".join(plain)
    else:
        assert plain == []
