"""The two engines that the tests run on: the distribution's own, and a newer one from the same archive.

Callers: daemon, the test fixtures, the demo. Limits: the newer one is used unpacked, with the system's runc, and is
not to be had everywhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.kit import apt
from tests.kit.errors import KitError

SUITES = ("sid", "trixie")
"""Suites tried in turn for an engine newer than the distribution's."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class EngineBinaries:
    """One engine's programs.

    Attributes:
        name: `old` or `new`.
        version: the engine's version, such as `20.10.24`.
        path_prefix: folders that go in front of the system's PATH, or an empty text.
    """

    name: str
    version: str
    path_prefix: str = ""

    @property
    def path(self) -> str:
        """The PATH under which this engine's programs are the first found."""
        return f"{self.path_prefix}:{SYSTEM_PATH}" if self.path_prefix else SYSTEM_PATH

    @property
    def label(self) -> str:
        """Name and version in short: `old-20.10`."""
        return f"{self.name}-{'.'.join(self.version.split('.')[:2])}"


@lru_cache(maxsize=1)
def distribution_engine() -> EngineBinaries:
    """The engine of the running distribution, installed if missing. Raises KitError if it can't be had."""
    present = installed_engine()
    if present and shutil.which("iptables", path=SYSTEM_PATH):
        return present
    apt.distribution()
    apt.install(["docker.io", "iptables"])
    present = installed_engine()
    if not present:
        raise KitError("docker.io is installed, but 'dockerd --version' doesn't run")
    return present


def installed_engine() -> EngineBinaries | None:
    """The engine that is installed already, or None; changes nothing."""
    version = _version_on(SYSTEM_PATH)
    return EngineBinaries("old", version) if version else None


@lru_cache(maxsize=1)
def newer_engine() -> EngineBinaries | None:
    """An engine newer than the distribution's, unpacked into the cache; None, said on stderr, if there is none."""
    oldest = distribution_engine().version
    reasons = []
    for suite in SUITES:
        try:
            folder = apt.unpack(f"engine-{suite}", ["docker.io", "containerd"], suite)
        except (KitError, OSError) as error:
            reasons.append(f"{suite}: {str(error).splitlines()[-1]}")
            continue
        prefix = _prefix(folder)
        version = _version_on(prefix)
        if version and _key(version) > _key(oldest):
            return EngineBinaries("new", version, prefix)
        reasons.append(f"{suite}: dockerd {version or 'does not run here'}")
    print(f"NO NEWER ENGINE: tests run on Docker {oldest} alone ({'; '.join(reasons)})", file=sys.stderr)
    return None


def cached_newer_engine() -> EngineBinaries | None:
    """The newer engine if it is in the cache already, or None; fetches nothing."""
    from tests.kit import cache

    for suite in SUITES:
        for marker in sorted(cache.root().glob(f"packages/*/engine-{suite}/{cache.MARKER}")):
            version = _version_on(_prefix(marker.parent))
            if version:
                return EngineBinaries("new", version, _prefix(marker.parent))
    return None


def _prefix(folder: Path) -> str:
    return f"{folder}/usr/sbin:{folder}/usr/bin"


def _version_on(path: str) -> str:
    program = shutil.which("dockerd", path=path)
    if not program:
        return ""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, env=os.environ | {"PATH": path})
    except OSError:
        return ""
    match = re.search(r"version (\d+\.\d+(?:\.\d+)?)", done.stdout)
    return match.group(1) if match and done.returncode == 0 else ""


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
