"""Inverses for networks and volumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dockerspec.core.table.base import plain
from dockerspec.core.takein.base import Inverse, Keys, Place, as_is


def _pools(have: Iterable[Mapping[str, Any]], _place: Place) -> Keys:
    pools = [plain(pool) for pool in have if pool]
    return {"ipam": {"config": pools}} if pools else {}


def _ipam(part: str) -> Inverse:
    return lambda have, _place: {"ipam": {part: plain(have)}}


NETWORK: Mapping[str, Inverse] = {
    **{
        key: as_is(key)
        for key in ("driver", "driver_opts", "internal", "attachable", "enable_ipv4", "enable_ipv6", "labels")
    },
    "ipam.driver": _ipam("driver"),
    "ipam.options": _ipam("options"),
    "ipam.config": _pools,
}
VOLUME: Mapping[str, Inverse] = {key: as_is(key) for key in ("driver", "driver_opts", "labels")}
