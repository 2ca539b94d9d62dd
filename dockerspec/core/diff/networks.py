"""Which networks must be made, made anew or removed, and what that means to the containers of the stack."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredNetwork
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.compare import compare
from dockerspec.core.diff.images import NOT_HERE
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.resources import NOT_WANTED, foreign, missing_external
from dockerspec.core.diff.result import Finding, Subject, main_cause
from dockerspec.core.diff.scope import ASKED_FOR, NO_SCOPE, Scope
from dockerspec.core.facts import Value
from dockerspec.core.live.state import LiveNetwork, LiveState
from dockerspec.core.table import network as network_table
from dockerspec.core.table.net import (
    MAC_ON_CONNECT_API,
    MODE_MUST_EXIST_API,
    MULTI_NETWORK_API,
    is_named_network,
    network_names,
)
from dockerspec.core.values import network_of
from dockerspec.core.way import Way

_NO_MAC = "this engine gives a fixed MAC address only to a new container"
_NO_START = "it can't be started without that network"


def is_own(live: LiveNetwork, stack: str, desired: Iterable[DesiredNetwork]) -> bool:
    """Whether a live network is the stack's.

    The labels of one that is made from a configuration are the configuration's: it is ours if it has a name that the
    stack gives, too.
    """
    if live.stack != stack:
        return False
    return bool(live.resource) or any(item.name == live.name and bool(item.spec.config_from) for item in desired)


def diff_networks(
    desired: Collection[DesiredNetwork],
    live: LiveState,
    stack: str,
    faults: list[Diagnostic],
    scope: Scope = NO_SCOPE,
) -> list[Finding]:
    """A finding per network that is not as wanted, those that no spec wants any more included."""
    findings: list[Finding] = []
    wanted: set[str] = set()
    for item in desired:
        found = [other for other in live.networks if other.name == item.name]
        owned = [other for other in found if is_own(other, stack, desired) and _stands_for(other, item)]
        if item.spec.external:
            if not found:
                faults.append(missing_external(Kind.NETWORK, item.address.name, item.name))
        elif owned:
            wanted.add(owned[0].id)
            findings += _compare_network(item, owned[0], live, scope)
        elif found:
            faults.append(foreign(Kind.NETWORK, item.address.name, item.name, found[0].stack))
        else:
            change = ObjectChange(item.address, ChangeKind.CREATE, NOT_HERE, item.name)
            findings.append(Finding(change, Subject(network=item)))
    for other in live.networks:
        if is_own(other, stack, desired) and other.id not in wanted:
            change = ObjectChange(network_address(other), ChangeKind.DELETE, NOT_WANTED, other.name)
            findings.append(Finding(change, Subject(live_network=other)))
    faults.extend(_overlaps(findings, live))
    return findings


def network_address(live: LiveNetwork) -> Address:
    """The address of a live network of the stack."""
    return Address(Kind.NETWORK, live.resource or live.name)


def _stands_for(live: LiveNetwork, desired: DesiredNetwork) -> bool:
    return live.resource in ("", desired.address.name) or bool(desired.spec.config_from)


def _compare_network(item: DesiredNetwork, live: LiveNetwork, state: LiveState, scope: Scope) -> Iterator[Finding]:
    fields = tuple(compare(network_table.ROWS, item.fields, live.fields, live.recorded, state.engine))
    if fields or item.address in scope.anew:
        running = {other.id for other in state.containers if other.state.status == "running"}
        change = ObjectChange(
            item.address,
            ChangeKind.REPLACE,
            main_cause(fields) if fields else ASKED_FOR,
            item.name,
            fields,
            downtime=bool(running & set(live.attached)),
        )
        yield Finding(change, Subject(network=item, live_network=live))


# --- subnets -----------------------------------------------------------------------------------------------------


def taken_subnets(fields: Mapping[str, Value]) -> tuple[str, ...]:
    """The subnets that a network with these fields takes from those that others of the engine could have.

    None for a mere configuration, for a network of a swarm, and where another address driver than the engine's keeps
    the books.
    """
    local = fields.get("scope") in (None, "local") and fields.get("driver") != "overlay"
    if not local or not fields or fields["config_only"] or fields["ipam.driver"] != "default":
        return ()
    return network_table.subnets(fields["ipam.config"])


def overlap(ours: Mapping[str, Value], theirs: Mapping[str, Value]) -> tuple[str, str] | None:
    """The first subnets of two networks of which the engine allows only one; None if they go together."""
    for one in taken_subnets(ours):
        for other in taken_subnets(theirs):
            first, second = network_of(one), network_of(other)
            if first.version == second.version and first.overlaps(second):
                return one, other
    return None


def _overlaps(findings: Iterable[Finding], live: LiveState) -> Iterator[Diagnostic]:
    """Subnets that the engine would refuse, since a network has them that is not to go in this run."""
    going = {item.subject.live_network.id for item in findings if item.subject.live_network is not None}
    staying = [other for other in live.networks if other.id not in going]
    for finding in findings:
        desired = finding.subject.network
        if desired is None:
            continue
        for other in staying:
            found = overlap(desired.fields, other.fields)
            if found is not None:
                yield error(
                    f"networks.{desired.address.name}.ipam.config",
                    f"the subnet {found[0]} overlaps with {found[1]} of the network {other.name} on this engine",
                    f"choose a subnet that is free, or remove the other one with `docker network rm {other.name}`",
                )
                break


# --- what networks mean to containers ----------------------------------------------------------------------------


def strand(
    findings: Iterable[Finding], networks: Iterable[Finding], pairs: Mapping[Address, Pair], live: LiveState
) -> Iterator[tuple[Pair, FieldChange]]:
    """Containers that must be made anew since a network of theirs goes or is made anew, and why.

    Args:
        findings: what differs at the containers.
        networks: what differs at the networks.
        pairs: all desired containers.
        live: the engine.
    """
    replaced = {item.change.address for item in findings if item.change.kind is ChangeKind.REPLACE}
    left = {address: pair for address, pair in pairs.items() if pair.live is not None and address not in replaced}
    api = live.engine.api
    if api >= MODE_MUST_EXIST_API:
        yield from _unstartable(networks, left.values(), live)
    if MULTI_NETWORK_API <= api < MAC_ON_CONNECT_API:
        anew = {item.change.name for item in networks if item.change.kind is ChangeKind.REPLACE}
        yield from _without_mac(anew, left.values())


def _unstartable(
    networks: Iterable[Finding], pairs: Iterable[Pair], live: LiveState
) -> Iterator[tuple[Pair, FieldChange]]:
    """Containers whose first network goes: the engine looks for it at every start, though they join others."""
    names = {item.name for item in live.networks} | {item.id for item in live.networks}
    for finding in networks:
        if finding.change.kind is ChangeKind.DELETE:
            names -= {finding.change.name, finding.subject.live_network.id if finding.subject.live_network else ""}
        else:
            names.add(finding.change.name)
    for pair in pairs:
        mode = pair.live.mode if pair.live else ""
        if is_named_network(mode) and mode not in names:
            new = next(iter(network_names(pair.desired.spec, pair.desired.context)), "none")
            yield pair, FieldChange("network_mode", mode, new, Way.REPLACE, Cause.DIFFERS, note=_NO_START)


def _without_mac(anew: Collection[str], pairs: Iterable[Pair]) -> Iterator[tuple[Pair, FieldChange]]:
    """Containers that would lose the MAC address that they have in a network, being connected to it again."""
    for pair in pairs:
        keys = {name: key for key, name in pair.desired.context.networks.items()}
        endpoints = pair.desired.fields["networks"]
        assert isinstance(endpoints, Mapping)
        for name, endpoint in endpoints.items():
            if name in anew and isinstance(endpoint, Mapping) and "mac_address" in endpoint:
                key = keys.get(name, name)
                path, old, new = f"networks.{key}", f"on {key}", f"on the new {key}"
                yield pair, FieldChange(path, old, new, Way.REPLACE, Cause.DIFFERS, note=_NO_MAC)
                break
