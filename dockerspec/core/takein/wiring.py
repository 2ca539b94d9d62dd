"""Inverses for what a container is joined to: mounts, ports, networks, links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dockerspec.core.table.base import dig, plain
from dockerspec.core.table.net import once_fixed
from dockerspec.core.takein.base import Inverse, Keys, Place, as_is, nothing, size
from dockerspec.core.takein.process import shared

# Words of a mount's normal form by the option group of the spec that they stand in.
_GROUPS = {
    "bind": ("propagation", "selinux", "recursive"),
    "volume": ("nocopy", "subpath"),
    "tmpfs": ("size", "mode", "options"),
    "image": ("subpath",),
}
_SHORT = ("type", "source", "read_only", "propagation", "selinux", "nocopy")


def _volumes(have: Mapping[str, Mapping[str, Any]], place: Place) -> Keys:
    inherited = place.context.inherited("Volumes") or ()
    items = [
        _mount(target, mount, place)
        for target, mount in sorted(have.items())
        if not (target in inherited and mount == {"type": "volume"})
    ]
    return {"volumes": items} if items else {}


def _mount(target: str, mount: Mapping[str, Any], place: Place) -> Any:
    kind, source = mount["type"], mount.get("source", "")
    if kind == "volume":
        source = place.volumes.get(source, source)
    short = _short_mount(kind, source, target, mount)
    if short:
        return short
    entry: Keys = {"type": kind}
    if source:
        entry["source"] = source
    entry["target"] = target
    used = {"type", "source"}
    options = {}
    for word in _GROUPS.get(kind, ()):
        if word in mount:
            options[word] = size(mount[word]) if word == "size" else plain(mount[word])
            used.add(word)
    entry.update({word: value for word, value in mount.items() if word not in used})
    return {**entry, kind: options} if options else entry


def _short_mount(kind: str, source: str, target: str, mount: Mapping[str, Any]) -> str:
    """`SOURCE:TARGET:OPTIONS`; empty where only the long form says it."""
    if ":" in source + target or not mount.keys() <= set(_SHORT) or kind not in ("bind", "volume"):
        return ""
    if not source:
        return target if mount.keys() == {"type"} else ""
    words = ["ro"] if mount.get("read_only") else []
    words += [mount[word] for word in ("selinux", "propagation") if word in mount]
    words += ["nocopy"] if mount.get("nocopy") else []
    return ":".join([source, target, *([",".join(words)] if words else [])])


def _tmpfs(have: Mapping[str, str], _place: Place) -> Keys:
    return {"tmpfs": [f"{target}:{options}" if options else target for target, options in sorted(have.items())]}


def _volumes_from(have: Iterable[str], place: Place) -> Keys:
    items = []
    for text in have:
        name, colon, mode = text.partition(":")
        known = place.containers.get(name)
        items.append(f"{known or f'container:{name}'}{colon}{mode}")
    return {"volumes_from": items}


def _ports(have: Mapping[str, Iterable[str]], _place: Place) -> Keys:
    items = []
    for target, bindings in sorted(have.items(), key=lambda item: _port_order(item[0])):
        number, _, protocol = target.partition("/")
        suffix = "" if protocol == "tcp" else f"/{protocol}"
        for binding in bindings:
            host, colon, port = binding.rpartition(":")
            items.append(f"{host}{colon}{port}{':' if colon or port else ''}{number}{suffix}")
    return {"ports": items}


def _port_order(target: str) -> tuple[int, str]:
    number, _, protocol = target.partition("/")
    return (int(number) if number.isdecimal() else 0, protocol)


def _expose(have: Iterable[str], place: Place) -> Keys:
    ports = place.fields.get("ports")
    known = {*(place.context.inherited("ExposedPorts") or ()), *(ports if isinstance(ports, Mapping) else ())}
    items = [text.removesuffix("/tcp") for text in sorted(set(have) - known, key=_port_order)]
    return {"expose": items} if items else {}


def _network_mode(have: str, place: Place) -> Keys:
    return {"network_mode": shared(have, place)} if have else {}


def _networks(have: Mapping[str, Mapping[str, Any]], place: Place) -> Keys:
    """The places in networks. A lone place in the default bridge is `network_mode: bridge`."""
    if place.fields.get("network_mode"):
        return {}
    keys = _links({link for endpoint in have.values() for link in endpoint.get("links", ())}, place)
    fixed = _fixed_macs(have, place)
    if set(have) == {"bridge"}:
        mac = {"mac_address": fixed["bridge"]} if fixed else {}
        return {"network_mode": "bridge", **mac, **keys}
    found = {name: _endpoint(endpoint, place, fixed.get(name)) for name, endpoint in have.items()}
    primary = dig(place.raw, ("HostConfig", "NetworkMode")) or ""
    by_key = {place.networks.get(name, name): endpoint for name, endpoint in found.items()}
    first = place.networks.get(primary, primary)
    if first in by_key and len(by_key) > 1 and first != min(by_key):
        by_key[first] = {**by_key[first], "priority": 1}
    ordered = dict(sorted(by_key.items()))
    if not ordered:
        return keys
    return {"networks": ordered if any(ordered.values()) else list(ordered), **keys}


def _endpoint(have: Mapping[str, Any], place: Place, mac: str | None) -> Keys:
    mine: Keys = {key: value for key, value in have.items() if key not in ("links", "mac_address", "aliases")}
    aliases = [alias for alias in have.get("aliases", ()) if alias != place.context.key]
    if aliases:
        mine["aliases"] = aliases
    if mac:
        mine["mac_address"] = mac
    return {key: list(value) if isinstance(value, tuple) else value for key, value in mine.items()}


def _fixed_macs(have: Mapping[str, Mapping[str, Any]], place: Place) -> dict[str, str]:
    """The MAC addresses that somebody chose, by network; the engine shows its own choice in the same place.

    The record tells them apart. Without one, a container that doesn't run has only chosen ones to show, and of a
    running one the address of the primary network stands in its `Config` too.
    """
    macs = {name: endpoint["mac_address"] for name, endpoint in have.items() if endpoint.get("mac_address")}
    if place.was is not None:
        return {name: macs[name] for name in once_fixed(have, place.was)}
    if dig(place.raw, ("State", "Status")) in ("running", "restarting", "paused"):
        own = (dig(place.raw, ("Config", "MacAddress")) or "").lower()
        return {name: mac for name, mac in macs.items() if mac == own}
    return macs


def _links(have: Iterable[str], place: Place) -> Keys:
    """Links to containers of the spec by key, to others by name."""
    own, others = [], []
    for text in sorted(have):
        name, _, alias = text.partition(":")
        if name in place.containers:
            key = place.containers[name]
            own.append(key if alias == key else f"{key}:{alias}")
        else:
            others.append(name if alias == name else text)
    return {key: items for key, items in (("links", own), ("external_links", others)) if items}


INVERSES: Mapping[str, Inverse] = {
    # What was written is recorded as digests only; see `unsaid`.
    "configs": nothing,
    "secrets": nothing,
    "volumes": _volumes,
    "volume_driver": as_is("volume_driver"),
    "publish_all_ports": as_is("publish_all_ports"),
    "mac_address": nothing,
    "tmpfs": _tmpfs,
    "volumes_from": _volumes_from,
    "ports": _ports,
    "expose": _expose,
    "network_mode": _network_mode,
    "networks": _networks,
    "links": _links,
}
