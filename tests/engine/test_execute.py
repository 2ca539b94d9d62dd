"""The executor on real engines: waits, ways back, stops, and the promise that parallel creates do no harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan.action import Action, UpdateContainer
from dockerspec.core.ready import Ready
from dockerspec.core.report.outcome import Report, Status
from dockerspec.core.report.progress import ActionStarted, Progress
from dockerspec.engine.gateway import Gateway
from dockerspec.runtime.execute.walker import execute
from dockerspec.runtime.snapshot import Query, read_raw
from tests.unit.runtime.plans import chain, create, plan, remove, rename, start, stop, wait

MILLISECOND = 1_000_000
FAST = {"Interval": 200 * MILLISECOND, "Timeout": 1000 * MILLISECOND, "StartPeriod": 0}
FAR = 60.0
"""A timeout that no test waits for: what fails must fail long before."""

Make = Callable[..., list[Action]]


@pytest.fixture
def make(stack_name: str, busybox: str) -> Make:
    """`make("web", "command", until)`: create, start and await a container of this test."""

    def actions(name: str, command: str, until: Ready = Ready.HEALTHY, **body: Any) -> list[Action]:
        full = f"{stack_name}-{name}"
        made = create(full, busybox, Cmd=["sh", "-c", command], StopTimeout=0, **body)
        return [made, start(full), wait(full, until, FAR)]

    return actions


def health(command: str, retries: int = 1) -> dict[str, Any]:
    return {"Healthcheck": {"Test": ["CMD-SHELL", command], "Retries": retries, **FAST}}


def last(report: Report) -> Any:
    return list(report.outcomes.values())[-1]


def test_healthy_is_awaited(gateway: Gateway, make: Make) -> None:
    report = execute(
        chain(*make("web", "sleep 1; touch /tmp/up; sleep 1000", **health("test -e /tmp/up", 20))), gateway
    )
    assert report.ok, report
    assert 0.8 < last(report).seconds < 10


def test_a_container_without_health_check_counts_when_it_runs(gateway: Gateway, make: Make) -> None:
    report = execute(chain(*make("web", "sleep 1000")), gateway)
    assert report.ok, report
    assert last(report).seconds < 10


def test_a_job_is_awaited(gateway: Gateway, make: Make) -> None:
    report = execute(chain(*make("job", "sleep 0.5; exit 0", Ready.COMPLETED)), gateway)
    assert report.ok, report


def test_unhealthy_fails_fast_with_the_last_probe(gateway: Gateway, make: Make) -> None:
    report = execute(chain(*make("web", "sleep 1000", **health("echo the disk is full; exit 3"))), gateway)
    assert last(report).status is Status.FAILED
    assert "is unhealthy (last probe: exit status" in last(report).message
    assert "the disk is full" in last(report).message
    assert last(report).seconds < 10


@pytest.mark.parametrize("until", [Ready.HEALTHY, Ready.COMPLETED])
def test_an_exit_fails_fast_with_code_and_log(gateway: Gateway, make: Make, until: Ready) -> None:
    command = "sleep 0.5; seq 1 30; echo no licence; exit 9"
    report = execute(chain(*make("web", command, until, **health("true && false", 100))), gateway)
    assert last(report).status is Status.FAILED
    assert last(report).message.endswith("ended with exit status 9")
    assert last(report).logs.splitlines() == [*map(str, range(12, 31)), "no licence"]
    assert last(report).seconds < 10


def test_a_crash_loop_fails_fast(gateway: Gateway, make: Make) -> None:
    policy = {"HostConfig": {"RestartPolicy": {"Name": "always"}}}
    report = execute(chain(*make("web", "sleep 0.1; exit 4", **policy, **health("false", 1000))), gateway)
    assert last(report).status is Status.FAILED
    assert "does not stay up" in last(report).message
    assert "exit status 4" in last(report).message
    assert last(report).seconds < 15


def test_a_stop_ends_a_wait_at_once(gateway: Gateway, make: Make) -> None:
    cancel = threading.Event()
    stopped_at: list[float] = []

    def press() -> None:
        stopped_at.append(time.monotonic())
        cancel.set()

    def listen(event: Progress) -> None:
        if isinstance(event, ActionStarted) and event.action.verb == "await":
            threading.Timer(0.5, press).start()

    plan_ = chain(*make("web", "sleep 1000", **health("false", 1000)))
    report = execute(plan_, gateway, cancel=cancel, on_event=listen)
    assert time.monotonic() - stopped_at[0] < 10
    assert last(report).status is Status.CANCELLED
    assert report.cancelled


def test_thirty_creates_and_ten_starts_at_once(gateway: Gateway, make: Make, stack_name: str, busybox: str) -> None:
    labels = {"dockerspec.stack": stack_name, "dockerspec.resource": "web"}
    chains = [make(f"web-{i}", "sleep 1000", Ready.RUNNING, Labels=labels, Env=[f"N={i}"]) for i in range(30)]
    chains = [each if i < 10 else each[:1] for i, each in enumerate(chains)]  # starting takes far more of the machine
    edges = [pair for each in chains for pair in pairwise(each)]
    report = execute(plan([action for each in chains for action in each], edges), gateway)
    assert report.ok, report
    raw = read_raw(gateway, Query(stack_name, (busybox,)))
    found = {item["Name"]: (item["State"]["Status"], item["Config"]["Env"][0]) for item in raw.containers}
    assert found == {f"/{stack_name}-web-{i}": ("running" if i < 10 else "created", f"N={i}") for i in range(30)}
    again = execute(plan([remove(name[1:]) for name in found]), gateway)
    assert again.ok, again
    assert read_raw(gateway, Query(stack_name)).containers == []


def test_a_failed_start_explains_itself(
    gateway: Gateway, make: Make, stack_name: str, free_port: Callable[[], int]
) -> None:
    port = str(free_port())
    ports = {"ExposedPorts": {"80/tcp": {}}, "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": port}]}}}
    first, second = make("one", "sleep 1000", **ports), make("two", "sleep 1000", **ports)
    report = execute(chain(*first, *second), gateway)
    outcome = report.outcomes[second[1].key]
    assert outcome.status is Status.FAILED
    assert f"{port} failed: port is already allocated" in outcome.message
    assert "publish another" in outcome.hint
    bad = execute(chain(create(f"{stack_name}-bad", "busybox-that-is-nowhere"), start(f"{stack_name}-bad")), gateway)
    assert "No such image" in next(iter(bad.outcomes.values())).message


def test_a_failed_replacement_leaves_the_old_container_running(
    gateway: Gateway, make: Make, stack_name: str, busybox: str
) -> None:
    web, aside = f"{stack_name}-web", f"{stack_name}-web.old"
    assert execute(chain(*make("web", "sleep 1000")), gateway).ok
    before = gateway.container(web)
    new = create(web, busybox, Cmd=["sh", "-c", "echo bad config >&2; exit 2"], **health("false", 1000))
    members: list[Action] = [rename(web, aside), stop(aside), new, start(web), wait(web, timeout=FAR), remove(aside)]
    undo = {members[0].key: (rename(aside, web),), members[1].key: (start(aside),), new.key: (remove(web),)}
    report = execute(plan(members, pairwise(members), [(members, undo)]), gateway)
    assert report.outcomes[members[4].key].logs == "bad config"
    assert report.outcomes[members[5].key].status is Status.SKIPPED
    assert [outcome.status for outcome in report.undone] == [Status.DONE] * 3
    after = gateway.container(web)
    assert after["Id"] == before["Id"]
    assert after["State"]["Running"]


def test_an_update_is_checked_against_what_the_engine_took(gateway: Gateway, make: Make, stack_name: str) -> None:
    made = make("web", "sleep 1000")[0]
    name = f"{stack_name}-web"
    update = UpdateContainer(
        address=Address(Kind.CONTAINER, "web", 1),
        cause="test",
        container=name,
        name=name,
        body={"CpuShares": 512, "ShmSize": 1024},
        expect={"CpuShares": 512, "ShmSize": 1024},
    )
    report = execute(chain(made, update), gateway)
    assert last(report).message == f"the engine took the update of {name} but did not change ShmSize"
    assert gateway.container(name)["HostConfig"]["CpuShares"] == 512
