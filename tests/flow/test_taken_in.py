"""Foreign objects imported, adopted and then treated as ours, on the made-up engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.plan.action import RemoveMark
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.takein.choose import Selection
from dockerspec.runtime.files import load_files
from tests.flow.world import Wishes, World, told

Json = Any

SPEC = """
dockerspec: 1
stack: shop
networks: {front: {name: office}}
volumes: {data: {name: files}}
containers:
  web:
    image: app:1
    container_name: web
    volumes: ["data:/data"]
    networks: [front]
"""
CHANGED = SPEC + "    hostname: other\n"


def spec(folder: Path, text: str = SPEC) -> LoadResult:
    """A spec through the loader."""
    file = folder / "stack.yaml"
    file.write_text(text)
    loaded = load_files([file], environ={})
    assert loaded.stack is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded


@pytest.fixture
def world() -> World:
    """An engine on which somebody else made what the spec wants, and more."""
    world = World()
    engine = world.engine
    engine.create_network({"Name": "office"})
    engine.create_volume({"Name": "files"})
    for name in ("web", "stranger"):
        host = {"Binds": ["files:/data"], "NetworkMode": "office"} if name == "web" else {"NetworkMode": "none"}
        engine.create_container(name, {"Image": "app:1", "HostConfig": host})
        engine.start_container(name)
    return world


def marks(world: World) -> list[str]:
    """What is marked."""
    labels = [item["Labels"] or {} for item in world.engine.volumes()]
    return sorted(f"{item['dockerspec.mark']}.{item['dockerspec.mark.resource']}" for item in labels if item)


def adopt(world: World, loaded: LoadResult, *names: str) -> None:
    adoption = world.docker.plan_adopt(loaded, names)
    assert not adoption.plan.errors, "\n".join(map(str, adoption.plan.errors))
    report = world.apply(adoption.plan, loaded)
    assert report.ok, told(report)


ALL = ["container.web", "network.front", "volume.data"]


def test_adopting_makes_marks_and_nothing_else(world: World, tmp_path: Path) -> None:
    before, loaded = world.snapshot(), spec(tmp_path)
    adopt(world, loaded)
    after = world.snapshot()
    assert marks(world) == ALL
    new = set(after["volumes"]) - set(before["volumes"])
    after["volumes"] = {name: item for name, item in after["volumes"].items() if name not in new}
    assert after == before
    assert len(new) == 3
    assert world.plan(loaded).is_empty


def test_only_what_is_named_is_adopted(world: World, tmp_path: Path) -> None:
    loaded = spec(tmp_path)
    adopt(world, loaded, "volume.data", "office")
    assert marks(world) == ALL[1:]
    assert [error.path for error in world.plan(loaded).errors] == ["containers.web"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wbe", "names no container, network or volume of the stack shop; did you mean 'web'?"),
        ("stranger", "stranger names no container, network or volume of the stack shop"),
    ],
)
def test_what_the_spec_does_not_want_is_not_adopted(world: World, tmp_path: Path, name: str, said: str) -> None:
    before = world.snapshot()
    adoption = world.docker.plan_adopt(spec(tmp_path), (name,))
    assert said in "\n".join(map(str, adoption.plan.errors))
    assert adoption.plan.is_empty
    assert world.snapshot() == before


def test_there_is_nothing_to_adopt_where_nothing_is(tmp_path: Path) -> None:
    adoption = World().docker.plan_adopt(spec(tmp_path), ("container.web",))
    assert "there is nothing to adopt for container.web: no web is there" in str(adoption.plan.errors[0])


def test_the_engines_own_networks_are_not_adopted(world: World, tmp_path: Path) -> None:
    adoption = world.docker.plan_adopt(spec(tmp_path, SPEC.replace("office", "bridge")), ("network.front",))
    assert "the network bridge is the engine's own" in str(adoption.plan.errors[0])


def test_a_replacement_stopped_anywhere_is_finished_by_the_next_run(tmp_path: Path) -> None:
    steps = 0
    while True:
        world = World()
        engine = world.engine
        engine.create_network({"Name": "office"})
        engine.create_volume({"Name": "files"})
        host = {"Binds": ["files:/data"], "NetworkMode": "office"}
        engine.create_container("web", {"Image": "app:1", "HostConfig": host})
        engine.start_container("web")
        adopt(world, spec(tmp_path))
        loaded = spec(tmp_path, CHANGED)
        plan = world.plan(loaded)
        keys = list(plan.actions)
        assert isinstance(plan.actions[keys[-1]], RemoveMark)
        if steps > len(keys):
            return
        done = {key: plan.actions[key] for key in keys[:steps]}
        world.docker.apply(replace(plan, actions=done, rescues=()), parallelism=1)
        left = world.plan(loaded)
        assert not left.errors, steps
        assert left.is_empty == (steps == len(keys)), steps
        report = world.apply(left, loaded)
        assert report.ok, f"{steps}: {told(report)}"
        assert world.plan(loaded).is_empty, steps
        assert [name.rpartition("/")[2] for item in engine.containers() for name in item["Names"]] == ["web"], steps
        assert engine.container("web")["Config"]["Hostname"] == "other", steps
        assert marks(world) == ALL[1:], steps
        steps += 1


def test_marks_of_what_is_gone_are_cleared_and_shown(world: World, tmp_path: Path) -> None:
    loaded = spec(tmp_path)
    adopt(world, loaded)
    world.engine.remove_container("web", force=True)
    less = spec(tmp_path, SPEC.partition("containers:")[0])
    plan = world.plan(less)
    [change] = [item for item in plan.changes if str(item.address) == "container.web"]
    assert change.cause == "the mark of an adopted container that is gone"
    world.settle(less)
    assert marks(world) == ALL[1:]


def test_destroy_takes_the_marks_along_and_leaves_strangers(world: World, tmp_path: Path) -> None:
    loaded = spec(tmp_path)
    adopt(world, loaded)
    plan = world.plan(loaded, Wishes(destroy=True, delete_volumes=("data",)))
    report = world.apply(plan, loaded)
    assert report.ok, told(report)
    assert world.engine.volumes() == []
    assert [item["Names"] for item in world.engine.containers()] == [["/stranger"]]
    assert world.plan(loaded, Wishes(destroy=True)).is_empty


def test_a_target_clears_only_its_own_marks(world: World, tmp_path: Path) -> None:
    loaded = spec(tmp_path, CHANGED)
    adopt(world, loaded)
    plan = world.plan(loaded, Wishes(targets=("volume.data",)))
    assert plan.is_empty


def test_what_is_imported_is_adopted_without_a_change(world: World, tmp_path: Path) -> None:
    world.engine.create_container(
        "api",
        {
            "Image": "app:1",
            "Env": ["TOKEN=hush", "MODE=own"],
            "HostConfig": {"PidMode": "container:web", "Memory": 2**26},
        },
    )
    found = world.docker.import_spec(Selection(("web", "api")), folder="desk")
    assert found.left == ()
    assert found.foreign
    assert "hush" not in found.text
    file = tmp_path / "imported.yaml"
    file.write_text(found.text)
    loaded = load_files([file], environ=found.written.values)
    adopt(world, loaded)
    assert world.plan(loaded).is_empty
    assert loaded.require().containers["api"].pid == "service:web"


def test_what_a_spec_cannot_say_is_said(world: World) -> None:
    world.engine.pause_container("web")
    found = world.docker.import_spec(Selection(("web",)))
    assert found.left == ("container.web: update (state)",)
    assert "# A plan of this spec still differs: container.web: update (state)" in found.text


def test_what_the_engine_took_and_a_spec_refuses_is_said_too(world: World) -> None:
    body = {"Image": "app:1", "HostConfig": {"NetworkMode": "none", "PortBindings": {"80/tcp": [{"HostPort": "80"}]}}}
    world.engine.create_container("mute", body)
    found = world.docker.import_spec(Selection(("mute",)))
    [fault] = found.left
    assert fault.startswith("containers.mute.ports: ")
    assert f"# A plan of this spec still differs: {fault}" in found.text
