"""Specs from one format into the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.core.diagnostics import Severity, Span, error
from dockerspec.core.spec.convert.common import Converted
from dockerspec.core.spec.convert.convert import convert as convert_files
from dockerspec.core.spec.convert.resolved import resolved
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.takein.page import write

# Of the characters for private use: no file has them, and the writer puts them in quotes.
_MARK = 0xE000


def convert(loaded: LoadResult, *, resolve: bool = False) -> tuple[Converted, ...]:
    """Convert what was loaded: a Compose project into specs of dockerspec's own, such specs into Compose files.

    Comments, order, anchors and variables stay. Each file becomes one of its own. The texts are loaded and compared
    with what was read: where they would mean something else, there is an error with its place.

    Args:
        loaded: the load; one with errors gives them back.
        resolve: put a Compose project into one text first, with the values of its variables and with what it includes
            and extends; comments are lost then, and paths are absolute. A value that a secret has stays a variable.

    Returns:
        The texts in the order of the files. They are of no use where any diagnostic is an error.
    """
    if not resolve or loaded.origin is None or loaded.stack is None:
        return convert_files(loaded)
    if loaded.compose is None:
        first = Span(loaded.files[0], 1, 1)
        return (Converted("", (error("", "only Compose files can be resolved", "convert without --resolve", first),)),)
    origin = loaded.origin
    text = _text(resolved(loaded.compose), loaded.sensitive, origin.values)
    source = SourceFile(f"{loaded.files[0]} (resolved)", text, origin.files[0].folder)
    whole = load([source], origin.variables, origin.reader, origin.choices)
    faults = tuple(fault for fault in whole.diagnostics if fault.severity is Severity.ERROR)
    return (Converted("", faults),) if faults else convert_files(whole)


def _text(tree: dict[str, Any], sensitive: frozenset[str], values: Mapping[str, str]) -> str:
    """Write a resolved project; where a secret value was put in, its variable stands again."""
    names = {value: name for name, value in values.items() if value in sensitive}
    marks = {value: chr(_MARK + number) for number, value in enumerate(sorted(names, key=len, reverse=True))}
    text = write(_marked(tree, marks))
    for value, mark in marks.items():
        text = text.replace(mark, f"${{{names[value]}}}")
    return text


def _marked(value: Any, marks: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for secret, mark in marks.items():
            value = value.replace(secret, mark)
        return value
    if isinstance(value, list):
        return [_marked(item, marks) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item, marks) for key, item in value.items()}
    return value
