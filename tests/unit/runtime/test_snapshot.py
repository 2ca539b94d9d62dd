"""What is read from an engine for a plan, and in how few calls."""

from __future__ import annotations

from collections import Counter

import pytest

from dockerspec.core.live.raw import RawSnapshot
from dockerspec.errors import EngineUnreachable, NotFound, ServerError
from dockerspec.runtime.snapshot import Query, read_raw
from dockerspec.testing import FakeEngine


def labels(stack: str, resource: str = "web") -> dict[str, str]:
    return {"dockerspec.stack": stack, "dockerspec.resource": resource}


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image("busybox")
    fake.create_container("shop-web-1", {"Image": "busybox", "Labels": labels("shop")})
    fake.create_container("shop-web-2", {"Image": "busybox", "Labels": labels("shop")})
    fake.create_container("blog-web-1", {"Image": "busybox", "Labels": labels("blog")})
    fake.create_container("half", {"Image": "busybox", "Labels": {"dockerspec.stack": "shop"}})
    fake.create_container("foreign", {"Image": "busybox"})
    fake.create_network({"Name": "front", "Labels": labels("shop", "front")})
    fake.create_network({"Name": "other"})
    fake.create_volume({"Name": "data", "Labels": labels("shop", "data")})
    fake.connect_network("front", "foreign", {})
    fake.start_container("foreign")
    fake.calls.clear()
    return fake


def names(items: list[dict[str, object]]) -> list[object]:
    return [item["Name"] for item in items]


def test_everything_is_listed_and_what_is_ours_inspected(engine: FakeEngine) -> None:
    raw = read_raw(engine, Query("shop", ("busybox", "redis:7", "busybox")))
    assert raw.stack == "shop"
    assert raw.api == (1, 51)
    assert raw.version["Version"] == "28.5.2"
    assert raw.info["Name"] == "fake"
    assert len(raw.listing) == 5
    assert sorted(names(raw.containers)) == ["/shop-web-1", "/shop-web-2"]
    assert names(raw.networks) == ["bridge", "host", "none", "front", "other"]
    assert [item["Name"] for item in raw.networks[3]["Containers"].values()] == ["foreign"]
    assert raw.networks[0]["Containers"] == {}
    assert names(raw.volumes) == ["data"]
    image = engine.image("busybox")
    assert raw.images == {"busybox": image, image["Id"]: image}
    assert raw.registry == {}
    assert raw.notes == ()


def test_no_call_too_many_is_made(engine: FakeEngine) -> None:
    read_raw(engine, Query("shop", ("busybox",)))
    assert Counter(call.verb for call in engine.calls) == {
        "version": 1,
        "info": 1,
        "containers": 1,
        "container": 2,
        "networks": 1,
        "network": 1,
        "volumes": 1,
        "image": 1,
    }


def test_the_images_of_containers_are_read_by_id_once_each(engine: FakeEngine) -> None:
    old = engine.image("busybox")["Id"]
    new = engine.add_image("busybox")
    engine.calls.clear()
    raw = read_raw(engine, Query("shop", ("busybox",)))
    assert raw.images["busybox"]["Id"] == new
    assert raw.images[old]["RepoTags"] == []
    assert engine.count("image") == 2


@pytest.mark.parametrize(
    ("verb", "read"),
    [
        ("container", lambda raw: len(raw.containers) == 1),
        ("network", lambda raw: "front" not in names(raw.networks)),
        ("image", lambda raw: "busybox" not in raw.images),
    ],
)
def test_what_vanishes_meanwhile_is_left_out(engine: FakeEngine, verb: str, read: object) -> None:
    engine.fail(verb, NotFound("gone", status=404))
    raw: RawSnapshot = read_raw(engine, Query("shop", ("busybox",)))
    assert callable(read)
    assert read(raw)


@pytest.mark.parametrize("verb", ["version", "info", "containers", "container", "networks", "volumes", "image"])
def test_an_engine_that_can_not_be_asked_is_an_error(engine: FakeEngine, verb: str) -> None:
    engine.fail(verb, EngineUnreachable("no"))
    with pytest.raises(EngineUnreachable):
        read_raw(engine, Query("shop", ("busybox",)))


def test_a_registry_that_fails_leaves_a_note(engine: FakeEngine) -> None:
    engine.registry["redis:7"] = {}
    engine.fail("distribution", ServerError("no route", status=500), subject="away:1")
    for reference in ("redis:7", "away:1", "lost:1"):
        engine.add_image(reference)
    raw = read_raw(engine, Query("shop", ("redis:7", "away:1", "lost:1"), {"redis:7": 0, "away:1": 0, "lost:1": 0}))
    assert list(raw.registry) == ["redis:7"]
    assert raw.registry["redis:7"].startswith("sha256:")
    assert raw.notes == (
        "the registry gave no digest for away:1: no route",
        "the registry gave no digest for lost:1: manifest for lost:1 not found: manifest unknown",
    )
