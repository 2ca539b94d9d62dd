"""The history as text: one line per run. Callers: the command line, through `render.text`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dockerspec.core.history.entry import Entry, Fate
from dockerspec.core.owner import called
from dockerspec.render.clean import Cleaner
from dockerspec.render.report_text import seconds
from dockerspec.render.style import Line, Piece, Role

_HEADS = ("RUN", "WHEN", "STACK", "COMMAND", "OUTCOME", "TOOK", "WHAT", "BY")
_ROLES = {
    Fate.DONE: Role.GOOD,
    Fate.FAILED: Role.DANGER,
    Fate.INTERRUPTED: Role.DANGER,
    Fate.STOPPED: Role.WARNING,
    Fate.RUNNING: Role.FAINT,
}
_OUTCOME = _HEADS.index("OUTCOME")


def history_lines(entries: Sequence[Entry], clean: Cleaner, when: Callable[[float], str]) -> Iterator[Line]:
    """The runs, as given.

    Args:
        entries: the runs.
        clean: makes outside text safe.
        when: a moment, in seconds since the epoch, in words.
    """
    if not entries:
        yield (Piece("No run is in the history."),)
        return
    rows = [tuple(clean(cell) for cell in _cells(entry, when)) for entry in entries]
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    yield (
        Piece("  ".join(head.ljust(width) for head, width in zip(_HEADS, widths, strict=True)).rstrip(), Role.STRONG),
    )
    for entry, row in zip(entries, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        before, after = cells[:_OUTCOME], cells[_OUTCOME + 1 :]
        yield (
            Piece("  ".join(before) + "  "),
            Piece(cells[_OUTCOME], _ROLES[entry.fate]),
            Piece(("  " + "  ".join(after)).rstrip()),
        )


def _cells(entry: Entry, when: Callable[[float], str]) -> tuple[str, ...]:
    took = seconds(entry.seconds) if entry.seconds is not None else "-"
    what = f"{entry.tally} (a part)" if entry.partial else entry.tally
    return (str(entry.number), when(entry.began), entry.stack, entry.command, entry.fate.value, took, what, entry.who)


def entry_head(entry: Entry, clean: Cleaner, when: Callable[[float], str]) -> Iterator[Line]:
    """What stands above the plan and the report of one run."""
    took = f", {seconds(entry.seconds)}" if entry.seconds is not None else ""
    yield (Piece(f"Run {entry.number}: {clean(entry.command)} of the {clean(called(entry.stack))}", Role.STRONG),)
    yield (Piece(f"  {when(entry.began)} by {clean(entry.who)} on {clean(entry.endpoint)}"),)
    yield (Piece("  "), Piece(entry.fate.value, _ROLES[entry.fate]), Piece(took))
    if entry.files:
        yield (Piece(f"  from {', '.join(map(clean, entry.files))}"),)
