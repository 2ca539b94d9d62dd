"""The actions for networks: make, make anew around the containers that are in them, remove; and the way back.

Called by the planner in two steps: `plan_networks` before the actions of the containers are known, `bind_networks`
after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredNetwork
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.networks import overlap
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Finding
from dockerspec.core.live.state import LiveContainer, LiveNetwork
from dockerspec.core.plan.action import (
    Action,
    ConnectNetwork,
    CreateContainer,
    CreateNetwork,
    DisconnectNetwork,
    RemoveNetwork,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.table import container as container_table
from dockerspec.core.table import network as network_table
from dockerspec.core.table.base import Body
from dockerspec.core.table.net import endpoint_body, live_endpoint, network_names
from dockerspec.core.values import network_of

_TAKEN_BACK = "it could not be made anew"


@dataclass(slots=True)
class Remake:
    """What is planned for one network.

    Attributes:
        finding: the change.
        removed, created: the keys of the actions, None where there is none.
        undo: per action the ones that take it back.
        modes: the networks in which its containers were created.
    """

    finding: Finding
    removed: str | None = None
    created: str | None = None
    undo: dict[str, tuple[Action, ...]] = field(default_factory=dict)
    modes: frozenset[str] = frozenset()

    @property
    def desired(self) -> DesiredNetwork | None:
        """The network as it shall be."""
        return self.finding.subject.network

    @property
    def live(self) -> LiveNetwork | None:
        """The network as it is."""
        return self.finding.subject.live_network

    @property
    def kind(self) -> ChangeKind:
        """What happens to it."""
        return self.finding.change.kind


@dataclass(frozen=True, slots=True)
class Attached:
    """The stack's containers and what becomes of them.

    Attributes:
        containers: all that are there.
        keep: the pairs of those that outlive the run, by container ID.
        leave: the pairs of those whose successor takes over in this run, and that stand by until it does.
    """

    containers: Collection[LiveContainer]
    keep: Mapping[str, Pair]
    leave: Mapping[str, Pair]


def plan_networks(findings: Iterable[Finding], draft: Draft, attached: Attached, stack: str) -> list[Remake]:
    """Plan all networks."""
    steps = [_plan_network(finding, draft, attached, stack) for finding in findings]
    for one in steps:
        for other in steps:
            if one is not other and _makes_room(one, other):
                draft.edge(one.removed, other.created)
            if _is_made_from(one, other.live):
                draft.edge(one.removed, other.removed)
            if one.desired and other.desired and one.desired.fields.get("config_from") == other.desired.name:
                draft.edge(other.created, one.created)
    return steps


def _makes_room(one: Remake, other: Remake) -> bool:
    """Whether the second network takes addresses that the first lets go of."""
    if one.live is None or other.desired is None:
        return False
    return overlap(other.desired.fields, one.live.fields) is not None


def _is_made_from(one: Remake, config: LiveNetwork | None) -> bool:
    return one.live is not None and config is not None and one.live.fields["config_from"] == config.name


def _plan_network(finding: Finding, draft: Draft, attached: Attached, stack: str) -> Remake:
    change, live, desired = finding.change, finding.subject.live_network, finding.subject.network
    common: dict[str, Any] = {"address": change.address, "cause": change.cause}
    step = Remake(finding)
    members = [item for item in attached.containers if live and item.networks.get(live.name) == live.id]
    step.modes = frozenset(item.mode for item in members)
    if live is not None:
        step.removed = draft.add(RemoveNetwork(network=live.id, name=live.name, **common))
    if live is not None and change.kind is ChangeKind.REPLACE:
        again = CreateNetwork(
            address=change.address, cause=_TAKEN_BACK, name=live.name, body=live.body, unless_there=True
        )
        step.undo[step.removed or ""] = (again,)
        for item in members:
            key = draft.add(_cut(item, live, f"{change.address} is made anew"))
            draft.edge(key, step.removed)
            pair = attached.keep.get(item.id) or attached.leave.get(item.id)
            step.undo[key] = (_connect(item, live.name, _as_it_was(item, live.name, pair), _TAKEN_BACK),)
    if desired is None:
        return step
    create = CreateNetwork(name=desired.name, body=desired.body(), **common)
    step.created = draft.made[Kind.NETWORK, desired.name] = draft.add(create, (step.removed,))
    drop = RemoveNetwork(
        address=change.address, cause=_TAKEN_BACK, network=desired.name, name=desired.name, only_of=stack
    )
    step.undo[step.created] = (drop,)
    for connect in _rewire(members, desired, attached, f"{change.address} is made anew"):
        draft.add(connect, (step.created,))
    return step


def _rewire(
    members: Iterable[LiveContainer], desired: DesiredNetwork, attached: Attached, cause: str
) -> Iterator[ConnectNetwork]:
    """Connect what was connected: as the spec says, or as it was where a successor is about to take over."""
    for item in members:
        pair = attached.keep.get(item.id)
        if pair is not None and desired.name in network_names(pair.desired.spec, pair.desired.context):
            body = endpoint_body(pair.desired.spec, pair.desired.context, desired.name)
            yield _connect(item, desired.name, body, cause)
        elif item.id in attached.leave:
            body = _as_it_was(item, desired.name, None)
            fixed = {
                key: value for key, value in body.pop("IPAMConfig", {}).items() if _is_free(value, desired, attached)
            }
            if fixed:
                body["IPAMConfig"] = fixed
            yield _connect(item, desired.name, body, cause, former=True)


def _is_free(address: Any, desired: DesiredNetwork, attached: Attached) -> bool:
    """Whether a network as it shall be can give an address that its successor will have only later."""
    if not isinstance(address, str):
        return False
    pools = (network_of(text) for text in network_table.subnets(desired.fields["ipam.config"]))
    inside = any(ip_address(address) in pool for pool in pools)
    taken = (_endpoints(pair.desired.fields).get(desired.name, {}) for pair in attached.keep.values())
    return inside and not any(address in (item.get("ipv4_address"), item.get("ipv6_address")) for item in taken)


def _cut(item: LiveContainer, live: LiveNetwork, cause: str) -> DisconnectNetwork:
    return DisconnectNetwork(
        address=_address(item),
        cause=cause,
        network=live.id,
        network_name=live.name,
        container=item.id,
        force=True,
    )


def _connect(item: LiveContainer, network: str, body: Body, cause: str, former: bool = False) -> ConnectNetwork:
    return ConnectNetwork(
        address=_address(item),
        cause=cause,
        network=network,
        network_name=network,
        container=item.id,
        endpoint=body,
        former=former,
    )


def _address(item: LiveContainer) -> Address:
    return Address(Kind.CONTAINER, item.resource, item.replica)


def _as_it_was(item: LiveContainer, network: str, pair: Pair | None) -> Body:
    """The endpoint settings that a container has in a network."""
    endpoint = _endpoints(item.fields).get(network, {})
    if pair is not None:
        want = _endpoints(pair.desired.fields)
        row = container_table.BY_KEY["networks"]
        if network in want and row.agrees({network: want[network]}, {network: endpoint}):
            return endpoint_body(pair.desired.spec, pair.desired.context, network)
    return live_endpoint(endpoint)


def _endpoints(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    endpoints = fields["networks"]
    assert isinstance(endpoints, Mapping)
    return endpoints


# --- the way back ------------------------------------------------------------------------------------------------


def bind_networks(steps: Iterable[Remake], draft: Draft, containers: Iterable[LiveContainer]) -> None:
    """Add the ways back, and have everything else that joins a network wait until what was in it is back.

    Networks that hand addresses to one another, of which one is made from the other, or that share a container which
    was created in one of them, are taken back together.
    """
    modes = {item.id: item.mode for item in containers}
    for key, action in draft.actions.items():
        if isinstance(action, ConnectNetwork):
            # From API 1.44 on, connecting fails while the network is away that the container was created in.
            draft.edge(draft.made.get((Kind.NETWORK, modes.get(action.container, ""))), key)
    for group in _groups(list(steps)):
        if not any(step.kind is ChangeKind.REPLACE for step in group):
            continue
        names = {step.desired.name for step in group if step.desired is not None}
        joins = {
            key: action
            for key, action in draft.actions.items()
            if isinstance(action, ConnectNetwork) and action.network_name in names
        }
        back = [key for key, action in joins.items() if (Kind.CONTAINER, action.container) not in draft.made]
        for key, action in draft.actions.items():
            if not isinstance(action, CreateContainer):
                continue
            for first in back:
                if joins[first].former and joins[first].address == action.address:
                    draft.edge(first, key)  # it serves until its successor is there
                elif names & set(_joined(action)):
                    draft.wish(first, key)
        draft.rescues.append(_rescue(group, back, joins, draft))


def _joined(action: CreateContainer) -> Iterator[str]:
    yield from (action.body.get("NetworkingConfig") or {}).get("EndpointsConfig") or ()
    yield (action.body.get("HostConfig") or {}).get("NetworkMode") or ""


def _rescue(group: list[Remake], back: list[str], joins: Mapping[str, ConnectNetwork], draft: Draft) -> Rescue:
    """Members in the order in which they are done, so that the way back is the other way round."""
    remade = [step for step in group if step.kind is not ChangeKind.DELETE]
    undo = {key: actions for step in remade for key, actions in step.undo.items()}
    cuts = [key for key in undo if isinstance(draft.actions[key], DisconnectNetwork)]
    users_last = sorted(remade, key=lambda step: bool(step.desired and step.desired.spec.config_from))
    removed = [step.removed for step in reversed(users_last) if step.removed]
    created = [step.created for step in users_last if step.created]
    for key in back:
        action = joins[key]
        undo[key] = (
            DisconnectNetwork(
                address=action.address,
                cause=_TAKEN_BACK,
                network=action.network,
                network_name=action.network_name,
                container=action.container,
                force=True,
            ),
        )
    return Rescue((*cuts, *removed, *created, *back), undo)


def _groups(steps: list[Remake]) -> list[list[Remake]]:
    """The networks that must be taken back together."""
    groups: list[list[Remake]] = []
    for step in steps:
        linked = [group for group in groups if any(_linked(step, other) for other in group)]
        groups = [group for group in groups if group not in linked]
        groups.append([*(item for group in linked for item in group), step])
    return groups


def _linked(one: Remake, other: Remake) -> bool:
    pairs = ((one, other), (other, one))
    return any(
        _is_home(a, b.live) or _makes_room(a, b) or _is_made_from(a, b.live) or _takes_from(a, b) for a, b in pairs
    )


def _is_home(one: Remake, other: LiveNetwork | None) -> bool:
    return other is not None and other.name in one.modes


def _takes_from(one: Remake, other: Remake) -> bool:
    return (
        one.desired is not None
        and one.desired.spec.config_from is not None
        and (other.desired is not None and other.desired.address.name == one.desired.spec.config_from)
    )
