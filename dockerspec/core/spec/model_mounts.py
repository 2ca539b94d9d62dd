"""The spec model of what is mounted into a container.

Called by model_container.py.
"""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from dockerspec.core import values
from dockerspec.core.spec.forms import (
    AbsolutePath,
    Bool,
    Mode,
    Options,
    Pairs,
    Schema,
    Size,
    SpecModel,
    Text,
    Texts,
    key,
    needed,
    pattern,
)


class BindOptions(SpecModel):
    """Options of a bind mount."""

    propagation: Literal["rprivate", "private", "rshared", "shared", "rslave", "slave"] | None = key(
        None, "How mounts below spread between host and container; rprivate by default.", "rslave"
    )
    create_host_path: Bool = key(True, "Whether a missing folder on the host is made; true by default.", False)
    recursive: Literal["enabled", "disabled", "writable", "readonly"] | None = key(
        None, "How mounts below the source are taken along; enabled by default.", "disabled"
    )
    selinux: Literal["z", "Z"] | None = key(
        None, "SELinux relabelling: z where the content is shared, Z where it is private.", "z"
    )


class VolumeDriver(SpecModel):
    """The driver of an anonymous volume; a text alone is its name."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"type": "string"},)

    name: Text | None = key(None, "The driver; the engine's own by default.", "local")
    options: Options = key({}, "Options of the driver.", {"type": "tmpfs", "device": "tmpfs"})

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the name."""
        return {"name": value} if isinstance(value, str) else value


class VolumeOptions(SpecModel):
    """Options of a volume's mount."""

    nocopy: Bool = key(False, "Whether an empty volume stays empty instead of taking the image's files.", True)
    subpath: Text | None = key(None, "Folder within the volume to mount; its root by default.", "data")
    labels: Pairs = key({}, "Labels put on an anonymous volume when it is made.", {"cache": "true"})
    driver_config: VolumeDriver | None = key(
        None, "Driver of an anonymous volume, heeded when it is made.", {"name": "local", "options": {"type": "tmpfs"}}
    )


class TmpfsOptions(SpecModel):
    """Options of a tmpfs mount."""

    size: Size | None = key(None, "Size in bytes or with a unit; half of the memory by default.", "64m")
    mode: Mode | None = key(None, "Permission bits as a number; 0o1777 by default.", 0o1777)
    options: Texts = key((), "More options, as OPTION or OPTION=VALUE; the engine knows exec and noexec.", ["noexec"])


class ImageOptions(SpecModel):
    """Options of an image's mount."""

    subpath: Text | None = key(None, "Folder within the image to mount; its root by default.", "srv/www")


_NEEDS_SOURCE = ("bind", "image", "npipe")


class Mount(SpecModel):
    """A mount of the container; a text alone is SOURCE:TARGET:OPTIONS as in Compose."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (pattern(r"(?:.+:)?(?:/|[A-Za-z]:[\\/])[^:]*(?::[A-Za-z,]+)?"),)

    RULE: ClassVar[Schema] = {
        "if": {"properties": {"type": {"enum": [*_NEEDS_SOURCE]}}, "required": ["type"]},
        "then": {"required": ["source"]},
        "else": {
            "if": {"properties": {"type": {"const": "tmpfs"}}},
            "then": {"properties": {"source": {"type": "null"}}},
        },
    }

    type: Literal["bind", "volume", "tmpfs", "image", "npipe"] = needed("The kind of mount.", "bind")
    source: Text | None = key(
        None, "The host's path, the volume's name or the image; none is an anonymous volume.", "pgdata", "./conf"
    )
    target: AbsolutePath = needed("The path within the container.", "/var/lib/postgresql/data")
    read_only: Bool = key(False, "Whether the container can't write there; false by default.", True)
    consistency: Text | None = key(None, "Consistency on engines in a virtual machine; others ignore it.", "cached")
    bind: BindOptions | None = key(None, "Options of a bind mount.", {"propagation": "rslave"})
    volume: VolumeOptions | None = key(None, "Options of a volume.", {"nocopy": True})
    tmpfs: TmpfsOptions | None = key(None, "Options of a tmpfs.", {"size": "64m"})
    image: ImageOptions | None = key(None, "Options of an image.", {"subpath": "srv/www"})

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is SOURCE:TARGET:OPTIONS."""
        return values.parse_mount(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type in _NEEDS_SOURCE and not self.source:
            raise ValueError(f"a {self.type} mount needs a source; write source: below type: {self.type}")
        if self.type == "tmpfs" and self.source is not None:
            raise ValueError("a tmpfs mount has no source; remove the line source:")
        return self
