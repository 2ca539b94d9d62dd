"""Images from Debian packages: a small busybox, and real servers with just the libraries that they need.

Callers: the test fixtures, the demo, the benchmarks. Each rootfs is built once as a tar in the cache, with sorted
entries and fixed times, then imported into any engine. Limits: the running machine's architecture only.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit import apt, cache
from tests.kit.errors import KitError
from tests.kit.raw import RawEngine

PREFIX = "dockerspec-kit"
"""The repository prefix of the imported images: a name that nobody else uses."""
MTIME = 1_700_000_000
"""The modification time of every file in a rootfs, in seconds since 1970."""
ARCHIVE = "rootfs.tar"
RECIPE_VERSION = 1
"""Raise it when a recipe or the way of building changes: old archives in the cache are then left aside."""

_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\n"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one image is made.

    Attributes:
        packages: Debian packages that it is made from, besides busybox.
        files: paths (files or folders) taken from them; programs bring the shared libraries that they need.
        folders: folders to make, path to mode.
        texts: files to write, path to content.
        links: symbolic links, path to target.
        changes: the image's configuration, as Dockerfile instructions.
    """

    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    folders: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


_NGINX_CONF = """\
worker_processes 1;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    access_log /dev/stdout;
    server {
        listen 80;
        root /srv/www;
        location = /healthz { access_log off; return 200 "ok\\n"; }
    }
}
"""

RECIPES: dict[str, Recipe] = {
    "busybox": Recipe(changes=('CMD ["sh"]', "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")),
    "nginx": Recipe(
        packages=("nginx", "nginx-common"),
        files=("usr/sbin/nginx", "etc/nginx/mime.types"),
        folders={"var/lib/nginx": 0o755, "var/log/nginx": 0o755, "run": 0o755},
        texts={"etc/nginx/nginx.conf": _NGINX_CONF, "srv/www/index.html": "nginx from Debian packages\n"},
        changes=(
            'ENTRYPOINT ["/usr/sbin/nginx"]',
            'CMD ["-g", "daemon off; user root;"]',
            "EXPOSE 80",
            "ENV NGINX_ROLE=web",
            "HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD wget -q -O /dev/null http://127.0.0.1/healthz",
        ),
    ),
    "redis": Recipe(
        packages=("redis-server", "redis-tools"),
        files=("usr/bin/redis-server", "usr/bin/redis-cli"),
        folders={"data": 0o777},
        changes=(
            'CMD ["redis-server", "--save", "", "--appendonly", "yes", "--dir", "/data", "--protected-mode", "no"]',
            "EXPOSE 6379",
            "VOLUME /data",
            "WORKDIR /data",
            "ENV REDIS_ROLE=store",
            "HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD redis-cli ping | grep -q PONG",
        ),
    ),
}


def reference(name: str) -> str:
    """The reference under which `ensure` imports the image: `dockerspec-kit/NAME:1`."""
    return f"{PREFIX}/{name}:1"


def ensure(raw: RawEngine, name: str, ref: str = "") -> str:
    """Import the image into the engine unless it is there already; its reference (`ref`, or the usual one)."""
    ref = ref or reference(name)
    archive = rootfs(name)
    recipe = RECIPES[name]
    key = f"kit.rootfs={_key(name, recipe)}"
    present = raw.find(f"/images/{ref}/json")
    labels = (present or {}).get("Config", {}).get("Labels") or {}
    if labels.get("kit.rootfs") != _key(name, recipe):
        raw.import_image(archive, ref, [*recipe.changes, f"LABEL {key}"])
    return ref


def rootfs(name: str) -> Path:
    """The archive of the image's files, built on the first call."""
    recipe = RECIPES.get(name)
    if not recipe:
        raise KitError(f"no recipe for an image {name!r}; there are: {', '.join(RECIPES)}")

    return cache.entry(f"rootfs/{name}-{_key(name, recipe)}", lambda folder: build(name, folder / ARCHIVE)) / ARCHIVE


def build(name: str, archive: Path) -> None:
    """Write the archive of the image's files; the same packages give the same bytes."""
    recipe = RECIPES[name]
    tree = _Tree()
    _add_base(tree)
    _add_packages(tree, name, recipe)
    for path, mode in recipe.folders.items():
        tree.folder(path, mode)
    for path, text in recipe.texts.items():
        tree.file(path, text.encode(), 0o644)
    for path, target in recipe.links.items():
        tree.link(path, target)
    tree.write(archive)


