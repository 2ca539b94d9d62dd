"""The field table of networks. A network can't be edited: every change makes it anew."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Row, Was, as_texts, dig, place, plain, replace, simple
from dockerspec.core.table.ports import address
from dockerspec.core.table.process import foreign_labels


def _subnet(text: str | None) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text


def _host(text: str) -> str:
    # Some engines report an auxiliary address with its prefix length.
    return address(text.partition("/")[0])


def _pool(subnet: str | None, ip_range: str | None, gateway: str | None, aux: Mapping[str, str] | None) -> Value:
    values: dict[str, Value] = {
        "subnet": _subnet(subnet),
        "ip_range": _subnet(ip_range),
        "gateway": _host(gateway or ""),
        "aux_addresses": {name: _host(item) for name, item in (aux or {}).items()},
    }
    return {key: value for key, value in values.items() if value not in ("", {})}


def _order(pools: list[Value]) -> Value:
    return tuple(sorted(pools, key=str))


def _want_pools(spec: Any, _context: Context) -> Value:
    if spec.ipam is None:
        return ()
    return _order([_pool(p.subnet, p.ip_range, p.gateway, p.aux_addresses) for p in spec.ipam.config])


def _have_pools(raw: Json, _engine: EngineFacts) -> Value:
    pools = dig(raw, ("IPAM", "Config")) or ()
    return _order(
        [_pool(p.get("Subnet"), p.get("IPRange"), p.get("Gateway"), p.get("AuxiliaryAddresses")) for p in pools]
    )


def _same_pools(want: Value, have: Value) -> bool:
    """Whether each wanted pool has a live one that says the same and, where the spec is silent, anything.

    The engine chooses gateways and adds a pool of its own for the address family that the spec leaves out.
    """
    assert isinstance(want, tuple)
    assert isinstance(have, tuple)
    return all(any(_covers(live, pool) for live in have) for pool in want)


def _covers(live: Value, wanted: Value) -> bool:
    assert isinstance(live, Mapping)
    assert isinstance(wanted, Mapping)
    return all(live.get(key) == value for key, value in wanted.items())


def _put_ipam(body: Body, spec: Any, _context: Context) -> None:
    own = spec.ipam
    if own is None:
        return
    pools = []
    for pool in own.config:
        values = {
            "Subnet": pool.subnet,
            "IPRange": pool.ip_range,
            "Gateway": pool.gateway,
            "AuxiliaryAddresses": dict(pool.aux_addresses),
        }
        pools.append({key: value for key, value in values.items() if value})
    ipam: Body = {"Driver": own.driver or "default", "Config": pools}
    if own.options:
        ipam["Options"] = dict(own.options)
    body["IPAM"] = ipam


def _nothing(_body: Body, _spec: Any, _context: Context) -> None:
    """Written together with the pools."""


def _wanted_only(want: Value, have: Value, _was: Was) -> Value:
    # Drivers and the daemon's default-network-opts add options of their own.
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    return {key: value for key, value in have.items() if key in want}


def _put_driver_opts(body: Body, spec: Any, _context: Context) -> None:
    if spec.driver_opts:
        body["Options"] = plain(as_texts(spec.driver_opts))


def _put_labels(body: Body, spec: Any, _context: Context) -> None:
    if spec.labels:
        body["Labels"] = dict(spec.labels)


def _family_row(key: str, at: str, default: bool, since: tuple[int, int]) -> Row[Any]:
    def put(body: Body, spec: Any, _context: Context) -> None:
        value = getattr(spec, key)
        if value is not None:
            place(body, (at,), value)

    def want(spec: Any, _context: Context) -> Value:
        value = getattr(spec, key)
        return default if value is None else value

    return Row(
        key=key,
        engine=(at,),
        want=want,
        have=lambda raw, _engine: raw.get(at, default),
        put=put,
        way=replace,
        since=since,
        polluted=True,
    )


ROWS: tuple[Row[Any], ...] = (
    simple("driver", "Driver", default="bridge"),
    Row(
        key="driver_opts",
        means="options that driver or daemon add are no difference",
        engine=("Options",),
        want=lambda spec, _context: as_texts(spec.driver_opts),
        have=lambda raw, _engine: as_texts(raw.get("Options") or {}),
        put=_put_driver_opts,
        way=replace,
        trim=_wanted_only,
        polluted=True,
    ),
    simple("internal", "Internal", default=False),
    simple("attachable", "Attachable", default=False),
    _family_row("enable_ipv4", "EnableIPv4", True, (1, 48)),
    _family_row("enable_ipv6", "EnableIPv6", False, (1, 41)),
    Row(
        key="ipam.driver",
        engine=("IPAM.Driver",),
        want=lambda spec, _context: (spec.ipam and spec.ipam.driver) or "default",
        have=lambda raw, _engine: dig(raw, ("IPAM", "Driver")) or "default",
        put=_nothing,
        way=replace,
    ),
    Row(
        key="ipam.options",
        engine=("IPAM.Options",),
        want=lambda spec, _context: as_texts(spec.ipam.options) if spec.ipam else {},
        have=lambda raw, _engine: as_texts(dig(raw, ("IPAM", "Options")) or {}),
        put=_nothing,
        way=replace,
    ),
    Row(
        key="ipam.config",
        means="in any order; what the engine chose where the spec is silent is no difference",
        engine=(
            "IPAM.Config.Subnet",
            "IPAM.Config.IPRange",
            "IPAM.Config.Gateway",
            "IPAM.Config.AuxiliaryAddresses",
        ),
        want=_want_pools,
        have=_have_pools,
        put=_put_ipam,
        way=replace,
        same=_same_pools,
        polluted=True,
    ),
    Row(
        key="labels",
        engine=("Labels",),
        want=lambda spec, _context: foreign_labels(spec.labels),
        have=lambda raw, _engine: foreign_labels(raw.get("Labels")),
        put=_put_labels,
        way=replace,
    ),
)


def create_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's create body for a network spec."""
    # Older engines make a second network of the same name unless they are told to look.
    body: Body = {"Name": name, "CheckDuplicate": True}
    for row in ROWS:
        row.put(body, spec, context)
    return body
