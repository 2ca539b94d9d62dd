"""Rows for the networks that a container joins, and its links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Part, Row, dig, network, place, plain, replace
from dockerspec.core.table.ports import address
from dockerspec.core.table.security import namespace, reference

MULTI_NETWORK_API: ApiVersion = (1, 44)
"""From this API version on, one create call takes several networks (and a MAC address per endpoint)."""

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
    keys = spec.networks or ("default",)
    order = sorted(keys, key=lambda key: (-_priority(spec, key), key))
    return tuple(context.networks.get(key, key) for key in order)


def _priority(spec: Any, key: str) -> int:
    own = spec.networks.get(key) if spec.networks else None
    return own.priority if own else 0


def _endpoint_spec(spec: Any, context: Context, name: str) -> Any:
    return next((own for key, own in spec.networks.items() if context.networks.get(key, key) == name), None)


def _aliases(context: Context, name: str, own: Any) -> set[str]:
    if name == "bridge":
        return set()  # the default bridge has no name service and refuses aliases
    return {context.key, *(own.aliases if own else ())}


def _endpoint(**values: Any) -> Value:
    return {key: value for key, value in values.items() if value not in (None, "", 0, (), [], {})}


def _want_endpoint(spec: Any, context: Context, name: str) -> Value:
    own = _endpoint_spec(spec, context, name)
    aliases = tuple(sorted(_aliases(context, name, own) - {spec.hostname}))
    links = () if name == "bridge" else _links(spec, context)
    if own is None:
        return _endpoint(aliases=aliases, links=links)
    return _endpoint(
        aliases=aliases,
        links=links,
        ipv4_address=address(own.ipv4_address),
        ipv6_address=address(own.ipv6_address),
        link_local_ips=tuple(sorted(address(item) for item in own.link_local_ips)),
        mac_address=(own.mac_address or "").lower().replace("-", ":"),
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


def _have_endpoint(raw: Json, hidden: set[str]) -> Value:
    ipam = raw.get("IPAMConfig") or {}
    return _endpoint(
        aliases=tuple(sorted(set(raw.get("Aliases") or ()) - hidden)),
        links=tuple(sorted(raw.get("Links") or ())),
        ipv4_address=address(ipam.get("IPv4Address")),
        ipv6_address=address(ipam.get("IPv6Address")),
        link_local_ips=tuple(sorted(address(item) for item in ipam.get("LinkLocalIPs") or ())),
        mac_address=(raw.get("MacAddress") or "").lower(),
        driver_opts=raw.get("DriverOpts") or {},
        gw_priority=raw.get("GwPriority"),
    )


def _have_networks(raw: Json, _engine: EngineFacts) -> Value:
    # Engines before API 1.45 list the short ID among the aliases, and a host name that was given.
    hidden = {str(raw.get("Id", ""))[:12], dig(raw, ("Config", "Hostname")) or ""}
    attached = dig(raw, ("NetworkSettings", "Networks")) or {}
    return {
        name: _have_endpoint(endpoint or {}, hidden)
        for name, endpoint in sorted(attached.items())
        if name not in _LONE_MODES
    }


def _trim_networks(want: Value, have: Value) -> Value:
    """The live endpoints without the MAC addresses that the spec leaves to the engine."""
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    return {name: _trim_endpoint(want.get(name), endpoint) for name, endpoint in have.items()}


def _trim_endpoint(want: Value, have: Value) -> Value:
    assert isinstance(have, Mapping)
    if isinstance(want, Mapping) and "mac_address" in want:
        return have
    return {key: value for key, value in have.items() if key != "mac_address"}


def endpoint_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's endpoint settings for one network of a container."""
    endpoint = _want_endpoint(spec, context, name)
    assert isinstance(endpoint, Mapping)
    aliases = sorted(_aliases(context, name, _endpoint_spec(spec, context, name)))
    body: Body = {"Aliases": aliases} if aliases else {}
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


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="network_mode",
        engine=("HostConfig.NetworkMode",),
        want=_mode,
        have=_have_mode,
        put=lambda _body, _spec, _context: None,  # written with the networks
        way=replace,
    ),
    Row(
        key="networks",
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
        way=network,
        parts=(
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
    Row(key="links", engine=("HostConfig.Links",), want=_want_links, have=_have_links, put=_put_links, way=replace),
)
