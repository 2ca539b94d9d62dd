"""Rules: one mount for one path in a container, with options that its kind has.

Called through `RULES`. What the engine refuses was tried on engines of API 1.41 and 1.51.
"""

from __future__ import annotations

import posixpath
import re

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import Mount, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_KINDS = ("bind", "volume", "tmpfs", "image")
_MODES = ("ro", "rw", "z", "Z", "nocopy", "rprivate", "private", "rshared", "shared", "rslave", "slave")

# moby, pkg mount: the options that a tmpfs may have, with and without a value.
_TMPFS_VALUES = ("size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol")
_TMPFS_NAMES = (
    "defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime "
    "nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime "
    "strictatime nostrictatime"
)
_TMPFS_FLAGS = tuple(_TMPFS_NAMES.split())
_TMPFS_SIZE = re.compile(r"[0-9]+[kmgtpe%]?", re.IGNORECASE)


def check_mounts(stack: Stack, findings: Findings) -> None:
    """Find paths that two mounts want, and options of a mount that its kind does not have."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        places: list[tuple[Path, str]] = [
            ((*path, "volumes", index), mount.target) for index, mount in enumerate(spec.volumes)
        ]
        places += [((*path, "tmpfs"), target) for target in spec.tmpfs]
        seen: set[str] = set()
        for place, target in places:
            clean = posixpath.normpath(target)
            if clean == "/":
                fix = "write the path of a folder within it, such as /data"
                findings.error(place, "nothing can be mounted over a container's root", fix)
            elif clean in seen:
                findings.error(place, f"another mount has the target {clean} already", "give each a path of its own")
            seen.add(clean)
        for index, mount in enumerate(spec.volumes):
            _check_kind(mount, (*path, "volumes", index), findings)
        for target, options in spec.tmpfs.items():
            _check_tmpfs(target, options, (*path, "tmpfs"), findings)
        for index, text in enumerate(spec.volumes_from):
            _check_mode(text, (*path, "volumes_from", index), findings)


def _check_kind(mount: Mount, path: Path, findings: Findings) -> None:
    for kind in _KINDS:
        options = getattr(mount, kind)
        if options is None or mount.type == kind:
            continue
        # SELinux labels are asked for in the same place whatever is mounted.
        keys = sorted(options.model_fields_set - {"selinux"})
        if keys:
            findings.error(
                (*path, kind),
                f"a {mount.type} mount has no {kind} options",
                f"remove {kind}: {{{', '.join(keys)}}}, or write type: {kind}",
            )
    for kind in ("volume", "image"):
        options = getattr(mount, kind)
        subpath = options.subpath if options is not None and mount.type == kind else None
        if subpath is not None and (subpath.startswith("/") or ".." in subpath.split("/")):
            findings.error(
                (*path, kind, "subpath"),
                f"the subpath {subpath!r} leaves the {kind}",
                "write a relative path within it, such as data/web",
            )


def _check_tmpfs(target: str, options: str, path: Path, findings: Findings) -> None:
    for option in filter(None, options.split(",")):
        word, mark, value = option.partition("=")
        known = _TMPFS_VALUES if mark else _TMPFS_FLAGS
        if word not in known:
            meant = nearest(word, known)
            fix = f"did you mean '{meant}'?" if meant else f"write one of {', '.join(_TMPFS_VALUES)}"
            findings.error(path, f"the tmpfs at {target} can't have the option {option!r}", fix)
        elif word == "size" and not _TMPFS_SIZE.fullmatch(value):
            findings.error(path, f"{value!r} is no size of a tmpfs", "write one such as size=64m, or size=50%")


def _check_mode(text: str, path: Path, findings: Findings) -> None:
    mode = text.removeprefix("container:").partition(":")[2]
    for word in filter(None, mode.split(",")):
        if word not in _MODES:
            findings.error(path, f"{word!r} is no mode of mounts that are taken over", "write ro or rw, such as db:ro")
