"""Rule: a fixed MAC address has an interface to go to, and no second one like it.

Called through `RULES`. Engines drop the address of a container without networks without a word, or refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_LONE_MODES = ("host", "none")


def check_macs(stack: Stack, findings: Findings) -> None:
    """Find MAC addresses that can't be given out."""
    taken: dict[tuple[str, str], str] = {}
    for name, spec in stack.containers.items():
        if spec.state == "absent" or spec.replicas == 0:
            continue
        path: Path = ("containers", name)
        mode = spec.network_mode or ""
        if spec.mac_address and (mode in _LONE_MODES or mode.startswith(("service:", "container:"))):
            findings.error(
                (*path, "mac_address"),
                f"with network_mode: {mode} the container has no interface of its own",
                "remove mac_address, or network_mode",
            )
            continue
        for place, network, address in _fixed(spec):
            if spec.replicas > 1:
                findings.error(
                    (*path, *place),
                    f"{spec.replicas} replicas can't share the address {address}",
                    "remove the address, or set replicas: 1",
                )
            holder = taken.setdefault((network, address), name)
            if holder != name:
                findings.error(
                    (*path, *place),
                    f"the container {holder!r} has the address {address} already",
                    "choose another address",
                )


def _fixed(spec: ContainerSpec) -> Iterator[tuple[Path, str, str]]:
    """The fixed addresses: place below the container, network, address. The first network takes the container's own."""
    keys = sorted(spec.networks, key=lambda key: (-spec.networks[key].priority, key))
    for key in keys:
        address = spec.networks[key].mac_address
        if address:
            yield ("networks", key, "mac_address"), key, address
    if not spec.mac_address:
        return
    first = keys[0] if keys else spec.network_mode or "default"
    if not keys or not spec.networks[first].mac_address:
        yield ("mac_address",), first, spec.mac_address
