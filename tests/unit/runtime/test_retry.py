"""What is tried again, how often and how long, and that a call whose answer was lost is never carried out twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan import action as act
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.core.report.progress import ActionNote, Progress
from dockerspec.engine.pacing import LONGEST_PAUSE, backoff
from dockerspec.errors import (
    BadRequest,
    Conflict,
    EngineError,
    EngineForbidden,
    EngineLost,
    EngineTimeout,
    EngineUnreachable,
    NotFound,
    ServerError,
)
from dockerspec.runtime.execute.attempt import attempt
from dockerspec.runtime.execute.walker import execute
from dockerspec.runtime.retry import RUN, Policy, Retries
from dockerspec.testing import FakeEngine
from tests.unit.runtime.plans import IMAGE, Dial, chain, create, plan, rename, start, stop, tools, wait

HERE: dict[str, Any] = {"address": Address(Kind.CONTAINER, "web", 1), "cause": "test"}
WEB: dict[str, Any] = {**HERE, "container": "web", "name": "web"}
NET: dict[str, Any] = {**HERE, "network": "front", "network_name": "front", "container": "web"}
OURS = {"dockerspec.stack": "shop", "dockerspec.resource": "web", "dockerspec.replica": "1"}

LOST = EngineLost("the connection broke", passing=True)
GONE = EngineUnreachable("no such socket", passing=True)
HINDERED = ServerError("transport is closing", status=500, passing=True)
SILENT = EngineTimeout("no answer", passing=True)


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE)
    return fake


@pytest.mark.parametrize(
    ("fault", "tries", "least", "most"),
    [
        (LOST, RUN.tries, 7, 8),
        (HINDERED, RUN.tries, 7, 8),
        (GONE, 12, RUN.patience, RUN.patience + LONGEST_PAUSE),
        (SILENT, 2, 0.2, 0.3),
        (ServerError("port is already allocated", status=500), 1, 0, 0),
        (BadRequest("bad", status=400), 1, 0, 0),
        (EngineForbidden("no", status=403), 1, 0, 0),
        (NotFound("none", status=404), 1, 0, 0),
        (Conflict("in use", status=409), 1, 0, 0),
        (EngineUnreachable("the certificate has expired"), 1, 0, 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_how_often_and_how_long(engine: FakeEngine, fault: EngineError, tries: int, least: float, most: float) -> None:
    engine.create_container("web", {"Image": IMAGE})
    engine.fail("start_container", fault, times=1000)
    dial = Dial()
    outcome = attempt(start("web"), tools(engine, dial))
    assert outcome.status is Status.FAILED
    assert engine.count("start_container") == tries
    assert least <= dial.moment <= most
    assert outcome.message == fault.message + (f" (tried {tries} times)" if tries > 1 else "")


def test_pauses_grow_up_to_a_bound_and_differ() -> None:
    longest = [backoff(done, lambda: 1.0) for done in range(8)]
    assert longest == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert [backoff(done, lambda: 0.0) for done in range(8)] == [item / 2 for item in longest]


def test_a_success_tells_what_came_before(engine: FakeEngine) -> None:
    engine.create_container("web", {"Image": IMAGE})
    engine.fail("start_container", LOST, times=2)
    engine.fail("start_container", HINDERED)
    notes: list[str] = []
    outcome = attempt(start("web"), tools(engine, note=notes.append))
    assert outcome.status is Status.DONE
    assert outcome.warnings == (
        "tried again after: the connection broke (2 times)",
        "tried again after: transport is closing",
    )
    assert notes[0] == "trying again in 0.2 s: the connection broke"
    assert len(notes) == 3


def test_an_engine_that_stays_away_is_waited_for_once_by_all(engine: FakeEngine) -> None:
    engine.fail("create_container", GONE, times=1000)
    dial = Dial()
    shared = tools(engine, dial)
    first = [attempt(create(f"c{number}"), shared) for number in range(5)]
    assert all(outcome.status is Status.FAILED for outcome in first)
    assert dial.moment < RUN.patience + LONGEST_PAUSE
    assert engine.count("create_container") == 12 + 4


def test_an_engine_that_answers_in_between_is_waited_for_anew(engine: FakeEngine) -> None:
    dial = Dial()
    retries = Retries(dial, Policy(tries=3, patience=10), random=lambda: 1.0)
    assert not retries.is_in_vain()
    dial.moment = 9
    retries.answered()
    assert not retries.is_in_vain()
    dial.moment = 18
    assert not retries.is_in_vain()
    dial.moment = 19
    assert retries.is_in_vain()


def test_one_that_comes_and_goes_has_an_end(engine: FakeEngine) -> None:
    trial = Retries(Dial(), RUN).begin()
    retries = trial._retries
    for _ in range(15):
        retries.answered()
        assert trial.pause_after(GONE) is not None
    assert trial.pause_after(GONE) is None


class Lossy:
    """An engine whose first answer to a verb is lost, whether the call was carried out or not."""

    def __init__(self, engine: FakeEngine, verb: str, *, carried_out: bool) -> None:
        self._engine, self._verb, self._carried_out = engine, verb, carried_out
        self.lost = 0

    def __getattr__(self, verb: str) -> Any:
        plain = getattr(self._engine, verb)
        if verb != self._verb:
            return plain

        def call(*args: Any, **options: Any) -> Any:
            if self.lost:
                return plain(*args, **options)
            self.lost += 1
            if self._carried_out:
                plain(*args, **options)
            raise LOST

        return call


def container(fake: FakeEngine) -> Any:
    return fake.container("web")


STEPS: list[tuple[str, list[act.Action], act.Action, Callable[[FakeEngine], Any]]] = [
    (
        "create_container",
        [],
        act.CreateContainer(**HERE, name="new", body={"Image": IMAGE, "Labels": OURS, "Volumes": {"/data": {}}}),
        lambda fake: (len(fake.containers()), len(fake.volumes()), fake.container("new")["State"]["Status"]),
    ),
    ("start_container", [], act.StartContainer(**WEB), lambda fake: container(fake)["State"]["Status"]),
    ("stop_container", [act.StartContainer(**WEB)], act.StopContainer(**WEB), lambda fake: container(fake)["State"]),
    ("remove_container", [], act.RemoveContainer(**WEB), lambda fake: fake.containers()),
    (
        "update_container",
        [],
        act.UpdateContainer(**WEB, body={"Memory": 7}, expect={"Memory": 7}),
        lambda fake: container(fake)["HostConfig"]["Memory"],
    ),
    (
        "create_network",
        [],
        act.CreateNetwork(**HERE, name="front", body={"Name": "front", "Labels": OURS}),
        lambda fake: [item["Name"] for item in fake.networks()],
    ),
    (
        "connect_network",
        [act.CreateNetwork(**HERE, name="front", body={"Name": "front"}), act.StartContainer(**WEB)],
        act.ConnectNetwork(**NET, endpoint={"Aliases": ["www"]}),
        lambda fake: container(fake)["NetworkSettings"]["Networks"]["front"]["Aliases"],
    ),
    (
        "disconnect_network",
        [act.CreateNetwork(**HERE, name="front", body={"Name": "front"}), act.ConnectNetwork(**NET, endpoint={})],
        act.DisconnectNetwork(**NET),
        lambda fake: sorted(container(fake)["NetworkSettings"]["Networks"]),
    ),
    (
        "remove_network",
        [act.CreateNetwork(**HERE, name="front", body={"Name": "front"})],
        act.RemoveNetwork(**HERE, network="front", name="front"),
        lambda fake: [item["Name"] for item in fake.networks()],
    ),
    (
        "create_volume",
        [],
        act.CreateVolume(**HERE, name="data", body={"Name": "data", "Labels": OURS}),
        lambda fake: [item["Labels"] for item in fake.volumes()],
    ),
    (
        "remove_volume",
        [act.CreateVolume(**HERE, name="data", body={"Name": "data"})],
        act.RemoveVolume(**HERE, name="data"),
        lambda fake: fake.volumes(),
    ),
    (
        "create_volume",
        [],
        act.CreateMark(**HERE, name="mark", body={"Name": "mark", "Labels": OURS}),
        lambda fake: [item["Labels"] for item in fake.volumes()],
    ),
    (
        "tag_image",
        [],
        act.TagImage(**HERE, source=IMAGE, reference="shop/web:1"),
        lambda fake: fake.image(IMAGE)["RepoTags"],
    ),
    (
        "pull_image",
        [],
        act.PullImage(**HERE, reference="redis:7"),
        lambda fake: fake.image("redis:7")["RepoTags"],
    ),
    (
        "build_image",
        [],
        act.BuildImage(**HERE, reference="shop/web:1", context="."),
        lambda fake: fake.image("shop/web:1")["RepoTags"],
    ),
]


def world() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE)
    fake.registry["redis:7"] = {}
    fake.create_container("web", {"Image": IMAGE})
    return fake


def plainly(seen: Any) -> Any:
    """Without the moments of time, which differ between two worlds."""
    return {key: value for key, value in seen.items() if not key.endswith("At")} if isinstance(seen, dict) else seen


@pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize(("verb", "before", "action", "look"), STEPS, ids=[item[2].key for item in STEPS])
def test_a_lost_answer_changes_nothing_about_the_end(
    verb: str, before: list[act.Action], action: act.Action, look: Callable[[FakeEngine], Any], carried_out: bool
) -> None:
    ends = []
    for lossy in (False, True):
        fake = world()
        for step in before:
            assert attempt(step, tools(fake)).status is Status.DONE
        engine = Lossy(fake, verb, carried_out=carried_out) if lossy else fake
        outcome = attempt(action, tools(engine))  # type: ignore[arg-type]
        assert outcome.status is Status.DONE, outcome.message
        assert bool(outcome.warnings) is lossy
        ends.append(plainly(look(fake)))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_rename_has_happened_or_happens(carried_out: bool) -> None:
    fake = world()
    action = act.RenameContainer(**{**WEB, "container": fake.container("web")["Id"]}, new_name="app")
    engine = Lossy(fake, "rename_container", carried_out=carried_out)
    assert attempt(action, tools(engine)).status is Status.DONE  # type: ignore[arg-type]
    assert fake.containers()[0]["Names"] == ["/app"]


def test_a_rename_that_never_happened_is_taken_back_without_a_word() -> None:
    fake = world()
    action = act.RenameContainer(**{**WEB, "container": fake.container("web")["Id"]}, new_name="web")
    assert attempt(action, tools(fake), undo=True) == Outcome(action, Status.DONE, undo=True)


@pytest.mark.parametrize(("once", "runs"), [(True, 1), (False, 2)])
def test_a_job_runs_once(once: bool, runs: int) -> None:
    fake = world()
    engine = Lossy(fake, "start_container", carried_out=True)
    dial = Dial(at_pause=lambda _seconds: fake.exit("web", 0))
    assert attempt(act.StartContainer(**WEB, once=once), tools(engine, dial)).status is Status.DONE  # type: ignore[arg-type]
    assert fake.count("start_container") == runs


@pytest.mark.parametrize(("fault", "status"), [(LOST, Status.DONE), (HINDERED, Status.DONE), (None, Status.FAILED)])
def test_one_that_came_up_with_the_engine_is_stopped_again(
    engine: FakeEngine, fault: EngineError | None, status: Status
) -> None:
    engine.create_container("web", {"Image": IMAGE})
    shared = tools(engine)
    if fault is not None:
        engine.fail("stop_container", fault)
    assert attempt(stop("web"), shared).status is Status.DONE
    engine.start_container("web")
    assert attempt(act.RemoveContainer(**WEB), shared).status is status


def test_what_a_dying_engine_holds_on_to_is_waited_out(engine: FakeEngine) -> None:
    stale = ServerError("endpoint with name web already exists in network front", status=500)
    engine.create_container("web", {"Image": IMAGE})
    engine.fail("start_container", HINDERED)
    engine.fail("start_container", stale, times=2)
    assert attempt(start("web"), tools(engine)).status is Status.DONE
    engine.fail("start_container", ServerError(stale.message, status=500))
    assert attempt(start("web"), tools(engine)).status is Status.FAILED


@pytest.mark.parametrize(
    ("labels", "usage", "status"),
    [
        ({}, (0, 0), Status.DONE),
        ({}, (1, 0), Status.FAILED),
        ({}, (0, 1), Status.FAILED),
        ({}, (-1, 0), Status.FAILED),
        ({"owner": "them"}, (0, 0), Status.FAILED),
    ],
)
def test_a_volume_without_labels_is_made_anew_only_if_empty(
    engine: FakeEngine, labels: dict[str, str], usage: tuple[int, int], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.create_volume({"Name": "data", "Labels": labels})
    data = dict(zip(("Size", "RefCount"), usage, strict=True))
    monkeypatch.setattr(engine, "volume_usage", lambda: [{"Name": "data", "UsageData": data}])
    action = act.CreateVolume(**HERE, name="data", body={"Name": "data", "Labels": OURS})
    assert attempt(action, tools(engine)).status is Status.FAILED, "it is not ours by a first look"
    engine.fail("create_volume", LOST)
    assert attempt(action, tools(engine)).status is status
    assert engine.volume("data")["Labels"] == (OURS if status is Status.DONE else labels)


def test_a_connection_to_another_network_of_the_name_is_not_ours(engine: FakeEngine) -> None:
    engine.create_container("web", {"Image": IMAGE})
    engine.create_network({"Name": "front"})
    engine.connect_network("front", "web", {"Aliases": ["other"]})
    engine.fail("connect_network", LOST)
    engine.fail("connect_network", EngineForbidden("endpoint already exists in network front", status=403))
    outcome = attempt(act.ConnectNetwork(**NET, endpoint={"Aliases": ["www"]}), tools(engine))
    assert outcome.status is Status.FAILED
    assert "already exists" in outcome.message


class TestCtrlC:
    """The first one ends a pause of the run; those of a way back go on."""

    def test_it_ends_a_pause(self, engine: FakeEngine) -> None:
        engine.fail("create_container", GONE, times=1000)
        cancel = threading.Event()
        notes: list[float] = []

        def stop_soon(event: Progress) -> None:
            if isinstance(event, ActionNote) and "trying again" in event.text:
                notes.append(time.monotonic())
                if len(notes) == 4:  # at the beginning of a pause of a second or more
                    cancel.set()

        report = execute(chain(create("web"), start("web")), engine, cancel=cancel, on_event=stop_soon)
        assert time.monotonic() - notes[-1] < 0.8
        outcome = report.outcomes["create container.web web"]
        assert outcome.status is Status.FAILED
        assert outcome.message.endswith("not tried again, since the run was stopped")
        assert engine.count("create_container") == len(notes) == 4

    def test_it_does_not_hurry_a_way_back(self, engine: FakeEngine) -> None:
        assert execute(chain(create("web"), start("web")), engine).ok
        halt = stop("web")
        members = [halt, rename("web", "other")]
        cancel = threading.Event()
        engine.delay = lambda call: cancel.set() if call.verb == "stop_container" else None
        engine.fail("start_container", HINDERED, times=2)
        begin = time.monotonic()
        work = plan(members, [(halt, members[1])], [(members, {halt.key: (start("web"),)})])
        report = execute(work, engine, cancel=cancel)
        assert time.monotonic() - begin > 0.3
        (undone,) = report.undone
        assert undone.status is Status.DONE, undone.message
        assert undone.warnings == ("tried again after: transport is closing (2 times)",)
        assert engine.container("web")["State"]["Running"]

    def test_a_stop_during_the_call_is_no_reason_to_call_again(self, engine: FakeEngine) -> None:
        engine.create_container("web", {"Image": IMAGE})
        engine.fail("start_container", LOST, times=9)
        outcome = attempt(start("web"), tools(engine, stopped=lambda: True))
        assert outcome.message == "the connection broke; not tried again, since the run was stopped"
        assert engine.count("start_container") == 1


class TestWaits:
    """A wait looks through faults, and gives up where the engine is gone for good."""

    @staticmethod
    def run(engine: FakeEngine, fault: EngineError, times: int, policy: Policy) -> Outcome:
        engine.fail("container", fault, times=times)
        action = wait("web")
        return execute(chain(create("web"), start("web"), action), engine, policy=policy).outcomes[action.key]

    @pytest.mark.parametrize("fault", [LOST, GONE, HINDERED])
    def test_it_goes_on(self, engine: FakeEngine, fault: EngineError) -> None:
        outcome = self.run(engine, fault, 2, RUN)
        assert outcome.status is Status.DONE
        assert outcome.warnings == (), "the wait was not begun anew"

    @pytest.mark.parametrize("fault", [LOST, GONE, HINDERED])
    def test_it_has_an_end(self, engine: FakeEngine, fault: EngineError) -> None:
        outcome = self.run(engine, fault, 1000, Policy(tries=3, patience=0.5))
        assert outcome.status is Status.FAILED
        assert fault.message in outcome.message

    def test_a_verdict_is_one_at_once(self, engine: FakeEngine) -> None:
        fault = BadRequest("bad", status=400)
        assert self.run(engine, fault, 1, RUN).message == "bad"
