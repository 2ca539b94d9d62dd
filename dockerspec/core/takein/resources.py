"""Inverses for networks and volumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dockerspec.core.table.base import plain
from dockerspec.core.takein.base import Inverse, Keys, Place, as_is


def _pools(have: Iterable[Mapping[str, Any]], _place: Place) -> Keys:
    pools = [plain(pool) for pool in have if pool]
    return {"ipam": {"config": pools}} if pools else {}


def _driver(have: str, place: Place) -> Keys:
    """The driver; the engine itself makes one up for a mere configuration."""
    return {} if place.fields.get("config_only") else {"driver": have}


def _cluster(have: Mapping[str, Any], _place: Place) -> Keys:
    """A volume of a swarm: the parts of its normal form where the spec has them."""
    access: Keys = {key: value for key, value in have["access_mode"].items() if key not in ("fs_type", "mount_flags")}
    mount = {key: plain(have["access_mode"][key]) for key in ("fs_type", "mount_flags") if key in have["access_mode"]}
    if mount:
        access["mount_volume"] = mount
    cluster: Keys = {"access_mode": access}
    for key in ("group", "secrets", "availability"):
        if key in have:
            cluster[key] = plain(have[key])
    for part, names in (
        ("accessibility_requirements", ("requisite", "preferred")),
        ("capacity_range", ("required_bytes", "limit_bytes")),
    ):
        values = {name: plain(have[name]) for name in names if name in have}
        if values:
            cluster[part] = values
    return {"cluster": cluster}


def _ipam(part: str) -> Inverse:
    return lambda have, _place: {"ipam": {part: plain(have)}}


NETWORK: Mapping[str, Inverse] = {
    **{
        key: as_is(key)
        for key in (
            *("driver_opts", "internal", "attachable", "enable_ipv4", "enable_ipv6", "labels"),
            *("scope", "ingress", "config_only"),
        )
    },
    "driver": _driver,
    "config_from": lambda have, place: {"config_from": place.networks.get(have, have)},
    "ipam.driver": _ipam("driver"),
    "ipam.options": _ipam("options"),
    "ipam.config": _pools,
}
VOLUME: Mapping[str, Inverse] = {
    **{key: as_is(key) for key in ("driver", "driver_opts", "labels")},
    "cluster": _cluster,
}
