"""Rules: network modes, subnets and fixed addresses fit together.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from dockerspec.core.spec.model import Endpoint, IpamPool, NetworkSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import network_of

_ADDRESSES = ("ipv4_address", "ipv6_address")


def check_modes(stack: Stack, findings: Findings) -> None:
    """Find containers that ask for networks and for none at once."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name, "network_mode")
        if spec.network_mode and spec.networks:
            findings.error(path, "network_mode and networks exclude each other", "remove one of them")
        elif spec.network_mode in stack.networks:
            findings.error(
                path,
                f"network_mode does not take the spec's network {spec.network_mode!r}",
                f"write networks: [{spec.network_mode}] instead",
            )


def check_subnets(stack: Stack, findings: Findings) -> None:
    """Find address ranges that overlap, or that do not hold what they should."""
    seen: list[tuple[str, str]] = []
    for name, spec in stack.networks.items():
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
        (name, pool.gateway): "the gateway"
        for name, spec in stack.networks.items()
        for pool in _pools(spec)
        if pool.gateway
    }
    for name, spec in stack.containers.items():
        for network, endpoint in spec.networks.items():
            for key, address in _fixed(endpoint):
                path: Path = ("containers", name, "networks", network, key)
                if spec.replicas > 1:
                    findings.error(
                        path,
                        f"{spec.replicas} replicas can't share the address {address}",
                        "remove the address, or set replicas: 1",
                    )
                _check_subnet(stack.networks.get(network), network, address, path, findings)
                holder = taken.setdefault((network, address), f"the container {name!r}")
                if holder != f"the container {name!r}":
                    findings.error(path, f"{holder} has the address {address} already", "choose another address")


def _pools(spec: NetworkSpec) -> tuple[IpamPool, ...]:
    return spec.ipam.config if spec.ipam else ()


def _overlap(one: str, other: str) -> bool:
    first, second = network_of(one), network_of(other)
    return first.version == second.version and first.overlaps(second)


def _check_pool(pool: IpamPool, path: Path, findings: Findings) -> None:
    parts = {"ip_range": pool.ip_range, "gateway": pool.gateway}
    for key, value in parts.items():
        if value is None:
            continue
        if pool.subnet is None:
            findings.error((*path, key), f"{key} needs a subnet", "add subnet: beside it, such as 10.90.0.0/24")
            continue
        subnet, inner = network_of(pool.subnet), network_of(value if "/" in value else _alone(value))
        if inner.version != subnet.version or not subnet.supernet_of(inner):  # type: ignore[arg-type]
            findings.error(
                (*path, key), f"{value} is not within the subnet {pool.subnet}", "choose one within the subnet"
            )


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
