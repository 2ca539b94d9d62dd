"""Which of the old and the new container is up first when one is replaced, and why.

Both at once keep traffic flowing. What only one can have forbids it: a host port, a fixed address. What two might
spoil, such as a volume that both write to, makes the old one stop first too, unless the spec asks for the other order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diagnostics import Diagnostic, warning
from dockerspec.core.diff.change import ChangeKind, ObjectChange, Order
from dockerspec.core.diff.containers import is_up
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Finding
from dockerspec.core.facts import Value
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.table.ports import fixed_ports, wanted_ports


def with_orders(
    findings: Iterable[Finding], networks: Collection[str], volumes: Collection[str], faults: list[Diagnostic]
) -> Iterator[Finding]:
    """The findings, each replacement of a running container with its order.

    Args:
        findings: all findings of containers.
        networks: names of the networks that are made anew in this run.
        volumes: names of the volumes that are made anew in this run.
        faults: is told of wishes that can't be met.
    """
    for finding in findings:
        pair, change = finding.subject.pair, finding.change
        if change.kind is not ChangeKind.REPLACE or pair is None or pair.live is None or not is_up(pair.live.state):
            yield finding
            continue
        yield replace(finding, change=_ordered(change, pair, networks, volumes, faults))


def _ordered(
    change: ObjectChange,
    pair: Pair,
    networks: Collection[str],
    volumes: Collection[str],
    faults: list[Diagnostic],
) -> ObjectChange:
    old, desired = pair.live, pair.desired
    assert old is not None
    wish = Order(desired.spec.update.order) if desired.spec.update and desired.spec.update.order else None
    excluded = next(_excluded(old, desired, networks, volumes), "")
    if excluded and wish is Order.START_FIRST:
        path = f"containers.{change.address.name}.update.order"
        fault = warning(path, f"{change.name} can't start first: {excluded}", "take that away, or write stop-first")
        if fault not in faults:
            faults.append(fault)
    if excluded or wish is Order.STOP_FIRST:
        return replace(change, order=Order.STOP_FIRST, order_reason=excluded)
    risky = next(_risky(old, desired), "") if wish is None else ""
    if risky:
        return replace(change, order=Order.STOP_FIRST, order_reason=risky)
    return replace(change, order=Order.START_FIRST, downtime=False)


def _excluded(
    old: LiveContainer, desired: DesiredContainer, networks: Collection[str], volumes: Collection[str]
) -> Iterator[str]:
    """Why the two can't run at the same time."""
    for port in sorted(fixed_ports(old.fields["ports"]) & wanted_ports(desired.spec, desired.address.replica)):
        yield f"both publish the host port {port.removesuffix('/tcp')}"
    had, wanted = _mapping(old.fields["networks"]), _mapping(desired.fields["networks"])
    for name, endpoint in sorted(wanted.items()):
        if name not in had:
            continue
        if name in networks:
            yield f"the network {name} is made anew"
        for key in ("ipv4_address", "ipv6_address", "mac_address"):
            fixed = _mapping(endpoint).get(key)
            if fixed and fixed == _mapping(had[name]).get(key):
                yield f"both have the address {fixed} in the network {name}"
    for volume in sorted(_sources(desired.fields["volumes"]) & set(volumes)):
        yield f"the volume {volume} is made anew"
    if old.state.status == "paused":
        yield "the old one is paused"


def _risky(old: LiveContainer, desired: DesiredContainer) -> Iterator[str]:
    """Why it is wiser not to run the two at the same time."""
    if desired.state == "completed":
        yield "it is a job"
    mode = desired.spec.network_mode or ""
    if mode == "host" or mode.startswith(("service:", "container:")):
        yield f"both are in the network of {'the host' if mode == 'host' else mode.partition(':')[2]}"
    written = _written(desired.fields["volumes"]) & _sources(old.fields["volumes"])
    for source in sorted(written):
        yield f"both write to {source}"
    if set(old.anonymous) & set(_mapping(desired.fields["volumes"])):
        yield "its anonymous volumes move along"
    if desired.fields["volumes_from"]:
        yield "both write to the volumes of another container"
    devices = _names(desired.fields["devices"]) & _names(old.fields["devices"])
    for device in sorted(devices):
        yield f"both use the device {device}"


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _sources(mounts: Value) -> frozenset[str]:
    """What named volumes and bind mounts are made from."""
    return frozenset(
        str(own["source"])
        for own in map(_mapping, _mapping(mounts).values())
        if own.get("source") and own.get("type") in ("volume", "bind")
    )


def _written(mounts: Value) -> frozenset[str]:
    return _sources({path: own for path, own in _mapping(mounts).items() if not _mapping(own).get("read_only")})


def _names(value: Value) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, (tuple, Mapping)) else frozenset()
