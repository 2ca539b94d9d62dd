"""Runs the folders under tests/cases/plan, which anybody can add to: see the README.md there.

Run with DOCKERSPEC_UPDATE_CASES=1 to write what is now the outcome, and read the difference before keeping it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.flow.drift import WORDS, Drift
from tests.flow.world import Wishes, World, load, text_of, told

CASES = Path(__file__).parents[1] / "cases" / "plan"
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())
UPDATE = "DOCKERSPEC_UPDATE_CASES" in os.environ
KNOWN = {"before.yaml", "drift.yaml", "options.yaml", "spec.yaml", "expected.txt"}
WISHES = {
    "target": "targets",
    "exclude": "excludes",
    "replace": "replaces",
    "delete_volume": "delete_volumes",
    "allow": "allow",
    "destroy": "destroy",
}
OPTIONS = {*WISHES, "api"}


def read(path: Path) -> Any:
    """A YAML file's content; None where there is no such file."""
    return YAML(typ="safe", pure=True).load(path.read_text()) if path.exists() else None


def prepared(folder: Path, options: dict[str, Any]) -> World:
    """An engine on which `before.yaml` was applied and then `drift.yaml` happened."""
    major, minor = options.get("api", "1.51").split(".")
    world = World(api=(int(major), int(minor)))
    before = folder / "before.yaml"
    if before.exists():
        world.settle(load(before))
    stack = load(folder / "spec.yaml").require().stack
    Drift(world.engine, stack).run(read(folder / "drift.yaml") or [])
    return world


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_case(folder: Path) -> None:
    options = read(folder / "options.yaml") or {}
    assert set(options) <= OPTIONS
    world = prepared(folder, options)
    spec = load(folder / "spec.yaml")
    wishes = Wishes(**{name: options[key] for key, name in WISHES.items() if key in options})

    before = world.snapshot()
    plan = world.plan(spec, wishes)
    text = text_of(plan, spec)
    assert text_of(world.plan(spec, wishes), spec) == text
    assert world.snapshot() == before, "a plan changes nothing"

    expected = folder / "expected.txt"
    if UPDATE:
        expected.write_text(text)
    assert text == expected.read_text()
    if plan.errors:
        assert plan.is_empty
        return
    report = world.apply(plan, spec)
    assert report.ok, told(report)
    again = world.plan(spec, replace(wishes, replaces=()))  # what is asked for anew is so at every run
    assert again.is_empty, text_of(again, spec)
    assert not again.errors


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_case_is_well_formed(folder: Path) -> None:
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files <= KNOWN, "a file that nothing reads"
    assert {"spec.yaml", "expected.txt"} <= files


def test_there_are_cases() -> None:
    assert len(FOLDERS) >= 25


def test_the_readme_explains_every_word() -> None:
    readme = (CASES / "README.md").read_text()
    assert [word for word in (*WORDS, *OPTIONS) if f"`{word}" not in readme] == []
