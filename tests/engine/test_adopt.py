"""`adopt` on real engines: an object is taken over without a touch, and from then on treated as one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.plan.action import RemoveMark
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.takein.adopt import Adoption
from dockerspec.errors import Refused
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any

SPEC = """
networks: {front: {name: "{stack}-net"}}
volumes: {data: {name: "{stack}-data"}}
containers:
  web:
    image: "{image}"
    container_name: "{stack}-web"
    command: [sleep, "999"]
    init: true
    volumes: ["data:/data"]
    networks: [front]
"""
NAMED = ("container.web", "network.front", "volume.data")


class Scene:
    """A container in a network with a volume, all made by somebody else, and a spec that wants just these."""

    def __init__(self, stage: Stage, raw: RawEngine) -> None:
        self.stage, self.raw, self.stack = stage, raw, stage.stack
        raw.post("/networks/create", {"Name": f"{self.stack}-net", "CheckDuplicate": True})
        raw.post("/volumes/create", {"Name": f"{self.stack}-data"})
        self.run(f"{self.stack}-web")

    def run(self, name: str) -> str:
        """`docker run -d --init --network NET --network-alias web -v DATA:/data --name NAME IMAGE sleep 999`."""
        network = f"{self.stack}-net"
        return self.raw.run(
            name,
            {
                "Image": self.stage.image,
                "Cmd": ["sleep", "999"],
                "HostConfig": {"Binds": [f"{self.stack}-data:/data"], "NetworkMode": network, "Init": True},
                "NetworkingConfig": {"EndpointsConfig": {network: {"Aliases": ["web"]}}},
            },
        )

    def identity(self) -> Json:
        """What tells the very objects from others: IDs, and the process that has run since the start."""
        web = self.raw.container(f"{self.stack}-web")
        network = self.raw.get(f"/networks/{self.stack}-net")
        return web["Id"], web["State"]["Pid"], web["RestartCount"], network["Id"]

    def marks(self) -> list[str]:
        """The names of the stack's marks."""
        volumes = self.raw.get("/volumes")["Volumes"] or ()
        return sorted(v["Name"] for v in volumes if (v["Labels"] or {}).get("dockerspec.mark.stack") == self.stack)

    def adoption(self, spec: LoadResult | None = None, *names: str) -> Adoption:
        """What adopting comes to."""
        return self.stage.docker.plan_adopt(spec or self.stage.load(SPEC), names)

    def adopt(self, *names: str) -> None:
        """Do it."""
        adoption = self.adoption(None, *names)
        assert not adoption.plan.errors, "\n".join(map(str, adoption.plan.errors))
        report = self.stage.docker.apply(adoption.plan)
        assert report.ok, told(report)


@pytest.fixture
def scene(
    engine_daemon: Daemon | GivenEngine, raw: RawEngine, stack_name: str, busybox: str, tmp_path: Path
) -> Iterator[Scene]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield Scene(stage, raw)
    stage.docker.close()


def errors(plan: Plan) -> str:
    return "\n".join(map(str, plan.errors))


def test_the_plan_names_the_command_and_adopting_touches_nothing(scene: Scene) -> None:
    refused = errors(scene.stage.plan(SPEC))
    for address in NAMED:
        assert f" {address}`" in refused
    assert refused.count("`dockerspec adopt -f ") == 3
    before = scene.identity()
    adoption = scene.adoption()
    assert tuple(sorted(str(item.address) for item in adoption.taken)) == NAMED
    assert adoption.afterwards.is_empty
    assert errors(adoption.afterwards) == ""
    assert scene.marks() == [], "finding out changes nothing"
    scene.adopt()
    assert scene.identity() == before
    assert len(scene.marks()) == 3
    plan = scene.stage.plan(SPEC)
    assert plan.is_empty
    assert plan.unchanged == 4
    assert scene.adoption().taken == ()


def test_an_adopted_container_is_healed_updated_replaced_and_destroyed(scene: Scene) -> None:
    scene.adopt()
    name, (web, *_) = f"{scene.stack}-web", scene.identity()
    scene.raw.post(f"/containers/{name}/kill")
    scene.raw.call("POST", f"/containers/{name}/wait", condition="not-running")
    assert differing(scene.stage.plan(SPEC)) == {"container.web": {"state"}}
    scene.stage.settle(SPEC)
    assert scene.raw.container(name)["Id"] == web

    limited = SPEC + "    mem_limit: 64m\n"
    scene.stage.settle(limited)
    assert scene.raw.container(name)["Id"] == web
    assert scene.raw.container(name)["HostConfig"]["Memory"] == 64 << 20

    _, text = scene.raw.execute(name, "sh", "-c", "echo kept > /data/file; cat /data/file")
    assert text.strip() == "kept"
    other = limited.replace("999", "998")
    scene.stage.settle(other)
    made = scene.raw.container(name)
    assert made["Id"] != web
    assert made["Config"]["Labels"]["dockerspec.stack"] == scene.stack
    assert scene.raw.execute(name, "cat", "/data/file")[1].strip() == "kept"
    assert [mark.split(".")[2] for mark in scene.marks()] == ["network", "volume"]

    report = scene.stage.destroy(other, delete_volumes=("data",))
    assert report.ok, told(report)
    assert scene.marks() == []
    assert scene.raw.find(f"/volumes/{scene.stack}-data") is None
    assert scene.raw.find(f"/networks/{scene.stack}-net") is None


