"""Rule: no two containers claim the same port of the host.

Called through `RULES`. A range with more ports than replicas leaves a choice, so it claims none of them for sure.
"""

from __future__ import annotations

from ipaddress import ip_address

from dockerspec.core.spec.forms import place_of
from dockerspec.core.spec.model import ContainerSpec, Port, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import format_port_range, parse_port_range

_NO_PORTS = ("host", "none")
_ANY = (None, "0.0.0.0", "::")

Claims = dict[tuple[str, int], list[tuple[str | None, str]]]


def check_ports(stack: Stack, findings: Findings) -> None:
    """Find host ports that more than one container needs."""
    claims: Claims = {}
    for name, spec in stack.containers.items():
        if not spec.ports or spec.state == "absent" or spec.replicas == 0:
            continue
        if _publishes_nothing(name, spec, findings):
            continue
        for index, port in enumerate(spec.ports):
            path: Path = ("containers", name, "ports", place_of(spec.ports, index))
            if port.published is not None:
                _claim(claims, name, spec.replicas, port, path, findings)


def _publishes_nothing(name: str, spec: ContainerSpec, findings: Findings) -> bool:
    mode = spec.network_mode or ""
    path: Path = ("containers", name, "ports")
    if mode in _NO_PORTS:
        summary = f"with network_mode: {mode} the engine publishes no ports"
        findings.error(path, summary, "remove ports, or remove network_mode")
    elif mode.startswith(("service:", "container:")):
        owner = mode.partition(":")[2]
        findings.error(
            path,
            f"the container has no network of its own to publish ports from (network_mode: {mode})",
            f"move ports to the container {owner!r}",
        )
    else:
        return False
    return True


def _claim(claims: Claims, name: str, replicas: int, port: Port, path: Path, findings: Findings) -> None:
    first, last = parse_port_range(port.published)
    length = last - first + 1
    if length < replicas:
        wide = format_port_range(first, first + replicas - 1)
        findings.error(
            path,
            f"{replicas} replicas can't share the host port {port.published}",
            f"write a range with a port for each, such as {wide}:{port.target}, or leave out the host port",
        )
    if length > replicas:
        return
    for number in range(first, last + 1):
        holders = claims.setdefault((port.protocol, number), [])
        other = next((holder for address, holder in holders if _overlap(address, port.host_ip)), None)
        if other is not None:
            holder = "this container" if other == name else f"the container {other!r}"
            findings.error(
                path,
                f"{holder} publishes the host port {number}/{port.protocol} already",
                "choose another host port",
            )
            return
        holders.append((port.host_ip, name))


def _overlap(one: str | None, other: str | None) -> bool:
    """Whether two host addresses can't both be listened on at the same port."""
    if one == other or one is None or other is None:
        return True
    if one not in _ANY and other not in _ANY:
        return False
    return ip_address(one).version == ip_address(other).version