def _key(name: str, recipe: Recipe) -> str:
    text = f"{RECIPE_VERSION} {apt.distribution().codename} {name} {recipe!r}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class _Tree:
    """Files of a rootfs by path, written in sorted order with fixed times and owners."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, int, str, bytes]] = {}

    def folder(self, path: str, mode: int = 0o755) -> None:
        self._entries[path] = (tarfile.DIRTYPE, mode, "", b"")

    def file(self, path: str, content: bytes, mode: int) -> None:
        self._entries[path] = (tarfile.REGTYPE, mode, "", content)

    def link(self, path: str, target: str) -> None:
        self._entries[path] = (tarfile.SYMTYPE, 0o777, target, b"")

    def write(self, archive: Path) -> None:
        for path in list(self._entries):
            for parent in list(Path(path).parents)[:-1]:
                self._entries.setdefault(str(parent), (tarfile.DIRTYPE, 0o755, "", b""))
        with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as out:
            for path in sorted(self._entries):
                kind, mode, target, content = self._entries[path]
                info = tarfile.TarInfo(path)
                info.type, info.mode, info.linkname, info.size, info.mtime = kind, mode, target, len(content), MTIME
                out.addfile(info, io.BytesIO(content))


def _add_base(tree: _Tree) -> None:
    """busybox with all its names, and what every program expects to find.

    It is the one with shared libraries, whose host name look-up works without files of the building machine's libc.
    """
    source = apt.unpack("image-busybox", apt.with_libraries(["busybox"]))
    program = next(path for path in (source / "bin/busybox", source / "usr/bin/busybox") if path.exists())
    tree.file("bin/busybox", program.read_bytes(), 0o755)
    for inside, path in _libraries(source, [program]).items():
        tree.file(inside, path.read_bytes(), 0o755)
    listing = subprocess.run([str(program), "--list"], capture_output=True, text=True, check=True).stdout
    for applet in listing.split():
        if applet != "busybox":
            tree.link(f"bin/{applet}", "busybox")
    modes = {"tmp": 0o1777, "root": 0o700, "proc": 0o755, "sys": 0o755, "dev": 0o755, "run": 0o755}
    for folder, mode in modes.items():
        tree.folder(folder, mode)
    tree.file("etc/passwd", _PASSWD.encode(), 0o644)
    tree.file("etc/group", _GROUP.encode(), 0o644)
    tree.file("etc/nsswitch.conf", b"hosts: files dns\n", 0o644)


def _add_packages(tree: _Tree, name: str, recipe: Recipe) -> None:
    if not recipe.packages:
        return
    source = apt.unpack(f"image-{name}", apt.with_libraries(recipe.packages))
    programs = []
    for wanted in recipe.files:
        for path in _files(source / wanted):
            inside = str(path.relative_to(source))
            tree.file(inside, path.read_bytes(), path.stat().st_mode & 0o7777)
            if path.read_bytes()[:4] == b"\x7fELF":
                programs.append(path)
    for inside, path in _libraries(source, programs).items():
        tree.file(inside, path.read_bytes(), 0o755)


def _files(path: Path) -> list[Path]:
    found = sorted(entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else [path]
    if not all(entry.is_file() for entry in found):
        raise KitError(f"{path.name} is not in the package any more")
    return found


def _libraries(source: Path, programs: Sequence[Path]) -> dict[str, Path]:
    """The loader and the shared libraries that the programs need, where they stand in the image to where they are."""
    if not programs:
        return {}
    loader = next(iter(sorted([*source.glob("lib*/ld-linux*"), *source.glob("lib*/*/ld-linux*")])), None)
    if not loader:
        raise KitError("the packages bring no dynamic loader; is libc6 among them?")
    folders = [path for pattern in ("lib/*-linux-gnu*", "usr/lib/*-linux-gnu*") for path in source.glob(pattern)]
    search = ":".join(str(path) for path in folders)
    interpreter = re.search(rb"/lib[^\0]*/ld-linux[^\0]*", programs[0].read_bytes())
    found = {interpreter.group().decode().lstrip("/"): loader} if interpreter else {}
    for program in programs:
        words = [str(loader.resolve()), "--library-path", search, "--list", str(program)]
        listing = subprocess.run(words, capture_output=True, text=True)
        if listing.returncode != 0 or "not found" in listing.stdout:
            raise KitError(f"a library of {program.name} is missing: {listing.stdout}{listing.stderr}")
        for soname, place in re.findall(r"(\S+) => (\S+)", listing.stdout):
            if not soname.startswith("/"):
                found[f"usr/lib/{Path(soname).name}"] = Path(place)
    return found
