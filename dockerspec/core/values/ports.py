"""Ports: Compose's short forms to the long form, and host port ranges to numbers.

Called by the spec model, the rules between fields, and whoever hands a replica its port.
"""

from __future__ import annotations

import re

from dockerspec.core.values.addresses import parse_ip
from dockerspec.core.values.shown import shown

PROTOCOLS = ("tcp", "udp", "sctp")

_LARGEST = 65535
_RANGE = r"([0-9]{1,5})(?:-([0-9]{1,5}))?"
_SHORT = r"(?:(?:\[(?P<v6>[^\]]*)\]|(?P<ip>[^:\[\]]*)):(?=[^:]*:))?(?:(?P<published>[^:]*):)?(?P<target>[^:]+)"
_EXAMPLE = 'write "8080:80", "127.0.0.1:8080:80/udp" or "8000-8002:80-82"'

Form = dict[str, object]


def parse_port_range(value: object) -> tuple[int, int]:
    """Read `8080` or `8080-8081` as its first and last port.

    Raises:
        ValueError: the text is no port or range, or leaves 1 to 65535, or runs backwards.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = re.fullmatch(_RANGE, text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is no port; write a number or a range, such as 8080 or 8080-8081")
    first = int(match[1])
    last = int(match[2]) if match[2] else first
    if first > last:
        raise ValueError(f"the port range {text} runs backwards; write {last}-{first}")
    if first < 1 or last > _LARGEST:
        raise ValueError(f"the port {text} does not exist; write a number from 1 to {_LARGEST}")
    return first, last


def format_port_range(first: int, last: int) -> str:
    """Write a port range the shortest way: `8080`, `8080-8081`."""
    return str(first) if first == last else f"{first}-{last}"


def parse_port(value: object) -> list[Form]:
    """Read a short form of a published port.

    Args:
        value: `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]:8080:80`, `127.0.0.1::80`, `8000-8002:80-82`, ...

    Returns:
        The long form, as mappings with `target`, `published`, `host_ip` and `protocol`. A range onto an equally
        long range becomes one mapping per port; a range onto one port stays a range.

    Raises:
        ValueError: the text is no port mapping.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError(f"{shown(value)} is no port mapping; {_EXAMPLE}")
    address, protocol = split_protocol(text)
    match = re.fullmatch(_SHORT, address)
    if match is None:
        hint = "put an IPv6 address in brackets, such as [::1]:8080:80" if text.count(":") > 2 else _EXAMPLE
        raise ValueError(f"{shown(text)} is no port mapping; {hint}")
    host = match["v6"] if match["v6"] is not None else match["ip"]
    host_ip = parse_ip(host) if host else None
    target = parse_port_range(match["target"])
    published = parse_port_range(match["published"]) if match["published"] else None
    if published is None and match["published"] is not None and host_ip is None:
        raise ValueError(f"{shown(text)} lacks the host port before the colon; {_EXAMPLE}")
    return [
        {"target": port, "published": outer, "host_ip": host_ip, "protocol": protocol}
        for port, outer in _pairs(text, target, published)
    ]


def split_protocol(text: str) -> tuple[str, str]:
    """Split `80/udp` into the port text and the protocol, which is tcp where none is given.

    Raises:
        ValueError: the protocol is unknown.
    """
    address, slash, protocol = text.strip().partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in PROTOCOLS:
        raise ValueError(f"{shown(protocol)} is no protocol; write tcp, udp or sctp, such as 80/udp")
    return address, protocol


def parse_expose(value: object) -> tuple[str, ...]:
    """Read an exposed port or range: `80` is `80/tcp`, and `3000-3001/udp` is two.

    Raises:
        ValueError: the value is no port.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError(f'{shown(value)} is no port; write "80", "53/udp" or "3000-3005"')
    address, protocol = split_protocol(text)
    first, last = parse_port_range(address)
    return tuple(f"{port}/{protocol}" for port in range(first, last + 1))


def _pairs(text: str, target: tuple[int, int], published: tuple[int, int] | None) -> list[tuple[int, str | None]]:
    inner = range(target[0], target[1] + 1)
    if published is None:
        return [(port, None) for port in inner]
    if len(inner) == 1:
        return [(inner[0], format_port_range(*published))]
    outer = range(published[0], published[1] + 1)
    if len(outer) != len(inner):
        raise ValueError(
            f"{shown(text)} maps {len(outer)} host ports onto {len(inner)} container ports; "
            f"write ranges of the same length, or a single container port"
        )
    return [(port, str(host)) for port, host in zip(inner, outer, strict=True)]
