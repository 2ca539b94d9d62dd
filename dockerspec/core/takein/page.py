"""Plain data to the text of a spec: block style, a stable order, comments. Pure.

The loader is the judge: what is written here reads back as the same data (tests/property). Dollar signs are doubled,
since the loader puts variables into values; a `Variable` is the one thing that stays open.

Callers: takein.importing. Limits: writes what a spec needs, not all of YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_INDENT = "  "
_WIDTH = 100
# Safe without quotes: no sign that YAML reads, and nothing that it could take for a number, a bool or null.
_BARE = re.compile(r"[A-Za-z_./][A-Za-z0-9_./@+=-]*(?::[A-Za-z0-9_./@+=-]+)*")
_NOT_TEXT = re.compile(r"(?i)true|false|yes|no|on|off|y|n|null|~|\.inf|\.nan|[.0-9_+-]+(?:e[.0-9_+-]+)?")
# Sizes and durations, which would be ugly in quotes.
_UNITS = re.compile(r"(?:[0-9]+(?:h|m|s|ms|us|ns|k|g))+")
# What the loader refuses unless it is escaped.
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that the run has to give: `${NAME}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A value with comment lines above its key."""

    value: Any
    notes: tuple[str, ...]


def write(data: Mapping[str, Any], head: Sequence[str] = ()) -> str:
    """The text of a spec.

    Args:
        data: mappings, lists, scalars, `Variable` and, as values of mappings, `Noted`.
        head: comment lines at the top.
    """
    lines = [*_comments(head, ""), *_mapping(data, "", apart=True)]
    return "\n".join(lines) + "\n"


def _comments(notes: Sequence[str], indent: str) -> Iterator[str]:
    for note in notes:
        text = _HIDDEN.sub(" ", " ".join(note.split()))
        yield f"{indent}# {''.join(char if char.isprintable() else ' ' for char in text)}"


def _mapping(data: Mapping[str, Any], indent: str, *, apart: bool = False) -> Iterator[str]:
    for number, (key, value) in enumerate(data.items()):
        notes: tuple[str, ...] = ()
        if isinstance(value, Noted):
            value, notes = value.value, value.notes
        if apart and number and isinstance(value, Mapping):
            yield ""
        yield from _comments(notes, indent)
        yield from _entry(f"{indent}{scalar(key, is_key=True)}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from _mapping(value, indent + _INDENT)
    elif isinstance(value, (list, tuple)) and value:
        short = f"{head} [{', '.join(map(_inline, value))}]" if all(map(_is_leaf, value)) else ""
        if short and len(short) <= _WIDTH:
            yield short
            return
        yield head
        yield from _items(value, indent + _INDENT)
    else:
        yield f"{head} {scalar(value)}"


def _items(items: Sequence[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, indent + _INDENT)
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{indent}- {scalar(item)}"


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _inline(value: Any) -> str:
    # Within brackets a colon is no plain sign to every reader.
    return _quoted(value) if isinstance(value, str) and ":" in value else scalar(value)


def scalar(value: Any, *, is_key: bool = False) -> str:
    """One scalar, quoted where it would not read back as itself."""
    if isinstance(value, Variable):
        return f"${{{value.name}}}"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    text = str(value)
    if _UNITS.fullmatch(text) or (_BARE.fullmatch(text) and not _NOT_TEXT.fullmatch(text)):
        return text
    return _quoted(text, is_key=is_key)


def _quoted(text: str, *, is_key: bool = False) -> str:
    """A text in double quotes. Keys are not expanded by the loader, so that their dollar signs stay single."""
    quoted = json.dumps(text if is_key else text.replace("$", "$$"), ensure_ascii=False)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
