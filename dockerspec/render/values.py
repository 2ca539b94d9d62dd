"""Values as a reader sees them: units, quotes, shortening, and the differences of lists and mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dockerspec.core.diff.change import HIDDEN, FieldChange
from dockerspec.core.facts import Value
from dockerspec.core.values.durations import format_duration
from dockerspec.core.values.sizes import format_size
from dockerspec.render.clean import Cleaner, escape
from dockerspec.render.style import measure

ELLIPSIS = "..."
NOTHING = "(none)"
DEFAULT = "(default)"
STATE = "state"
_UNLIMITED = -1
_NANO = 1_000_000_000
_UNITS = {
    **dict.fromkeys(("interval", "timeout", "start_period", "start_interval"), "ns"),
    "size": "bytes",
}
"""Units of numbers that stand inside a mapping, by their key: the parts of health checks and mounts."""


def show(value: Any, clean: Cleaner, unit: str = "") -> str:
    """One value on one line. Texts are quoted, so that `"1"` and 1 differ to the eye as they do to the engine."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _number(value, unit)
    if isinstance(value, str):
        return _quoted(value, clean)
    if isinstance(value, Mapping):
        items = ", ".join(f"{_key(key, clean)}: {show(item, clean, _unit(key))}" for key, item in value.items())
        return f"{{{items}}}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(show(item, clean) for item in value)}]"
    return clean(str(value))


def _unit(key: object) -> str:
    return _UNITS.get(str(key), "")


def _number(value: int, unit: str) -> str:
    if unit and value == _UNLIMITED:
        return "unlimited"
    if unit == "bytes":
        return format_size(value) if value else DEFAULT  # the engine writes 0 for a limit that is not set
    if unit == "ns":
        return format_duration(value)
    if unit == "cpus":  # counted in billionths
        return f"{value / _NANO:.9f}".rstrip("0").rstrip(".") if value else DEFAULT
    return str(value)


def _quoted(text: str, clean: Cleaner) -> str:
    masked = clean.mask(text)
    if masked == HIDDEN:
        return HIDDEN
    return escape(json.dumps(masked, ensure_ascii=False))


def _key(key: object, clean: Cleaner) -> str:
    return clean(str(key))


def shorten(text: str, columns: int) -> str:
    """Take out the middle of a text that is too wide: both ends tell more than one."""
    if measure(text) <= columns:
        return text
    room = max(columns - len(ELLIPSIS), 2)
    tail = room // 2
    return f"{_head(text, room - tail)}{ELLIPSIS}{_tail(text, tail)}"


def shorten_pair(old: str, new: str, columns: int) -> tuple[str, str]:
    """Shorten two texts so that they still differ: if both lose the same middle, the start that they share goes."""
    short = shorten(old, columns), shorten(new, columns)
    if short[0] != short[1] or old == new:
        return short
    shared = next(index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    start = max(shared - columns // 4, 0)
    return _window(old, start, columns), _window(new, start, columns)


def _window(text: str, start: int, columns: int) -> str:
    head = f"{ELLIPSIS}{text[start:]}"
    return head if measure(head) <= columns else f"{_head(head, columns - len(ELLIPSIS))}{ELLIPSIS}"


def _head(text: str, columns: int) -> str:
    while measure(text) > columns:
        text = text[: columns if len(text) > columns else -1]
    return text


def _tail(text: str, columns: int) -> str:
    while measure(text) > columns:
        text = text[-columns:] if len(text) > columns else text[1:]
    return text


def sides(field: FieldChange, clean: Cleaner) -> tuple[str, str]:
    """The old and the new value of a field on one line each.

    A whole field that is absent is at its default; an entry of a field that is absent is not there.
    """
    nested = "." in field.path or "[" in field.path
    absent = NOTHING if nested else DEFAULT

    def side(value: Value) -> str:
        if field.path == STATE and isinstance(value, str):
            return clean(value)  # one of our own words for a container's life, not a value of somebody's
        # An entry without settings of its own is there all the same: a network that is joined, say.
        missing = _is_absent(value) and not (nested and value == {})
        return absent if missing else show(value, clean, field.unit or _unit(field.path.rpartition(".")[2]))

    return side(field.old), side(field.new)


def _is_absent(value: Value) -> bool:
    return value is None or value == () or value == {}


def itemised(field: FieldChange, clean: Cleaner, columns: int) -> list[tuple[str, str]]:
    """A field's change on lines of its own, as (sign, text) with `-`, `+`, or a space for a count of equal items.

    Lists and mappings are compared item by item; of other values an absent side has no line.
    """
    items = differences(field.old, field.new, clean)
    if items is not None:
        return [(sign, shorten(text, columns)) for sign, text in items]
    pairs = zip("-+", shorten_pair(*sides(field, clean), columns), (field.old, field.new), strict=True)
    return [(sign, text) for sign, text, value in pairs if value is not None]


def differences(old: Value, new: Value, clean: Cleaner) -> list[tuple[str, str]] | None:
    """A list's or mapping's difference item by item, as (sign, text) with `-`, `+` or a space for a count of equals.

    Returns:
        None where the two sides are no two lists and no two mappings (nothing counts as either).
    """
    before, after = (None if _is_absent(side) else side for side in (old, new))
    if isinstance(before or {}, Mapping) and isinstance(after or {}, Mapping):
        return list(_mapping(_as_mapping(before), _as_mapping(after), clean))
    if isinstance(before or (), tuple) and isinstance(after or (), tuple):
        return list(_sequence(_as_sequence(before), _as_sequence(after), clean))
    return None


def _as_mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _as_sequence(value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else ()


def _mapping(old: Mapping[str, Value], new: Mapping[str, Value], clean: Cleaner) -> Iterator[tuple[str, str]]:
    same = 0
    for key in sorted({*old, *new}):
        if key in old and key in new and old[key] == new[key]:
            same += 1
            continue
        for sign, side in (("-", old), ("+", new)):
            if key in side:
                yield sign, f"{_key(key, clean)}: {show(side[key], clean, _unit(key))}"
    yield from _equal(same)


def _sequence(old: Sequence[Value], new: Sequence[Value], clean: Cleaner) -> Iterator[tuple[str, str]]:
    # Loaded on use: most plans have no long list in them.
    from difflib import SequenceMatcher

    before = [show(item, clean) for item in old]
    after = [show(item, clean) for item in new]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _equal(i2 - i1)
            continue
        yield from (("-", text) for text in before[i1:i2])
        yield from (("+", text) for text in after[j1:j2])


def _equal(count: int) -> Iterator[tuple[str, str]]:
    if count:
        yield " ", f"({count} unchanged)"
