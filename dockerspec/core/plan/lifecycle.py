"""How a container begins and ends, whatever the reason: connect, start and await it; stop and remove it.

Callers: the planners of containers, networks and volumes.
"""

from __future__ import annotations

from collections.abc import Mapping

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.life import exit_codes, probes_of
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.change import ObjectChange
from dockerspec.core.diff.containers import is_up
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.hook import Stage
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.plan.action import (
    Action,
    AwaitContainer,
    ConnectNetwork,
    CreateContainer,
    RemoveContainer,
    StartContainer,
    StopContainer,
    UnpauseContainer,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.ready import Probe, Ready
from dockerspec.core.table.net import endpoint_body, late_networks

_SECOND = 1_000_000_000
_LEAST_WAIT = 60.0
_MARGIN = 10.0
JOB_TIMEOUT = 3600.0
"""Seconds that a job may take, unless the spec says otherwise."""
SETTLE = 1.0
"""Seconds that a replacement without a health check must stay up before the old container is given up."""


def ready_timeout(desired: DesiredContainer) -> float:
    """How many seconds a container may take to get ready.

    The spec's `update.timeout`, else for a job an hour, else the time after which its health check must have come to a
    verdict, and never under a minute.
    """
    policy = desired.spec.update
    if policy is not None and policy.timeout:
        return float(policy.timeout / _SECOND)
    if desired.state == "completed":
        return JOB_TIMEOUT
    health = desired.fields.get("healthcheck")
    if not isinstance(health, Mapping) or "interval" not in health:
        return _LEAST_WAIT
    figures = {key: int(str(health[key])) for key in ("interval", "timeout", "retries", "start_period")}
    rounds = figures["retries"] * (figures["interval"] + figures["timeout"])
    return max(_LEAST_WAIT, (figures["start_period"] + rounds) / _SECOND + _MARGIN)


def has_health(desired: DesiredContainer) -> bool:
    """Whether the engine probes the container."""
    health = desired.fields.get("healthcheck")
    return isinstance(health, Mapping) and "test" in health


def await_action(
    desired: DesiredContainer, cause: str, until: Ready, settle: float = 0.0, *, started: bool = True
) -> AwaitContainer:
    """Wait for a desired container under its own name.

    Args:
        desired: the container.
        cause: why.
        until: the state.
        settle: see `AwaitContainer`; what the spec's own probes vouch for need not prove itself in time.
        started: whether this run starts it: then the probes of `update.wait` must hold too.
    """
    probes: tuple[Probe, ...] = probes_of(desired.spec) if started else ()
    return AwaitContainer(
        address=desired.address,
        cause=cause,
        container=desired.name,
        name=desired.name,
        until=until,
        timeout=ready_timeout(desired),
        settle=0.0 if probes else settle,
        probes=probes,
        codes=exit_codes(desired.spec),
    )


def stop_action(live: LiveContainer, address: Address, cause: str, name: str = "") -> StopContainer:
    """Stop with the container's own grace; `name` is what it is called by then, if no longer as it was."""
    grace = int(str(live.fields["stop_grace_period"])) // _SECOND
    return StopContainer(address=address, cause=cause, container=live.id, name=name or live.name, grace=grace)


def late_connects(desired: DesiredContainer, change: ObjectChange) -> tuple[ConnectNetwork, ...]:
    """What connects a container that was just made to the networks that its create call could not."""
    return tuple(
        ConnectNetwork(
            address=change.address,
            cause=change.cause,
            network=name,
            network_name=name,
            container=desired.name,
            endpoint=endpoint_body(desired.spec, desired.context, name),
        )
        for name in late_networks(desired.spec, desired.context)
    )


def _anew(created: Action, desired: DesiredContainer) -> CreateContainer | None:
    """The call that can be made once more; none where a hook that comes before the start writes into its volumes."""
    return created if isinstance(created, CreateContainer) and not desired.hooks(Stage.PRE_START) else None


def rise(
    pair: Pair, change: ObjectChange, draft: Draft, created: str, awaited: Ready | None, settle: float = 0.0
) -> list[str]:
    """Connect, start and await a container that was just made; the keys in order."""
    desired = pair.desired
    keys, last, late = [], created, late_connects(desired, change)
    for connect in late:
        last = draft.add(connect, (last, draft.made.get((Kind.NETWORK, connect.network_name))))
        keys.append(last)
    if desired.state == "stopped":
        draft.ready[change.address] = last
        return keys
    start = StartContainer(
        address=change.address,
        cause=change.cause,
        container=desired.name,
        name=desired.name,
        once=desired.state == "completed",
        anew=_anew(draft.actions[created], desired),
        late=late,
    )
    last = draft.begun[change.address] = draft.add(start, (last,))
    keys.append(last)
    until = Ready.COMPLETED if desired.state == "completed" else awaited
    if until is not None:
        last = draft.add(await_action(desired, change.cause, until, settle), (last,))
        keys.append(last)
    draft.ready[change.address] = last
    return keys


def remove_container(live: LiveContainer, address: Address, cause: str, draft: Draft) -> str:
    """Stop and remove a live container. The key of the removal."""
    last = None
    if live.one_off:
        remove = RemoveContainer(address=address, cause=cause, container=live.id, name=live.name, force=True)
        key = draft.add(remove)
        draft.free(Kind.CONTAINER, live.name, key)
        return key
    if live.state.status == "paused":
        unpause = UnpauseContainer(address=address, cause=cause, container=live.id, name=live.name)
        last = draft.add(unpause)
    if is_up(live.state):
        last = draft.add(stop_action(live, address, cause), (last,))
        draft.halted.setdefault(address, last)
    remove = RemoveContainer(address=address, cause=cause, container=live.id, name=live.name)
    key = draft.add(remove, (last,))
    draft.free(Kind.CONTAINER, live.name, key)
    return key
