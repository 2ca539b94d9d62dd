"""A drift report as text and as Markdown: first what nobody asked for, then what an apply would bring anyway.

Callers: the command line's `drift`, which is made for a job that runs at night and for whoever reads its mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dockerspec.core.owner import called, named
from dockerspec.core.report.drift import Drift, DriftReport, DriftRow
from dockerspec.render.clean import Cleaner
from dockerspec.render.diagnostics_text import diagnostic_lines
from dockerspec.render.markdown import code_span, plain_text
from dockerspec.render.style import Line, Piece, Role, Style, measure, pad, paint
from dockerspec.render.values import shorten, sides
from dockerspec.render.words import plural

_GAP = "  "
_INDENT = " " * 6
_WIDEST = 80
_DRIFT = "Not as dockerspec left it"
_PENDING = "No drift, but due for an apply, since the spec or an image changed"
_ROLES = {
    Drift.CHANGED: Role.UPDATE,
    Drift.MISSING: Role.DANGER,
    Drift.UNKNOWN: Role.DELETE,
    Drift.UNWELL: Role.DANGER,
}


def drift_lines(report: DriftReport, clean: Cleaner, columns: int) -> Iterator[Line]:
    """The whole page."""
    engine = f" on Docker {clean(report.engine.version)} ({clean(report.endpoint)})"
    kind, name = named(report.stack)
    yield (Piece(f"{kind} "), Piece(clean(name), Role.STRONG), Piece(engine, Role.FAINT))
    yield ()
    for title, rows in ((_DRIFT, report.drifted), (_PENDING, report.pending)):
        if rows:
            yield (Piece(f"{title}:", Role.STRONG),)
            yield from _section(rows, clean, columns)
            yield ()
    if report.diagnostics:
        yield from diagnostic_lines(report.diagnostics, clean)
        yield ()
    hint = " `dockerspec plan` shows what to do." if report.drifted else ""
    yield (Piece(f"{clean(verdict(report))}{hint}", Role.WARNING if report.drifted else Role.GOOD),)


def verdict(report: DriftReport) -> str:
    """The sentence at the end: the counts."""
    counts = [f"{report.count(kind)} {kind}" for kind in Drift if report.count(kind)]
    due = [f"{len(report.pending)} pending"] if report.pending else []
    if counts:
        return f"Drift: {', '.join([*counts, *due])}, {report.unchanged} unchanged."
    whole = plural(report.unchanged, "object")
    if due:
        return f"No drift in {called(report.stack)}: {due[0]}, {report.unchanged} unchanged."
    kind, name = named(report.stack)
    return f"No drift. {kind.capitalize()} {name} is as dockerspec left it ({whole})."


def drift_markdown(report: DriftReport, *, mask: frozenset[str] = frozenset()) -> str:
    """A drift report as Markdown; `mask` holds secret values that must not be shown."""
    clean, (kind, name) = Cleaner(mask), named(report.stack)
    blocks = [
        f"### dockerspec drift: {kind} {code_span(clean(name))}",
        f"**{plain_text(clean(verdict(report)))}**",
        f"On {code_span(clean(f'Docker {report.engine.version} ({report.endpoint})'))}.",
    ]
    if report.diagnostics:
        lines = paint(diagnostic_lines(report.diagnostics, clean), Style()).splitlines()
        blocks.append("\n".join(f"- {code_span(line)}" for line in lines))
    for title, rows in ((_DRIFT, report.drifted), (_PENDING, report.pending)):
        if rows:
            blocks.append(f"#### {title}")
            blocks.append("\n".join(_table(rows, clean)))
    return "\n\n".join(blocks) + "\n"


def _section(rows: Iterable[DriftRow], clean: Cleaner, columns: int) -> Iterator[Line]:
    listed = list(rows)
    width = max(measure(clean(str(row.address))) for row in listed)
    words = max(len(row.kind or "") for row in listed)
    for row in listed:
        word = f"{pad(row.kind, words)}{_GAP}" if row.kind else ""
        note = clean(_about(row))
        yield (
            Piece(f"{_GAP}{pad(clean(str(row.address)), width)}{_GAP}"),
            Piece(word, _ROLES[row.kind] if row.kind else Role.PLAIN),
            Piece(note, Role.FAINT),
        )
        for field in row.fields:
            old, new = sides(field, clean)
            path = clean(field.path)
            room = max((columns - measure(path) - 40) // 2, 20)
            yield (
                Piece(f"{_INDENT}{path}{_GAP}", Role.UPDATE),
                Piece(f"is {shorten(old, room)}, the spec says {shorten(new, room)}"),
                Piece("" if row.kind else f"{_GAP}{field.cause}", Role.FAINT),
            )


def _about(row: DriftRow) -> str:
    """What is said beside an object: the note, and its name where the address alone doesn't tell it."""
    if row.kind is Drift.UNKNOWN:
        return f"{row.name}: {row.note}"
    return row.note


def _table(rows: Iterable[DriftRow], clean: Cleaner) -> Iterator[str]:
    yield "| Object | What | Is | The spec says |"
    yield "|---|---|---|---|"
    for row in rows:
        address, word = code_span(clean(str(row.address))), row.kind.value if row.kind else "pending"
        note = plain_text(clean(_about(row)))
        yield f"| {address} | {word}{f': {note}' if note else ''} | | |"
        for field in row.fields:
            old, new = (code_span(shorten(text, _WIDEST).replace("|", "\\|")) for text in sides(field, clean))
            yield f"| | {code_span(clean(field.path))} | {old} | {new} |"
