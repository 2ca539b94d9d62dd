"""Whether a container is what an `AwaitContainer` waits for: a verdict on one inspect answer.

Callers: runtime.execute.wait. Pure: the caller decides when to look again, and for how long.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from dockerspec.core.ready import Ready

Json = Any

CRASH_LIMIT = 3
"""How many restarts by its policy make a container one that can't stay up."""

_KILLED = 137
_SHOWN_OUTPUT = 600


@dataclass(frozen=True, slots=True)
class Reached:
    """It is ready."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Not yet; `state` says what it is instead, as the end of "it was ..."."""

    state: str


@dataclass(frozen=True, slots=True)
class Hopeless:
    """It won't get ready by waiting.

    Attributes:
        reason: why, as a clause after the container's name.
        logs: whether the container's last log lines tell more.
        what: what kind of end it is: `exit`, `unhealthy`, `start` or `removed`.
    """

    reason: str
    logs: bool = True
    what: str = "exit"


Verdict = Reached | Pending | Hopeless


def verdict(container: Json, until: Ready, restarts_before: int = 0, codes: Collection[int] = (0,)) -> Verdict:
    """Judge a container.

    Args:
        container: its inspect answer.
        until: the condition.
        restarts_before: its restart count when the wait began.
        codes: the exit codes that count as success, for `Ready.COMPLETED`.
    """
    state = container.get("State") or {}
    judged = _by_status(state, until, codes)
    grown = (container.get("RestartCount") or 0) - restarts_before
    if isinstance(judged, Pending) and grown >= _restart_limit(container):
        return Hopeless(f"does not stay up: {grown} restarts, the last run ended {_end(state)}")
    return judged


def _restart_limit(container: Json) -> int:
    """A policy with a bound of its own gives up by itself: then the container ends as `exited`."""
    policy = (container.get("HostConfig") or {}).get("RestartPolicy") or {}
    return max(CRASH_LIMIT, (policy.get("MaximumRetryCount") or 0) + 1)


def _by_status(state: Json, until: Ready, codes: Collection[int]) -> Verdict:
    status = state.get("Status") or ""
    match status:
        case "running":
            return _running(state, until)
        case "restarting":
            return Pending(f"restarting, its last run ended {_end(state)}")
        case "exited":
            return _exited(state, until, codes)
        case "dead" | "removing":
            return Hopeless(f"is {'dead' if status == 'dead' else 'being removed'}", logs=False, what="removed")
        case "created" if state.get("Error"):
            return Hopeless(f"could not be started: {state['Error']}", logs=False, what="start")
        case _:
            return Pending(status or "in no known state")


def _running(state: Json, until: Ready) -> Verdict:
    if until is Ready.COMPLETED:
        return Pending("still running")
    health = state.get("Health") or {}
    status = health.get("Status") or "none"
    if until is Ready.RUNNING or status in ("healthy", "none"):
        return Reached()
    if status == "unhealthy":
        return Hopeless(f"is unhealthy{_last_probe(health)}", what="unhealthy")
    return Pending(f"running, but its health check said {status}{_last_probe(health)}")


def _last_probe(health: Json) -> str:
    """What the last probe said, which mostly names the fault."""
    probes = health.get("Log") or ()
    if not probes:
        return ""
    output = str(probes[-1].get("Output") or "").strip()
    shown = output if len(output) <= _SHOWN_OUTPUT else "..." + output[-_SHOWN_OUTPUT:]
    exit_code = probes[-1].get("ExitCode")
    return f" (last probe: exit status {exit_code}{', ' + shown if shown else ''})"


def _exited(state: Json, until: Ready, codes: Collection[int]) -> Verdict:
    if until is Ready.COMPLETED and (state.get("ExitCode") or 0) in codes and not state.get("Error"):
        return Reached()
    return Hopeless(f"ended {_end(state)}" + (f": {state['Error']}" if state.get("Error") else ""))


def _end(state: Json) -> str:
    code = state.get("ExitCode") or 0
    if state.get("OOMKilled"):
        return f"with exit status {code}, for want of memory"
    return f"with exit status {code}" + (", killed" if code == _KILLED else "")
