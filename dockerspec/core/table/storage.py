"""Rows for what is mounted into a container: volumes, bind mounts, tmpfs.

The engine keeps binds and mounts apart (`HostConfig.Binds`, `HostConfig.Mounts`, the image's `Config.Volumes`); here
they are one mapping by target, so that a change of spelling is no change.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Part, Row, dig, place, replace, simple

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_PROPAGATION = {"shared", "rshared", "slave", "rslave", "private", "rprivate"}
_DEFAULT_PROPAGATION = "rprivate"
_DEFAULT_RECURSIVE = "enabled"
_MAKES_SOURCE: ApiVersion = (1, 42)
"""From this API version on a mount can make its missing source folder, as the short form always does."""


def is_anonymous(name: str) -> bool:
    """Whether a volume's name is one that the engine made up."""
    return _ANONYMOUS.fullmatch(name) is not None


def _mount(kind: str, source: str, **options: Value) -> dict[str, Value]:
    """A mount's normal form: what is at its default is left out."""
    if kind == "volume" and is_anonymous(source):
        source = ""
    if kind == "bind" and source.startswith("/"):
        source = posixpath.normpath(source)
    for name, default in (("propagation", _DEFAULT_PROPAGATION), ("recursive", _DEFAULT_RECURSIVE)):
        if options.get(name) == default:
            options[name] = None
    known = {key: value for key, value in options.items() if value not in (None, "", False, ())}
    return {"type": kind, **({"source": source} if source else {}), **known}


def _clean(target: str) -> str:
    return posixpath.normpath(target)


def _want_one(mount: Any, context: Context) -> Value:
    source = mount.source or ""
    if mount.type == "volume":
        source = context.volumes.get(source, source)
    bind, volume, tmpfs, image = mount.bind, mount.volume, mount.tmpfs, mount.image
    return _mount(
        mount.type,
        source,
        read_only=mount.read_only,
        propagation=bind.propagation if bind else None,
        selinux=bind.selinux if bind else None,
        recursive=bind.recursive if bind else None,
        nocopy=volume.nocopy if volume else None,
        subpath=(volume.subpath if volume else None) or (image.subpath if image else None),
        size=tmpfs.size if tmpfs else None,
        mode=tmpfs.mode if tmpfs else None,
        options=tuple(sorted(tmpfs.options)) if tmpfs else None,
    )


def _want_volumes(spec: Any, context: Context) -> Value:
    result: dict[str, Value] = {_clean(target): {"type": "volume"} for target in context.inherited("Volumes") or ()}
    # A tmpfs on an image's volume path takes its place.
    for target in spec.tmpfs:
        result.pop(_clean(target), None)
    for mount in spec.volumes:
        result[_clean(mount.target)] = _want_one(mount, context)
    return result


def _from_bind(text: str) -> tuple[str, Value]:
    source, target, options = (*text.split(":", 2), "")[:3]
    words = {word for word in options.split(",") if word}
    kind = "bind" if source.startswith(("/", "~")) else "volume"
    return _clean(target), _mount(
        kind,
        source,
        read_only="ro" in words,
        propagation=next(iter(words & _PROPAGATION), None),
        selinux=next(iter(words & {"z", "Z"}), None),
        nocopy="nocopy" in words,
    )


def _recursive(options: Json) -> str | None:
    if options.get("NonRecursive"):
        return "disabled"
    if options.get("ReadOnlyForceRecursive"):
        return "readonly"
    return "writable" if options.get("ReadOnlyNonRecursive") else None


def _from_mount(raw: Json) -> tuple[str, Value]:
    bind = raw.get("BindOptions") or {}
    volume = raw.get("VolumeOptions") or {}
    tmpfs = raw.get("TmpfsOptions") or {}
    image = raw.get("ImageOptions") or {}
    return _clean(raw.get("Target", "")), _mount(
        raw.get("Type", ""),
        raw.get("Source") or "",
        read_only=raw.get("ReadOnly", False),
        propagation=bind.get("Propagation"),
        recursive=_recursive(bind),
        nocopy=volume.get("NoCopy"),
        subpath=volume.get("Subpath") or image.get("Subpath"),
        size=tmpfs.get("SizeBytes"),
        mode=tmpfs.get("Mode"),
        options=tuple(sorted("=".join(words) for words in tmpfs.get("Options") or ())),
    )


def _have_volumes(raw: Json, _engine: EngineFacts) -> Value:
    host = raw.get("HostConfig") or {}
    result: dict[str, Value] = {_clean(target): {"type": "volume"} for target in dig(raw, ("Config", "Volumes")) or ()}
    for target in host.get("Tmpfs") or ():
        result.pop(_clean(target), None)
    result.update(_from_bind(text) for text in host.get("Binds") or ())
    result.update(_from_mount(item) for item in host.get("Mounts") or ())
    return result


