"""Rule: one mount for one path in a container.

Called through `RULES`.
"""

from __future__ import annotations

import posixpath

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings


def check_mounts(stack: Stack, findings: Findings) -> None:
    """Find paths that two mounts want."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        places: list[tuple[Path, str]] = [
            ((*path, "volumes", index), mount.target) for index, mount in enumerate(spec.volumes)
        ]
        places += [((*path, "tmpfs"), target) for target in spec.tmpfs]
        seen: set[str] = set()
        for place, target in places:
            clean = posixpath.normpath(target)
            if clean in seen:
                findings.error(place, f"another mount has the target {clean} already", "give each a path of its own")
            seen.add(clean)
