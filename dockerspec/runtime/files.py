"""The door for specs: disk, standard input and environment -> `load`.

Callers: `api`, and `cli` through it. Limits: reads files and nothing else; what a text means is decided in `core.spec`.
"""

from __future__ import annotations

import gc
import os
import stat
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.spec.compose.project import Choices
from dockerspec.core.spec.document import MAX_CHARACTERS
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.source import STDIN_NAME, FileFault, SourceFile, Variables
from dockerspec.core.spec.template import NAME

OWN_NAMES = ("dockerspec.yaml", "dockerspec.yml", "stack.yaml", "stack.yml")
# In Compose's own order.
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
DEFAULT_NAMES = (*OWN_NAMES, *COMPOSE_NAMES)
STDIN = "-"
_MAX_BYTES = 4 * MAX_CHARACTERS


def load_files(
    paths: Sequence[str | os.PathLike[str]] = (),
    env_files: Sequence[str | os.PathLike[str]] = (),
    variables: Mapping[str, str] | Sequence[str] = (),
    cwd: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    project_name: str = "",
    profiles: Sequence[str] = (),
    project_directory: str | os.PathLike[str] | None = None,
    all_resources: bool = False,
    only_shown: bool = False,
) -> LoadResult:
    """Load a stack from files.

    Args:
        paths: spec files, later ones overlaying earlier ones; `-` is standard input. Without any, the first of
            `OWN_NAMES` that exists in the working folder; else the files of COMPOSE_FILE; else the first of
            `COMPOSE_NAMES` there or in a folder above, with its override file.
        env_files: files with variable values, instead of those of COMPOSE_ENV_FILES, or of `.env` beside the first
            spec file; the last one wins.
        variables: values that win over all others, as a mapping or as `NAME=VALUE` texts.
        cwd: the working folder; by default that of the process.
        environ: the environment; by default that of the process.
        project_name: name of a Compose project, instead of COMPOSE_PROJECT_NAME, `name:` or the folder's name.
        profiles: active profiles of a Compose project, instead of those of COMPOSE_PROFILES.
        project_directory: folder that a Compose project's relative paths start from; that of its first file by default.
        all_resources: whether resources of a Compose project stay that no service uses.
        only_shown: whether a Compose project is only to be shown: no stack is made of it, and nothing is said of what
            would become of it.

    Returns:
        The stack and all diagnostics; nothing is raised for a missing or faulty file.
    """
    folder = Path(cwd) if cwd is not None else Path.cwd()
    found: list[Diagnostic] = []
    environment = dict(os.environ if environ is None else environ)
    base = (folder / project_directory).absolute() if project_directory else None
    names = [os.fspath(path) for path in paths]
    if not names:
        names = _default(folder, base, environment, found)
    files = [source for name in names if (source := _source(name, folder, found))]
    start = base or (Path(files[0].folder) if files else folder)
    named = [os.fspath(path) for path in env_files] or _listed(environment.get("COMPOSE_ENV_FILES", ""))
    sources: dict[str, str] = {}
    if named or not _switched_on(environment.get("COMPOSE_DISABLE_ENV_FILE", "")):
        sources = _dotenv_paths(named, folder, start)
    dotenv = _dotenv(sources, bool(named), environment, found)
    given = _given(variables, found)
    if found:
        return LoadResult(None, tuple(sorted(found, key=lambda fault: fault.sort_key)))
    active = tuple(profiles) or tuple(_listed({**dotenv, **environment}.get("COMPOSE_PROFILES", "")))
    env_paths = tuple(map(os.path.normpath, sources.values())) if named else ()
    place = os.path.normpath(base) if base else ""
    choices = Choices(project_name, active, place, all_resources, env_paths, only_shown)
    with _uncollected():
        return load(
            files, Variables(given, environment, dotenv, tuple(sources.values())), read_text, choices, read_bytes
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from walking the tree again and again while it grows: it holds no garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _switched_on(text: str) -> bool:
    return text.lower() in ("1", "t", "true")


def load_text(
    text: str,
    name: str,
    given: Mapping[str, str] | Sequence[str],
    dotenv: Sequence[str | os.PathLike[str]],
    fill: Callable[[Mapping[str, str]], Mapping[str, str]],
    *,
    named: bool,
) -> LoadResult:
    """Load a spec that is no file, such as one of the history; its paths are absolute.

    Args:
        text: the spec.
        name: what diagnostics call it.
        given: values that win over all others, as in `load_files`.
        dotenv: files with variable values, by absolute path or from the working folder.
        fill: given all values that are known, further ones for variables that have none.
        named: whether a missing file of `dotenv` is a fault.
    """
    found: list[Diagnostic] = []
    environment = dict(os.environ)
    sources = _dotenv_paths([os.fspath(path) for path in dotenv], Path.cwd(), Path.cwd()) if dotenv else {}
    variables = Variables(_given(given, found), environment, _dotenv(sources, named, environment, found))
    if found:
        return LoadResult(None, tuple(sorted(found, key=lambda fault: fault.sort_key)))
    more = fill(variables.merged())
    variables = replace(variables, dotenv={**more, **variables.dotenv}, paths=tuple(sources.values()))
    return replace(load([SourceFile(name, text, "/")], variables, read_text, raw=read_bytes), place="")


def read_text(path: str) -> str | FileFault:
    """Read a UTF-8 text file whole; never raises for what the disk holds."""
    data = _read(path)
    return data if isinstance(data, FileFault) else _decode(data)


def read_bytes(path: str) -> str | FileFault:
    """Read any file whole, each byte that is no UTF-8 as a surrogate; never raises for what the disk holds."""
    data = _read(path)
    if isinstance(data, FileFault):
        return data
    if len(data) > _MAX_BYTES:
        return FileFault(f"is larger than {_MAX_BYTES // 1024 // 1024} MiB", "mount it: volumes: [./FILE:/PATH:ro]")
    return data.decode("utf-8", "surrogateescape")


def _read(path: str) -> bytes | FileFault:
    """At most a byte more than a file may have."""
    try:
        with open(path, "rb") as stream:
            if stat.S_ISDIR(os.fstat(stream.fileno()).st_mode):
                return FileFault("is a folder", "give a file")
            return stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return FileFault("doesn't exist", missing=True)
    except IsADirectoryError:
        return FileFault("is a folder", "give a file")
    except PermissionError:
        return FileFault("can't be read by this user", "change its permissions, or run as another user")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        return FileFault(f"can't be read ({reason})")


def _decode(data: bytes) -> str | FileFault:
    if len(data) > _MAX_BYTES:
        return FileFault(f"is larger than {_MAX_BYTES // 1024 // 1024} MiB", "give a spec, not a data file")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        # YAML allows it, and Windows writes it.
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            return FileFault("is half UTF-16", "save it as UTF-8")
    if b"\0" in data[:8192]:
        return FileFault("is a binary file", "give a UTF-8 text file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        before = data[: problem.start]
        line = before.count(b"\n") + 1
        byte = f"byte 0x{data[problem.start]:02x} at offset {problem.start}, line {line}"
        return FileFault(f"isn't UTF-8 ({byte})", "save it as UTF-8", line=line)


def _default(folder: Path, base: Path | None, environment: Mapping[str, str], found: list[Diagnostic]) -> list[str]:
    """Find the files of a run that names none."""
    for name in OWN_NAMES:
        if (folder / name).exists():
            return [name]
    values = environment
    if "COMPOSE_FILE" not in values and (folder / ".env").exists():
        values = {**_dotenv(_dotenv_paths([], folder, folder), False, environment, []), **environment}
    if chosen := values.get("COMPOSE_FILE"):
        return [name for name in chosen.split(values.get("COMPOSE_PATH_SEPARATOR") or os.pathsep) if name]
    start = base or folder.absolute()
    for place in (start, *start.parents):
        for name in COMPOSE_NAMES:
            if (place / name).exists():
                overrides = [other for other in _OVERRIDES if (place / other).exists()]
                return [os.path.relpath(place / each, folder) for each in (name, *overrides[:1])]
    summary = f"no spec in {folder}: none of {', '.join(DEFAULT_NAMES)} is there"
    found.append(error("", summary, "write dockerspec.yaml, or give a file with -f"))
    return []


def _source(name: str, folder: Path, found: list[Diagnostic]) -> SourceFile | None:
    path = (folder / name).absolute()
    text = _decode(sys.stdin.buffer.read(_MAX_BYTES + 1)) if name == STDIN else read_text(str(path))
    shown = STDIN_NAME if name == STDIN else name
    if isinstance(text, FileFault):
        fix = text.fix or ("check the name given with -f" if text.missing else "")
        found.append(error("", f"the spec file {text.summary}", fix, Span(shown, text.line, 1)))
        return None
    parent = folder.absolute() if name == STDIN else path.parent
    return SourceFile(shown, text, os.path.normpath(parent))


def _dotenv_paths(names: list[str], folder: Path, base: Path) -> dict[str, str]:
    """The files with values: absolute paths by the names as they were given."""
    return {name: str((folder if names else base).absolute() / name) for name in names or [".env"]}


def _dotenv(
    sources: Mapping[str, str], named: bool, environment: Mapping[str, str], found: list[Diagnostic]
) -> dict[str, str]:
    """Read the files with values; `.env` may be missing, files that were named may not."""
    values: dict[str, str] = {}
    for name, path in sources.items():
        text = read_text(path)
        if isinstance(text, FileFault):
            if named or not text.missing:
                fix = text.fix or "check the name given with --env-file"
                found.append(error("", f"the env file {text.summary}", fix, Span(name, 1, 1)))
            continue
        try:
            entries = parse_dotenv(text, {**values, **environment})
        except DotenvFault as fault:
            found.append(error("", fault.summary, fault.fix, Span(name, fault.line, 1)))
            continue
        values.update({key: value for key, value in entries.items() if value is not None})
    return values


def _given(variables: Mapping[str, str] | Sequence[str], found: list[Diagnostic]) -> dict[str, str]:
    if isinstance(variables, Mapping):
        return dict(variables)
    given: dict[str, str] = {}
    for text in variables:
        name, equals, value = text.partition("=")
        if not equals or not NAME.fullmatch(name):
            shown = name if equals else text
            found.append(error("", f"'{shown}' is no variable with a value", "write --var NAME=VALUE"))
        given[name] = value
    return given