def test_a_failed_replacement_brings_the_adopted_container_back(scene: Scene) -> None:
    scene.adopt()
    web, *_ = scene.identity()
    report = scene.stage.apply(SPEC.replace('[sleep, "999"]', '["false"]'))
    assert not report.ok
    back = scene.raw.container(f"{scene.stack}-web")
    assert back["Id"] == web
    assert back["State"]["Running"]
    assert len(scene.marks()) == 3
    assert scene.stage.plan(SPEC).is_empty


def test_a_network_that_is_made_anew_loses_its_mark_and_no_endpoint(scene: Scene) -> None:
    scene.adopt()
    web, pid, _, network = scene.identity()
    labelled = SPEC.replace('{stack}-net"', '{stack}-net", labels: {a: b}')
    scene.stage.settle(labelled)
    now, running, _, anew = scene.identity()
    assert (now, running) == (web, pid)
    assert anew != network
    assert [mark.split(".")[2] for mark in scene.marks()] == ["container", "volume"]


def test_a_run_that_ends_before_the_mark_goes_is_finished_by_the_next(scene: Scene) -> None:
    scene.adopt("container.web", "network.front", "volume.data")
    other = SPEC.replace("999", "998")
    spec = scene.stage.load(other)
    plan = scene.stage.docker.plan(spec)
    [unmark] = [key for key, action in plan.actions.items() if isinstance(action, RemoveMark)]
    assert list(plan.actions)[-1] == unmark
    rest = {key: action for key, action in plan.actions.items() if key != unmark}
    scene.stage.docker.apply(replace(plan, actions=rest, rescues=()))
    left = scene.stage.docker.plan(spec)
    assert [type(action) for action in left.actions.values()] == [RemoveMark]
    assert [(str(change.address), change.kind) for change in left.changes] == [("container.web", "delete")]
    report = scene.stage.docker.apply(left, spec=spec)
    assert report.ok, told(report)
    assert len(scene.marks()) == 2
    assert scene.stage.docker.plan(spec).is_empty


def test_a_container_made_anew_by_somebody_else_is_foreign_again(scene: Scene) -> None:
    scene.adopt()
    scene.raw.delete(f"/containers/{scene.stack}-web", force=True)
    scene.run(f"{scene.stack}-web")
    plan = scene.stage.plan(SPEC)
    assert "was not made by dockerspec" in errors(plan)
    scene.adopt("web")
    assert scene.stage.apply(SPEC).ok
    assert scene.stage.plan(SPEC).is_empty
    assert len(scene.marks()) == 3


def test_data_written_to_an_adopted_volume_does_not_make_it_foreign(scene: Scene) -> None:
    scene.adopt()
    code, _ = scene.raw.execute(f"{scene.stack}-web", "sh", "-c", "mkdir /data/new && chmod 700 /data && sleep 1.1")
    assert code == 0
    assert scene.stage.plan(SPEC).is_empty


def test_what_is_not_named_and_what_is_another_stacks_stays_as_it_is(
    scene: Scene, engine_daemon: Daemon | GivenEngine, tmp_path: Path
) -> None:
    scene.adopt("volume.data")
    assert [mark.split(".")[2] for mark in scene.marks()] == ["volume"]
    refused = errors(scene.stage.plan(SPEC))
    assert "containers.web" in refused
    assert "networks.front" in refused
    scene.adopt("container.web", "network.front")
    folder = tmp_path / "other"
    folder.mkdir()
    other = Stage(engine_daemon.host, folder, f"{scene.stack}-b", scene.stage.image)
    try:
        spec = other.load(SPEC.replace("{stack}", scene.stack))
        adoption = other.docker.plan_adopt(spec)
        assert adoption.taken == ()
        assert errors(adoption.plan).count(f"belongs to the stack {scene.stack}") == 3
        assert adoption.plan.is_empty
        assert errors(other.docker.plan(spec)).count(f"belongs to the stack {scene.stack}") == 3
    finally:
        other.docker.close()


def test_marks_are_no_volumes_and_block_nothing(scene: Scene) -> None:
    scene.adopt()
    plan = scene.stage.docker.plan_destroy(scene.stage.load(SPEC))
    shown = {str(change.address): str(change.kind) for change in plan.changes}
    assert shown == {"container.web": "delete", "network.front": "delete", "volume.data": "keep"}
    with pytest.raises(Refused, match=r"container\.web .*: it was adopted"):
        scene.stage.docker.apply(plan)
    report = scene.stage.docker.apply(plan, allow=("foreign",))
    assert report.ok, told(report)
    assert [mark.split(".")[2] for mark in scene.marks()] == ["volume"], "the volume stays, and it stays the stack's"
    rows = scene.stage.docker.status(scene.stage.load(SPEC)).rows
    assert not any("dockerspec." in row.name for row in rows)


def test_an_adopted_network_that_could_not_be_made_anew_comes_back_as_ours(scene: Scene) -> None:
    scene.adopt()
    web, pid, *_ = scene.identity()
    options = '{stack}-net", driver: macvlan, driver_opts: {parent: no-such0}'
    report = scene.stage.apply(SPEC.replace('{stack}-net"', options))
    assert not report.ok
    assert scene.identity()[:2] == (web, pid)
    plan = scene.stage.plan(SPEC)
    assert errors(plan) == ""
    report = scene.stage.apply(SPEC)
    assert report.ok, told(report)
    assert [mark.split(".")[2] for mark in scene.marks()] == ["container", "volume"]
    assert scene.stage.plan(SPEC).is_empty
