"""Starts that the engine had begun before it was killed, and refuses to begin again: made anew, or left to a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.report.outcome import Outcome, Report
from dockerspec.errors import ServerError
from dockerspec.runtime.execute.stuck import REMARK, STUCK
from tests.flow.world import World, load

SPEC = """
dockerspec: 1
stack: shop
networks: {front: {}, back: {}}
configs: {app: {content: "x=1"}}
containers:
  web: {image: "app:1", networks: {front: {aliases: [www]}, back: {}}, volumes: ["/anonymous"], configs: [app]}
"""
WEB = "shop-web-1"
WAITING = "task 0123456789ab: already exists"
SHIM = "failed to start shim: mkdir /run/docker/containerd/0123456789ab: file exists: unknown"
RUNNING = "id already in use"


@pytest.fixture
def world() -> World:
    return World((1, 41))  # the engine that gets stuck


def spec_of(folder: Path, text: str = SPEC) -> Any:
    file = folder / "spec.yaml"
    file.write_text(text)
    return load(file)


def get_stuck(world: World, message: str) -> str:
    """From now on the engine can't start the container called `web` that is there; its ID."""
    ident = str(world.engine.container(WEB)["Id"])
    start = world.engine.start_container

    def refuse(name: str) -> None:
        if world.engine.container(name)["Id"] == ident:
            raise ServerError(message, status=500)
        start(name)

    world.engine.start_container = refuse  # type: ignore[method-assign]
    return ident


def stuck_at_once(world: World, message: str) -> None:
    """The first container that is made gets stuck."""
    make = world.engine.create_container

    def made(*args: Any, **options: Any) -> Any:
        world.engine.create_container = make  # type: ignore[method-assign]
        answer = make(*args, **options)
        get_stuck(world, message)
        return answer

    world.engine.create_container = made  # type: ignore[method-assign]


def begun(report: Report) -> Outcome:
    return next(item for item in report.outcomes.values() if item.action.verb == "start")


def apply(world: World, spec: Any) -> Report:
    return world.docker.apply(world.docker.plan(spec), spec=spec)


def names(world: World) -> list[str]:
    return [name for item in world.engine.containers() for name in item["Names"]]


@pytest.mark.parametrize("message", [WAITING, SHIM])
@pytest.mark.parametrize("earlier", [False, True], ids=["made in this run", "made in an earlier one"])
def test_one_that_never_ran_is_made_anew(world: World, tmp_path: Path, message: str, earlier: bool) -> None:
    spec = spec_of(tmp_path)
    if earlier:
        world.engine.fail("start_container", ServerError("no", status=500))
        assert not apply(world, spec).ok
        old = get_stuck(world, message)
        volume = world.engine.container(old)["Mounts"][0]["Name"]
    else:
        stuck_at_once(world, message)
    report = apply(world, spec)
    assert report.ok, report
    assert REMARK in begun(report).warnings
    assert names(world) == [f"/{WEB}"]
    found = world.engine.container(WEB)
    assert {"shop_front", "shop_back"} == set(found["NetworkSettings"]["Networks"])
    assert len(world.engine.volumes()) == 1
    assert world.engine.files(WEB)["/app"].content == b"x=1"
    if earlier:
        assert found["Mounts"][0]["Name"] == volume, "what is in an anonymous volume stays with the container"
    assert world.docker.plan(spec).is_empty


def test_one_that_has_a_process_is_left_to_a_person(world: World, tmp_path: Path) -> None:
    stuck_at_once(world, RUNNING)
    report = apply(world, spec_of(tmp_path))
    ident = world.engine.container(WEB)["Id"]
    assert begun(report).message == RUNNING
    assert f"`sudo pkill -9 -f 'containerd-shim.*{ident}'`" in begun(report).hint


@pytest.mark.parametrize("message", [WAITING, RUNNING])
def test_one_that_has_run_is_left_to_a_person(world: World, tmp_path: Path, message: str) -> None:
    spec = spec_of(tmp_path)
    world.settle(spec)
    world.engine.exit(WEB, 1)
    ident = get_stuck(world, message)
    report = apply(world, spec)
    assert "pkill" in begun(report).hint
    assert world.engine.container(WEB)["Id"] == ident


def test_what_a_hook_wrote_before_the_start_is_not_lost(world: World, tmp_path: Path) -> None:
    hooked = spec_of(tmp_path, SPEC.replace("configs: [app]}", "configs: [app], pre_start: [{command: [fill]}]}"))
    plan = world.docker.plan(hooked)
    assert next(item for item in plan.actions.values() if item.verb == "start").anew is None  # type: ignore[attr-defined]


def test_a_run_that_dies_over_it_is_taken_up(world: World, tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    world.engine.fail("start_container", ServerError("no", status=500))
    assert not apply(world, spec).ok
    get_stuck(world, WAITING)
    world.engine.fail("create_container", ServerError("no", status=500))
    assert not apply(world, spec).ok
    assert names(world) == [f"/{WEB}{STUCK}"]
    report = apply(world, spec)
    assert report.ok, report
    assert names(world) == [f"/{WEB}"]
    assert world.docker.plan(spec).is_empty
