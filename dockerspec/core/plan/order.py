"""The order between objects: what must be there, ready, gone or let go before something else can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Diff
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.plan.action import (
    CreateContainer,
    DisconnectNetwork,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    RenameContainer,
    StartContainer,
    StopContainer,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.table.net import network_names
from dockerspec.core.table.ports import fixed_ports, wanted_ports
from dockerspec.core.table.storage import mounted_volumes


def order_all(draft: Draft, pairs: Mapping[Address, Pair], live: Iterable[LiveContainer]) -> None:
    """Add every edge between the actions of different objects."""
    containers = {item.id: item for item in live}
    _order_making(draft, pairs)
    _order_names(draft)
    _order_removals(draft, containers)
    _order_dependencies(draft, pairs)
    _order_ports(draft, pairs, containers)


def neighbours(desired: DesiredContainer) -> Iterator[str]:
    """Keys of the stack's containers that must be there before this one: shared namespaces, volumes, links."""
    spec = desired.spec
    for mode in (spec.network_mode, spec.pid, spec.ipc):
        if mode and mode.startswith("service:"):
            yield mode.removeprefix("service:")
    for text in (*spec.volumes_from, *spec.links):
        key = text.partition(":")[0]
        if key in desired.context.containers:
            yield key


def replicas(pairs: Mapping[Address, Pair], key: str) -> list[Address]:
    """The addresses of a container's replicas."""
    return [address for address in pairs if address.name == key]


def _order_making(draft: Draft, pairs: Mapping[Address, Pair]) -> None:
    """Images, networks, volumes and neighbours before the container that uses them."""
    for key, action in draft.actions.items():
        pair = pairs.get(action.address)
        if pair is None or not isinstance(action, CreateContainer):
            continue
        desired = pair.desired
        draft.edge(draft.made.get((Kind.IMAGE, desired.image)), key)
        for name in network_names(desired.spec, desired.context):
            draft.edge(draft.made.get((Kind.NETWORK, name)), key)
        for mount in desired.spec.volumes:
            if mount.type == "volume" and mount.source:
                name = desired.context.volumes.get(mount.source, mount.source)
                draft.edge(draft.made.get((Kind.VOLUME, name)), key)
        for other in neighbours(desired):
            name = desired.context.containers.get(other, other)
            draft.edge(draft.made.get((Kind.CONTAINER, name)), key)
            for address in replicas(pairs, other):
                draft.edge(draft.begun.get(address), draft.begun.get(action.address))


def _order_names(draft: Draft) -> None:
    """A name is free before it is taken."""
    for key, action in draft.actions.items():
        if isinstance(action, CreateContainer):
            taken = action.name
        elif isinstance(action, RenameContainer):
            taken = action.new_name
        else:
            continue
        for free in draft.gone.get((Kind.CONTAINER, taken), ()):
            draft.edge(free if free != key else None, key)


def _order_removals(draft: Draft, containers: Mapping[str, LiveContainer]) -> None:
    """Containers leave a network before it goes, and let go of a volume before it is deleted."""
    networks = {action.name: key for key, action in draft.actions.items() if isinstance(action, RemoveNetwork)}
    volumes = {action.name: key for key, action in draft.actions.items() if isinstance(action, RemoveVolume)}
    for key, action in draft.actions.items():
        if isinstance(action, DisconnectNetwork):
            draft.edge(key, networks.get(action.network_name))
        elif isinstance(action, RemoveContainer) and action.container in containers:
            live = containers[action.container]
            for name in live.networks:
                made_anew = (Kind.NETWORK, name) in draft.made
                draft.edge(None if made_anew else key, networks.get(name))
            for name in mounted_volumes(live.fields):
                draft.edge(key, volumes.get(name))


def _order_dependencies(draft: Draft, pairs: Mapping[Address, Pair]) -> None:
    """A dependency is ready before its dependents start, and its dependents stop before it does."""
    for address, pair in pairs.items():
        for key in pair.desired.spec.depends_on:
            for other in replicas(pairs, key):
                draft.edge(draft.ready.get(other), draft.begun.get(address))
                if address in draft.begun:
                    # The old one serves until its successor may start.
                    draft.wish(draft.ready.get(other), draft.halted.get(address))
                else:
                    draft.wish(draft.halted.get(address), draft.halted.get(other))


def loose_ports(diff: Diff) -> frozenset[str]:
    """The containers of which a replica that stays has the port that another one's number would get.

    A port range that moved on is such a case: the ports of the old range that are in the new one too stay as they are.
    """
    made = {
        item.change.address
        for item in diff.findings
        if item.subject.pair is not None and item.change.kind in (ChangeKind.CREATE, ChangeKind.REPLACE)
    }
    held = {
        (address.name, port)
        for address, pair in diff.pairs.items()
        if pair.live is not None and address not in made
        for port in fixed_ports(pair.live.fields["ports"])
    }
    return frozenset(
        address.name
        for address in made
        for port in wanted_ports(diff.pairs[address].desired.spec, address.replica)
        if (address.name, port) in held
    )


def _order_ports(draft: Draft, pairs: Mapping[Address, Pair], containers: Mapping[str, LiveContainer]) -> None:
    """A published port is let go before another container takes it."""
    stops = [(key, action) for key, action in draft.actions.items() if isinstance(action, StopContainer)]
    if not stops:
        return
    starts = [(key, action) for key, action in draft.actions.items() if isinstance(action, StartContainer)]
    for stop_key, stop in stops:
        held = fixed_ports(containers[stop.container].fields["ports"]) if stop.container in containers else frozenset()
        for start_key, start in starts:
            pair = pairs.get(start.address)
            if pair is None or start.address == stop.address:
                continue
            if held & wanted_ports(pair.desired.spec, start.address.replica):
                draft.edge(stop_key, start_key)
