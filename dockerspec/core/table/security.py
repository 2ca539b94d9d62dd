"""Rows for what a container may do: capabilities, namespaces, devices, kernel settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import (
    Body,
    Context,
    Json,
    Part,
    Row,
    as_set,
    as_texts,
    as_tuple,
    dig,
    place,
    replace,
    simple,
)

_AUTO_SECURITY = "label=disable"
_BARE_PATHS = "systempaths=unconfined"
_CDI = "cdi"
_CDI_API: ApiVersion = (1, 44)


def _capabilities(values: Any) -> tuple[str, ...]:
    # Engines keep the caller's spelling, newer clients upper-case and prefix it.
    return tuple(sorted({str(value).upper().removeprefix("CAP_") for value in values}))


def _capability_row(key: str, engine_key: str) -> Row[Any]:
    def put(body: Body, spec: Any, _context: Context) -> None:
        names = _capabilities(getattr(spec, key))
        if names:
            # With the prefix, as docker and Compose send them: the engine shows what it was given.
            full = [name if name == "ALL" else f"CAP_{name}" for name in names]
            place(body, ("HostConfig", engine_key), full)

    row: Row[Any] = simple(
        key,
        f"HostConfig.{engine_key}",
        default=(),
        normal=_capabilities,
        means="a set; capitals and the prefix CAP_ mean nothing",
    )
    return dataclasses.replace(row, put=put)


def _security(values: Any, *, auto: bool) -> Value:
    shaped = {value.replace(":", "=", 1) if "=" not in value else value for value in values or ()}
    # The engine adds this itself to privileged containers and to those in the host's namespaces.
    return tuple(sorted(shaped - {_AUTO_SECURITY} if auto else shaped))


def is_bare(spec: Any) -> bool:
    """Whether the spec asks for system paths neither masked nor read-only, in the words of the docker CLI."""
    return any(text.replace(":", "=", 1) == _BARE_PATHS for text in spec.security_opt)


def _sent(spec: Any) -> tuple[str, ...]:
    """The options that the engine takes; the CLI's word for bare system paths is none of them."""
    return tuple(text for text in spec.security_opt if text.replace(":", "=", 1) != _BARE_PATHS)


def _want_security(spec: Any, _context: Context) -> Value:
    return _security(_sent(spec), auto=spec.privileged or "host" in (spec.pid, spec.ipc))


def _have_security(raw: Json, _engine: EngineFacts) -> Value:
    host = raw.get("HostConfig") or {}
    auto = bool(host.get("Privileged")) or "host" in (host.get("PidMode"), host.get("IpcMode"))
    return _security(host.get("SecurityOpt"), auto=auto)


def _put_security(body: Body, spec: Any, _context: Context) -> None:
    options = _sent(spec)
    if options:
        place(body, ("HostConfig", "SecurityOpt"), list(options))


def _paths_row(key: str, at: str) -> Row[Any]:
    """A list of system paths. None stands for the engine's own choice, false for an empty list."""
    path = tuple(at.split("."))

    def own(spec: Any) -> tuple[str, ...] | None:
        value: tuple[str, ...] | None = getattr(spec, key)
        return () if value is None and is_bare(spec) else value

    def shape(value: Any) -> Value:
        return None if value is None else as_set(value) or False

    def put(body: Body, spec: Any, _context: Context) -> None:
        value = own(spec)
        if value is not None:
            place(body, path, list(value))

    return Row(
        key=key,
        engine=(at,),
        want=lambda spec, _context: shape(own(spec)),
        have=lambda raw, _engine: shape(dig(raw, path)),
        put=put,
        way=replace,
        # A silent spec gets the engine's list, which grows with its releases.
        polluted=True,
        trim=lambda want, have, _was: None if want is None else have,
        means="a set; an empty list is none, which `security_opt: [systempaths=unconfined]` asks for too",
    )


def reference(text: str | None, context: Context) -> str:
    """A namespace mode as the engine takes it: `service:KEY` as `container:NAME`."""
    kind, colon, name = (text or "").partition(":")
    return f"container:{context.containers.get(name, name)}" if colon and kind == "service" else text or ""


def namespace(text: str | None, context: Context) -> str:
    """A namespace mode as the engine reports it.

    The engine rewrites `container:NAME` to the container's ID; a container that is yet to be made has none.
    """
    text = reference(text, context)
    kind, colon, name = text.partition(":")
    return f"container:{context.ids.get(name, name)}" if colon and kind == "container" else text


