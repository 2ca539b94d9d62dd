"""Rules: subnets, their parts and fixed addresses fit together.

Called through `RULES`. What the engine refuses was tried on engines of API 1.41 and 1.51.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from dockerspec.core.spec.model import Endpoint, IpamPool, NetworkSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.drivers import INTERFACE_MOST
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import network_of

_ADDRESSES = ("ipv4_address", "ipv6_address")
_MAC = "mac_address"
_PARTS = ("ip_range", "gateway", "aux_addresses")
# A subnet this small has neither a broadcast nor an address to spare for a gateway.
_TOO_FEW_TO_RESERVE = 2


def check_subnets(stack: Stack, findings: Findings) -> None:
    """Find address ranges that overlap, or that do not hold what they should."""
    seen: list[tuple[str, str]] = []
    for name, spec in stack.networks.items():
        if not spec.external:
            _check_versions(spec, ("networks", name), findings)
        for index, pool in enumerate(_pools(spec)):
            path: Path = ("networks", name, "ipam", "config", index)
            _check_pool(pool, path, findings)
            if pool.subnet is None:
                continue
            for other, subnet in seen:
                if _overlap(subnet, pool.subnet):
                    whose = "this network" if other == name else f"the network {other!r}"
                    findings.error(
                        (*path, "subnet"),
                        f"the subnet {pool.subnet} overlaps with {subnet} of {whose}",
                        "choose a subnet that is free",
                    )
                    break
            seen.append((name, pool.subnet))


def check_addresses(stack: Stack, findings: Findings) -> None:
    """Find fixed addresses that can't be given out."""
    taken = {
        (name, address): holder
        for name, spec in stack.networks.items()
        for pool in _pools(spec)
        for address, holder in _reserved(pool)
    }
    for name, spec in stack.containers.items():
        for network, endpoint in spec.networks.items():
            place: Path = ("containers", name, "networks", network)
            _check_endpoint(endpoint, stack.networks.get(network), place, findings)
            for key, address in _fixed(endpoint):
                path = (*place, key)
                if spec.replicas > 1:
                    findings.error(
                        path,
                        f"{spec.replicas} replicas can't share the address {address}",
                        "remove the address, or set replicas: 1",
                    )
                _check_subnet(stack.networks.get(network), network, address, path, findings)
                if spec.state == "absent":
                    continue
                holder = taken.setdefault((network, address), f"the container {name!r}")
                if holder != f"the container {name!r}":
                    findings.error(path, f"{holder} has the address {address} already", "choose another address")


def _reserved(pool: IpamPool) -> Iterator[tuple[str, str]]:
    """Addresses that the engine keeps from containers, with the reason."""
    for label, address in pool.aux_addresses.items():
        if _is_address(address):
            yield str(ip_address(address)), f"the auxiliary address {label!r}"
    if pool.gateway:
        yield pool.gateway, "the gateway"
    if pool.subnet is None:
        return
    subnet = network_of(pool.subnet)
    if subnet.num_addresses <= _TOO_FEW_TO_RESERVE:
        return
    yield str(subnet.network_address), "the subnet itself"
    if subnet.version == 4:
        yield str(subnet.broadcast_address), "the subnet's broadcast"
    if not pool.gateway:
        # The engine takes the first free one, from the range where there is one.
        start = network_of(pool.ip_range).network_address if pool.ip_range else subnet.network_address
        yield str(start + (start == subnet.network_address)), "the gateway"


def _check_endpoint(endpoint: Endpoint, spec: NetworkSpec | None, path: Path, findings: Findings) -> None:
    for index, address in enumerate(endpoint.link_local_ips):
        if not ip_address(address).is_link_local:
            findings.error(
                (*path, "link_local_ips", index),
                f"{address} is no link-local address",
                "write one from 169.254.0.0/16 or fe80::/10",
            )
    if endpoint.mac_address and int(endpoint.mac_address[:2], 16) & 1:
        findings.error(
            (*path, _MAC),
            f"{endpoint.mac_address} is the address of a group, not of one interface",
            "write one whose first byte is even, such as 02:42:0a:5a:00:14",
        )
    if endpoint.interface_name and len(endpoint.interface_name) > INTERFACE_MOST:
        findings.error(
            (*path, "interface_name"),
            f"an interface's name has {INTERFACE_MOST} characters at most, and this has {len(endpoint.interface_name)}",
            "shorten it",
        )
    if spec is None or not spec.external or spec.name != "bridge":
        return
    for key in ("aliases", *_ADDRESSES):
        if getattr(endpoint, key):
            findings.error(
                (*path, key),
                f"the engine's own network bridge takes no {key}",
                f"remove {key}, or declare a network of the stack's own",
            )


