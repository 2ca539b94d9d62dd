"""Whose an object is, and what was recorded on it."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.owner import bare_name, called, is_project, project_owner
from dockerspec.core.ownership import (
    Owner,
    digest,
    owner_of,
    parse_origin,
    parse_record,
    record,
    record_labels,
    stack_labels,
    was,
)
from dockerspec.core.table import container as table

Json = Any
S, R, N = "dockerspec.stack", "dockerspec.resource", "dockerspec.replica"


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        (None, None),
        ({}, None),
        ({S: "shop"}, None),
        ({R: "web"}, None),
        ({S: "", R: "web"}, None),
        ({S: "shop", R: "web"}, Owner("shop", "web", 1)),
        ({S: "shop", R: "web", N: "3"}, Owner("shop", "web", 3)),
        ({S: "shop", R: "web", N: "x"}, Owner("shop", "web", 1)),
        ({"dockerspec.build.stack": "shop/web"}, None),
    ],
)
def test_only_both_labels_make_an_object_ours(labels: Json, owner: Owner | None) -> None:
    assert owner_of(labels) == owner


C = "com.docker.compose."
OF_WEB = {f"{C}project": "shop", f"{C}service": "web", f"{C}container-number": "2", f"{C}oneoff": "False"}


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        (OF_WEB, Owner("compose.shop", "web", 2)),
        ({**OF_WEB, f"{C}oneoff": "True"}, None),  # of `docker compose run`
        ({**OF_WEB, f"{C}oneoff": "True", "dockerspec.one-off": "1"}, Owner("compose.shop", "web", 2)),
        ({**OF_WEB, S: "other", R: "web"}, Owner("other", "web", 1)),
        # What an image that Compose built hands on to a container started by hand.
        ({f"{C}project": "shop", f"{C}service": "web", f"{C}version": "2.40.3"}, None),
        ({f"{C}project": "shop", f"{C}network": "front"}, Owner("compose.shop", "front", 1)),
        ({f"{C}project": "shop", f"{C}volume": "data"}, Owner("compose.shop", "data", 1)),
        ({f"{C}network": "front"}, None),
    ],
)
def test_compose_labels_make_an_object_the_projects(labels: Json, owner: Owner | None) -> None:
    assert owner_of(labels) == owner


def test_a_project_is_another_owner_than_a_stack_of_its_name() -> None:
    assert project_owner("shop") != "shop"
    assert [is_project(item) for item in (project_owner("shop"), "shop", "compose")] == [True, False, False]
    assert [bare_name(item) for item in (project_owner("shop"), "shop")] == ["shop", "shop"]
    assert [called(item) for item in (project_owner("shop"), "shop")] == ["project shop", "stack shop"]


@pytest.mark.parametrize(
    ("labels", "origin"),
    [
        ({}, ""),
        (record_labels({}, "shop/stack.yaml"), "shop/stack.yaml"),
        ({**OF_WEB, f"{C}project.config_files": "/srv/shop/compose.yaml,/srv/shop/prod.yaml"}, "shop/compose.yaml"),
        ({**OF_WEB, "dockerspec.origin": "a/b", f"{C}project.config_files": "/srv/shop/compose.yaml"}, "a/b"),
        ({**OF_WEB, f"{C}project.config_files": "C:\\shop\\compose.yaml"}, "shop/compose.yaml"),
    ],
)
def test_where_an_object_comes_from(labels: Json, origin: str) -> None:
    assert parse_origin(labels) == origin


@pytest.mark.parametrize(("replica", "read"), [(0, 1), (1, 1), (12, 12)])
def test_what_is_written_is_read_again(replica: int, read: int) -> None:
    labels = {**stack_labels("shop", "web", replica), **record_labels({"a": "1", "b": "2"})}
    assert owner_of(labels) == Owner("shop", "web", read)
    assert parse_record(labels) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("labels", "recorded"),
    [
        (None, None),
        ({}, None),
        ({"dockerspec.recorded": ""}, {}),
        ({"dockerspec.recorded": "a=1,broken,b=2"}, {"a": "1", "b": "2"}),
    ],
)
def test_nothing_recorded_differs_from_an_empty_record(labels: Json, recorded: Json) -> None:
    assert parse_record(labels) == recorded


def test_a_record_holds_what_can_change_live_or_is_polluted_and_nothing_else() -> None:
    fields: dict[str, Json] = {row.key: "x" for row in table.ROWS}
    recorded = record(table.ROWS, fields)
    assert {"mem_limit", "restart", "networks", "ulimits", "shm_size"} <= set(recorded)
    assert set(recorded).isdisjoint({"environment", "command", "labels"})
    assert "mem_limit" not in record(table.ROWS, {**fields, "mem_limit": 0})


def test_a_digest_is_that_of_the_meaning() -> None:
    assert digest({"a": 1, "b": (1, 2)}) == digest({"b": (1, 2), "a": 1})
    assert digest((1, 2)) != digest((2, 1))
    assert digest("1") != digest(1)


@pytest.mark.parametrize(
    ("recorded", "value", "expected"),
    [
        ({"k": digest(5)}, 5, True),
        ({"k": digest(5)}, 6, False),
        ({"k": digest(5)}, 0, False),
        ({}, 0, True),
        ({}, (), True),
        ({}, 5, False),
    ],
)
def test_nothing_is_recorded_by_being_left_out(recorded: Json, value: Json, expected: bool) -> None:
    assert was(recorded, "k", value) is expected
