"""Names taken by what a killed run left: what gives way, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.errors import Conflict, EngineError, NotFound, ServerError
from dockerspec.runtime.execute.leftover import create_past_leftovers
from tests.unit.runtime.plans import tools

OURS = {"dockerspec.stack": "shop", "dockerspec.resource": "web", "dockerspec.replica": "1"}


class World:
    """A name that is taken until what has it is removed, or appears and goes as the test says."""

    def __init__(self, *sights: Any) -> None:
        self.sights = list(sights)
        self.removed: list[Any] = []
        self.creations = 0

    def create(self) -> dict[str, str]:
        self.creations += 1
        if self.sights:
            raise Conflict("the name is taken", status=409)
        return {"Id": "new"}

    def find(self) -> Any:
        sight = self.sights[0]
        if isinstance(sight, Exception):
            self.sights.pop(0)
            raise sight
        return sight

    def remove(self, found: Any) -> None:
        self.removed.append(self.sights.pop(0))
        assert self.removed[-1] is found

    def run(self) -> Any:
        return create_past_leftovers(self.create, self.find, self.remove, OURS, tools())


def container(status: str = "created", **labels: str) -> Any:
    return {"Id": "old", "Config": {"Labels": {**OURS, **labels}}, "State": {"Status": status}}


def network(containers: Any) -> Any:
    return {"Id": "old", "Labels": OURS, "Containers": containers}


@pytest.mark.parametrize("found", [container(), network({}), network(None)])
def test_what_nobody_used_gives_way(found: Any) -> None:
    world = World(found)
    assert world.run() == {"Id": "new"}
    assert world.removed == [found]


def test_what_can_not_be_seen_yet_is_waited_for() -> None:
    world = World(NotFound("no such container"), NotFound("no such container"), container())
    assert world.run() == {"Id": "new"}
    assert world.creations == 4


@pytest.mark.parametrize(
    "found",
    [
        container("running"),
        container("exited"),
        container(**{"dockerspec.stack": "other"}),
        container(**{"dockerspec.resource": "db"}),
        container(**{"dockerspec.replica": "2"}),
        {"Id": "old", "Config": {"Labels": None}, "State": {"Status": "created"}},
        network({"id": {}}),
    ],
)
def test_what_is_used_or_not_ours_stays(found: Any) -> None:
    world = World(found)
    with pytest.raises(Conflict):
        world.run()
    assert world.removed == []


def test_what_is_being_removed_is_waited_for() -> None:
    world = World(container("exited"))
    world.sights = [_Going(3, world)]
    assert world.run() == {"Id": "new"}
    assert world.removed == []


class _Going(dict[str, Any]):
    """A container of somebody else's that the engine is removing, until it was looked at some times."""

    def __init__(self, looks: int, world: World) -> None:
        super().__init__(Config={"Labels": None}, State={"Status": "removing"})
        self.looks, self.world = looks, world

    def get(self, key: str, default: Any = None) -> Any:
        self.looks -= 1
        if not self.looks:
            self.world.sights.clear()
        return super().get(key, default)


def test_patience_has_an_end() -> None:
    world = World(*[NotFound("no such container") for _ in range(1000)])
    with pytest.raises(Conflict):
        world.run()
    assert world.creations > 100


def test_a_look_that_fails_in_passing_is_no_verdict() -> None:
    fault = ServerError("down", status=503, passing=True)
    with pytest.raises(ServerError) as caught:
        World(fault, container()).run()
    assert caught.value is fault


def test_a_broken_engine_is_no_endless_loop() -> None:
    with pytest.raises(EngineError):
        World(ServerError("broken"), container()).run()