def _pools(spec: NetworkSpec) -> tuple[IpamPool, ...]:
    return spec.ipam.config if spec.ipam else ()


def _overlap(one: str, other: str) -> bool:
    first, second = network_of(one), network_of(other)
    return first.version == second.version and first.overlaps(second)


def _check_versions(spec: NetworkSpec, path: Path, findings: Findings) -> None:
    """The pools fit the IP versions that the network has, and the driver takes as many of them."""
    if spec.enable_ipv4 is False and not spec.enable_ipv6:
        findings.error((*path, "enable_ipv4"), "the network has neither IPv4 nor IPv6", "set enable_ipv6: true")
    seen: set[int] = set()
    for index, pool in enumerate(_pools(spec)):
        place: Path = (*path, "ipam", "config", index, "subnet")
        if pool.subnet is None:
            continue
        version = network_of(pool.subnet).version
        if version == 6 and not spec.enable_ipv6:
            findings.error(place, f"the IPv6 subnet {pool.subnet} is not used", "set enable_ipv6: true at the network")
        if version == 4 and spec.enable_ipv4 is False:
            findings.error(place, f"the IPv4 subnet {pool.subnet} is not used", "remove it, or remove enable_ipv4")
        if version in seen and spec.driver in (None, "bridge"):
            findings.error(
                place,
                f"a bridge network takes one IPv{version} subnet, and this is another",
                "keep one, or declare a second network",
            )
        seen.add(version)


def _check_pool(pool: IpamPool, path: Path, findings: Findings) -> None:
    parts: list[tuple[Path, str]] = [
        ((*path, key), value) for key in ("ip_range", "gateway") if (value := getattr(pool, key)) is not None
    ]
    for label, address in pool.aux_addresses.items():
        place: Path = (*path, "aux_addresses", label)
        if _is_address(address):
            parts.append((place, address))
        else:
            findings.error(place, f"{address!r} is no IP address", "write one such as 10.90.0.9")
    if pool.subnet is None and not parts:
        findings.error(path, "the address range has no subnet", "add subnet: such as 10.90.0.0/24, or remove it")
    for place, value in parts:
        key = next(str(step) for step in reversed(place) if step in _PARTS)
        if pool.subnet is None:
            findings.error(place, f"{key} needs a subnet", "add subnet: beside it, such as 10.90.0.0/24")
            continue
        subnet, inner = network_of(pool.subnet), network_of(value if "/" in value else _alone(value))
        if inner.version != subnet.version or not subnet.supernet_of(inner):  # type: ignore[arg-type]
            findings.error(place, f"{value} is not within the subnet {pool.subnet}", "choose one within the subnet")
    _check_alike(pool, path, findings)


def _check_alike(pool: IpamPool, path: Path, findings: Findings) -> None:
    """The gateway and the auxiliary addresses are different ones, and neither the subnet's first nor last."""
    alone = IpamPool(subnet=pool.subnet)
    taken = {address: holder for address, holder in _reserved(alone) if pool.gateway is None or holder != "the gateway"}
    wanted: list[tuple[Path, str, str]] = []
    if pool.gateway is not None:
        wanted.append(((*path, "gateway"), pool.gateway, "the gateway"))
    for label, address in pool.aux_addresses.items():
        wanted.append(((*path, "aux_addresses", label), address, f"the auxiliary address {label!r}"))
    for place, address, holder in wanted:
        other = taken.setdefault(address, holder)
        if other != holder:
            findings.error(place, f"{other} has the address {address} already", "choose another address")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _alone(address: str) -> str:
    return f"{address}/{ip_address(address).max_prefixlen}"


def _fixed(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for key in _ADDRESSES:
        value = getattr(endpoint, key)
        if value is not None:
            yield key, value


def _check_subnet(spec: NetworkSpec | None, name: str, address: str, path: Path, findings: Findings) -> None:
    # An external network's subnets are the engine's to know; a network that is not declared has its own error.
    if spec is not None and spec.external:
        return
    ip = ip_address(address)
    subnets = [pool.subnet for pool in _pools(spec) if pool.subnet] if spec else []
    fitting = [text for text in subnets if network_of(text).version == ip.version]
    if not fitting:
        findings.error(
            path,
            f"a fixed address needs a subnet of the spec's own on the network {name!r}",
            f"add ipam: {{config: [{{subnet: ...}}]}} to networks.{name}",
        )
    elif not any(ip in network_of(text) for text in fitting):
        findings.error(
            path,
            f"the address {address} is outside the network's {' and '.join(fitting)}",
            "choose an address within it",
        )
