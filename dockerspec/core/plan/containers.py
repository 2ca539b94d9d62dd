"""The actions for one container: make, change, replace, remove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.change import FieldChange, ObjectChange, Order
from dockerspec.core.diff.compare import memory
from dockerspec.core.diff.containers import is_up
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Finding, ways
from dockerspec.core.facts import Value
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.ownership import ASIDE
from dockerspec.core.plan.action import (
    Action,
    ConnectNetwork,
    CreateContainer,
    DisconnectNetwork,
    RemoveContainer,
    RenameContainer,
    StartContainer,
    UnpauseContainer,
    UpdateContainer,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.lifecycle import (
    SETTLE,
    await_action,
    has_health,
    late_connects,
    remove_container,
    rise,
    stop_action,
)
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.plan.rollout import Turn
from dockerspec.core.ready import Ready
from dockerspec.core.table import container as container_table
from dockerspec.core.table.net import GONE, endpoint_body
from dockerspec.core.way import Way


def create_action(
    pair: Pair, change: ObjectChange, draft: Draft, anonymous: Mapping[str, str] | None = None
) -> CreateContainer:
    """The call that makes the desired container."""
    desired = pair.desired
    return CreateContainer(
        address=change.address,
        cause=change.cause,
        name=desired.name,
        body=desired.body(anonymous, loose_ports=change.address.name in draft.loose_ports),
        platform=desired.spec.platform or "",
    )


def plan_create(finding: Finding, draft: Draft, awaited: Ready | None) -> None:
    """Make a container that is not there."""
    pair = finding.subject.pair
    assert pair is not None
    created = draft.add(create_action(pair, finding.change, draft))
    draft.made[Kind.CONTAINER, pair.desired.name] = created
    rise(pair, finding.change, draft, created, awaited)


def plan_removal(finding: Finding, draft: Draft) -> str:
    """Stop and remove a container; its volumes stay. The key of the removal."""
    live, change = finding.subject.live_container, finding.change
    assert live is not None
    return remove_container(live, change.address, change.cause, draft)


def plan_replace(finding: Finding, draft: Draft, awaited: Ready | None = None) -> Turn:
    """Make a container anew while the old one waits aside, ready to come back.

    Args:
        finding: the replacement.
        draft: the plan in the making.
        awaited: what the new one must reach; healthy where it has a health check if nobody says.

    Returns:
        What a rolling update must know of it.
    """
    pair, change = finding.subject.pair, finding.change
    assert pair is not None
    old = pair.live
    assert old is not None
    members: list[str] = []
    undo: dict[str, tuple[Action, ...]] = {}
    set_aside = _put_aside(pair, change, draft, members, undo)
    created = draft.add(create_action(pair, change, draft, old.anonymous), (set_aside,))
    draft.made[Kind.CONTAINER, pair.desired.name] = created
    members.append(created)
    fresh: dict[str, Any] = {"address": change.address, "container": pair.desired.name, "name": pair.desired.name}
    drop = RemoveContainer(cause="it did not come up", force=True, **fresh)
    undo[created] = (drop,)
    aside = pair.desired.name + ASIDE
    if any(extra.name == aside for extra in pair.extras):
        # What a killed run set aside goes in this run too; keys and readers must tell the two apart.
        aside += " (once more)"
    settle = 0.0 if has_health(pair.desired) else SETTLE
    begin_first = change.order is Order.START_FIRST
    last = created
    if not begin_first:
        last = _halt(old, change, draft, created, aside, members, undo) or created
    rising = rise(pair, change, draft, last, awaited or Ready.HEALTHY, settle)
    members += rising
    if rising:
        # The new one must let go of its ports before the old one can start again.
        undo[draft.begun.get(change.address, rising[0])] = (drop,)
    draft.rescues.append(Rescue(tuple(members), dict(undo)))
    last = members[-1]
    ready = draft.ready[change.address]
    if begin_first:
        # From here on the new one serves, and stays whatever becomes of the old one.
        last = _halt(old, change, draft, last, aside, members, undo) or last
    remove = RemoveContainer(address=change.address, cause=change.cause, container=old.id, name=aside)
    removed = draft.add(remove, (last,))
    return Turn(change.address, set_aside or created, members[-1], ready, removed, tuple(members), undo)


def plan_hard_replace(finding: Finding, draft: Draft, awaited: Ready | None = None) -> None:
    """Make a container anew after the old one is gone, since a volume of its is made anew; there is no way back."""
    pair, change = finding.subject.pair, finding.change
    assert pair is not None
    old = pair.live
    assert old is not None
    removed = remove_container(old, change.address, change.cause, draft)
    created = draft.add(create_action(pair, change, draft, old.anonymous), (removed,))
    draft.made[Kind.CONTAINER, pair.desired.name] = created
    rise(pair, change, draft, created, awaited)


def _put_aside(
    pair: Pair, change: ObjectChange, draft: Draft, members: list[str], undo: dict[str, tuple[Action, ...]]
) -> str | None:
    """Rename the old container, unless an interrupted run already did or its name is not wanted."""
    old = pair.live
    assert old is not None
    aside = pair.desired.name + ASIDE
    if old.name == aside:
        return None
    both: dict[str, Any] = {"address": change.address, "container": old.id}
    rename = RenameContainer(cause=change.cause, name=old.name, new_name=aside, **both)
    key = draft.add(rename)
    draft.free(Kind.CONTAINER, old.name, key)
    members.append(key)
    undo[key] = (RenameContainer(cause="its successor failed", name=aside, new_name=old.name, **both),)
    return key


def _halt(
    old: LiveContainer,
    change: ObjectChange,
    draft: Draft,
    after: str,
    aside: str,
    members: list[str],
    undo: dict[str, tuple[Action, ...]],
) -> str | None:
    """Stop the old container, called `aside` by then, as late as can be."""
    if not is_up(old.state):
        return None
    both: dict[str, Any] = {"address": change.address, "container": old.id, "name": aside}
    last = after
    if old.state.status == "paused":
        last = draft.add(UnpauseContainer(cause=change.cause, **both), (last,))
    key = draft.add(stop_action(old, change.address, change.cause, aside), (last,))
    draft.halted[change.address] = key
    members.append(key)
    undo[key] = (StartContainer(cause="its successor failed", **both),)
    return key


def plan_update(finding: Finding, draft: Draft, awaited: Ready | None) -> Turn | None:
    """Change a container as it stands.

    Returns:
        What a rolling update must know of it, if it is restarted.
    """
    pair, change = finding.subject.pair, finding.change
    assert pair is not None
    old, desired = pair.live, pair.desired
    assert old is not None
    needed = ways(change.fields)
    common: dict[str, Any] = {"address": change.address, "cause": change.cause, "container": old.id, "name": old.name}
    steps: list[Action] = []
    if Way.RENAME in needed:
        steps.append(RenameContainer(new_name=desired.name, **common))
    if Way.UPDATE in needed:
        body = _update_body(desired, change.fields)
        steps.append(UpdateContainer(body=body, expect=body, **common))
    last = draft.chain(steps)
    if Way.RENAME in needed:
        draft.free(Kind.CONTAINER, old.name, steps[0].key)
        draft.made[Kind.CONTAINER, desired.name] = steps[0].key
    if Way.NETWORK in needed:
        for action in _network_actions(pair, change):
            made = draft.made.get((Kind.NETWORK, action.network_name))
            last = draft.add(action, (last, made if isinstance(action, ConnectNetwork) else None))
            if isinstance(action, DisconnectNetwork):
                draft.free(Kind.NETWORK, action.network_name, last)
    if {Way.STATE, Way.RESTART} & needed:
        _change_state(pair, change, draft, last, awaited)
    stopped, ready = draft.halted.get(change.address), draft.ready.get(change.address)
    return Turn(change.address, stopped, ready, ready) if stopped and ready else None


def _update_body(desired: DesiredContainer, fields: tuple[FieldChange, ...]) -> dict[str, Any]:
    keys = {item.path.partition(".")[0] for item in fields if item.way is Way.UPDATE}
    if "mem_limit" in keys:
        # A limit above the present swap limit is refused unless the two come together.
        keys.add("memswap_limit")
    body: dict[str, Any] = {}
    for key in sorted(keys):
        row = container_table.BY_KEY[key]
        assert row.update is not None
        body.update(row.update(desired.fields[key]))
    return body


def _network_actions(pair: Pair, change: ObjectChange) -> Iterator[ConnectNetwork | DisconnectNetwork]:
    old, desired = pair.live, pair.desired
    assert old is not None
    want, have = _endpoints(desired.fields["networks"]), _endpoints(old.fields["networks"])
    trim = container_table.BY_KEY["networks"].trim
    assert trim is not None
    settled = _endpoints(trim(want, have, memory(old.recorded)))
    common: dict[str, Any] = {"address": change.address, "cause": change.cause, "container": old.id}
    for name in sorted({*want, *have}):
        if have.get(name) == GONE:
            # Connecting takes the place of the old endpoint; disconnecting goes by the name alone.
            if name not in want:
                yield DisconnectNetwork(network=name, network_name=name, force=True, **common)
                continue
            have = {key: value for key, value in have.items() if key != name}
        there = name in have
        if there and name in want and want[name] in (have[name], settled[name]):
            continue
        if there:
            yield DisconnectNetwork(network=old.networks.get(name) or name, network_name=name, force=True, **common)
        if name in want:
            body = endpoint_body(desired.spec, desired.context, name)
            yield ConnectNetwork(network=name, network_name=name, endpoint=body, **common)


def _endpoints(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, Mapping)
    return value


def _change_state(pair: Pair, change: ObjectChange, draft: Draft, after: str | None, awaited: Ready | None) -> None:
    old, desired = pair.live, pair.desired
    assert old is not None
    common: dict[str, Any] = {
        "address": change.address,
        "cause": change.cause,
        "container": old.id,
        "name": desired.name,
    }
    if old.state.status == "paused":
        after = draft.add(UnpauseContainer(**common), (after,))
        if desired.state != "stopped":
            draft.begun[change.address] = draft.ready[change.address] = after
            return
    if is_up(old.state):
        after = draft.add(stop_action(old, change.address, change.cause), (after,))
        draft.halted[change.address] = after
    if desired.state == "stopped":
        return
    if old.state.status == "created":
        # By its name, which another one has should it have to be made anew.
        anew = create_action(pair, change, draft, old.anonymous)
        common |= {"container": desired.name, "anew": anew, "late": late_connects(desired, change)}
    after = draft.begun[change.address] = draft.add(StartContainer(**common), (after,))
    until = Ready.COMPLETED if desired.state == "completed" else awaited
    if until is not None:
        after = draft.add(await_action(desired, change.cause, until), (after,))
    draft.ready[change.address] = after