def _is_plain_bind(mount: Any, api: ApiVersion) -> bool:
    """Whether the mount is written as one of `Binds`: those that need nothing else, as Compose does it.

    That form makes a missing source folder, which `Mounts` can be told to do by newer engines only.
    """
    if mount.type == "volume":
        own = mount.volume
        return bool(mount.source) and not (own and (own.subpath or own.labels or own.driver_config or own.nocopy))
    if mount.type != "bind":
        return False
    own = mount.bind
    if own is None:
        return True
    spreads = own.propagation and not own.selinux and api >= _MAKES_SOURCE
    return own.create_host_path and own.recursive is None and not spreads


def _bind_text(mount: Any, context: Context) -> str:
    source = context.volumes.get(mount.source, mount.source) if mount.type == "volume" else mount.source
    words = ["ro" if mount.read_only else "rw"]
    if mount.bind:
        words += [word for word in (mount.bind.selinux, mount.bind.propagation) if word]
    return f"{source}:{mount.target}:{','.join(words)}"


_RECURSIVE = {
    "disabled": "NonRecursive",
    "readonly": "ReadOnlyForceRecursive",
    "writable": "ReadOnlyNonRecursive",
}


def _mount_options(mount: Any, api: ApiVersion) -> Body:
    bind, volume, tmpfs, image = mount.bind, mount.volume, mount.tmpfs, mount.image
    options: Body = {}
    if bind:
        chosen: Body = {"Propagation": bind.propagation} if bind.propagation else {}
        if bind.recursive in _RECURSIVE:
            chosen[_RECURSIVE[bind.recursive]] = True
        if bind.create_host_path and api >= _MAKES_SOURCE:
            chosen["CreateMountpoint"] = True
        options["BindOptions"] = chosen
    if volume:
        chosen = {"NoCopy": volume.nocopy, "Labels": dict(volume.labels), "Subpath": volume.subpath}
        if volume.driver_config:
            driver = {"Name": volume.driver_config.name, "Options": dict(volume.driver_config.options)}
            chosen["DriverConfig"] = {key: value for key, value in driver.items() if value}
        options["VolumeOptions"] = {key: value for key, value in chosen.items() if value}
    if tmpfs:
        words = [option.split("=", 1) for option in tmpfs.options] or None
        chosen = {"SizeBytes": tmpfs.size, "Mode": tmpfs.mode, "Options": words}
        options["TmpfsOptions"] = {key: value for key, value in chosen.items() if value is not None}
    if image and image.subpath:
        options["ImageOptions"] = {"Subpath": image.subpath}
    return {key: value for key, value in options.items() if value}


def _mount_body(mount: Any, context: Context) -> Body:
    source = mount.source or ""
    if mount.type == "volume":
        source = context.volumes.get(source, source)
    body: Body = {"Type": mount.type, "Target": mount.target}
    if source:
        body["Source"] = source
    if mount.read_only:
        body["ReadOnly"] = True
    if mount.consistency:
        body["Consistency"] = mount.consistency
    return {**body, **_mount_options(mount, context.engine.api)}


def _taken_over(mount: Any, name: str) -> Any:
    """An anonymous volume's mount on the volume that the replaced container had there."""
    # What only a volume's making heeds was heeded when that one was made.
    options = mount.volume.model_copy(update={"labels": {}, "driver_config": None}) if mount.volume else None
    return mount.model_copy(update={"source": name, "volume": options})


def _put_volumes(body: Body, spec: Any, context: Context) -> None:
    # The data of a replaced container's anonymous volumes goes on living in its successor.
    kept = {_clean(target): name for target, name in context.anonymous.items()}
    binds, mounts = [], []
    for mount in spec.volumes:
        if mount.type == "volume" and not mount.source and _clean(mount.target) in kept:
            mount = _taken_over(mount, kept[_clean(mount.target)])
        if _is_plain_bind(mount, context.engine.api):
            binds.append(_bind_text(mount, context))
        else:
            mounts.append(_mount_body(mount, context))
    own = {*(_clean(mount.target) for mount in spec.volumes), *map(_clean, spec.tmpfs)}
    images = {_clean(target) for target in context.inherited("Volumes") or ()}
    binds += [f"{name}:{target}:rw" for target, name in sorted(kept.items()) if target in images - own]
    if binds:
        place(body, ("HostConfig", "Binds"), binds)
    if mounts:
        place(body, ("HostConfig", "Mounts"), mounts)


_UNITS = {"": 0, "k": 10, "m": 20, "g": 30}
_TMPFS_SIZE = re.compile(r"([0-9]{1,18})([kmg]?)", re.IGNORECASE)


