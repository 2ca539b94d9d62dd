"""Diagnostics as text: one line each, `file:line:column: path: what; fix`, which editors and CI logs can link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Line, Piece, Role
from dockerspec.render.words import plural


def diagnostic_lines(items: Iterable[Diagnostic], clean: Cleaner) -> Iterator[Line]:
    """One line per diagnostic, in file order."""
    for item in sorted(items, key=lambda item: item.sort_key):
        yield _line(item, clean)


def _line(item: Diagnostic, clean: Cleaner) -> Line:
    pieces: list[Piece] = []
    if item.span:
        pieces.append(Piece(f"{clean(str(item.span))}: ", Role.STRONG))
    if item.severity is Severity.WARNING:
        pieces.append(Piece("warning: ", Role.WARNING))
    else:
        pieces.append(Piece("error: ", Role.DANGER))
    if item.path:
        pieces.append(Piece(f"{clean(item.path)}: ", Role.KEEP))
    pieces.append(Piece(clean(item.summary)))
    if item.fix:
        pieces.append(Piece(f"; {clean(item.fix)}"))
    return tuple(pieces)


def count_line(items: Iterable[Diagnostic]) -> Line:
    """The last line: how many errors and warnings there are."""
    severities = [item.severity for item in items]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    parts = [plural(errors, "error")] if errors else []
    parts += [plural(warnings, "warning")] if warnings else []
    return (Piece(f"{', '.join(parts) or 'no faults'}.", Role.DANGER if errors else Role.WARNING),)
