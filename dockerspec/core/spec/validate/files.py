"""Rule: the configs and secrets of a container have a place that the engine can write them to.

Called through `RULES`. What the engine does was tried on engines of API 1.41 and 1.51: it refuses to write into a
container whose root is read-only, but for its volumes; what is written below a tmpfs is hidden once that is mounted;
what is written below a bind mount lands on the host.
"""

from __future__ import annotations

import posixpath

from dockerspec.core.placed import ROOT, SECTIONS
from dockerspec.core.spec.model import ContainerSpec, FileGrant, Stack
from dockerspec.core.spec.model_files import is_mounted
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings


def check_files(stack: Stack, findings: Findings) -> None:
    """Find files that two want the place of, and places that nothing can be written to."""
    for name, spec in stack.containers.items():
        taken: set[str] = set()
        for section in SECTIONS:
            for index, grant in enumerate(getattr(spec, section)):
                place: Path = ("containers", name, section, index)
                target = grant.place(section)
                if target == ROOT:
                    findings.error(place, "a file can't take the place of a container's root", "write target: /FILE")
                elif target in taken:
                    fix = "give each a target of its own"
                    findings.error(place, f"another config or secret has the target {target} already", fix)
                taken.add(target)
                declared = getattr(stack, section).get(grant.source)
                if declared is not None and not is_mounted(declared.file or "", grant):
                    _check_place(spec, section, grant, place, findings)


def _check_place(spec: ContainerSpec, section: str, grant: FileGrant, place: Path, findings: Findings) -> None:
    target = grant.place(section)
    if any(posixpath.normpath(other) == target for other in (*spec.tmpfs, *(item.target for item in spec.volumes))):
        fix = "give each a path of its own"
        findings.error(place, f"something is mounted at {target}, where the file would be written", fix)
        return
    kind, folder, read_only = _around(spec, target)
    instead = "give it by file: and without uid, gid and mode, so that it is mounted"
    if kind in ("tmpfs", "bind", "image", "npipe"):
        why = {"tmpfs": "would hide the file", "bind": "is a folder of the host's"}.get(kind, "can't be written to")
        fix = f"choose a target outside {folder}, or {instead}"
        findings.error(place, f"the target {target} lies in a mount that {why}", fix)
    elif kind == "volume" and read_only:
        findings.error(
            place, f"the target {target} lies in a volume that is read-only here", f"choose another, or {instead}"
        )
    elif not kind and spec.read_only:
        summary = f"the root of this container is read-only, so that the engine can't write {target} into it"
        findings.error(place, summary, f"{instead}; or choose a target in a volume")


def _around(spec: ContainerSpec, target: str) -> tuple[str, str, bool]:
    """The kind of mount that a path lies in, its folder, and whether it is read-only; no kind for the root."""
    mounts = {posixpath.normpath(item.target): (item.type, item.read_only) for item in spec.volumes}
    mounts |= {posixpath.normpath(path): ("tmpfs", False) for path in spec.tmpfs}
    folder = posixpath.dirname(target)
    while folder not in mounts and folder != ROOT:
        folder = posixpath.dirname(folder)
    kind, read_only = mounts.get(folder, ("", False))
    return kind, folder, read_only
