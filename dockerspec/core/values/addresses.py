"""Addresses of the network kind: IP, CIDR, MAC, and the lines of a container's hosts file.

Called by the spec model and the rules between fields. Results are spelled in their canonical, shortest way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from dockerspec.core.values.shown import shown

HOST_GATEWAY = "host-gateway"

_MAC = r"(?i)[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
_HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"

Network = IPv4Network | IPv6Network


def parse_ip(value: object, version: int | None = None) -> str:
    """Read an IP address.

    Args:
        value: the address; brackets round an IPv6 address are dropped.
        version: 4 or 6 where only that one fits.

    Raises:
        ValueError: the text is no IP address, or one of the other version.
    """
    example = "fd00::5" if version == 6 else "10.0.0.5"
    kind = f"IPv{version}" if version else "IP"
    text = value.strip() if isinstance(value, str) else ""
    try:
        address = ip_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    except ValueError:
        raise ValueError(f"{shown(value)} is no {kind} address; write one such as {example}") from None
    if version and address.version != version:
        raise ValueError(f"{address} is an IPv{address.version} address; write an {kind} one such as {example}")
    return str(address)


def parse_cidr(value: object) -> str:
    """Read a subnet, such as 10.0.0.0/24.

    Raises:
        ValueError: the text is no subnet, or has host bits set.
    """
    return str(network_of(value))


def network_of(value: object) -> Network:
    """The subnet as an object that answers `overlaps` and `in`.

    Raises:
        ValueError: the text is no subnet, or has host bits set.
    """
    text = value.strip() if isinstance(value, str) else ""
    try:
        if "/" not in text:
            raise ValueError
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{shown(value)} is no subnet; write one such as 10.0.0.0/24") from None
    if str(network.network_address) != str(ip_address(text.partition("/")[0])):
        raise ValueError(f"{shown(text)} is an address within a subnet; write the subnet itself, {network}")
    return network


def parse_mac(value: object) -> str:
    """Read a MAC address, in lower case with colons.

    Raises:
        ValueError: the text is no MAC address.
    """
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(_MAC, text) is None:
        raise ValueError(f"{shown(value)} is no MAC address; write one such as 02:42:ac:11:00:02")
    return text.lower().replace("-", ":")


def parse_extra_host(value: object) -> str:
    """Read a line for the hosts file, `HOST:IP` or `HOST=IP`, as `HOST:IP`.

    Raises:
        ValueError: the text names no host, or no address that can be resolved.
    """
    text = value.strip() if isinstance(value, str) else ""
    split = min((place for place in (text.find("="), text.find(":")) if place > 0), default=0)
    host, address = text[:split], text[split + 1 :]
    if re.fullmatch(_HOST, host) is None:
        raise ValueError(f'{shown(value)} is no hosts entry; write HOST:IP, such as "db.local:10.0.0.5"')
    if address == HOST_GATEWAY:
        return f"{host}:{address}"
    return f"{host}:{parse_ip(address)}"


def parse_extra_hosts(value: object) -> object:
    """Turn the mapping form {HOST: IP or [IP, ...]} into the list form; every other value is left as it is."""
    if not isinstance(value, Mapping):
        return value
    return [
        f"{host}={address}"
        for host, found in value.items()
        for address in (found if isinstance(found, list) else [found])
    ]
