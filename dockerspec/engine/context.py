"""Build contexts: which files of a folder a build sees, their tar, and a digest that says whether they changed.

Callers: runtime (to plan a rebuild, and to build). The selection follows `.dockerignore` by the docker SDK's matcher,
which is imported only where there are patterns to match. Reads files, and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from dockerspec.core.desired.inputs import ContextFacts
from dockerspec.core.diagnostics import error
from dockerspec.errors import SpecError

ADDED_DOCKERFILE = ".dockerspec.Dockerfile"
"""The name in the tar of a Dockerfile that is not in the folder: one given as text, or lying elsewhere."""

_PIECE = 1024 * 1024
_EPOCH = 946_684_800
_SPAN = 20 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file, folder or link of a context; `content` where it is not in the folder under its name."""

    name: str
    path: str
    mode: int
    size: int = 0
    link: str = ""
    content: bytes | None = None

    @property
    def kind(self) -> bytes:
        """The tar type."""
        if stat.S_ISLNK(self.mode):
            return tarfile.SYMTYPE
        return tarfile.DIRTYPE if stat.S_ISDIR(self.mode) else tarfile.REGTYPE

    def open(self) -> IO[bytes]:
        """The content of a file."""
        return io.BytesIO(self.content) if self.content is not None else open(self.path, "rb")


def archived_dockerfile(folder: Path, dockerfile: str = "Dockerfile", inline: str | None = None) -> str:
    """The Dockerfile's name inside the tar: what the build's `dockerfile` parameter must say."""
    inside = None if inline is not None else _inside(folder, dockerfile)
    return ADDED_DOCKERFILE if inside is None else inside


def pack_context(
    folder: Path,
    dockerfile: str = "Dockerfile",
    ignore: Sequence[str] | None = None,
    *,
    inline: str | None = None,
) -> BinaryIO:
    """Make the tar of a build context.

    The same files make the same bytes, on any machine: sorted, owned by root, no hard links. All have one time, which
    the contents choose: a fixed one would let a web server in the image answer "not modified" for a page that was.

    Args:
        folder: the context folder.
        dockerfile: the Dockerfile's path, from the folder on or absolute.
        ignore: patterns as in a `.dockerignore`; None reads `DOCKERFILE.dockerignore` or else `.dockerignore`.
        inline: the Dockerfile's text, if it is no file.

    Returns:
        A temporary file, at its beginning; it is gone once closed.

    Raises:
        SpecError: the folder or the Dockerfile is missing, or a file can't be read.
    """
    entries = _select(folder, dockerfile, ignore, inline)
    moment = _EPOCH + int(_digest(entries)[:12], 16) % _SPAN
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # the caller's from now on
    try:
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for entry in entries:
                _add(archive, entry, moment)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return cast(BinaryIO, spool)