def _namespace_row(key: str, at: str, *, default: str = "", polluted: bool = False) -> Row[Any]:
    path = tuple(at.split("."))

    def put(body: Body, spec: Any, context: Context) -> None:
        value = reference(getattr(spec, key), context)
        if value:
            place(body, path, value)

    return Row(
        key=key,
        engine=(at,),
        want=lambda spec, context: namespace(getattr(spec, key), context) or default,
        have=lambda raw, _engine: dig(raw, path) or default,
        put=put,
        way=replace,
        polluted=polluted,
    )


def _want_cgroup(spec: Any, context: Context) -> Value:
    return spec.cgroup or ("host" if context.engine.cgroup_version == 1 else "private")


def _put_cgroup(body: Body, spec: Any, _context: Context) -> None:
    if spec.cgroup:
        place(body, ("HostConfig", "CgroupnsMode"), spec.cgroup)


def _want_devices(spec: Any, _context: Context) -> Value:
    return {
        item.target or item.source: {"driver": _CDI}
        if item.is_cdi
        else {"source": item.source, "permissions": item.permissions}
        for item in spec.devices
    }


def _requests(raw: Json, *, by_name: bool) -> Iterator[Json]:
    """The device requests that name CDI devices and nothing else, or the other ones."""
    for item in dig(raw, ("HostConfig", "DeviceRequests")) or ():
        if (item.get("Driver") == _CDI and not item.get("Capabilities")) is by_name:
            yield item


def _have_devices(raw: Json, _engine: EngineFacts) -> Value:
    result: dict[str, Value] = {
        item.get("PathInContainer") or item["PathOnHost"]: {
            "source": item["PathOnHost"],
            "permissions": item.get("CgroupPermissions") or "rwm",
        }
        for item in dig(raw, ("HostConfig", "Devices")) or ()
    }
    for item in _requests(raw, by_name=True):
        result.update({name: {"driver": _CDI} for name in item.get("DeviceIDs") or ()})
    return result


def _put_devices(body: Body, spec: Any, _context: Context) -> None:
    mapped = [
        {
            "PathOnHost": item.source,
            "PathInContainer": item.target or item.source,
            "CgroupPermissions": item.permissions,
        }
        for item in spec.devices
        if not item.is_cdi
    ]
    if mapped:
        place(body, ("HostConfig", "Devices"), mapped)
    named = [item.source for item in spec.devices if item.is_cdi]
    if named:
        _add_requests(body, [{"Driver": _CDI, "DeviceIDs": named}])


def _add_requests(body: Body, requests: list[Body]) -> None:
    found = body.setdefault("HostConfig", {}).setdefault("DeviceRequests", [])
    found.extend(requests)


def _request(driver: Any, count: Any, idents: Any, capabilities: Any, options: Any) -> Value:
    parts: dict[str, Value] = {
        "driver": driver or "",
        "count": count or 0,
        "device_ids": as_set(idents or ()),
        "capabilities": tuple(sorted(tuple(sorted(set(group))) for group in capabilities or ())),
        "options": as_texts(options or {}),
    }
    return {name: value for name, value in parts.items() if value}


def _in_order(requests: Iterable[Value]) -> Value:
    return tuple(sorted(requests, key=str))


def _gpu(item: Any) -> Body:
    return {
        "Driver": item.driver or "",
        "Count": item.count or (0 if item.device_ids else -1),
        "DeviceIDs": list(item.device_ids),
        # One group of capabilities that a device must have all of.
        "Capabilities": [sorted({*item.capabilities, "gpu"})],
        "Options": dict(item.options),
    }


def _want_gpus(spec: Any, _context: Context) -> Value:
    return _in_order(_request(*_gpu(item).values()) for item in spec.gpus)


def _have_gpus(raw: Json, _engine: EngineFacts) -> Value:
    keys = ("Driver", "Count", "DeviceIDs", "Capabilities", "Options")
    return _in_order(_request(*(item.get(key) for key in keys)) for item in _requests(raw, by_name=False))


def _put_gpus(body: Body, spec: Any, _context: Context) -> None:
    if spec.gpus:
        _add_requests(body, [_gpu(item) for item in spec.gpus])


