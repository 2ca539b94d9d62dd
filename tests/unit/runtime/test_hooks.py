"""Hooks on the fake engine: what runs, what is told of it, and what is left."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dockerspec.core.hook import Hook, Stage
from dockerspec.core.ownership import ONE_OFF, RESOURCE, STACK
from dockerspec.core.plan.action import Action, RunHook, RunOneOff
from dockerspec.core.report.failure import Failure
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.errors import ServerError
from dockerspec.runtime.execute.walker import execute
from dockerspec.testing import FakeEngine
from tests.unit.runtime.plans import IMAGE, address, chain, create, start

HOOK = Hook(("do", "it"), user="7", privileged=True, working_dir="/w", environment={"A": "b"})
LABELS = {STACK: "shop", RESOURCE: "web", ONE_OFF: "0"}
COMMON: dict[str, Any] = {"address": address("web"), "cause": "t", "container": "web", "name": "web", "number": 0}
ONE = "web.pre_start"


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE, {"Cmd": ["x"]})
    return fake


def hook(stage: Stage, timeout: float = 9.0, what: Hook = HOOK) -> RunHook:
    return RunHook(stage=stage, hook=what, timeout=timeout, **COMMON)


def one_off(timeout: float = 9.0, *networks: str) -> RunOneOff:
    body = {"Image": IMAGE, "Labels": LABELS}
    return RunOneOff(
        stage=Stage.PRE_START, hook=HOOK, timeout=timeout, one_off=ONE, body=body, networks=networks, **COMMON
    )


def ran(engine: FakeEngine, *actions: Action, cancel: threading.Event | None = None) -> Outcome:
    """The fate of the last action."""
    report = execute(chain(*actions), engine, cancel=cancel)
    return report.outcomes[actions[-1].key]


def test_what_a_hook_says_is_what_the_engine_is_asked(engine: FakeEngine) -> None:
    engine.on_exec = lambda _name, _command: (0, "done\r\n")
    outcome = ran(engine, create("web"), start("web"), hook(Stage.POST_START))
    assert (outcome.status, outcome.logs) == (Status.DONE, "done")
    assert engine.executed == [
        (
            "web",
            {
                "Cmd": ["do", "it"],
                "User": "7",
                "Privileged": True,
                "WorkingDir": "/w",
                "Env": ["A=b"],
                "AttachStdout": True,
                "AttachStderr": True,
            },
        )
    ]


def test_a_failure_counts_after_a_start_and_not_before_a_stop(engine: FakeEngine) -> None:
    engine.on_exec = lambda _name, _command: (3, "first\nno way\n")
    failed = ran(engine, create("web"), start("web"), hook(Stage.POST_START))
    assert (failed.status, failed.kind) == (Status.FAILED, Failure.GOAL)
    assert failed.message == "post_start[0] of web ended with exit status 3"
    assert failed.logs == "first\nno way"
    passed = ran(engine, hook(Stage.PRE_STOP))
    assert passed.status is Status.DONE
    words = "pre_stop[0] of web ended with exit status 3 (no way); the container is stopped all the same"
    assert passed.warnings == (words,)


def test_an_engine_that_fails_does_not_keep_a_container_from_its_stop(engine: FakeEngine) -> None:
    engine.create_container("web", {"Image": IMAGE})
    engine.start_container("web")
    engine.fail("create_exec", ServerError("no memory", status=500))
    assert ran(engine, hook(Stage.PRE_STOP)).warnings == ("no memory; the container is stopped all the same",)


def test_a_container_that_has_ended(engine: FakeEngine) -> None:
    def die(name: str) -> None:
        engine.write_log(name, "short\n")
        engine.exit(name, 1)

    engine.on_start = die
    failed = ran(engine, create("web"), start("web"), hook(Stage.POST_START))
    assert failed.message.startswith("web can't run its post_start[0]: ")
    assert failed.logs == "short"
    assert ran(engine, hook(Stage.PRE_STOP)).warnings == ()


def test_a_hook_in_a_container_of_its_own_leaves_nothing(engine: FakeEngine) -> None:
    engine.create_network({"Name": "back"})
    seen: list[list[str]] = []

    def end(name: str) -> None:
        seen.append(sorted(engine.container(name)["NetworkSettings"]["Networks"]))
        engine.write_log(name, "prepared\n")
        engine.exit(name, 0)

    engine.on_start = end
    outcome = ran(engine, one_off(9.0, "back"))
    assert (outcome.status, outcome.logs) == (Status.DONE, "prepared")
    assert "back" in seen[0]
    assert engine.containers() == []


@pytest.mark.parametrize(
    ("code", "timeout", "words", "kind"),
    [
        (3, 9.0, "pre_start[0] of web ended with exit status 3", Failure.EXIT),
        (None, 0.1, "pre_start[0] of web was not completed within 0.1 s; it was still running", Failure.TIMEOUT),
    ],
)
def test_its_failure_is_told_and_leaves_nothing(
    engine: FakeEngine, code: int | None, timeout: float, words: str, kind: Failure
) -> None:
    def begin(name: str) -> None:
        engine.write_log(name, "trying\n")
        if code is not None:
            engine.exit(name, code)

    engine.on_start = begin
    outcome = ran(engine, one_off(timeout))
    assert (outcome.status, outcome.message, outcome.kind) == (Status.FAILED, words, kind)
    assert outcome.logs == "trying"
    assert engine.containers() == []


def test_one_that_can_not_be_started_leaves_nothing(engine: FakeEngine) -> None:
    engine.fail("start_container", ServerError("no such program", status=500))
    assert ran(engine, one_off()).message == "pre_start[0] of web could not be run: no such program"
    assert engine.containers() == []


def test_one_that_can_not_be_removed_is_a_warning(engine: FakeEngine) -> None:
    engine.on_start = lambda name: engine.exit(name, 0)
    engine.fail("remove_container", ServerError("device busy", status=500))
    outcome = ran(engine, one_off())
    assert outcome.status is Status.DONE
    assert outcome.warnings == ("its container stays until the next run: device busy",)


def test_a_run_that_is_stopped_leaves_nothing(engine: FakeEngine) -> None:
    cancel = threading.Event()
    engine.on_start = lambda _name: cancel.set()
    assert ran(engine, one_off(60.0), cancel=cancel).status is Status.CANCELLED
    assert engine.containers() == []


def test_a_hook_ends_with_the_run(engine: FakeEngine) -> None:
    cancel = threading.Event()
    engine.create_container("web", {"Image": IMAGE})
    engine.start_container("web")

    def silent(_ident: str) -> Any:
        while True:
            cancel.set()
            yield b""

    engine.start_exec = silent  # type: ignore[method-assign]
    assert ran(engine, hook(Stage.POST_START, 60.0), cancel=cancel).status is Status.CANCELLED


def test_a_hook_that_takes_too_long(engine: FakeEngine) -> None:
    engine.create_container("web", {"Image": IMAGE})
    engine.start_container("web")

    def slow(_ident: str) -> Any:
        while True:
            yield b"still at it\n"

    engine.start_exec = slow  # type: ignore[method-assign]
    outcome = ran(engine, hook(Stage.POST_START, 0.1))
    assert (outcome.message, outcome.kind) == ("post_start[0] of web was still running after 0.1 s", Failure.TIMEOUT)
    assert len(outcome.logs) <= 4096
