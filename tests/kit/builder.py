"""The docker CLI's builders, of two kinds: the one within the distribution's old CLI, and the buildx plugin of a newer.

Callers: tests of builds that need BuildKit. Nothing is installed; the newer one is unpacked into the cache.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.kit import apt
from tests.kit.engines import SUITES
from tests.kit.errors import KitError

SYSTEM = "/usr/bin:/bin"


def old_cli() -> str:
    """A PATH whose `docker` has BuildKit in it; empty where the distribution's is a newer one."""
    program = shutil.which("docker", path=SYSTEM)
    if not program:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    return SYSTEM if "version 20." in said else ""


def buildx(folder: Path) -> str:
    """A PATH whose `docker` finds the buildx plugin, by the CLI's folder `folder`. Raises KitError without one."""
    reasons = []
    for suite in SUITES:
        try:
            root = apt.unpack(f"builder-{suite}", ["docker-cli", "docker-buildx"], suite)
        except (KitError, OSError) as error:
            reasons.append(str(error).splitlines()[-1])
            continue
        plugins = folder / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-buildx").symlink_to(root / "usr/libexec/docker/cli-plugins/docker-buildx")
        return f"{root}/usr/bin:{SYSTEM}"
    raise KitError(f"no buildx to be had: {'; '.join(reasons)}")
