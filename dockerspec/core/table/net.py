"""Rows for the networks that a container joins, and its links."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Part, Row, Was, dig, place, plain, replace
from dockerspec.core.table.ports import address
from dockerspec.core.table.security import namespace, reference
from dockerspec.core.way import Way

MULTI_NETWORK_API: ApiVersion = (1, 44)
"""From this API version on, one create call takes several networks (and a MAC address per endpoint)."""

GONE = "on a network that is gone"
"""What stands in the place of a live endpoint whose network was removed, under whatever name it may be back."""

MODE_MUST_EXIST_API: ApiVersion = (1, 44)
"""From this API version on, a container can't be started once the network is gone that it was created in."""

MAC_ON_CONNECT_API: ApiVersion = (1, 54)
"""From this API version on connecting heeds a MAC address; before, it is ignored without a word."""

_MAC = "mac_address"
_MOST_NETWORKS = 8
_ASIDE = ".replaced"  # `ownership.ASIDE`, which the table may not know
_LONE_MODES = ("host", "none")
_DEFAULT_MODES = ("bridge", "default", "nat")


def _mode(spec: Any, context: Context) -> str:
    """The mode of a container that is in no network of its own; empty for all others."""
    mode = namespace(spec.network_mode, context)
    return mode if mode in _LONE_MODES or mode.startswith("container:") else ""


def _have_mode(raw: Json, _engine: EngineFacts) -> Value:
    # For a container in networks this names the first one of its creation and goes stale: the networks decide.
    mode = dig(raw, ("HostConfig", "NetworkMode")) or ""
    return mode if mode in _LONE_MODES or mode.startswith("container:") else ""


def network_names(spec: Any, context: Context) -> tuple[str, ...]:
    """The engine names of the networks that a container joins; the first is its primary one."""
    if spec.network_mode:
        if _mode(spec, context):
            return ()
        mode = spec.network_mode
        return ("bridge",) if mode in _DEFAULT_MODES else (context.networks.get(mode, mode),)
    return tuple(context.networks.get(key, key) for key in _order(spec))


def _order(spec: Any) -> list[str]:
    """The spec's networks in the order of joining."""
    if not spec.networks:
        return ["default"]
    return sorted(spec.networks, key=lambda key: (-spec.networks[key].priority, key))


def _endpoint_spec(spec: Any, context: Context, name: str) -> Any:
    return next((own for key, own in spec.networks.items() if context.networks.get(key, key) == name), None)


def _aliases(context: Context, name: str, own: Any) -> tuple[str, ...]:
    if name == "bridge":
        return ()  # the default bridge has no name service and refuses aliases
    aliases = (context.own_name, context.key, *(own.aliases if own else ()))
    return tuple(dict.fromkeys(filter(None, aliases)))


def _endpoint(**values: Any) -> Value:
    return {key: value for key, value in values.items() if value not in (None, "", 0, (), [], {})}


def mac(text: str | None) -> str:
    """A MAC address in its usual spelling."""
    return (text or "").lower().replace("-", ":")


def _wanted_mac(spec: Any, context: Context, name: str) -> str:
    """The MAC address that the spec fixes in a network; the container's own goes to the primary one."""
    own = _endpoint_spec(spec, context, name)
    primary = network_names(spec, context)[0] == name
    return mac((own.mac_address if own else None) or (spec.mac_address if primary else None))


def _want_endpoint(spec: Any, context: Context, name: str) -> Value:
    own = _endpoint_spec(spec, context, name)
    fixed = _wanted_mac(spec, context, name)
    hidden = {spec.hostname, spec.container_name, context.own_name}
    aliases = tuple(sorted({*_aliases(context, name, own)} - hidden))
    links = () if name == "bridge" else _links(spec, context)
    if own is None:
        return _endpoint(aliases=aliases, links=links, mac_address=fixed)
    return _endpoint(
        aliases=aliases,
        links=links,
        ipv4_address=address(own.ipv4_address),
        ipv6_address=address(own.ipv6_address),
        link_local_ips=tuple(sorted(address(item) for item in own.link_local_ips)),
        mac_address=fixed,
        driver_opts=_driver_opts(own),
        gw_priority=own.gw_priority,
    )


def _driver_opts(own: Any) -> dict[str, str]:
    options = dict(own.driver_opts)
    if own.interface_name:
        options["com.docker.network.endpoint.ifname"] = own.interface_name
    return options


def _want_networks(spec: Any, context: Context) -> Value:
    return {name: _want_endpoint(spec, context, name) for name in network_names(spec, context)}


def _have_endpoint(raw: Json, hidden: set[str], own_mac: str) -> Value:
    ipam = raw.get("IPAMConfig") or {}
    return _endpoint(
        aliases=tuple(sorted(set(raw.get("Aliases") or ()) - hidden)),
        links=tuple(sorted(raw.get("Links") or ())),
        ipv4_address=address(ipam.get("IPv4Address")),
        ipv6_address=address(ipam.get("IPv6Address")),
        link_local_ips=tuple(sorted(address(item) for item in ipam.get("LinkLocalIPs") or ())),
        mac_address=mac(raw.get("MacAddress") or own_mac),
        driver_opts=raw.get("DriverOpts") or {},
        gw_priority=raw.get("GwPriority"),
    )