def _want_isolation(spec: Any, _context: Context) -> Value:
    return _isolation(spec.isolation)


def _isolation(value: str | None) -> Value:
    name = (value or "").lower()
    return "" if name == "default" else name


def _put_isolation(body: Body, spec: Any, _context: Context) -> None:
    value = _isolation(spec.isolation)
    if value:
        place(body, ("HostConfig", "Isolation"), value)


def _userns(value: Any) -> Value:
    """Anything but host is the engine's own."""
    return "host" if value == "host" else ""


def _want_runtime(spec: Any, context: Context) -> Value:
    return spec.runtime or context.engine.runtime


def _put_runtime(body: Body, spec: Any, _context: Context) -> None:
    if spec.runtime:
        place(body, ("HostConfig", "Runtime"), spec.runtime)


ROWS: tuple[Row[Any], ...] = (
    _capability_row("cap_add", "CapAdd"),
    _capability_row("cap_drop", "CapDrop"),
    simple("privileged", "HostConfig.Privileged", default=False),
    simple("read_only", "HostConfig.ReadonlyRootfs", default=False),
    Row(
        key="security_opt",
        means="a set; `a:b` is `a=b`; what the engine adds to privileged containers is no difference",
        engine=("HostConfig.SecurityOpt",),
        want=_want_security,
        have=_have_security,
        put=_put_security,
        way=replace,
        polluted=True,
    ),
    _paths_row("masked_paths", "HostConfig.MaskedPaths"),
    _paths_row("readonly_paths", "HostConfig.ReadonlyPaths"),
    simple("group_add", "HostConfig.GroupAdd", default=(), normal=as_set),
    simple("sysctls", "HostConfig.Sysctls", default={}, normal=as_texts),
    Row(
        key="devices",
        means="by target; a text without one has the same on both sides",
        engine=(
            "HostConfig.Devices.PathOnHost",
            "HostConfig.Devices.PathInContainer",
            "HostConfig.Devices.CgroupPermissions",
            "HostConfig.DeviceRequests.Driver",
            "HostConfig.DeviceRequests.DeviceIDs",
        ),
        want=_want_devices,
        have=_have_devices,
        put=_put_devices,
        way=replace,
        parts=(Part("devices", _CDI_API, lambda spec: any(item.is_cdi for item in spec.devices), "a CDI device"),),
    ),
    Row(
        key="gpus",
        engine=(
            "HostConfig.DeviceRequests.Driver",
            "HostConfig.DeviceRequests.Count",
            "HostConfig.DeviceRequests.DeviceIDs",
            "HostConfig.DeviceRequests.Capabilities",
            "HostConfig.DeviceRequests.Options",
        ),
        want=_want_gpus,
        have=_have_gpus,
        put=_put_gpus,
        way=replace,
        means="requests in any order, each with the capability gpu",
    ),
    simple("device_cgroup_rules", "HostConfig.DeviceCgroupRules", default=(), normal=as_tuple),
    _namespace_row("pid", "HostConfig.PidMode"),
    # A daemon may be set up with another default for this one and for the control group's.
    _namespace_row("ipc", "HostConfig.IpcMode", default="private", polluted=True),
    simple("uts", "HostConfig.UTSMode", default=""),
    simple("userns_mode", "HostConfig.UsernsMode", default="", normal=_userns),
    Row(
        key="cgroup",
        engine=("HostConfig.CgroupnsMode",),
        want=_want_cgroup,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "CgroupnsMode")) or "host",
        put=_put_cgroup,
        way=replace,
        polluted=True,
    ),
    simple("cgroup_parent", "HostConfig.CgroupParent", default=""),
    Row(
        key="runtime",
        engine=("HostConfig.Runtime",),
        want=_want_runtime,
        have=lambda raw, engine: dig(raw, ("HostConfig", "Runtime")) or engine.runtime,
        put=_put_runtime,
        way=replace,
    ),
    Row(
        key="isolation",
        engine=("HostConfig.Isolation",),
        want=_want_isolation,
        have=lambda raw, _engine: _isolation(dig(raw, ("HostConfig", "Isolation"))),
        put=_put_isolation,
        way=replace,
        system="windows",
        means="default is none; capitals mean nothing",
    ),
    simple("storage_opt", "HostConfig.StorageOpt", default={}, normal=as_texts),
)
