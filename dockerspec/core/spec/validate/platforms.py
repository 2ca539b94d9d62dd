"""Rule: a platform is OS, OS/ARCH or OS/ARCH/VARIANT.

Called through `RULES`.
"""

from __future__ import annotations

import re

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

# containerd, platforms.go: the letters of each part, and their number.
_PLATFORM = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+){0,2}")


def check_platforms(stack: Stack, findings: Findings) -> None:
    """Find platforms that the engine can't read."""
    places: list[tuple[Path, str | None]] = [
        (("containers", name, "platform"), spec.platform) for name, spec in stack.containers.items()
    ]
    places += [(("images", name, "platform"), spec.platform) for name, spec in stack.images.items()]
    for path, platform in places:
        if platform is not None and not _PLATFORM.fullmatch(platform):
            findings.error(path, f"{platform!r} is no platform", "write OS/ARCH[/VARIANT], such as linux/arm64/v8")
