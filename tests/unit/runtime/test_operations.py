"""Each kind of action against the fake engine, outside the walker."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan import action as act
from dockerspec.errors import Cancelled, Conflict, EngineError, EngineLost, NotFound, ServerError
from dockerspec.runtime.execute.context import pack_build
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.execute.operations import OPERATIONS, perform
from dockerspec.runtime.execute.streams import Layers
from dockerspec.testing import FakeEngine
from tests.unit.runtime.plans import tools

HERE = Address(Kind.CONTAINER, "web", 1)
COMMON = {"address": HERE, "cause": "test"}
WEB = {**COMMON, "container": "web", "name": "web"}


@dataclass
class Bench:
    """The fake engine with one container `web`, and tools that note what they are told."""

    engine: FakeEngine = field(default_factory=FakeEngine)
    notes: list[str] = field(default_factory=list)
    waited: list[act.AwaitContainer] = field(default_factory=list)
    packed: BinaryIO = field(default_factory=lambda: io.BytesIO(b"tar"))
    moment: float = 0.0
    stopped: bool = False

    def __post_init__(self) -> None:
        self.engine.add_image("busybox")
        self.engine.create_container("web", {"Image": "busybox"})

    def monotonic(self) -> float:
        self.moment += 0.15
        return self.moment

    def time(self) -> float:
        return self.moment

    def do(self, action: act.Action) -> tuple[str, ...]:
        used = replace(
            tools(self.engine, stopped=lambda: self.stopped, note=self.notes.append),
            clock=self,
            pack=lambda build: (self.packed, f"in-tar/{build.dockerfile}"),
            wait=self.waited.append,
        )
        return perform(action, used)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def kinds() -> set[type[act.Action]]:
    """All kinds of action that can be in a plan: those with a verb."""
    classes = [item for item in vars(act).values() if isinstance(item, type) and issubclass(item, act.Action)]
    return {kind for kind in classes if kind.verb}


def test_every_kind_of_action_has_its_operation() -> None:
    assert set(OPERATIONS) == kinds()


NETWORK = {"network": "front", "network_name": "front"}
STEPS: list[tuple[list[act.Action], Callable[[FakeEngine], Any], Any]] = [
    (
        [act.CreateNetwork(**COMMON, name="front", body={"Name": "front"})],
        lambda fake: fake.network("front")["Driver"],
        "bridge",
    ),
    (
        [
            act.CreateNetwork(**COMMON, name="front", body={"Name": "front"}),
            act.ConnectNetwork(**COMMON, **NETWORK, container="web", endpoint={"Aliases": ["w"]}),
        ],
        lambda fake: fake.container("web")["NetworkSettings"]["Networks"]["front"]["Aliases"],
        ["w"],
    ),
    (
        [
            act.CreateNetwork(**COMMON, name="front", body={"Name": "front"}),
            act.ConnectNetwork(**COMMON, **NETWORK, container="web", endpoint={}),
            act.DisconnectNetwork(**COMMON, **NETWORK, container="web"),
            act.RemoveNetwork(**COMMON, network="front", name="front"),
        ],
        lambda fake: [item["Name"] for item in fake.networks()],
        ["bridge", "host", "none"],
    ),
    (
        [act.CreateVolume(**COMMON, name="data", body={"Name": "data", "Labels": {"a": "b"}})],
        lambda fake: fake.volume("data")["Labels"],
        {"a": "b"},
    ),
    (
        [
            act.CreateVolume(**COMMON, name="data", body={"Name": "data"}),
            act.RemoveVolume(**COMMON, name="data"),
        ],
        lambda fake: fake.volumes(),
        [],
    ),
    ([act.StartContainer(**WEB)], lambda fake: fake.container("web")["State"]["Status"], "running"),
    (
        [act.StartContainer(**WEB), act.StopContainer(**WEB)],
        lambda fake: fake.container("web")["State"]["Status"],
        "exited",
    ),
    ([act.RenameContainer(**WEB, new_name="app")], lambda fake: fake.containers()[0]["Names"], ["/app"]),
    ([act.StartContainer(**WEB), act.RemoveContainer(**WEB, force=True)], lambda fake: fake.containers(), []),
    (
        [act.UpdateContainer(**WEB, body={"Memory": 7}, expect={"Memory": 7})],
        lambda fake: fake.container("web")["HostConfig"]["Memory"],
        7,
    ),
    (
        [act.TagImage(**COMMON, source="busybox", reference="localhost:5000/box:1")],
        lambda fake: fake.image("localhost:5000/box:1")["RepoTags"],
        ["busybox:latest", "localhost:5000/box:1"],
    ),
    (
        [act.TagImage(**COMMON, source="busybox", reference="localhost:5000/box")],
        lambda fake: fake.image("localhost:5000/box")["RepoTags"],
        ["busybox:latest", "localhost:5000/box:latest"],
    ),
    (
        [act.BuildImage(**COMMON, reference="shop/web:1", context=".")],
        lambda fake: fake.image("shop/web:1")["RepoTags"],
        ["shop/web:1"],
    ),
]


@pytest.mark.parametrize(("actions", "look", "expected"), STEPS)
def test_what_an_action_does(
    bench: Bench, actions: list[act.Action], look: Callable[[FakeEngine], Any], expected: Any
) -> None:
    for action in actions:
        assert bench.do(action) == ()
    assert look(bench.engine) == expected


def test_unpause(bench: Bench) -> None:
    bench.engine.start_container("web")
    bench.engine.pause_container("web")
    bench.do(act.UnpauseContainer(**WEB))
    assert bench.engine.container("web")["State"]["Status"] == "running"


def test_a_wait_is_handed_on(bench: Bench) -> None:
    action = act.AwaitContainer(**WEB, until=act.Ready.RUNNING, timeout=1)
    bench.do(action)
    assert bench.waited == [action]


@pytest.mark.parametrize(
    "action",
    [
        act.RemoveContainer(**{**WEB, "container": "nope"}),
        act.RemoveNetwork(**COMMON, network="nope", name="nope"),
        act.RemoveVolume(**COMMON, name="nope"),
    ],
)
def test_removing_what_is_gone_is_remarked_only(bench: Bench, action: act.Action) -> None:
    assert bench.do(action) == ("it was gone already",)


def test_a_name_in_use_is_named(bench: Bench) -> None:
    with pytest.raises(Conflict, match=r'The container name "/web" is already in use by container "[0-9a-f]{64}"'):
        bench.do(act.CreateContainer(**COMMON, name="web", body={"Image": "busybox"}))


@pytest.mark.parametrize(
    ("verb", "answer", "action", "warnings"),
    [
        (
            "create_container",
            {"Id": "x", "Warnings": ["no swap limit", "two"]},
            act.CreateContainer(**COMMON, name="new", body={}),
            ("no swap limit", "two"),
        ),
        ("create_network", {"Id": "x", "Warning": "old"}, act.CreateNetwork(**COMMON, name="n", body={}), ("old",)),
        ("create_network", {"Id": "x", "Warning": ""}, act.CreateNetwork(**COMMON, name="n", body={}), ()),
        ("update_container", {"Warnings": None}, act.UpdateContainer(**WEB, body={}), ()),
        ("update_container", {"Warnings": ["w"]}, act.UpdateContainer(**WEB, body={}), ("w",)),
    ],
)
def test_the_engines_remarks(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, verb: str, answer: Any, action: act.Action, warnings: tuple[str, ...]
) -> None:
    monkeypatch.setattr(bench.engine, verb, lambda *_: answer)
    assert bench.do(action) == warnings


def test_a_volume_of_somebody_elses_that_appeared_is_refused(bench: Bench) -> None:
    bench.engine.create_volume({"Name": "data", "Labels": {"owner": "them"}})
    with pytest.raises(ActionFailed, match="a volume called data appeared meanwhile"):
        bench.do(act.CreateVolume(**COMMON, name="data", body={"Name": "data", "Labels": {"owner": "us"}}))


@pytest.mark.parametrize(
    ("expect", "ignored"),
    [
        ({}, ""),
        ({"PidsLimit": 0, "CpusetCpus": None, "Ulimits": []}, ""),
        ({"RestartPolicy": {"Name": "no"}, "Nonsense": None}, ""),
        ({"BlkioDeviceReadBps": [{"Path": "/dev/sda", "Rate": 1}], "Memory": 5}, "BlkioDeviceReadBps, Memory"),
        ({"RestartPolicy": {"Name": "always"}}, "RestartPolicy"),
    ],
)
def test_an_ignored_update_names_its_keys(bench: Bench, expect: dict[str, Any], ignored: str) -> None:
    action = act.UpdateContainer(**WEB, body={}, expect=expect)
    if not ignored:
        assert bench.do(action) == ()
        return
    with pytest.raises(ActionFailed, match=f"did not change {ignored}$"):
        bench.do(action)


class TestPull:
    PULL = act.PullImage(**COMMON, reference="redis:7")

    def test_notes_are_passed_on(self, bench: Bench) -> None:
        bench.engine.registry["redis:7"] = {}
        bench.do(self.PULL)
        assert bench.engine.image("redis:7")["RepoTags"] == ["redis:7"]
        # The clock goes on by 0.15 s a message, and a note comes at most every 0.2 s.
        assert bench.notes == ["Pulling from redis", "Status: Downloaded newer image for redis:7"]

    def test_what_the_registry_lacks(self, bench: Bench) -> None:
        with pytest.raises(NotFound, match="manifest for redis:7 not found"):
            bench.do(self.PULL)

    def test_a_stop_ends_it(self, bench: Bench) -> None:
        bench.engine.registry["redis:7"] = {}
        bench.stopped = True
        with pytest.raises(Cancelled):
            bench.do(self.PULL)
        with pytest.raises(NotFound):
            bench.engine.image("redis:7")


def test_layers_that_come_side_by_side_are_told_as_one() -> None:
    layers = Layers()
    messages = [
        ({"status": "Pulling from team/app", "id": "1"}, "Pulling from team/app"),
        ({"status": "Pulling fs layer", "id": "a"}, "0 of 1 layer"),
        ({"status": "Already exists", "id": "b"}, "1 of 2 layers"),
        ({"status": "Downloading", "id": "a", "progressDetail": {"current": 1024, "total": 4096}}, None),
        ({"status": "Pulling fs layer", "id": "c"}, None),
        ({"status": "Downloading", "id": "c", "progressDetail": {"current": 1024, "total": 1024}}, None),
        ({"status": "Extracting", "id": "a", "progressDetail": {"current": 7, "total": 9}}, None),
        ({"status": "Pull complete", "id": "a"}, "2 of 3 layers, 5k of 5k"),
        ({"status": "Status: Downloaded newer image for app:1"}, "Status: Downloaded newer image for app:1"),
    ]
    for message, said in messages:
        told = layers.take(message)
        assert said is None or told == said


class Flaky:
    """A registry that breaks a pull off for some times."""

    def __init__(self, bench: Bench, faults: list[EngineError]) -> None:
        self.bench, self.faults, self.tries = bench, faults, 0

    def __call__(self, _ref: str, *, platform: str = "") -> Any:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        return iter(())


@pytest.mark.parametrize(
    ("faults", "tries", "good"),
    [
        ([], 1, True),
        ([EngineError("EOF", passing=True)], 2, True),
        ([EngineError("EOF", passing=True)] * 2, 3, True),
        ([EngineError("EOF", passing=True)] * 3, 3, False),
        ([EngineError("denied")], 1, False),
        ([EngineError("EOF", passing=True), EngineError("denied")], 2, False),
    ],
)
def test_how_often_a_pull_is_tried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, faults: list[EngineError], tries: int, good: bool
) -> None:
    flaky = Flaky(bench, list(faults))
    monkeypatch.setattr(bench.engine, "pull_image", flaky)
    with nullcontext() if good else pytest.raises(EngineError):
        warnings = bench.do(TestPull.PULL)
        assert len(warnings) == tries - 1
    assert flaky.tries == tries


class TestBuild:
    BUILD = act.BuildImage(**COMMON, reference="shop/web:1", context=".", options={"labels": {"a": "b"}})

    def test_options_name_tag_and_dockerfile(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []
        monkeypatch.setattr(bench.engine, "build_image", lambda context, options: seen.append(options) or iter(()))
        bench.do(self.BUILD)
        assert seen == [{"labels": {"a": "b"}, "t": "shop/web:1", "dockerfile": "in-tar/Dockerfile", "forcerm": True}]
        assert bench.packed.closed

    def test_a_failure_shows_the_last_lines(self, bench: Bench) -> None:
        bench.engine.build_lines = [f"Step {number}" for number in range(20)] + ["error: it returned 1"]
        with pytest.raises(ActionFailed, match="it returned 1") as caught:
            bench.do(self.BUILD)
        assert caught.value.logs.splitlines() == [f"Step {number}" for number in range(5, 20)]
        assert bench.packed.closed

    def test_a_stop_ends_it(self, bench: Bench) -> None:
        bench.engine.build_lines = ["Step 1"]
        bench.stopped = True
        with pytest.raises(Cancelled):
            bench.do(self.BUILD)

    def test_one_that_is_broken_off_may_be_begun_again(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        def build(_context: BinaryIO, _options: Any) -> Iterator[Any]:
            yield {"stream": "Step 1"}
            raise EngineLost("the connection broke", passing=True)

        monkeypatch.setattr(bench.engine, "build_image", build)
        with pytest.raises(EngineLost):
            bench.do(self.BUILD)

    def test_the_context_is_packed_from_its_folder(self, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile").write_text("FROM scratch\n")
        archive, dockerfile = pack_build(act.BuildImage(**COMMON, reference="x", context=str(tmp_path)))
        with archive:
            assert b"FROM scratch" in archive.read()
        assert dockerfile == "Dockerfile"

    def test_an_inline_dockerfile_is_packed_under_another_name(self, tmp_path: Path) -> None:
        action = act.BuildImage(**COMMON, reference="x", context=str(tmp_path), inline="FROM scratch\n")
        archive, dockerfile = pack_build(action)
        with archive:
            assert dockerfile.encode() in archive.read()
        assert dockerfile != "Dockerfile"


def test_other_faults_of_the_engine_pass_through(bench: Bench) -> None:
    bench.engine.fail("start_container", EngineError("boom"))
    with pytest.raises(EngineError, match="boom"):
        bench.do(act.StartContainer(**WEB))


REMOVE = act.RemoveContainer(**COMMON, container="web", name="web")
GOING = "removal of container web is already in progress"


def test_a_container_that_removes_itself_is_waited_out(bench: Bench) -> None:
    bench.engine.fail("remove_container", Conflict(GOING, status=409), times=3)
    bench.do(REMOVE)
    assert bench.engine.containers() == []


@pytest.mark.parametrize(("message", "stopped"), [("container is running", False), (GOING, True)])
def test_another_conflict_or_the_end_of_the_run_is_a_failure(bench: Bench, message: str, stopped: bool) -> None:
    bench.stopped = stopped
    bench.engine.fail("remove_container", Conflict(message, status=409))
    with pytest.raises(Conflict):
        bench.do(REMOVE)


class TestNetworksOfAWayBack:
    """Steps that are taken by name, since the network's ID is another by then."""

    def test_a_network_is_made_unless_it_is_there(self, bench: Bench) -> None:
        again = act.CreateNetwork(**COMMON, name="front", body={"Name": "front"}, unless_there=True)
        bench.do(again)
        made = bench.engine.network("front")["Id"]
        assert bench.do(again) == ()
        assert bench.engine.network("front")["Id"] == made

    def test_only_one_of_the_stack_is_removed(self, bench: Bench) -> None:
        labels = {"dockerspec.stack": "shop", "dockerspec.resource": "front"}
        bench.engine.create_network({"Name": "front", "Labels": labels})
        drop = {**COMMON, "network": "front", "name": "front"}
        (remark,) = bench.do(act.RemoveNetwork(**drop, only_of="other"))
        assert "not this stack's" in remark
        assert bench.engine.network("front")
        bench.do(act.RemoveNetwork(**drop, only_of="shop"))
        with pytest.raises(NotFound):
            bench.engine.network("front")


