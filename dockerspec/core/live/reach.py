"""Where a container's port can be tried from this machine: an address, or why there is none.

Callers: runtime.execute.probes. Pure: works on one inspect answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any

_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
_OWN = ("127.", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Place:
    """An address to try.

    Attributes:
        host, port: where.
        relayed: whether a program of the engine's may accept connections there although the container does not.
    """

    host: str
    port: int
    relayed: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def places(container: Json, port: int, engine_host: str) -> list[Place] | str:
    """The addresses of a container's TCP port, the one to prefer first; or why there is none.

    A port that the host publishes is tried there, as users will; on an engine of this machine the container's own
    address comes next.

    Args:
        container: the inspect answer of the container, or of the one whose network it shares.
        port: the port within the container.
        engine_host: the engine's host; empty for this machine.
    """
    mode = str((container.get("HostConfig") or {}).get("NetworkMode") or "")
    if mode == "host":
        return [Place(engine_host or _ANY[""], port)]
    if mode == "none":
        return "it has no network"
    settings = container.get("NetworkSettings") or {}
    found, hidden = [], ""
    for binding in (settings.get("Ports") or {}).get(f"{port}/tcp") or ():
        listens = str(binding.get("HostIp") or "")
        if listens.startswith(_OWN) and engine_host:
            hidden = f"port {port} is published on {listens} of the engine's host only"
            continue
        host = listens if listens not in _ANY else engine_host or _ANY[listens]
        found.append(Place(host, int(binding["HostPort"]), relayed=True))
    if not engine_host:
        own = [str(item.get("IPAddress") or "") for item in (settings.get("Networks") or {}).values() if item]
        found += [Place(address, port) for address in own if address]
    if found:
        # IPv4 first: it is there wherever IPv6 is.
        return sorted(found, key=lambda place: (not place.relayed, ":" in place.host))
    if engine_host:
        return hidden or f"port {port} is not published, and the engine is on another machine"
    return "it has no address"


def only_port(container: Json) -> int | str:
    """The only TCP port that a container exposes; or why there is none."""
    exposed = (container.get("Config") or {}).get("ExposedPorts") or {}
    ports = sorted({int(item.partition("/")[0]) for item in exposed if item.partition("/")[2] in ("", "tcp")})
    if len(ports) == 1:
        return ports[0]
    return f"it exposes {len(ports)} TCP ports ({', '.join(map(str, ports))})" if ports else "it exposes no TCP port"


def shares_with(container: Json) -> str:
    """The ID of the container whose network this one shares; empty for its own."""
    mode = str((container.get("HostConfig") or {}).get("NetworkMode") or "")
    return mode.partition(":")[2] if mode.startswith("container:") else ""