def _have_networks(raw: Json, _engine: EngineFacts) -> Value:
    # Engines before API 1.45 list the short ID among the aliases, and a host name that was given. The container's own
    # name is known in every network, whether or not it is among the aliases.
    name = str(raw.get("Name") or "").lstrip("/").removesuffix(_ASIDE)
    hidden = {str(raw.get("Id", ""))[:12], dig(raw, ("Config", "Hostname")) or "", name}
    attached = dig(raw, ("NetworkSettings", "Networks")) or {}
    # A container that doesn't run has no MAC address to show but the one that was fixed for its primary network.
    primary = dig(raw, ("HostConfig", "NetworkMode")) or "bridge"
    primary = "bridge" if primary == "default" else primary
    own_mac = dig(raw, ("Config", "MacAddress")) or ""
    return {
        name: _have_endpoint(endpoint or {}, hidden, own_mac if name == primary else "")
        for name, endpoint in sorted(attached.items())
        if name not in _LONE_MODES
    }


def _macs(endpoints: Value) -> dict[str, Value]:
    """The MAC addresses among endpoints, by network."""
    assert isinstance(endpoints, Mapping)
    found = {name: own.get("mac_address") for name, own in endpoints.items() if isinstance(own, Mapping)}
    return {name: value for name, value in found.items() if value}


def once_fixed(have: Mapping[str, Value], was: Was) -> frozenset[str]:
    """The networks in which a live MAC address is there because the spec once fixed it.

    The engine shows its own choice in the same place. Which ones were asked for, only the digest of them all can tell:
    it is that of one of the subsets.
    """
    macs = _macs(have)
    if not macs or was(_MAC, {}) or len(macs) > _MOST_NETWORKS:
        return frozenset()
    sizes = range(1, len(macs) + 1)
    subsets = (names for size in sizes for names in combinations(sorted(macs), size))
    return frozenset(next((names for names in subsets if was(_MAC, {name: macs[name] for name in names})), ()))


def _trim_networks(want: Value, have: Value, was: Was) -> Value:
    """The live endpoints without the MAC addresses that the spec leaves to the engine.

    One that the spec asks for and that can't be seen, since the container doesn't run, is taken as made.
    """
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    fixed = once_fixed(have, was)
    unseen = _macs(want) if was(_MAC, _macs(want)) else {}
    result: dict[str, Value] = {}
    for name, endpoint in have.items():
        if not isinstance(endpoint, Mapping):
            result[name] = endpoint
            continue
        own = {key: value for key, value in endpoint.items() if key != "mac_address"}
        if name in unseen and "mac_address" not in endpoint:
            own["mac_address"] = unseen[name]
        elif "mac_address" in endpoint and (name in _macs(want) or name in fixed):
            own["mac_address"] = endpoint["mac_address"]
        result[name] = own
    return result


def _way_networks(old: Value, new: Value, engine: EngineFacts) -> Way:
    """Connecting, unless a MAC address is to be kept or changed and the engine ignores it when it connects."""
    if engine.api >= MAC_ON_CONNECT_API or not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return Way.NETWORK
    before, after = _macs(old), _macs(new)
    if engine.api < MULTI_NETWORK_API:
        # There it belongs to the container, which gives it to its primary network again and again.
        return Way.REPLACE if any(before.get(name) != after.get(name) for name in new) else Way.NETWORK
    lost = any(old.get(name) != new[name] and (name in before or name in after) for name in new)
    return Way.REPLACE if lost else Way.NETWORK


def endpoint_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's endpoint settings for one network of a container."""
    endpoint = _want_endpoint(spec, context, name)
    assert isinstance(endpoint, Mapping)
    # The normal form leaves out the alias that is the container's host name too; the engine must be told of it.
    aliases = _aliases(context, name, _endpoint_spec(spec, context, name))
    return _endpoint_body({**endpoint, "aliases": aliases})


def _endpoint_body(endpoint: Mapping[str, Value]) -> Body:
    body: Body = {"Aliases": plain(endpoint["aliases"])} if endpoint.get("aliases") else {}
    ipam = {
        key: plain(endpoint[name])
        for key, name in (
            ("IPv4Address", "ipv4_address"),
            ("IPv6Address", "ipv6_address"),
            ("LinkLocalIPs", "link_local_ips"),
        )
        if name in endpoint
    }
    if ipam:
        body["IPAMConfig"] = ipam
    for key, attribute in (
        ("Links", "links"),
        ("MacAddress", "mac_address"),
        ("DriverOpts", "driver_opts"),
        ("GwPriority", "gw_priority"),
    ):
        if attribute in endpoint:
            body[key] = plain(endpoint[attribute])
    return body


