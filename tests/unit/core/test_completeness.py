"""Every field of the Engine's requests is in a table of dockerspec, or on a written list of exceptions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.table import container, image, network, volume
from dockerspec.core.table.base import Row
from tests.places import FIELDS, engine_fields, read

ROWS: Mapping[str, tuple[Row[Any], ...]] = {
    "container": container.ROWS,
    "network": network.ROWS,
    "volume": volume.ROWS,
}
CASES: Mapping[str, tuple[str, ...]] = {
    "container": tuple(str(file.relative_to(FIELDS)) for file in (FIELDS / "containers").glob("*.yaml")),
    "network": ("networks.yaml",),
    "volume": ("volumes.yaml",),
}
ROOT = Path(__file__).parents[3]

WRITTEN: Mapping[str, frozenset[str]] = {
    # What goes into every request, whatever the spec says, and into the query of the call.
    "container": frozenset({"name", "platform", "Image"}),
    "network": frozenset({"Name", "CheckDuplicate"}),
    "volume": frozenset({"Name"}),
    "pull": frozenset(image.PULL),
    "push": frozenset(image.PUSH),
    "build": frozenset({item.name for item in image.BUILD if item.name} | image.BUILD_ALWAYS.keys()),
}
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "pull": image.PULL_LEFT_OUT,
    "push": image.PUSH_LEFT_OUT,
    "build": image.BUILD_LEFT_OUT,
}
KINDS = tuple(WRITTEN)


def _reasons(kind: str) -> dict[str, str]:
    """The reasons for leaving fields of this kind of request out, by place."""
    listed = {_own_place(kind, place): reason for place, reason in read("exclusions.yaml").items()}
    return {place: reason for place, reason in (*listed.items(), *LEFT_OUT.get(kind, {}).items()) if place}


def _own_place(kind: str, place: str) -> str:
    """A place of the exclusions without its kind; empty where it is of another kind."""
    head, _, tail = place.partition(".")
    if head in KINDS:
        return tail if head == kind else ""
    return place if kind == "container" else ""


def _leads(place: str, known: Iterable[str]) -> set[str]:
    """The fields at a place and below it."""
    return {item for item in known if f"{item}.".startswith(f"{place}.")}


def _excluded(kind: str) -> set[str]:
    fields = engine_fields(kind)
    return {found for place in _reasons(kind) for found in _leads(place, fields)}


def _tabled(kind: str) -> set[str]:
    return {place for row in ROWS.get(kind, ()) for place in row.engine} | WRITTEN[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_the_engine_is_in_a_table_or_excluded(kind: str) -> None:
    missing = set(engine_fields(kind)) - _tabled(kind) - _excluded(kind)
    assert not missing, f"give them a row, or say in exclusions.yaml why they have none: {sorted(missing)}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_is_both_in_a_table_and_excluded(kind: str) -> None:
    assert _tabled(kind) & _excluded(kind) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_no_table_names_a_field_that_the_engine_does_not_have(kind: str) -> None:
    assert _tabled(kind) <= set(engine_fields(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_each_exclusion_is_a_field_of_the_engine_and_has_a_reason(kind: str) -> None:
    for place, reason in _reasons(kind).items():
        assert _leads(place, engine_fields(kind)), f"{place} is no field of the engine, nor a branch of some"
        assert len(reason.split()) >= 2, f"{place} has no reason"


def _shown(kind: str) -> set[str]:
    return {f"{kind}.{line['field']}" for file in CASES[kind] for line in read(file)}


@pytest.mark.parametrize("kind", ROWS)
def test_every_row_has_a_case_on_real_engines_or_a_reason_for_having_none(kind: str) -> None:
    rows = {f"{kind}.{row.key}" for row in ROWS[kind]}
    shown, unshown = _shown(kind), {key for key in read("unshown.yaml") if key.startswith(f"{kind}.")}
    missing = sorted(rows - shown - unshown)
    assert not missing, f"give them a case, or say in unshown.yaml why the test machine can't show them: {missing}"
    assert shown & unshown == set()  # a case, and a reason for having none
    assert unshown <= rows


def test_what_real_engines_can_not_show_has_a_unit_case_that_is_there() -> None:
    for key, entry in read("unshown.yaml").items():
        assert len(entry["reason"].split()) >= 2, f"{key} has no reason"
        assert _stands_in(key.partition(".")[2], entry["unit"]), f"{key}: there is no such case in {entry['unit']}"


def _stands_in(field: str, unit: str) -> bool:
    """Whether a file of cases has a line for the field, or a module of tests has the test."""
    file, _, name = unit.partition("::")
    if not name:
        return any(line["field"] == field for line in read(file))
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
