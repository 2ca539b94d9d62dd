"""The verdict on one inspect answer."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.live.health import CRASH_LIMIT, Hopeless, Pending, Reached, Verdict, verdict
from dockerspec.core.ready import Ready

RUNNING, HEALTHY, COMPLETED = Ready.RUNNING, Ready.HEALTHY, Ready.COMPLETED


def container(status: str, *, restarts: int = 0, retries: int = 0, health: Any = None, **state: Any) -> dict[str, Any]:
    return {
        "State": {"Status": status, **({"Health": health} if health else {}), **state},
        "RestartCount": restarts,
        "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": retries}},
    }


def health(status: str, *outputs: str) -> dict[str, Any]:
    return {"Status": status, "Log": [{"ExitCode": 1, "Output": output} for output in outputs]}


CASES: list[tuple[dict[str, Any], Ready, Verdict]] = [
    (container("running"), RUNNING, Reached()),
    (container("running"), HEALTHY, Reached()),
    (container("running", health={"Status": "none"}), HEALTHY, Reached()),
    (container("running", health=health("healthy")), HEALTHY, Reached()),
    (container("running", health=health("starting")), RUNNING, Reached()),
    (container("running", health=health("starting")), HEALTHY, Pending("running, but its health check said starting")),
    (
        container("running", health=health("starting", "old", "refused\n")),
        HEALTHY,
        Pending("running, but its health check said starting (last probe: exit status 1, refused)"),
    ),
    (
        container("running", health=health("unhealthy", "connection refused")),
        HEALTHY,
        Hopeless("is unhealthy (last probe: exit status 1, connection refused)", what="unhealthy"),
    ),
    (container("running", health=health("unhealthy")), HEALTHY, Hopeless("is unhealthy", what="unhealthy")),
    (container("running", health=health("unhealthy")), RUNNING, Reached()),
    (container("running"), COMPLETED, Pending("still running")),
    (container("exited", ExitCode=0), COMPLETED, Reached()),
    (container("exited", ExitCode=3), COMPLETED, Hopeless("ended with exit status 3")),
    (container("exited", ExitCode=0), HEALTHY, Hopeless("ended with exit status 0")),
    (container("exited", ExitCode=1), RUNNING, Hopeless("ended with exit status 1")),
    (container("exited", ExitCode=137), RUNNING, Hopeless("ended with exit status 137, killed")),
    (
        container("exited", ExitCode=137, OOMKilled=True),
        RUNNING,
        Hopeless("ended with exit status 137, for want of memory"),
    ),
    (
        container("exited", ExitCode=127, Error="no such file"),
        RUNNING,
        Hopeless("ended with exit status 127: no such file"),
    ),
    (container("created"), RUNNING, Pending("created")),
    (
        container("created", Error="bad port"),
        RUNNING,
        Hopeless("could not be started: bad port", logs=False, what="start"),
    ),
    (container("paused"), RUNNING, Pending("paused")),
    (container("dead"), RUNNING, Hopeless("is dead", logs=False, what="removed")),
    (container("removing"), RUNNING, Hopeless("is being removed", logs=False, what="removed")),
    (container("restarting", ExitCode=1), RUNNING, Pending("restarting, its last run ended with exit status 1")),
    (
        container("restarting", restarts=3, ExitCode=1),
        RUNNING,
        Hopeless("does not stay up: 3 restarts, the last run ended with exit status 1"),
    ),
    # A policy with a bound of its own is given its tries; then the container has exited for good.
    (
        container("restarting", restarts=3, retries=5, ExitCode=1),
        COMPLETED,
        Pending("restarting, its last run ended with exit status 1"),
    ),
    # Crashes count also if every look happens to find it running.
    (
        container("running", restarts=3, ExitCode=2, health=health("starting")),
        HEALTHY,
        Hopeless("does not stay up: 3 restarts, the last run ended with exit status 2"),
    ),
    (container("running", restarts=9), RUNNING, Reached()),
    ({}, RUNNING, Pending("in no known state")),
]


@pytest.mark.parametrize(("inspected", "until", "expected"), CASES)
def test_verdict(inspected: dict[str, Any], until: Ready, expected: Verdict) -> None:
    assert verdict(inspected, until) == expected


@pytest.mark.parametrize("before", [0, 2, 40])
def test_only_restarts_since_the_wait_began_count(before: int) -> None:
    patient = container("restarting", restarts=before + CRASH_LIMIT - 1)
    crashing = container("restarting", restarts=before + CRASH_LIMIT)
    assert isinstance(verdict(patient, RUNNING, before), Pending)
    assert isinstance(verdict(crashing, RUNNING, before), Hopeless)


def test_a_long_probe_output_is_shortened_to_its_end() -> None:
    judged = verdict(container("running", health=health("unhealthy", "x" * 5000 + "the fault")), HEALTHY)
    assert isinstance(judged, Hopeless)
    assert judged.reason.endswith("xthe fault)")
    assert len(judged.reason) < 700


@pytest.mark.parametrize(("code", "fine"), [(0, False), (3, True), (4, False)])
def test_other_exit_codes_can_count_as_success(code: int, fine: bool) -> None:
    judged = verdict(container("exited", ExitCode=code), COMPLETED, codes=(3,))
    assert isinstance(judged, Reached) is fine
