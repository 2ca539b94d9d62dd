"""What is left of a faulty spec, so that the cross-field rules can speak in the same run.

Caller: load. A person who mends a spec wants to hear of a dangling reference together with the misspelt key above it.
Limits: gives up where a fault is not inside one entry of a section, since then too much would be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.spec.model import Stack

_DEPTH = 3  # section, entry, key


@dataclass(frozen=True, slots=True)
class Remnant:
    """A spec without its faulty keys.

    Attributes:
        stack: what is left.
        touched: the entries that lost a key, as `containers.web`, each with the keys that it lost.
    """

    stack: Stack
    touched: dict[str, frozenset[str]]

    def believable(self, faults: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The faults that do not come of the missing keys alone."""
        return [fault for fault in faults if not self._misled(fault.path)]

    def _misled(self, path: str) -> bool:
        for entry, keys in self.touched.items():
            # An entry as a whole is judged by what it lacks.
            if path == entry or any(path.startswith(f"{entry}.{key}") for key in keys):
                return True
            if path == f"{entry}.image":
                return True
        return False


def remnant(data: Any, problem: ValidationError) -> Remnant | None:
    """Take the faulty keys out and try once more; None where nothing sound is left."""
    touched: dict[str, set[str]] = {}
    for fault in problem.errors(include_url=False, include_context=False, include_input=False):
        loc = fault["loc"]
        if len(loc) < _DEPTH:
            return None
        section, entry, key = (str(part) for part in loc[:_DEPTH])
        touched.setdefault(f"{section}.{entry}", set()).add(key)
    kept = {name: _without(name, section, touched) for name, section in data.items()}
    try:
        stack = Stack.model_validate(kept)
    except ValidationError:
        return None
    return Remnant(stack, {entry: frozenset(keys) for entry, keys in touched.items()})


def _without(section: str, entries: Any, touched: dict[str, set[str]]) -> Any:
    if not isinstance(entries, dict):
        return entries
    result = {}
    for name, entry in entries.items():
        lost = touched.get(f"{section}.{name}")
        result[name] = {k: v for k, v in entry.items() if k not in lost} if lost and isinstance(entry, dict) else entry
    return result
