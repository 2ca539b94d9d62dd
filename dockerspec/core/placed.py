"""Files that a container gets from its `configs` and `secrets`, as values, and the label that remembers them.

The engine keeps no word of a file that was written into a container, and none of what a mounted one said at the time.
So a digest of each is recorded on the container: a later run sees by it that the content, the owner or the place has
changed.

Callers: the loader, the table, the planner, whose actions write the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LABEL = "dockerspec.files"
"""The label with the digests; it holds no content."""
RECORDED = "dockerspec.recorded"
"""The label that all containers have that dockerspec made; on another, nothing is known of its files."""

MODE = 0o444
"""The permission bits of a file that names none, as Compose has it."""
ROOT = "/"
SECTIONS = ("configs", "secrets")


@dataclass(frozen=True, slots=True)
class Content:
    """What a config or secret holds.

    Attributes:
        text: the content; bytes that are no UTF-8 are surrogates in it.
        file: the path on the host that it was read from; empty where it comes from elsewhere.
        digest: what tells it from another content, and does not tell it; the desired state puts it in.
    """

    text: str = field(repr=False)
    file: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that is written into a container.

    Attributes:
        what: whose content it is, as the spec calls it: `configs.app`.
        path: where it goes, relative to the folder that the files are written to together.
        uid, gid: its owner and group.
        mode: its permission bits.
        text: its content; see `Content`.
    """

    what: str
    path: str
    uid: int
    gid: int
    mode: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that one call writes.

    Attributes:
        folder: the folder in the container that their paths start from.
        files: the files.
    """

    folder: str
    files: tuple[PlacedFile, ...]

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(item.what for item in self.files))


def to_label(sections: Mapping[str, Any]) -> str:
    """The label's value; empty where there is nothing to remember."""
    told = {name: entries for name, entries in sections.items() if entries}
    return json.dumps(told, sort_keys=True, separators=(",", ":")) if told else ""


def from_label(labels: Mapping[str, str] | None, section: str) -> dict[str, dict[str, Any]] | None:
    """What a container's labels remember of a section; None for one that dockerspec did not make."""
    labels = labels or {}
    text = labels.get(LABEL)
    if not text:
        return {} if RECORDED in labels else None
    try:
        return {str(name): dict(entry) for name, entry in json.loads(text).get(section, {}).items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def remembered(labels: Mapping[str, str] | None) -> Iterator[str]:
    """The names of all that a container's labels remember: `configs.app`."""
    for section in SECTIONS:
        for name in from_label(labels, section) or ():
            yield f"{section}.{name}"
