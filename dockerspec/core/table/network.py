"""The field table of networks. A network can't be edited: every change makes it anew."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import OLDEST_API, Body, Context, Json, Row, Was, as_texts, dig, plain, replace, simple
from dockerspec.core.table.ports import address
from dockerspec.core.table.process import foreign_labels, trim_labels


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


def _holds_pools(want: Value, have: Value) -> bool:
    """Whether each wanted pool has a live one that says the same and, where the spec is silent, anything.

    The engine chooses gateways and adds a pool of its own for the address family that the spec leaves out.
    """
    assert isinstance(want, tuple)
    assert isinstance(have, tuple)
    return all(any(_covers(live, pool) for live in have) for pool in want)


def subnets(pools: Value) -> tuple[str, ...]:
    """The subnets of the pools of an `ipam.config` in normal form."""
    assert isinstance(pools, tuple)
    return tuple(str(pool["subnet"]) for pool in pools if isinstance(pool, Mapping) and "subnet" in pool)


def _is_ipv6(pool: Value) -> bool:
    return any(":" in text for text in subnets((pool,)))


def _own_pools(want: Value, have: Value, _was: Was) -> Value:
    """The live pools without those of an address family of which the spec has none: the engine added them."""
    assert isinstance(want, tuple)
    assert isinstance(have, tuple)
    families = {_is_ipv6(pool) for pool in want}
    return tuple(pool for pool in have if _is_ipv6(pool) in families)


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


def _holds_options(want: Value, have: Value) -> bool:
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    return all(have.get(key) == value for key, value in want.items())


def _put_driver_opts(body: Body, spec: Any, _context: Context) -> None:
    if spec.driver_opts:
        body["Options"] = plain(as_texts(spec.driver_opts))


def _put_labels(body: Body, spec: Any, _context: Context) -> None:
    if spec.labels:
        body["Labels"] = dict(spec.labels)


def _put_if_set(key: str, at: str) -> Callable[[Body, Any, Context], None]:
    def put(body: Body, spec: Any, _context: Context) -> None:
        value = getattr(spec, key)
        if value is not None:
            body[at] = value

    return put


def _family_row(key: str, at: str, default: bool, since: ApiVersion = OLDEST_API) -> Row[Any]:
    """A row for an address family, which the spec or a driver option switches on or off.

    A daemon's default-network-opts are such options, and the engine reports the option if it was that which decided.
    None is the spec's silence on one side, and the option's choice against the default on the other.
    """
    option = f"com.docker.network.{key}"

    def have(raw: Json, _engine: EngineFacts) -> Value:
        value = bool(raw.get(at, default))
        decided = (raw.get("Options") or {}).get(option) == str(value).lower()
        return None if decided and value is not default else value

    def same(want: Value, have: Value) -> bool:
        return have in (None, default) if want is None else have is None and want is not default

    return Row(
        key=key,
        engine=(at,),
        want=lambda spec, _context: getattr(spec, key),
        have=have,
        put=_put_if_set(key, at),
        way=replace,
        same=same,
        since=since,
    )


def _want_driver(spec: Any, _context: Context) -> Value:
    # A configuration has no driver of its own, whatever the call says.
    return "null" if spec.config_only else spec.driver or "bridge"


def _put_driver(body: Body, spec: Any, _context: Context) -> None:
    if spec.driver:
        body["Driver"] = spec.driver


def _config_from(spec: Any, context: Context) -> str:
    return context.networks.get(spec.config_from, spec.config_from) if spec.config_from else ""


def _put_config_from(body: Body, spec: Any, context: Context) -> None:
    if spec.config_from:
        body["ConfigFrom"] = {"Network": _config_from(spec, context)}


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="driver",
        engine=("Driver",),
        want=_want_driver,
        have=lambda raw, _engine: raw.get("Driver") or "bridge",
        put=_put_driver,
        way=replace,
    ),
    Row(
        key="scope",
        engine=("Scope",),
        want=lambda spec, _context: spec.scope,
        have=lambda raw, _engine: raw.get("Scope"),
        put=_put_if_set("scope", "Scope"),
        way=replace,
        # What the engine chooses follows from the driver.
        same=lambda want, _have: want is None,
    ),
    Row(
        key="driver_opts",
        means="options that driver or daemon add are no difference",
        engine=("Options",),
        want=lambda spec, _context: as_texts(spec.driver_opts),
        have=lambda raw, _engine: as_texts(raw.get("Options") or {}),
        put=_put_driver_opts,
        way=replace,
        trim=_wanted_only,
        holds=_holds_options,
        polluted=True,
    ),
    simple("internal", "Internal", default=False),
    simple("attachable", "Attachable", default=False),
    simple("ingress", "Ingress", default=False),
    simple("config_only", "ConfigOnly", default=False),
    Row(
        key="config_from",
        engine=("ConfigFrom.Network",),
        want=_config_from,
        have=lambda raw, _engine: dig(raw, ("ConfigFrom", "Network")) or "",
        put=_put_config_from,
        way=replace,
    ),
    _family_row("enable_ipv4", "EnableIPv4", True, (1, 48)),
    _family_row("enable_ipv6", "EnableIPv6", False),
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
        same=_holds_pools,
        trim=_own_pools,
        holds=_holds_pools,
        polluted=True,
    ),
    Row(
        key="labels",
        engine=("Labels",),
        want=lambda spec, _context: foreign_labels(spec.labels),
        have=lambda raw, _engine: foreign_labels(raw.get("Labels")),
        put=_put_labels,
        way=replace,
        trim=trim_labels,
    ),
)


def create_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's create body for a network spec."""
    # Older engines make a second network of the same name unless they are told to look.
    body: Body = {"Name": name, "CheckDuplicate": True}
    for row in ROWS:
        row.put(body, spec, context)
    return body


def configured(spec: Any, config: Any) -> Any:
    """The spec of a network as if it had itself what it takes from a configuration's spec."""
    return spec.model_copy(update={key: getattr(config, key) for key in spec.FROM_CONFIGURATION})


def live_body(raw: Json, recorded: Mapping[str, str] | None) -> Body:
    """The create body that makes a live network once more, its labels included.

    Args:
        raw: its inspect answer.
        recorded: what was recorded at its creation; by it pools that the engine chose are left to the engine again.
    """
    body: Body = {"Name": raw.get("Name"), "CheckDuplicate": True}
    for key in ("Driver", "Internal", "Attachable", "Ingress", "ConfigOnly"):
        body[key] = raw.get(key)
    if raw.get("Scope") not in (None, "local"):
        body["Scope"] = raw["Scope"]
    config = dig(raw, ("ConfigFrom", "Network"))
    if config:
        return {**body, "ConfigFrom": {"Network": config}}
    for key in ("EnableIPv4", "EnableIPv6", "Options", "Labels"):
        if key in raw:
            body[key] = raw[key]
    ipam = dict(raw.get("IPAM") or {})
    if recorded is not None and "ipam.config" not in recorded:
        ipam.pop("Config", None)
    return {**body, "IPAM": ipam}
