"""Waiting on the fake engine: events wake, lost events are made good, verdicts end it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from dockerspec.core.ready import Ready
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.errors import EngineUnreachable
from dockerspec.runtime.execute import feed as feed_module
from dockerspec.runtime.execute import wait as wait_module
from dockerspec.runtime.execute.feed import ContainerFeed, since_of
from dockerspec.runtime.execute.walker import execute
from dockerspec.testing import FakeEngine
from dockerspec.testing.host import Call
from tests.unit.runtime.plans import IMAGE, chain, create, plan, start, wait

SOON = 2.0
"""Far less than the second look after 5 s: what ends within it was ended by an event."""


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE, {"Cmd": ["x"], "Healthcheck": {"Test": ["CMD", "x"]}})
    return fake


def waiting(engine: FakeEngine, then: Callable[[], None], until: Ready = Ready.HEALTHY, timeout: float = 20) -> Outcome:
    """Create and start `web`, wait for it, and let `then` happen once the wait has looked at it."""
    looked = threading.Event()

    def watch(call: Call) -> None:
        if call.verb == "container":
            looked.set()

    def act() -> None:
        if looked.wait(SOON):
            then()

    engine.delay = watch
    actor = threading.Thread(target=act)
    actor.start()
    report = execute(chain(create("web"), start("web"), wait("web", until, timeout)), engine)
    actor.join()
    return report.outcomes["await container.web web"]


def test_healthy_is_noticed_by_its_event(engine: FakeEngine) -> None:
    outcome = waiting(engine, lambda: engine.set_health("web", "healthy"))
    assert outcome.status is Status.DONE
    assert outcome.seconds < SOON
    assert engine.count("events") == 1


def test_a_container_that_is_ready_needs_one_look(engine: FakeEngine) -> None:
    engine.on_start = lambda name: engine.set_health(name, "healthy")
    report = execute(chain(create("web"), start("web"), wait("web")), engine)
    assert report.ok
    assert engine.count("container") == 1


@pytest.mark.parametrize(
    ("happen", "until", "message"),
    [
        (
            lambda fake: fake.set_health("web", "unhealthy", "refused", 7),
            Ready.HEALTHY,
            "web is unhealthy (last probe: exit status 7, refused)",
        ),
        (lambda fake: fake.exit("web", 3), Ready.HEALTHY, "web ended with exit status 3"),
        (lambda fake: fake.exit("web", 3), Ready.COMPLETED, "web ended with exit status 3"),
        (
            lambda fake: fake.exit("web", 137, oom=True),
            Ready.HEALTHY,
            "web ended with exit status 137, for want of memory",
        ),
        (
            lambda fake: [fake.crash("web", 2) for _ in range(3)],
            Ready.HEALTHY,
            "web does not stay up: 3 restarts, the last run ended with exit status 2",
        ),
        (
            lambda fake: fake.remove_container("web", force=True),
            Ready.HEALTHY,
            "web was removed by somebody else while it was waited for",
        ),
    ],
)
def test_what_can_not_get_ready_fails_at_once(
    engine: FakeEngine, happen: Callable[[FakeEngine], None], until: Ready, message: str
) -> None:
    engine.on_start = lambda name: engine.write_log(name, "".join(f"line {number}\n" for number in range(30)))
    outcome = waiting(engine, lambda: happen(engine), until)
    assert outcome.status is Status.FAILED
    assert outcome.message == message
    assert outcome.seconds < SOON
    if "removed" not in message:
        assert outcome.logs.splitlines() == [f"line {number}" for number in range(10, 30)]


def test_a_job_is_done_when_it_ends_well(engine: FakeEngine) -> None:
    assert waiting(engine, lambda: engine.exit("web", 0), Ready.COMPLETED).status is Status.DONE


def test_a_timeout_says_what_it_was_in(engine: FakeEngine) -> None:
    engine.on_start = lambda name: engine.write_log(name, "still loading\n")
    outcome = waiting(engine, lambda: None, timeout=0.1)
    assert outcome.status is Status.FAILED
    assert outcome.message == "web was not healthy within 0.1 s; it was running, but its health check said starting"
    assert outcome.logs == "still loading"
    assert "update.timeout" in outcome.hint
    assert 0.1 <= outcome.seconds < SOON


def test_a_wait_follows_a_container_through_a_rename(engine: FakeEngine) -> None:
    def rename() -> None:
        engine.rename_container("web", "other")
        engine.set_health("other", "healthy")

    assert waiting(engine, rename).status is Status.DONE


def test_a_broken_stream_is_reopened(engine: FakeEngine) -> None:
    def restart() -> None:
        wait_for(lambda: engine.count("events") == 1)
        engine.break_streams()
        wait_for(lambda: engine.count("events") == 2)
        engine.set_health("web", "healthy")

    outcome = waiting(engine, restart)
    assert outcome.status is Status.DONE
    assert outcome.seconds < SOON


def test_what_happened_while_the_stream_was_broken_is_seen(engine: FakeEngine) -> None:
    def restart() -> None:
        wait_for(lambda: engine.count("events") == 1)
        engine.break_streams()
        engine.set_health("web", "healthy")

    outcome = waiting(engine, restart)
    assert outcome.status is Status.DONE
    assert outcome.seconds < SOON


def test_what_happened_before_the_stream_was_open_is_seen(engine: FakeEngine) -> None:
    # The wait looks, the container gets healthy, and only then the stream opens: nothing is replayed.
    looked, healthy = threading.Event(), threading.Event()

    def order(call: Call) -> None:
        if call.verb == "container":
            looked.set()
        if call.verb == "info":
            assert healthy.wait(SOON)

    def act() -> None:
        assert looked.wait(SOON)
        time.sleep(0.05)  # until the look is over; too early only makes the test easier to pass
        engine.set_health("web", "healthy")
        engine.forget_events()
        healthy.set()

    engine.delay = order
    actor = threading.Thread(target=act)
    actor.start()
    report = execute(chain(create("web"), start("web"), wait("web")), engine)
    actor.join()
    assert report.ok
    assert report.seconds < SOON


def test_without_any_events_the_waiter_looks_by_itself(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(wait_module, "SECOND_LOOK", 0.2)
    engine.fail("events", EngineUnreachable("no"), times=100)
    outcome = waiting(engine, lambda: engine.set_health("web", "healthy"))
    assert outcome.status is Status.DONE
    assert engine.count("events") == 6


def test_a_lost_event_is_made_good_by_the_second_look(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait_module, "SECOND_LOOK", 0.2)
    monkeypatch.setattr(ContainerFeed, "_touch", lambda self, container: None)
    assert waiting(engine, lambda: engine.set_health("web", "healthy")).status is Status.DONE


def test_events_of_others_wake_nobody(engine: FakeEngine) -> None:
    def noise() -> None:
        wait_for(lambda: engine.count("events") == 1)
        engine.create_container("other", {"Image": IMAGE})
        engine.start_container("other")
        before = engine.count("container")
        for _ in range(20):
            engine.set_health("other", "unhealthy")
        assert engine.count("container") - before <= 1
        engine.set_health("web", "healthy")

    assert waiting(engine, noise).status is Status.DONE


def test_one_stream_serves_all_waits(engine: FakeEngine) -> None:
    engine.on_start = lambda name: engine.set_health(name, "healthy")
    chains = [(create(f"c{i}"), start(f"c{i}"), wait(f"c{i}")) for i in range(12)]
    edges = [pair for each in chains for pair in pairwise(each)]
    assert execute(plan([action for each in chains for action in each], edges), engine).ok
    assert engine.count("events") == 1


def test_a_plan_without_waits_opens_no_stream(engine: FakeEngine) -> None:
    assert execute(chain(create("web"), start("web")), engine).ok
    assert engine.count("events") == 0


@pytest.mark.parametrize(
    ("time_text", "since"),
    [
        ("2026-11-24T04:23:59.168759925Z", "1795494239"),
        ("2026-11-24T06:23:59+02:00", "1795494239"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_the_daemons_time_as_since(time_text: str, since: str) -> None:
    assert since_of(time_text) == since


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)
