"""What a built image depends on, as short digests kept on the image, so that a later plan can say what changed.

Callers: desired.images, diff.images. Pure. What is kept is bounded: a large context is recorded by its top folders, a
huge one as a whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SHORT = 16
_RECORDED = 6
_LARGEST = 3000
_NAMED = 3
_VEIL_ROUNDS = 20_000
_FILE = "/"
_WHOLE = "..."


@dataclass(frozen=True, slots=True)
class ContextFacts:
    """What was read of a build's folder.

    Attributes:
        files: a digest of name, mode and content for each entry that the build sees, the Dockerfile apart.
        dockerfile: the Dockerfile's text.
        extra: a digest for each additional context that is a folder, by its name.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def is_remote(context: str) -> bool:
    """Whether a build's context is an address that the builder fetches, and no folder of this machine."""
    return "://" in context or context.startswith(("git@", "github.com/"))


def short(value: Any) -> str:
    """A short digest of plain data."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:_SHORT]


def veiled(value: str, salt: str) -> str:
    """A short digest of a secret: slow to make, and so short that many values share it, so that none can be told."""
    return hashlib.pbkdf2_hmac("sha256", value.encode("utf-8", "surrogateescape"), salt.encode(), _VEIL_ROUNDS).hex()[
        :_RECORDED
    ]


def total(inputs: Mapping[str, str]) -> str:
    """One digest of all inputs."""
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode(errors="surrogateescape")).hexdigest()


def record(inputs: Mapping[str, str]) -> str:
    """The inputs as a label's value, no longer than about 3000 characters."""
    for level in _LEVELS:
        text = json.dumps(_cut(level(inputs)), sort_keys=True, separators=(",", ":"))
        if len(text) <= _LARGEST:
            return text
    return ""


def differing(recorded: str, inputs: Mapping[str, str]) -> list[str]:
    """The names of the inputs that differ from the recorded ones, files after the others; empty where no one can tell.

    Args:
        recorded: the value that `record` made.
        inputs: the inputs now.
    """
    try:
        before = json.loads(recorded)
    except ValueError:
        return []
    if not isinstance(before, dict):
        return []
    now = _cut(_as_fine_as(before, inputs))
    names = (name for name in {*before, *now} if before.get(name) != now.get(name))
    return sorted(names, key=lambda name: (name.startswith(_FILE), name))


def clause(names: Iterable[str]) -> str:
    """What `differing` found, in words: `args.VERSION changed; 2 files changed: a.py, b.py`."""
    found = list(names)
    files = [name.removeprefix(_FILE) for name in found if name.startswith(_FILE)]
    rest = [name for name in found if not name.startswith(_FILE)]
    parts = [f"{', '.join(rest)} changed"] if rest else []
    if files == [_WHOLE]:
        parts.append("files of the context changed")
    elif files:
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        noun = "file" if len(files) == 1 else "files"
        parts.append(f"{len(files)} {noun} changed: {', '.join(files[:_NAMED])}{more}")
    return "; ".join(parts)


def _cut(inputs: Mapping[str, str]) -> dict[str, str]:
    """What is recorded of each digest: enough to tell which input changed once it is known that one did."""
    return {name: value[:_RECORDED] for name, value in inputs.items()}


def _fine(inputs: Mapping[str, str]) -> dict[str, str]:
    return dict(inputs)


def _by_folder(inputs: Mapping[str, str]) -> dict[str, str]:
    """Files below a folder are one entry under the folder's name."""
    return _grouped(inputs, lambda name: name.split("/")[0] + ("/" if "/" in name else ""))


def _whole(inputs: Mapping[str, str]) -> dict[str, str]:
    return _grouped(inputs, lambda _name: _WHOLE)


_LEVELS = (_fine, _by_folder, _whole)


def _grouped(inputs: Mapping[str, str], group_of: Callable[[str], str]) -> dict[str, str]:
    result = {name: value for name, value in inputs.items() if not name.startswith(_FILE)}
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, value in sorted(inputs.items()):
        if name.startswith(_FILE):
            groups.setdefault(group_of(name[1:]), []).append((name, value))
    result.update({_FILE + group: short(items) for group, items in groups.items()})
    return result


def _as_fine_as(before: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, str]:
    """The inputs grouped as the recorded ones are."""
    if _FILE + _WHOLE in before:
        return _whole(inputs)
    return _by_folder(inputs) if any(name.startswith(_FILE) and name.endswith("/") for name in before) else dict(inputs)


def of_files(files: Mapping[str, str]) -> dict[str, str]:
    """The inputs that a context's files are."""
    return {_FILE + name: digest[:_SHORT] for name, digest in files.items()}


# --- what a Dockerfile is based on ------------------------------------------------------------------------------

_FROM = re.compile(r"FROM\s+(?P<flags>(?:--\S+\s+)*)(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(?P<items>.+)$", re.IGNORECASE)
_ITEM = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)(?:=(?:"([^"]*)"|'([^']*)'|(\S*)))?""")
_COPY = re.compile(r"(?:COPY|ADD)\s+.*?--from=(\S+)", re.IGNORECASE)
_MOUNT = re.compile(r"--mount=(\S*)")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")


def bases(dockerfile: str, args: Mapping[str, str | None], contexts: Iterable[str] = ()) -> tuple[str, ...]:
    """The images that a Dockerfile starts from or copies from, as far as its text tells.

    Args:
        dockerfile: its text.
        args: the build's arguments.
        contexts: names that stand for additional contexts.

    Returns:
        References in order, without stages, `scratch`, and those of a foreign platform, which the builder fetches.
    """
    stages, known, found = set(contexts), {}, []
    started = False
    for line in _instructions(dockerfile):
        if (match := _ARG.match(line)) and not started:
            for name, *values in _ITEM.findall(match["items"]):
                given = args.get(name)
                known[name] = given if given is not None else next(filter(None, values), "")
        elif match := _FROM.match(line):
            started = True
            if "--platform" not in match["flags"].lower():
                found.append((match["image"], frozenset(stages)))
            if match["stage"]:
                stages.add(match["stage"].lower())
        else:
            found += [(image, frozenset(stages)) for image in _copied(line)]
    wanted = (_filled(image, known) for image, stages_then in found if image.lower() not in stages_then)
    return tuple(dict.fromkeys(image for image in wanted if image and image != "scratch" and not image.isdigit()))


def _copied(line: str) -> list[str]:
    """The images that an instruction takes files from."""
    mounts = [part[5:] for text in _MOUNT.findall(line) for part in text.split(",") if part.startswith("from=")]
    return [*_COPY.findall(line), *mounts]


def _instructions(dockerfile: str) -> Iterable[str]:
    lines = (line.strip() for line in dockerfile.splitlines())
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return (line.strip() for line in re.sub(r"[\\`]\s*\n", " ", text).splitlines())


def _filled(text: str, known: Mapping[str, str]) -> str:
    """A reference with its variables put in; empty where one has no value."""

    def put(match: re.Match[str]) -> str:
        return known.get(match[1] or match[3]) or match[2] or "\0"

    filled = _VARIABLE.sub(put, text)
    return "" if "\0" in filled else filled
