"""Whose an object is: by its own labels, else by a mark whose identity still holds."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.address import Kind
from dockerspec.core.live.parse import parse_live
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.marks import Mark, Marks, created_of, mark_of
from dockerspec.core.ownership import RESOURCE, STACK, Owner

Json = Any
WEB = Mark(Kind.CONTAINER, Owner("shop", "web", 2), "id-1")
DATA = Mark(Kind.VOLUME, Owner("shop", "data"), "pgdata", "2026-01-01T00:00:00Z")


def as_volume(mark: Mark, **more: Json) -> Json:
    """The companion volume as the engine lists it."""
    return {**mark.body(), "CreatedAt": "2026-05-05T00:00:00Z", **more}


@pytest.mark.parametrize("mark", [WEB, DATA, Mark(Kind.NETWORK, Owner("shop", "front"), "id-2")])
def test_a_mark_is_read_back_from_its_volume(mark: Mark) -> None:
    assert mark_of(as_volume(mark)) == mark


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        {STACK: "shop", RESOURCE: "data"},
        {"dockerspec.mark": "container"},
        {**WEB.body()["Labels"], "dockerspec.mark": "image"},
        {**WEB.body()["Labels"], "dockerspec.mark.stack": ""},
    ],
)
def test_other_volumes_are_no_marks(labels: Json) -> None:
    assert mark_of({"Name": "x", "Labels": labels}) is None


def test_names_tell_objects_apart_and_fit_the_engine() -> None:
    marks = [WEB, Mark(WEB.kind, WEB.owner, "id-9"), Mark(WEB.kind, Owner("shop", "web", 1), "id-1"), DATA]
    assert len({mark.name for mark in marks}) == len(marks)
    assert WEB.name.startswith("dockerspec.shop.container.web.2.")
    assert DATA.name.startswith("dockerspec.shop.volume.data.")


@pytest.mark.parametrize(
    ("kind", "ident", "labels", "created", "owner"),
    [
        (Kind.CONTAINER, "id-1", {}, "", WEB.owner),
        (Kind.CONTAINER, "id-1", None, "", WEB.owner),
        (Kind.CONTAINER, "id-2", {}, "", None),
        (Kind.NETWORK, "id-1", {}, "", None),
        (Kind.CONTAINER, "id-1", {STACK: "blog", RESOURCE: "db"}, "", Owner("blog", "db", 1)),
        (Kind.VOLUME, "pgdata", {}, "2026-01-01T00:00:00Z", DATA.owner),
        (Kind.VOLUME, "pgdata", {}, "2026-01-02T00:00:00Z", None),
    ],
)
def test_an_object_is_its_labels_or_its_marks(
    kind: Kind, ident: str, labels: Json, created: str, owner: Owner | None
) -> None:
    assert Marks([as_volume(WEB), as_volume(DATA)]).owner(kind, ident, labels, created) == owner


def test_a_mark_without_a_time_holds_by_name() -> None:
    old = Mark(Kind.VOLUME, Owner("shop", "data"), "pgdata")
    assert Marks([as_volume(old)]).owner(Kind.VOLUME, "pgdata", {}, "2026-09-09T00:00:00Z") == old.owner


@pytest.mark.parametrize(("api", "noted"), [((1, 41), ""), ((1, 47), ""), ((1, 48), "T"), ((1, 51), "T")])
def test_only_engines_that_keep_it_are_asked_for_a_volumes_time(api: tuple[int, int], noted: str) -> None:
    assert created_of({"CreatedAt": "T"}, api) == noted


def test_the_live_state_has_marks_apart_from_volumes() -> None:
    gone = Mark(Kind.NETWORK, Owner("shop", "front"), "id-gone")
    other = Mark(Kind.CONTAINER, Owner("blog", "db", 1), "id-3")
    live = parse_live(
        RawSnapshot(
            stack="shop",
            version={},
            info={},
            api=(1, 51),
            listing=[{"Id": "id-1", "Names": ["/web"]}, {"Id": "id-3", "Names": ["/db"]}],
            containers=[{"Id": "id-1", "Name": "/web", "Config": {}, "State": {"Status": "running"}}],
            volumes=[
                *map(as_volume, (WEB, DATA, gone, other)),
                {"Name": "pgdata", "CreatedAt": "2026-01-01T00:00:00Z", "Labels": None},
            ],
        )
    )
    assert [(item.name, item.resource, item.replica) for item in live.containers] == [("web", "web", 2)]
    assert [(item.name, item.stack) for item in live.others] == [("db", "blog")]
    assert [(item.name, item.stack, item.resource) for item in live.volumes] == [("pgdata", "shop", "data")]
    assert set(live.marks) == {WEB, DATA}
    assert live.stale_marks == (gone,)