def read_context(
    folder: Path,
    dockerfile: str = "Dockerfile",
    ignore: Sequence[str] | None = None,
    *,
    inline: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> ContextFacts:
    """Digests of all that a build of the context sees: names, modes, contents, and the Dockerfile.

    Times and owners are not part of it, so that a fresh clone has the digests of the old one. The arguments and errors
    are those of `pack_context`, and `extra` are additional contexts by name: a folder's content counts too.
    """
    entries = _select(folder, dockerfile, ignore, inline)
    name = archived_dockerfile(folder, dockerfile, inline)
    text = b""
    for entry in entries:
        if entry.name == name:
            with entry.open() as file:
                text = file.read()
    folders = {key: Path(value) for key, value in (extra or {}).items() if "://" not in value}
    return ContextFacts(
        files={entry.name: _digest([entry]) for entry in entries if entry.name != name},
        dockerfile=text.decode(errors="replace"),
        extra={key: _digest(_select_all(path)) for key, path in folders.items()},
    )


def _select_all(folder: Path) -> list[_Entry]:
    if not folder.is_dir():
        raise _fault(
            f"the additional context {folder} is no folder", "write the path of a folder, or docker-image://REF"
        )
    names = _names(folder, _patterns(folder, "Dockerfile"), None)
    return sorted(filter(None, (_entry(folder, name) for name in names)), key=lambda entry: entry.name)


def _digest(entries: Sequence[_Entry]) -> str:
    total = hashlib.sha256()
    for entry in entries:
        head = f"{entry.name}\0{entry.kind!r}\0{stat.S_IMODE(entry.mode):o}\0{entry.link}\0"
        total.update(head.encode(errors="surrogateescape"))
        if entry.kind == tarfile.REGTYPE:
            total.update(_content_digest(entry))
    return total.hexdigest()


def _content_digest(entry: _Entry) -> bytes:
    content = hashlib.sha256()
    try:
        with entry.open() as file:
            while piece := file.read(_PIECE):
                content.update(piece)
    except OSError as fault:
        raise _unreadable(entry.path, fault) from None
    return content.digest()


def _add(archive: tarfile.TarFile, entry: _Entry, moment: int) -> None:
    info = tarfile.TarInfo(entry.name)
    info.type = entry.kind
    info.mode = stat.S_IMODE(entry.mode)
    info.linkname = entry.link
    info.mtime = moment
    if entry.kind != tarfile.REGTYPE:
        archive.addfile(info)
        return
    info.size = entry.size
    try:
        with entry.open() as file:
            archive.addfile(info, file)
    except OSError as fault:
        # Also where the file has shrunk since it was listed.
        raise _unreadable(entry.path, fault) from None


def _select(folder: Path, dockerfile: str, ignore: Sequence[str] | None, inline: str | None) -> list[_Entry]:
    """The entries of a context in the order of their names."""
    if not folder.is_dir():
        raise _fault(f"the build context {folder} is no folder", "write the path of a folder as `context`")
    inside = None if inline is not None else _inside(folder, dockerfile)
    added = _added(folder, dockerfile, inline) if inside is None else None
    if inside is not None and not (folder / inside).is_file():
        raise _fault(
            f"there is no Dockerfile {inside!r} in the build context {folder}",
            "create it, or write its path as `dockerfile` (or its text as `dockerfile_inline`)",
        )
    patterns = _patterns(folder, dockerfile) if ignore is None else _cleaned(ignore)
    names = _names(folder, patterns, inside)
    entries = [entry for name in names if (entry := _entry(folder, name)) is not None]
    if added is not None:
        entries = [entry for entry in entries if entry.name != ADDED_DOCKERFILE]
        entries.append(added)
    return sorted(entries, key=lambda entry: entry.name)


def _inside(folder: Path, dockerfile: str) -> str | None:
    """The Dockerfile's path from the folder on, or None if it lies outside."""
    relative = os.path.relpath(os.path.join(os.path.abspath(folder), dockerfile), os.path.abspath(folder))
    return None if relative.split(os.sep)[0] == os.pardir else relative


def _added(folder: Path, dockerfile: str, inline: str | None) -> _Entry:
    path = os.path.join(folder, dockerfile)
    if inline is not None:
        content = inline.encode()
    else:
        try:
            content = Path(path).read_bytes()
        except OSError as fault:
            raise _fault(
                f"can't read the Dockerfile {path}: {fault.strerror}",
                "write the path of a readable file as `dockerfile`",
            ) from None
    return _Entry(ADDED_DOCKERFILE, path, stat.S_IFREG | 0o644, len(content), content=content)


def _patterns(folder: Path, dockerfile: str) -> list[str]:
    """The ignore patterns of a context: the Dockerfile's own file first, as BuildKit has it."""
    for path in (Path(os.path.join(folder, dockerfile + ".dockerignore")), folder / ".dockerignore"):
        try:
            return _cleaned(path.read_text(encoding="utf-8-sig").splitlines())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as fault:
            raise _unreadable(str(path), fault) from None
    return []


def _cleaned(lines: Sequence[str]) -> list[str]:
    stripped = (line.strip() for line in lines if not line.startswith("#"))
    return [line for line in stripped if line]


def _names(folder: Path, patterns: list[str], dockerfile: str | None) -> Iterator[str]:
    """The paths that a build sees, from the folder on, folders among them."""
    if not patterns:
        yield from _walk(str(folder), "")
        return
    from docker.utils.build import exclude_paths

    try:
        # The engine needs the Dockerfile whatever the patterns say; the SDK adds it to the list that it is given.
        yield from exclude_paths(os.path.abspath(folder), list(patterns), dockerfile=dockerfile or ADDED_DOCKERFILE)
    except OSError as fault:
        raise _unreadable(str(fault.filename or folder), fault) from None


def _walk(root: str, below: str) -> Iterator[str]:
    try:
        with os.scandir(os.path.join(root, below)) as items:
            found = [(item.name, item.is_dir(follow_symlinks=False)) for item in items]
    except OSError as fault:
        raise _unreadable(os.path.join(root, below), fault) from None
    for name, is_folder in found:
        path = f"{below}/{name}" if below else name
        yield path
        if is_folder:
            yield from _walk(root, path)


def _entry(folder: Path, name: str) -> _Entry | None:
    """What lies under a name; None for sockets, pipes and devices, which a build can't copy."""
    path = os.path.join(folder, name)
    try:
        state = os.lstat(path)
        link = os.readlink(path) if stat.S_ISLNK(state.st_mode) else ""
    except OSError as fault:
        raise _unreadable(path, fault) from None
    if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode) or link):
        return None
    return _Entry(name, path, state.st_mode, state.st_size if stat.S_ISREG(state.st_mode) else 0, link)


def _unreadable(path: str, fault: OSError | UnicodeDecodeError) -> SpecError:
    reason = (fault.strerror or str(fault)) if isinstance(fault, OSError) else "it is not UTF-8"
    return _fault(f"can't read {path} of the build context: {reason}", "make it readable, or list it in .dockerignore")


def _fault(summary: str, fix: str) -> SpecError:
    return SpecError([error("", summary, fix)])
