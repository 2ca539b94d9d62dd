"""Debian packages: install those of the running system, or unpack some of any suite into the cache.

Callers: engines, images, registry. Limits: Debian and its kin; installing takes root, unpacking does not. The mirror
and its keyring are the machine's own, read from its sources.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit import cache
from tests.kit.errors import KitError

SOURCES = Path("/etc/apt")
POLICY = Path("/usr/sbin/policy-rc.d")
LOCK_TRIES = 30
"""How often, two seconds apart, a busy package database is tried again."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `/etc/os-release` says: `ident` such as `debian`, `codename` such as `bookworm`."""

    ident: str
    codename: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """One archive that the machine uses: where it is, and the keyring that its sources name (or none)."""

    uri: str
    signed_by: str


def distribution() -> Distribution:
    """The running distribution, or a KitError where it has no apt."""
    if not shutil.which("apt-get"):
        raise KitError("apt-get is missing: the test engines are made from Debian packages, use Debian or Ubuntu")
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    values = {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
    return Distribution(values.get("ID", "debian"), values.get("VERSION_CODENAME", "unknown"))


def installed(package: str) -> bool:
    """Whether the package is fully installed."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout == "installed"


def install(packages: Sequence[str]) -> None:
    """Install what is missing of `packages`, starting no service. Raises KitError when not root."""
    missing = [package for package in packages if not installed(package)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise KitError(f"missing packages: {' '.join(missing)}; run as root: apt-get install {' '.join(missing)}")
    with cache.locked(cache.root() / "locks" / "apt.lock"):
        missing = [package for package in packages if not installed(package)]
        if missing:
            _refresh_lists(missing)
            with _no_services():
                _apt(["install", "-y", "--no-install-recommends", *missing])


def unpack(name: str, packages: Sequence[str], suite: str = "") -> Path:
    """The folder into which the packages were unpacked, without installing them.

    `suite` names another suite of the machine's own archive; empty means the running system's packages.
    """
    system = distribution()
    key = f"packages/{system.codename}/{name}"

    def fill(folder: Path) -> None:
        with cache.locked(cache.root() / "locks" / "apt.lock"), tempfile.TemporaryDirectory() as work:
            options = _foreign_suite(Path(work), suite) if suite else []
            if not suite:
                _refresh_lists(packages)
            debs = Path(work) / "debs"
            debs.mkdir()
            _apt([*options, "download", *packages], cwd=debs)
            for archive in sorted(debs.glob("*.deb")):
                _run(["dpkg", "-x", str(archive), str(folder)])

    return cache.entry(key, fill)


def with_libraries(packages: Sequence[str]) -> list[str]:
    """The packages and, recursively, the library packages that they depend on, by the running system's lists."""
    if any(not _known(package) for package in packages):
        with cache.locked(cache.root() / "locks" / "apt.lock"):
            _refresh_lists(packages)
    depends = _library_dependencies(packages)
    found = list(packages)
    front = list(packages)
    while front:
        front = sorted({library for package in front for library in depends.get(package, ())} - set(found))
        found += front
    return found


def mirrors() -> list[Mirror]:
    """The archives of the machine's own sources, one-line and deb822 style, security archives left out."""
    found: list[Mirror] = []
    for path in sorted(SOURCES.glob("sources.list.d/*.sources")):
        found += _deb822(path.read_text(encoding="utf-8"))
    for path in [SOURCES / "sources.list", *sorted(SOURCES.glob("sources.list.d/*.list"))]:
        if path.exists():
            found += _one_line(path.read_text(encoding="utf-8"))
    return [mirror for mirror in found if "security" not in mirror.uri]


def _deb822(text: str) -> Iterator[Mirror]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(.*)$", stanza))
        names = {key.lower(): value.strip() for key, value in fields.items()}
        if "main" in names.get("components", "").split() and names.get("enabled", "yes") != "no":
            for uri in names.get("uris", "").split():
                yield Mirror(uri, names.get("signed-by", ""))


def _one_line(text: str) -> Iterator[Mirror]:
    for match in re.finditer(r"(?m)^deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+\S+\s+(.*)$", text):
        options, uri, components = match.groups()
        keyring = re.search(r"signed-by=(\S+)", options or "")
        if "main" in components.split():
            yield Mirror(uri, keyring.group(1) if keyring else "")


def _foreign_suite(work: Path, suite: str) -> list[str]:
    """Fetch the lists of another suite into a folder of its own; the apt options that make apt use them."""
    known = mirrors()
    if not known:
        raise KitError("no package archive with a 'main' component found in /etc/apt")
    mirror = known[0]
    keyring = f"[signed-by={mirror.signed_by}] " if mirror.signed_by else ""
    (work / "sources.list").write_text(f"deb {keyring}{mirror.uri} {suite} main\n", encoding="utf-8")
    for folder in ("lists/partial", "cache/archives/partial", "parts"):
        (work / folder).mkdir(parents=True)
    settings = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": work / "parts",
        "Dir::Etc::PreferencesParts": work / "parts",
        "Dir::Etc::Preferences": work / "none",
        "Dir::State::Lists": work / "lists",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
    }
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    _apt([*options, "update"])
    return options


def _library_dependencies(packages: Sequence[str]) -> dict[str, list[str]]:
    """For each package that the given ones lead to: the libraries that it depends on itself."""
    text = _run(["apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--important", *packages])
    found: dict[str, list[str]] = {}
    package = ""
    for line in text.splitlines():
        needed = re.fullmatch(r"\s+\|?(?:Pre)?Depends:\s+([a-z0-9][^\s:]*)", line)
        if needed and needed.group(1).startswith(("lib", "zlib1g")):
            found.setdefault(package, []).append(needed.group(1))
        elif not line.startswith(" "):
            package = line.strip()
    return found


def _known(package: str) -> bool:
    return bool(_run(["apt-cache", "show", "--no-all-versions", package], check=False).strip())


def _refresh_lists(packages: Sequence[str]) -> None:
    if any(not _known(package) for package in packages):
        _apt(["update"])


def _apt(words: Sequence[str], cwd: Path | None = None) -> None:
    """Run apt-get; once more after a refresh of old lists, and again while another process holds its locks."""
    refreshed = "update" in words or "-o" in words
    for _ in range(LOCK_TRIES):
        done = _try(["apt-get", "-q", *words], cwd)
        if done.returncode == 0:
            return
        if "Could not get lock" in done.stderr or "Unable to lock" in done.stderr:
            time.sleep(2)
        elif not refreshed:
            refreshed = True
            _run(["apt-get", "-q", "update"])
        else:
            break
    raise KitError(f"apt-get {' '.join(words)} failed:\n{done.stderr.strip()}")


def _run(words: Sequence[str], *, check: bool = True) -> str:
    done = _try(words, None)
    if check and done.returncode != 0:
        raise KitError(f"{' '.join(words)} failed:\n{done.stderr.strip()}")
    return done.stdout


def _try(words: Sequence[str], cwd: Path | None) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    return subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services while they are installed, by the policy file that Debian asks."""
    before = POLICY.read_bytes() if POLICY.exists() else None
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink()
        else:
            POLICY.write_bytes(before)
