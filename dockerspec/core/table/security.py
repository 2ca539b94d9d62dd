"""Rows for what a container may do: capabilities, namespaces, devices, kernel settings."""

from __future__ import annotations

from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import (
    Body,
    Context,
    Json,
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


def _capabilities(values: Any) -> Value:
    # Engines keep the caller's spelling, newer clients upper-case and prefix it.
    return tuple(sorted({str(value).upper().removeprefix("CAP_") for value in values}))


def _security(values: Any, *, auto: bool) -> Value:
    shaped = {value.replace(":", "=", 1) if "=" not in value else value for value in values or ()}
    # The engine adds this itself to privileged containers and to those in the host's namespaces.
    return tuple(sorted(shaped - {_AUTO_SECURITY} if auto else shaped))


def _want_security(spec: Any, _context: Context) -> Value:
    return _security(spec.security_opt, auto=spec.privileged or "host" in (spec.pid, spec.ipc))


def _have_security(raw: Json, _engine: EngineFacts) -> Value:
    host = raw.get("HostConfig") or {}
    auto = bool(host.get("Privileged")) or "host" in (host.get("PidMode"), host.get("IpcMode"))
    return _security(host.get("SecurityOpt"), auto=auto)


def _put_security(body: Body, spec: Any, _context: Context) -> None:
    if spec.security_opt:
        place(body, ("HostConfig", "SecurityOpt"), list(spec.security_opt))


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


def _namespace_row(key: str, at: str, *, default: str = "") -> Row[Any]:
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
    )


def _want_cgroup(spec: Any, context: Context) -> Value:
    return spec.cgroup or ("host" if context.engine.cgroup_version == 1 else "private")


def _put_cgroup(body: Body, spec: Any, _context: Context) -> None:
    if spec.cgroup:
        place(body, ("HostConfig", "CgroupnsMode"), spec.cgroup)


def _want_devices(spec: Any, _context: Context) -> Value:
    return {item.target: {"source": item.source, "permissions": item.permissions} for item in spec.devices}


def _have_devices(raw: Json, _engine: EngineFacts) -> Value:
    return {
        item.get("PathInContainer") or item["PathOnHost"]: {
            "source": item["PathOnHost"],
            "permissions": item.get("CgroupPermissions") or "rwm",
        }
        for item in dig(raw, ("HostConfig", "Devices")) or ()
    }


def _put_devices(body: Body, spec: Any, _context: Context) -> None:
    if spec.devices:
        place(
            body,
            ("HostConfig", "Devices"),
            [
                {
                    "PathOnHost": item.source,
                    "PathInContainer": item.target,
                    "CgroupPermissions": item.permissions,
                }
                for item in spec.devices
            ],
        )


def _want_runtime(spec: Any, context: Context) -> Value:
    return spec.runtime or context.engine.runtime


def _put_runtime(body: Body, spec: Any, _context: Context) -> None:
    if spec.runtime:
        place(body, ("HostConfig", "Runtime"), spec.runtime)


ROWS: tuple[Row[Any], ...] = (
    simple("cap_add", "HostConfig.CapAdd", default=(), normal=_capabilities),
    simple("cap_drop", "HostConfig.CapDrop", default=(), normal=_capabilities),
    simple("privileged", "HostConfig.Privileged", default=False),
    simple("read_only", "HostConfig.ReadonlyRootfs", default=False),
    Row(
        key="security_opt",
        engine=("HostConfig.SecurityOpt",),
        want=_want_security,
        have=_have_security,
        put=_put_security,
        way=replace,
        polluted=True,
    ),
    simple("group_add", "HostConfig.GroupAdd", default=(), normal=as_set),
    simple("sysctls", "HostConfig.Sysctls", default={}, normal=as_texts),
    Row(
        key="devices",
        engine=(
            "HostConfig.Devices.PathOnHost",
            "HostConfig.Devices.PathInContainer",
            "HostConfig.Devices.CgroupPermissions",
        ),
        want=_want_devices,
        have=_have_devices,
        put=_put_devices,
        way=replace,
    ),
    simple("device_cgroup_rules", "HostConfig.DeviceCgroupRules", default=(), normal=as_tuple),
    _namespace_row("pid", "HostConfig.PidMode"),
    _namespace_row("ipc", "HostConfig.IpcMode", default="private"),
    simple("uts", "HostConfig.UTSMode", default=""),
    simple("userns_mode", "HostConfig.UsernsMode", default=""),
    Row(
        key="cgroup",
        engine=("HostConfig.CgroupnsMode",),
        want=_want_cgroup,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "CgroupnsMode")) or "host",
        put=_put_cgroup,
        way=replace,
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
    simple("isolation", "HostConfig.Isolation", default=""),
    simple("storage_opt", "HostConfig.StorageOpt", default={}, normal=as_texts),
)
