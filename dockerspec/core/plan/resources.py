"""The actions for networks and volumes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Finding
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.plan.action import (
    ConnectNetwork,
    CreateNetwork,
    CreateVolume,
    DisconnectNetwork,
    RemoveNetwork,
    RemoveVolume,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.table.net import endpoint_body, network_names


def plan_network(
    finding: Finding,
    draft: Draft,
    containers: Collection[LiveContainer],
    keep: Mapping[str, Pair],
) -> None:
    """Make, make anew or remove a network.

    Args:
        finding: the change.
        draft: the plan in the making.
        containers: the stack's containers on the engine.
        keep: the pairs of those that outlive the run, by container ID: they are connected again.
    """
    change, live = finding.change, finding.subject.live_network
    common: dict[str, Any] = {"address": change.address, "cause": change.cause}
    removed = None
    attached = [item for item in containers if live and item.networks.get(live.name) == live.id]
    if live is not None:
        remove = RemoveNetwork(network=live.id, name=live.name, **common)
        removed = draft.add(remove)
        if change.kind is ChangeKind.REPLACE:
            for item in attached:
                cut = DisconnectNetwork(
                    address=Address(Kind.CONTAINER, item.resource, item.replica),
                    cause=f"{change.address} is made anew",
                    network=live.id,
                    network_name=live.name,
                    container=item.id,
                    force=True,
                )
                draft.edge(draft.add(cut), removed)
    desired = finding.subject.network
    if desired is None:
        return
    create = CreateNetwork(name=desired.name, body=desired.body(), **common)
    created = draft.made[Kind.NETWORK, desired.name] = draft.add(create, (removed,))
    for item in attached:
        pair = keep.get(item.id)
        if pair is not None and desired.name in network_names(pair.desired.spec, pair.desired.context):
            connect = ConnectNetwork(
                address=pair.desired.address,
                cause=f"{change.address} is made anew",
                network=desired.name,
                network_name=desired.name,
                container=item.id,
                endpoint=endpoint_body(pair.desired.spec, pair.desired.context, desired.name),
            )
            draft.add(connect, (created,))


def plan_volume(finding: Finding, draft: Draft) -> None:
    """Make a volume, or delete one whose data may go."""
    change, live, desired = finding.change, finding.subject.live_volume, finding.subject.volume
    common: dict[str, Any] = {"address": change.address, "cause": change.cause}
    removed = None
    if live is not None and change.kind in (ChangeKind.DELETE, ChangeKind.REPLACE):
        removed = draft.add(RemoveVolume(name=live.name, **common))
    if desired is not None:
        create = CreateVolume(name=desired.name, body=desired.body(), **common)
        draft.made[Kind.VOLUME, desired.name] = draft.add(create, (removed,))