def live_endpoint(endpoint: Value) -> Body:
    """The engine's endpoint settings that connect a container as a live endpoint was, in normal form.

    Its MAC address is left out: the engine reports those that it chose like those that were asked for.
    """
    assert isinstance(endpoint, Mapping)
    return _endpoint_body({key: value for key, value in endpoint.items() if key != "mac_address"})


def is_named_network(mode: str) -> bool:
    """Whether a network mode is the name of a network."""
    return bool(mode) and mode not in (*_LONE_MODES, *_DEFAULT_MODES) and not mode.startswith("container:")


def _put_networks(body: Body, spec: Any, context: Context) -> None:
    names = network_names(spec, context)
    mode = reference(spec.network_mode, context) if not names else names[0]
    if mode:
        place(body, ("HostConfig", "NetworkMode"), mode)
    # An older engine takes one endpoint at creation; the planner connects the rest before the start.
    taken = names if context.engine.api >= MULTI_NETWORK_API else names[:1]
    endpoints = {name: endpoint_body(spec, context, name) for name in taken}
    if endpoints:
        place(body, ("NetworkingConfig", "EndpointsConfig"), endpoints)
    if context.engine.api < MULTI_NETWORK_API and names:
        mac = endpoints[names[0]].pop("MacAddress", None)
        if mac:
            body["MacAddress"] = mac


def late_networks(spec: Any, context: Context) -> tuple[str, ...]:
    """The networks that must be connected after the creation."""
    return () if context.engine.api >= MULTI_NETWORK_API else network_names(spec, context)[1:]


def _links(spec: Any, context: Context) -> tuple[str, ...]:
    result = []
    for text in spec.links:
        name, _, alias = text.partition(":")
        result.append(f"{context.containers.get(name, name)}:{alias or name}")
    result += [text if ":" in text else f"{text}:{text}" for text in spec.external_links]
    return tuple(sorted(result))


def _want_links(spec: Any, context: Context) -> Value:
    # Only the default bridge keeps links for the container as a whole; other networks have them per endpoint.
    return _links(spec, context) if "bridge" in network_names(spec, context) else ()


def _have_links(raw: Json, _engine: EngineFacts) -> Value:
    result = []
    for text in dig(raw, ("HostConfig", "Links")) or ():
        # The engine reports `/target:/self/alias`.
        name, _, alias = text.partition(":")
        result.append(f"{name.lstrip('/')}:{alias.rpartition('/')[2]}")
    return tuple(sorted(result))


def _put_links(body: Body, spec: Any, context: Context) -> None:
    links = _want_links(spec, context)
    if links:
        place(body, ("HostConfig", "Links"), plain(links))


def _has_second_mac(spec: Any) -> bool:
    """Whether a MAC address is fixed in a network that an older engine connects after the creation."""
    return any(spec.networks[key].mac_address for key in _order(spec)[1:])


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="network_mode",
        means="`service:KEY` and `container:NAME` are the container's ID",
        engine=("HostConfig.NetworkMode",),
        want=_mode,
        have=_have_mode,
        put=lambda _body, _spec, _context: None,  # written with the networks
        way=replace,
    ),
    Row(
        key=_MAC,
        engine=("MacAddress",),
        want=lambda spec, context: _macs(_want_networks(spec, context)),
        have=lambda raw, engine: _macs(_have_networks(raw, engine)),
        put=lambda _body, _spec, _context: None,  # written with the networks
        way=replace,
        # Compared with the networks; the record tells an address that was asked for from the engine's own choice.
        same=lambda _want, _have: True,
        remembered=True,
        means="the endpoint's `mac_address` of the primary network",
    ),
    Row(
        key="networks",
        means="addresses in their shortest form, sets in any order; what the engine chose is no difference",
        engine=(
            "NetworkingConfig.EndpointsConfig.IPAMConfig.IPv4Address",
            "NetworkingConfig.EndpointsConfig.IPAMConfig.IPv6Address",
            "NetworkingConfig.EndpointsConfig.IPAMConfig.LinkLocalIPs",
            "NetworkingConfig.EndpointsConfig.Aliases",
            "NetworkingConfig.EndpointsConfig.Links",
            "NetworkingConfig.EndpointsConfig.MacAddress",
            "NetworkingConfig.EndpointsConfig.DriverOpts",
            "NetworkingConfig.EndpointsConfig.GwPriority",
        ),
        want=_want_networks,
        have=_have_networks,
        put=_put_networks,
        way=_way_networks,
        remembered=True,
        parts=(
            Part("networks", MULTI_NETWORK_API, _has_second_mac, "mac_address on more than the first network"),
            Part(
                "networks", (1, 48), lambda spec: any(own.gw_priority for own in spec.networks.values()), "gw_priority"
            ),
            Part(
                "networks",
                (1, 48),
                lambda spec: any(own.interface_name for own in spec.networks.values()),
                "interface_name",
            ),
        ),
        trim=_trim_networks,
    ),
    Row(
        key="links",
        means="`NAME` is `NAME:NAME`; on networks of one's own they are the endpoints'",
        engine=("HostConfig.Links",),
        want=_want_links,
        have=_have_links,
        put=_put_links,
        way=replace,
    ),
)