class TestAContainerThatKeepsRestarting:
    """Its network namespace comes and goes, and the engine's words with it."""

    def test_cutting_it_is_tried_until_it_holds(self, bench: Bench) -> None:
        bench.do(act.CreateNetwork(**COMMON, name="front", body={"Name": "front"}))
        bench.do(act.ConnectNetwork(**COMMON, **NETWORK, container="web", endpoint={}))
        fault = ServerError("container 12 is not connected to network front", status=500)
        bench.engine.fail("disconnect_network", fault, times=2)
        assert bench.do(act.DisconnectNetwork(**COMMON, **NETWORK, container="web", force=True)) == ()
        assert "front" not in bench.engine.container("web")["NetworkSettings"]["Networks"]

    def test_a_connection_that_is_noted_will_do(self, bench: Bench) -> None:
        bench.do(act.CreateNetwork(**COMMON, name="front", body={"Name": "front"}))
        connect = act.ConnectNetwork(**COMMON, **NETWORK, container="web", endpoint={})
        fault = NotFound("network sandbox for container 12 not found", status=404)
        bench.engine.fail("connect_network", fault, times=1)
        with pytest.raises(NotFound):
            bench.do(connect)
        bench.do(connect)
        bench.engine.fail("connect_network", fault, times=1)
        assert "when it is up" in bench.do(connect)[0]
