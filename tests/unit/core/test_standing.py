"""What stands after a run, object by object, and what to do next."""

from __future__ import annotations

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.plan.action import Action, AwaitContainer, CreateContainer, StartContainer, StopContainer
from dockerspec.core.plan.plan import Plan
from dockerspec.core.ready import Ready
from dockerspec.core.report.failure import Failure
from dockerspec.core.report.outcome import Outcome, Report, Stand, Status
from dockerspec.core.report.standing import concluded

WEB, DB = Address(Kind.CONTAINER, "web", 1), Address(Kind.CONTAINER, "db", 1)
CREATE = CreateContainer(address=WEB, cause="c", name="s-web-1", body={})
START = StartContainer(address=WEB, cause="c", container="s-web-1", name="s-web-1")
AWAIT = AwaitContainer(
    address=WEB, cause="c", container="s-web-1", name="s-web-1", until=Ready.HEALTHY, timeout=1.0, settle=0.0
)
STOP = StopContainer(address=WEB, cause="c", container="old", name="s-web-1")
PLAN = Plan("s", changes=(ObjectChange(WEB, ChangeKind.REPLACE, "c", "s-web-1"),))


def out(action: Action, status: str, kind: Failure | None = None) -> Outcome:
    return Outcome(action, Status(status), kind=kind)


@pytest.mark.parametrize(
    ("outcomes", "undone", "stand", "note"),
    [
        ([out(CREATE, "done"), out(START, "done"), out(AWAIT, "done")], [], Stand.DONE, ""),
        ([out(CREATE, "skipped"), out(START, "skipped")], [], Stand.UNTOUCHED, ""),
        ([out(CREATE, "cancelled"), out(START, "cancelled")], [], Stand.UNTOUCHED, ""),
        ([out(CREATE, "failed", Failure.ENGINE), out(START, "skipped")], [], Stand.UNTOUCHED, ""),
        (
            [out(CREATE, "failed", Failure.UNREACHABLE), out(START, "skipped")],
            [],
            Stand.HALF_DONE,
            "done: perhaps some; not done: create, start",
        ),
        (
            [out(CREATE, "done"), out(START, "done"), out(AWAIT, "failed", Failure.TIMEOUT)],
            [],
            Stand.HALF_DONE,
            "done: create, start; not done: await",
        ),
        (
            [out(CREATE, "done"), out(AWAIT, "failed", Failure.EXIT)],
            [out(STOP, "done")],
            Stand.AS_BEFORE,
            "taken back",
        ),
        (
            [out(CREATE, "done"), out(AWAIT, "failed", Failure.EXIT)],
            [out(STOP, "failed", Failure.ENGINE)],
            Stand.HALF_DONE,
            "the way back failed: stop",
        ),
    ],
)
def test_an_object_stands_as_its_actions_say(
    outcomes: list[Outcome], undone: list[Outcome], stand: Stand, note: str
) -> None:
    report = Report("s", {item.action.key: item for item in outcomes}, tuple(undone))
    (found,) = concluded(report, PLAN).standing
    assert (found.address, found.name, found.stand, found.note) == (WEB, "s-web-1", stand, note)


def test_what_was_only_waited_for_is_not_listed() -> None:
    wait = AwaitContainer(address=DB, cause="c", container="x", name="x", until=Ready.HEALTHY, timeout=1.0, settle=0.0)
    report = Report("s", {item.action.key: item for item in (out(CREATE, "done"), out(wait, "done"))})
    assert [item.address for item in concluded(report, PLAN).standing] == [WEB]


def commands(kind: Failure, undone: tuple[Outcome, ...] = (), again: str = "") -> list[str]:
    failed = (out(CREATE, "done"), out(AWAIT, "failed", kind))
    report = Report("s", {item.action.key: item for item in failed}, undone)
    return [item.command for item in concluded(report, PLAN, again).next]


def test_what_to_do_next() -> None:
    assert commands(Failure.TIMEOUT) == ["docker logs s-web-1", "dockerspec plan", "dockerspec apply"]
    health = "docker inspect -f '{{json .State.Health}}' s-web-1"
    assert commands(Failure.UNHEALTHY) == ["docker logs s-web-1", health, "dockerspec plan", "dockerspec apply"]
    assert commands(Failure.UNREACHABLE) == ["docker version", "dockerspec plan", "dockerspec apply"]
    # What failed is gone where the way back was gone.
    assert commands(Failure.EXIT, (out(STOP, "done"),)) == ["dockerspec plan", "dockerspec apply"]
    lost = commands(Failure.EXIT, (out(STOP, "failed", Failure.ENGINE),), "dockerspec rollback 3")
    assert lost[-3:] == ["docker ps -a --filter name=s-web-1", "dockerspec plan", "dockerspec rollback 3"]


def test_a_run_that_went_well_needs_no_advice() -> None:
    assert concluded(Report("s", {CREATE.key: out(CREATE, "done")}), PLAN).next == ()
