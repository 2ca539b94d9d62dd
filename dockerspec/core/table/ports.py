"""Rows for a container's published and exposed ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Row, dig, place, replace, simple


def address(text: str | None) -> str:
    """An IP address in its canonical spelling; anything else as it stands."""
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return text


def _binding(host_ip: str, port: str) -> str:
    return f"[{host_ip}]:{port}" if ":" in host_ip else f"{host_ip}:{port}" if host_ip else port


def _collect(items: Iterable[tuple[str, str]]) -> Value:
    result: dict[str, set[str]] = {}
    for target, binding in items:
        result.setdefault(target, set()).add(binding)
    return {target: tuple(sorted(bindings)) for target, bindings in sorted(result.items())}


def _want_ports(spec: Any, _context: Context) -> Value:
    return _collect(
        (f"{port.target}/{port.protocol}", _binding(address(port.host_ip), port.published or "")) for port in spec.ports
    )


def _have_ports(raw: Json, _engine: EngineFacts) -> Value:
    bindings = dig(raw, ("HostConfig", "PortBindings")) or {}
    return _collect(
        (
            target if "/" in target else f"{target}/tcp",
            _binding(address(item.get("HostIp")), _chosen(item.get("HostPort"))),
        )
        for target, items in bindings.items()
        for item in items or ()
    )


def _chosen(port: str | None) -> str:
    """A live host port; 0, which Compose may write, is any free one."""
    return "" if port in (None, "0") else port


def _within(binding: str, wanted: str) -> bool:
    """Whether a live binding is one of those that a wanted range allows."""
    host, _, port = binding.rpartition(":")
    wanted_host, _, wanted_port = wanted.rpartition(":")
    first, dash, last = wanted_port.partition("-")
    return bool(dash) and host == wanted_host and port.isdecimal() and int(first) <= int(port) <= int(last)


def _same_ports(want: Value, have: Value) -> bool:
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    if want.keys() != have.keys():
        return False
    for target, wanted in want.items():
        live = have[target]
        assert isinstance(wanted, tuple)
        assert isinstance(live, tuple)
        if len(wanted) != len(live):
            return False
        if not all(w == h or _within(str(h), str(w)) for w, h in zip(wanted, live, strict=True)):
            return False
    return True


def host_port(published: str, replica: int, replicas: int) -> str:
    """The port to ask for: of a range every replica gets its own; a lone container takes any that is free.

    Own ports rather than any free one, so that a replica keeps its port when it is made anew.
    """
    first, dash, _last = published.partition("-")
    return str(int(first) + replica - 1) if dash and replicas > 1 else published


def fixed_ports(ports: Value) -> frozenset[str]:
    """The host ports among a container's live ports, as `8080/tcp`; those that the engine chose are not among them."""
    assert isinstance(ports, Mapping)
    return frozenset(
        f"{str(binding).rpartition(':')[2]}/{target.rpartition('/')[2]}"
        for target, bindings in ports.items()
        if isinstance(bindings, tuple)
        for binding in bindings
    )


def wanted_ports(spec: Any, replica: int) -> frozenset[str]:
    """The host ports that a replica must have, as `8080/tcp`; not those of a range of which it may have any."""
    asked = ((host_port(port.published or "", replica, spec.replicas), port.protocol) for port in spec.ports)
    return frozenset(f"{port}/{protocol}" for port, protocol in asked if port)


def _put_ports(body: Body, spec: Any, context: Context) -> None:
    if not spec.ports:
        return
    bindings: dict[str, list[Body]] = {}
    for port in spec.ports:
        target = f"{port.target}/{port.protocol}"
        published = port.published or ""
        if not context.loose_ports:
            published = host_port(published, context.replica, spec.replicas)
        bindings.setdefault(target, []).append({"HostIp": port.host_ip or "", "HostPort": published})
    place(body, ("HostConfig", "PortBindings"), bindings)


def _exposed(spec: Any) -> set[str]:
    return {*spec.expose, *(f"{port.target}/{port.protocol}" for port in spec.ports)}


def _want_expose(spec: Any, context: Context) -> Value:
    return tuple(sorted(_exposed(spec) | set(context.inherited("ExposedPorts") or ())))


def _have_expose(raw: Json, _engine: EngineFacts) -> Value:
    ports = dig(raw, ("Config", "ExposedPorts")) or ()
    return tuple(sorted({port for text in ports for port in _each_port(text)}))


def _each_port(text: str) -> Iterator[str]:
    """The ports of a live one: Compose writes a range as one port of that name, and the engine keeps it."""
    numbers, _, protocol = text.partition("/")
    first, dash, last = numbers.partition("-")
    if dash and first.isdecimal() and last.isdecimal():
        yield from (f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last) + 1))
    else:
        yield f"{numbers}/{protocol or 'tcp'}"


def _put_expose(body: Body, spec: Any, _context: Context) -> None:
    ports = _exposed(spec)
    if ports:
        body["ExposedPorts"] = {port: {} for port in sorted(ports)}


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="ports",
        means="by container port, in any order; a range is its ports; no address is every address",
        engine=(
            "HostConfig.PortBindings.HostIp",
            "HostConfig.PortBindings.HostPort",
        ),
        want=_want_ports,
        have=_have_ports,
        put=_put_ports,
        way=replace,
        same=_same_ports,
    ),
    simple("publish_all_ports", "HostConfig.PublishAllPorts", default=False),
    Row(
        key="expose",
        means="`80` is `80/tcp`, a range its ports; published and image ports are part of it",
        engine=("ExposedPorts",),
        want=_want_expose,
        have=_have_expose,
        put=_put_expose,
        way=replace,
    ),
)
