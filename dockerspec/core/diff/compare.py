"""One desired and one live object, field by field, by the rows of a table."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dockerspec.core.diff.change import HIDDEN, Cause, FieldChange
from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.ownership import was
from dockerspec.core.table.base import Row, Was
from dockerspec.core.way import Way

_SECRET_NAME = re.compile(r"pass(word|wd|phrase)?|secret|token|credential|private|api_?key|auth", re.IGNORECASE)

_SECRET_OPTION = re.compile(r"\b(password|passwd|secret|token)=", re.IGNORECASE)
_MAY_HOLD_SECRETS = ("environment", "labels", "annotations", "logging", "driver_opts", "storage_opt")


def leaves(path: str, old: Value, new: Value) -> Iterator[tuple[str, Value, Value]]:
    """The differing leaves of two values: mappings are entered, everything else is compared whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield from leaves(f"{path}.{key}", old.get(key), new.get(key))
    elif old != new:
        yield path, old, new


def is_ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path, or a part of the spec above it, matches one of the `ignore_changes` patterns."""
    parts = path.split(".")
    heads = [".".join(parts[: count + 1]) for count in range(len(parts))]
    return any(fnmatch.fnmatchcase(head, pattern) for pattern in patterns for head in heads)


def hide(path: str, value: Value) -> Value:
    """A value as it may be shown: not where its key calls it a secret, nor a mount's option text with a password."""
    top, _, name = path.partition(".")
    if top == "secrets":
        return _without_content(path, value)
    if value is None or top not in _MAY_HOLD_SECRETS:
        return value
    spelled_out = isinstance(value, str) and _SECRET_OPTION.search(value)
    return HIDDEN if spelled_out or _SECRET_NAME.search(name) else value


def _without_content(path: str, value: Value) -> Value:
    """What is recorded of a secret that is a file, without the digest of what it holds."""
    if isinstance(value, Mapping):
        return {key: _without_content(f"{path}.{key}", item) for key, item in value.items()}
    return HIDDEN if path.endswith(".content") and value is not None else value


def _cause(row: Row[Any], want: Value, have: Value, recorded: Mapping[str, str] | None, way: Way) -> Cause:
    fixed = way is Way.REPLACE and row.update is None and not row.remembered
    if recorded is not None and fixed:
        return Cause.EDIT  # the engine can't have changed it on this container
    return cause_of(row.key, want, have, recorded)


def cause_of(key: str, want: Value, have: Value, recorded: Mapping[str, str] | None) -> Cause:
    """Why a value that can change on a live object differs, by what was recorded at the object's creation."""
    if recorded is None:
        return Cause.DIFFERS
    if was(recorded, key, want):
        return Cause.DRIFT
    return Cause.EDIT if was(recorded, key, have) else Cause.DIFFERS


def memory(recorded: Mapping[str, str] | None) -> Was:
    """What an object's record says of its making, as rows ask for it."""
    return lambda key, value: recorded is not None and was(recorded, key, value)


def differs(row: Row[Any], want: Value, have: Value, recorded: Mapping[str, str] | None) -> bool:
    """Whether a live value is not what is wanted, by all that is known of the field and of the object's making."""
    if want == have:
        return False
    if row.polluted and recorded is not None and want != have:
        kept = row.holds is None or row.holds(want, have)
        return not (kept and was(recorded, row.key, want))
    return not row.agrees(want, have, memory(recorded))


def _trimmed(row: Row[Any], want: Value, have: Value, recorded: Mapping[str, str] | None) -> Value:
    """The live value without what the spec leaves to the engine; whole where nothing else would be left to show."""
    trimmed = row.trim(want, have, memory(recorded)) if row.trim else have
    return have if trimmed == want else trimmed


def compare(
    rows: Iterable[Row[Any]],
    want: Mapping[str, Value],
    have: Mapping[str, Value],
    recorded: Mapping[str, str] | None,
    engine: EngineFacts,
) -> Iterator[FieldChange]:
    """The field changes that turn `have` into `want`."""
    for row in rows:
        wanted, live = want[row.key], have[row.key]
        if wanted == live or not differs(row, wanted, live, recorded):
            continue
        trimmed = _trimmed(row, wanted, live, recorded)
        way = row.way(trimmed, wanted, engine)
        if way is Way.UPDATE and any(have.get(key) for key in row.clash):
            way = Way.REPLACE
        cause = _cause(row, wanted, trimmed, recorded, way)
        for path, old, new in leaves(row.key, trimmed, wanted):
            yield FieldChange(path, hide(path, old), hide(path, new), way, cause, row.unit)
