"""What stands after a run, object by object, and what to do next. Pure. Caller: api.

An object stands as its actions say: all of them done, none begun, taken back by its way back, or something between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan.action import (
    Action,
    AwaitContainer,
    BuildImage,
    ContainerAction,
    CreateContainer,
    CreateMark,
    PullImage,
)
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.failure import Failure
from dockerspec.core.report.outcome import Advice, Outcome, Report, Stand, Standing, Status

_REFUSED = frozenset({Failure.ENGINE, Failure.INPUT})
"""Failures after which the engine is known to have done nothing."""

_LOST = "the way back failed"


def concluded(report: Report, plan: Plan, again: str = "", back: int = 0) -> Report:
    """A report with what stands and what to do next.

    Args:
        report: the report of a run of the plan.
        plan: the plan.
        again: the command that goes on from here; that of the plan by default.
        back: the run of the history that a rollback would go back to; 0 for none.
    """
    standing = tuple(_standings(report, plan))
    if report.ok:
        return replace(report, standing=standing)
    advice = list(_advice(report, standing, again or f"dockerspec {_command(plan)}"))
    if back and any(item.stand in (Stand.DONE, Stand.HALF_DONE) for item in standing):
        advice.append(Advice("dockerspec rollback", f"goes back to run {back}, the last good one"))
    return replace(report, standing=standing, next=tuple(advice))


def _command(plan: Plan) -> str:
    if any(isinstance(action, CreateMark) for action in plan.actions.values()):
        return "adopt"
    return "destroy" if plan.destroys else "apply"


def _standings(report: Report, plan: Plan) -> Iterator[Standing]:
    outcomes: dict[Address, list[Outcome]] = {}
    undone: dict[Address, list[Outcome]] = {}
    for item in report.outcomes.values():
        outcomes.setdefault(item.action.address, []).append(item)
    for item in report.undone:
        undone.setdefault(item.action.address, []).append(item)
    names = {change.address: change.name for change in plan.changes}
    for address in dict.fromkeys((*names, *outcomes)):
        mine = outcomes.get(address, [])
        if address not in names and all(isinstance(item.action, AwaitContainer) for item in mine):
            continue  # only waited for
        stand, note = _stand(mine, undone.get(address, []))
        yield Standing(address, names.get(address, ""), stand, note)


def _stand(mine: list[Outcome], undone: list[Outcome]) -> tuple[Stand, str]:
    if undone:
        broken = [item for item in undone if item.status is not Status.DONE]
        if broken:
            return Stand.HALF_DONE, f"{_LOST}: {_listed(broken)}"
        return Stand.AS_BEFORE, "taken back"
    if all(item.status is Status.DONE for item in mine):
        return Stand.DONE, ""
    changed = [item for item in mine if _changed(item)]
    if not changed:
        return Stand.UNTOUCHED, ""
    left = [item for item in mine if item.status is not Status.DONE]
    done = [item for item in changed if item.status is Status.DONE]
    return Stand.HALF_DONE, f"done: {_listed(done) or 'perhaps some'}; not done: {_listed(left)}"


def _changed(item: Outcome) -> bool:
    """Whether an action changed something, or may have."""
    if isinstance(item.action, AwaitContainer):
        return False
    if item.status is Status.FAILED:
        # A pull or a build sets its tag at the very end.
        return item.kind not in _REFUSED and not isinstance(item.action, (PullImage, BuildImage))
    return item.status is Status.DONE


def _listed(items: Iterable[Outcome]) -> str:
    return ", ".join(dict.fromkeys(item.action.verb for item in items))


# --- what to do next ----------------------------------------------------------------------------------------------


def _advice(report: Report, standing: tuple[Standing, ...], command: str) -> Iterator[Advice]:
    stands = {item.address: item.stand for item in standing}
    failed = [item for item in report.outcomes.values() if item.status is Status.FAILED]
    for item in failed:
        name = _container(item.action)
        if not name or stands.get(item.action.address, Stand.DONE) is not Stand.HALF_DONE:
            continue
        if item.kind in (Failure.TIMEOUT, Failure.UNHEALTHY, Failure.EXIT, Failure.GOAL):
            yield Advice(f"docker logs {name}", f"the whole log of {name}, which stands as it failed")
        if item.kind is Failure.UNHEALTHY:
            yield Advice(f"docker inspect -f '{{{{json .State.Health}}}}' {name}", "its health checks")
    if any(item.kind is Failure.UNREACHABLE for item in failed):
        yield Advice("docker version", "whether the engine answers again")
    for left in standing:
        lost = left.stand is Stand.HALF_DONE and left.note.startswith(_LOST)
        if lost and left.address.kind is Kind.CONTAINER:
            yield Advice(f"docker ps -a --filter name={left.name}", f"what is left of {left.name}, and its former")
    yield Advice("dockerspec plan", "what is left")
    yield Advice(command, "goes on from here, once the cause is gone" if failed else "goes on from here")


def _container(action: Action) -> str:
    return action.name if isinstance(action, (ContainerAction, CreateContainer)) else ""