def _option(word: str) -> str:
    """A tmpfs option with its figure in bytes or in the fewest octal digits, as the kernel reads them."""
    name, _, value = word.partition("=")
    size = _TMPFS_SIZE.fullmatch(value)
    if name == "size" and size:
        return f"size={int(size[1]) << _UNITS[size[2].lower()]}"
    return f"mode={value.lstrip('0') or '0'}" if name == "mode" and value.isdecimal() else word


def _options(text: str) -> Value:
    return ",".join(sorted(_option(word) for word in text.split(",") if word))


def _put_tmpfs(body: Body, spec: Any, _context: Context) -> None:
    if spec.tmpfs:
        place(body, ("HostConfig", "Tmpfs"), dict(spec.tmpfs))


def _want_from(spec: Any, context: Context) -> Value:
    result = []
    for text in spec.volumes_from:
        name, colon, mode = text.removeprefix("container:").partition(":")
        name = name if text.startswith("container:") else context.containers.get(name, name)
        result.append(f"{name}{colon}{mode}" if mode not in ("", "rw") else name)
    return tuple(result)


def _have_from(raw: Json, _engine: EngineFacts) -> Value:
    return tuple(text.removesuffix(":rw") for text in dig(raw, ("HostConfig", "VolumesFrom")) or ())


def _put_from(body: Body, spec: Any, context: Context) -> None:
    names = _want_from(spec, context)
    if names:
        place(body, ("HostConfig", "VolumesFrom"), list(names))  # type: ignore[arg-type]


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="volumes",
        means="by target, binds and mounts alike; paths cleaned; options at their default left out",
        engine=(
            "HostConfig.Binds",
            "HostConfig.Mounts.Type",
            "HostConfig.Mounts.Source",
            "HostConfig.Mounts.Target",
            "HostConfig.Mounts.ReadOnly",
            "HostConfig.Mounts.Consistency",
            "HostConfig.Mounts.BindOptions.Propagation",
            "HostConfig.Mounts.BindOptions.NonRecursive",
            "HostConfig.Mounts.BindOptions.ReadOnlyNonRecursive",
            "HostConfig.Mounts.BindOptions.ReadOnlyForceRecursive",
            "HostConfig.Mounts.BindOptions.CreateMountpoint",
            "HostConfig.Mounts.VolumeOptions.NoCopy",
            "HostConfig.Mounts.VolumeOptions.Labels",
            "HostConfig.Mounts.VolumeOptions.Subpath",
            "HostConfig.Mounts.VolumeOptions.DriverConfig.Name",
            "HostConfig.Mounts.VolumeOptions.DriverConfig.Options",
            "HostConfig.Mounts.TmpfsOptions.SizeBytes",
            "HostConfig.Mounts.TmpfsOptions.Mode",
            "HostConfig.Mounts.TmpfsOptions.Options",
            "HostConfig.Mounts.ImageOptions.Subpath",
        ),
        want=_want_volumes,
        have=_have_volumes,
        put=_put_volumes,
        way=replace,
        parts=(
            Part(
                "volumes", (1, 48), lambda spec: any(mount.type == "image" for mount in spec.volumes), "an image mount"
            ),
            Part(
                "volumes",
                (1, 45),
                lambda spec: any(m.volume and m.volume.subpath for m in spec.volumes),
                "a volume's subpath",
            ),
            Part(
                "volumes",
                (1, 46),
                lambda spec: any(m.tmpfs and m.tmpfs.options for m in spec.volumes),
                "a tmpfs's options",
            ),
            Part(
                "volumes",
                (1, 44),
                lambda spec: any(m.bind and m.bind.recursive in ("writable", "readonly") for m in spec.volumes),
                "recursive: writable or readonly",
            ),
        ),
    ),
    Row(
        key="tmpfs",
        engine=("HostConfig.Tmpfs",),
        want=lambda spec, _context: {_clean(target): _options(text) for target, text in spec.tmpfs.items()},
        have=lambda raw, _engine: {
            _clean(target): _options(text) for target, text in (dig(raw, ("HostConfig", "Tmpfs")) or {}).items()
        },
        put=_put_tmpfs,
        way=replace,
        means="options in any order, a size in any unit",
    ),
    simple("volume_driver", "HostConfig.VolumeDriver", default=""),
    Row(
        key="volumes_from",
        means="`NAME:rw` is `NAME`",
        engine=("HostConfig.VolumesFrom",),
        want=_want_from,
        have=_have_from,
        put=_put_from,
        way=replace,
    ),
)


def mounted_volumes(fields: Mapping[str, Value]) -> Iterator[str]:
    """The engine names of the named volumes among a container's fields."""
    mounts = fields["volumes"]
    assert isinstance(mounts, Mapping)
    for mount in mounts.values():
        if isinstance(mount, Mapping) and mount.get("type") == "volume" and mount.get("source"):
            yield str(mount["source"])
