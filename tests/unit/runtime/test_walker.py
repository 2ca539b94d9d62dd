"""The walker on the fake engine: order, bound, failures, cancellation, ways back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from dockerspec.core.plan.action import Action, PullImage, UpdateContainer
from dockerspec.core.ready import Ready
from dockerspec.core.report.outcome import Report, Status
from dockerspec.core.report.progress import (
    ActionFinished,
    ActionNote,
    ActionStarted,
    Progress,
    UndoFinished,
    UndoStarted,
)
from dockerspec.engine.protocol import Engine
from dockerspec.errors import BadRequest, NotFound, ServerError
from dockerspec.runtime.execute.walker import execute
from dockerspec.testing import FakeEngine
from dockerspec.testing.host import Call
from tests.unit.runtime.plans import IMAGE, address, chain, create, plan, remove, rename, start, stop, wait

CALL_ENDS = 5.0


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE)
    return fake


def fates(report: Report) -> dict[str, Status]:
    return {key: outcome.status for key, outcome in report.outcomes.items()}


def verbs(engine: FakeEngine) -> list[tuple[str, str]]:
    return [(call.verb, call.subject) for call in engine.calls]


def test_the_fake_is_an_engine(engine: FakeEngine) -> None:
    usable: Engine = engine
    assert usable.api_version == (1, 51)


def test_an_empty_plan_calls_nothing(engine: FakeEngine) -> None:
    report = execute(plan([]), engine)
    assert report.ok
    assert report.outcomes == {}
    assert engine.calls == []


def test_actions_run_in_order_and_only_once(engine: FakeEngine) -> None:
    report = execute(chain(create("one"), start("one"), stop("one"), remove("one", force=False)), engine)
    assert report.ok
    assert report.stack == "test"
    assert list(report.outcomes) == [
        "create container.one one",
        "start container.one one",
        "stop container.one one",
        "remove container.one one",
    ]
    assert verbs(engine) == [(f"{verb}_container", "one") for verb in ("create", "start", "stop", "remove")]


def test_a_failure_takes_only_its_dependents_with_it(engine: FakeEngine) -> None:
    engine.fail("create_container", ServerError("no space left", status=500), subject="one")
    a, b = [create("one"), start("one"), stop("one")], [create("two"), start("two")]
    report = execute(plan([*a, *b], [(a[0], a[1]), (a[1], a[2]), (b[0], b[1])]), engine)
    assert not report.ok
    assert fates(report) == {
        "create container.one one": Status.FAILED,
        "start container.one one": Status.SKIPPED,
        "stop container.one one": Status.SKIPPED,
        "create container.two two": Status.DONE,
        "start container.two two": Status.DONE,
    }
    assert report.outcomes["create container.one one"].message == "no space left"
    assert {report.outcomes[f"{verb} container.one one"].message for verb in ("start", "stop")} == {
        "create container.one one"
    }
    assert report.count(Status.SKIPPED) == 2


def test_the_hint_of_an_engine_error_is_kept_apart(engine: FakeEngine) -> None:
    engine.fail("create_container", BadRequest("bad value", status=400, hint="write another"))
    outcome = execute(chain(create("one")), engine).outcomes["create container.one one"]
    assert (outcome.message, outcome.hint) == ("bad value", "write another")


def test_a_fault_of_ours_ends_in_an_outcome(engine: FakeEngine) -> None:
    def explode(call: Call) -> None:
        if call.verb == "start_container":
            raise ZeroDivisionError("oops")

    engine.delay = explode
    report = execute(chain(create("one"), start("one"), stop("one")), engine)
    assert report.outcomes["start container.one one"].status is Status.FAILED
    assert report.outcomes["start container.one one"].message == "ZeroDivisionError: oops"
    assert report.outcomes["stop container.one one"].status is Status.SKIPPED


@pytest.mark.parametrize("parallelism", [1, 3, 8])
def test_the_bound_holds_and_is_used(engine: FakeEngine, parallelism: int) -> None:
    gate = threading.Barrier(parallelism, timeout=CALL_ENDS)
    engine.delay = lambda call: gate.wait() and None
    report = execute(plan([create(f"c{i}") for i in range(parallelism * 4)]), engine, parallelism=parallelism)
    assert report.ok
    assert engine.most_at_once == parallelism


def test_parallelism_must_be_positive(engine: FakeEngine) -> None:
    with pytest.raises(ValueError, match="1 or more, not 0"):
        execute(plan([]), engine, parallelism=0)


def test_waits_take_no_place_from_calls(engine: FakeEngine) -> None:
    # one gets healthy only through two, whose start comes after the wait for a has begun.
    engine.add_image(IMAGE, {"Cmd": ["x"], "Healthcheck": {"Test": ["CMD", "x"]}})
    engine.on_start = lambda name: engine.set_health("one", "healthy") if name == "two" else None
    b = [create("two"), start("two")]
    a = [create("one"), start("one"), wait("one")]
    edges = [(a[0], a[1]), (a[1], a[2]), (a[1], b[0]), (b[0], b[1])]
    report = execute(plan([*a, *b], edges), engine, parallelism=1)
    assert report.ok, report
    assert report.seconds < CALL_ENDS


def test_events_come_from_the_calling_thread_in_order(engine: FakeEngine) -> None:
    seen: list[Progress] = []
    threads: set[int] = set()

    def listen(event: Progress) -> None:
        seen.append(event)
        threads.add(threading.get_ident())

    engine.registry["busybox:2"] = {"Cmd": ["x"]}
    pull = PullImage(address=address("one"), cause="test", reference="busybox:2")
    made = create("one", "busybox:2")
    report = execute(chain(pull, made), engine, on_event=listen)
    assert report.ok
    assert threads == {threading.get_ident()}
    assert [type(event) for event in seen] == [
        ActionStarted,
        ActionNote,
        ActionFinished,
        ActionStarted,
        ActionFinished,
    ]
    assert seen[1] == ActionNote(pull, "Pulling from busybox")


def test_a_broken_listener_does_not_stop_the_run(engine: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    def listen(event: Progress) -> None:
        raise BrokenPipeError

    report = execute(chain(create("one"), start("one")), engine, on_event=listen)
    assert report.ok
    assert len(caplog.records) == 1


def test_no_thread_is_left_behind(engine: FakeEngine) -> None:
    before = set(threading.enumerate())
    engine.on_start = lambda name: engine.set_health(name, "healthy")
    assert execute(chain(create("one"), start("one"), wait("one")), engine).ok
    end = time.monotonic() + CALL_ENDS
    while (left := set(threading.enumerate()) - before) and time.monotonic() < end:
        time.sleep(0.01)
    assert not left


class TestCancel:
    def test_nothing_new_starts_and_running_calls_end(self, engine: FakeEngine) -> None:
        cancel = threading.Event()
        engine.delay = lambda call: cancel.set() if call.subject == "one" else None
        report = execute(chain(create("one"), start("one"), stop("one")), engine, cancel=cancel)
        assert list(fates(report).values()) == [Status.DONE, Status.CANCELLED, Status.CANCELLED]
        assert report.cancelled
        assert not report.ok
        assert engine.count("start_container") == 0

    def test_what_stands_in_line_does_not_start(self, engine: FakeEngine) -> None:
        cancel = threading.Event()
        engine.delay = lambda call: cancel.set()
        report = execute(plan([create(f"c{i}") for i in range(20)]), engine, cancel=cancel, parallelism=1)
        assert report.count(Status.DONE) == 1
        assert report.count(Status.CANCELLED) == 19

    def test_a_set_event_lets_nothing_start(self, engine: FakeEngine) -> None:
        cancel = threading.Event()
        cancel.set()
        report = execute(plan([create("one"), create("two")]), engine, cancel=cancel)
        assert set(fates(report).values()) == {Status.CANCELLED}
        assert engine.calls == []

    def test_waits_are_given_up_at_once(self, engine: FakeEngine) -> None:
        engine.add_image(IMAGE, {"Cmd": ["x"], "Healthcheck": {"Test": ["CMD", "x"]}})
        cancel = threading.Event()
        engine.on_start = lambda name: threading.Timer(0.1, cancel.set).start()
        report = execute(
            chain(create("one"), start("one"), wait("one", timeout=60), stop("one")), engine, cancel=cancel
        )
        assert fates(report)["await container.one one"] is Status.CANCELLED
        assert fates(report)["stop container.one one"] is Status.CANCELLED
        assert report.seconds < 1

    def test_a_cancel_that_comes_too_late_changes_nothing(self, engine: FakeEngine) -> None:
        cancel = threading.Event()
        engine.delay = lambda call: cancel.set() if call.verb == "start_container" else None
        report = execute(chain(create("one"), start("one")), engine, cancel=cancel)
        assert report.ok
        assert not report.cancelled


class TestWayBack:
    """A replacement: the old container steps aside and stays until the new one is ready."""

    @staticmethod
    def replacement(engine: FakeEngine) -> tuple[list[Action], dict[str, tuple[Action, ...]]]:
        assert execute(chain(create("web"), start("web")), engine).ok
        engine.calls.clear()
        aside, halt, new, run = rename("web", "web.old"), stop("web.old"), create("web"), start("web")
        members: list[Action] = [aside, halt, new, run, wait("web", Ready.RUNNING), remove("web.old")]
        undo: dict[str, tuple[Action, ...]] = {
            aside.key: (rename("web.old", "web"),),
            halt.key: (start("web.old"),),
            new.key: (remove("web"),),
        }
        return members, undo

    @pytest.mark.parametrize("verb", ["create_container", "start_container"])
    def test_the_old_container_is_back_after_a_failure(self, engine: FakeEngine, verb: str) -> None:
        members, undo = self.replacement(engine)
        old = engine.container("web")["Id"]
        engine.fail(verb, ServerError("no", status=500), subject="web")
        report = execute(plan(members, pairwise(members), [(members, undo)]), engine)
        assert not report.ok
        assert [outcome.action.key for outcome in report.undone] == [
            "remove container.web web",
            "start container.web.old web.old",
            "rename container.web.old web.old",
        ]
        assert all(outcome.undo and outcome.status is Status.DONE for outcome in report.undone)
        assert len(engine.containers()) == 1
        back = engine.container("web")
        assert back["Id"] == old
        assert back["State"]["Running"]

    def test_nothing_is_undone_after_a_success(self, engine: FakeEngine) -> None:
        members, undo = self.replacement(engine)
        report = execute(plan(members, pairwise(members), [(members, undo)]), engine)
        assert report.ok
        assert report.undone == ()
        assert [item["Names"] for item in engine.containers()] == [["/web"]]

    def test_a_stop_by_the_user_takes_the_way_back(self, engine: FakeEngine) -> None:
        members, undo = self.replacement(engine)
        cancel = threading.Event()
        engine.delay = lambda call: cancel.set() if call.verb == "stop_container" else None
        seen: list[type[Progress]] = []
        report = execute(
            plan(members, pairwise(members), [(members, undo)]),
            engine,
            cancel=cancel,
            on_event=lambda event: seen.append(type(event)),
        )
        assert report.cancelled
        assert [outcome.action.key for outcome in report.undone] == [
            "start container.web.old web.old",
            "rename container.web.old web.old",
        ]
        assert engine.container("web")["State"]["Running"]
        assert seen.count(UndoStarted) == seen.count(UndoFinished) == 2

    def test_nothing_is_undone_if_nothing_was_done(self, engine: FakeEngine) -> None:
        before, (members, undo) = create("db"), self.replacement(engine)
        engine.fail("create_container", ServerError("no", status=500), subject="db")
        edges = [(before, members[0]), *pairwise(members)]
        report = execute(plan([before, *members], edges, [(members, undo)]), engine)
        assert report.undone == ()
        assert report.count(Status.SKIPPED) == len(members)

    def test_a_step_that_fails_half_way_is_taken_back_too(self, engine: FakeEngine) -> None:
        members, undo = self.replacement(engine)
        engine.fail("rename_container", ServerError("the answer was lost", status=500))
        report = execute(plan(members, pairwise(members), [(members, undo)]), engine)
        # The rename was not carried out: there is no web.old to rename back, and that is as good.
        assert [outcome.status for outcome in report.undone] == [Status.DONE]

    def test_a_failing_step_back_does_not_keep_the_others(self, engine: FakeEngine) -> None:
        members, undo = self.replacement(engine)
        engine.fail("start_container", ServerError("no", status=500), times=2)
        report = execute(plan(members, pairwise(members), [(members, undo)]), engine)
        assert [outcome.status for outcome in report.undone] == [Status.DONE, Status.FAILED, Status.DONE]
        assert engine.container("web")["State"]["Status"] == "exited"

    def test_the_way_back_does_not_wait_for_the_rest_of_the_run(self, engine: FakeEngine) -> None:
        members, undo = self.replacement(engine)
        undone = threading.Event()
        slow = create("slow")
        engine.fail("start_container", ServerError("no", status=500), subject="web")

        def hold(call: Call) -> None:
            if call == Call("create_container", "slow"):
                assert undone.wait(CALL_ENDS)

        def listen(event: Progress) -> None:
            if isinstance(event, UndoFinished) and event.outcome.action == undo[members[0].key][0]:
                undone.set()

        engine.delay = hold
        edges = list(pairwise(members))
        report = execute(plan([slow, *members], edges, [(members, undo)]), engine, on_event=listen)
        assert report.outcomes[slow.key].status is Status.DONE


@pytest.mark.parametrize(
    ("error", "status"), [(NotFound("gone", status=404), Status.DONE), (ServerError("no", status=500), Status.FAILED)]
)
def test_what_is_gone_already_counts_as_removed(engine: FakeEngine, error: Exception, status: Status) -> None:
    engine.fail("remove_container", error)  # type: ignore[arg-type]
    assert execute(chain(remove("one")), engine).outcomes["remove container.one one"].status is status


def test_an_update_that_changed_nothing_is_a_failure(engine: FakeEngine) -> None:
    assert execute(chain(create("one")), engine).ok
    update: Callable[..., UpdateContainer] = lambda **expect: UpdateContainer(  # noqa: E731
        address=address("one"),
        cause="test",
        container="one",
        name="one",
        body={"CpuShares": 512, "ShmSize": 1},
        expect=expect,
    )
    assert execute(chain(update(CpuShares=512)), engine).ok
    outcome = execute(chain(update(CpuShares=512, ShmSize=1, CpusetCpus="")), engine).outcomes[
        "update container.one one"
    ]
    assert outcome.status is Status.FAILED
    assert outcome.message == "the engine took the update of one but did not change ShmSize"
