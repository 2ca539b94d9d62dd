"""The state of a stack as text: a table of its objects, with what differs below each."""

from __future__ import annotations

from collections.abc import Iterator

from dockerspec.core.owner import named
from dockerspec.core.report.status import StackStatus, StatusRow
from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Line, Piece, Role, measure, pad
from dockerspec.render.values import shorten, sides
from dockerspec.render.words import plural

_TITLES = ("OBJECT", "STATE", "FOR", "IMAGE", "PORTS")
_GAP = "  "
_INDENT = " " * 6
_ROLES = {
    "running": Role.GOOD,
    "healthy": Role.GOOD,
    "present": Role.GOOD,
    "starting": Role.UPDATE,
    "unhealthy": Role.DANGER,
    "absent": Role.DANGER,
    "dead": Role.DANGER,
    "restarting": Role.DANGER,
}


def status_lines(status: StackStatus, clean: Cleaner, columns: int) -> Iterator[Line]:
    """The whole table."""
    engine = f" on Docker {clean(status.engine.version)} ({clean(status.endpoint)})"
    kind, name = named(status.stack)
    yield (Piece(f"{kind} "), Piece(clean(name), Role.STRONG), Piece(engine, Role.FAINT))
    yield ()
    if status.rows:
        yield from _table(status.rows, clean, columns)
        yield ()
    yield _verdict(status)


def _table(rows: tuple[StatusRow, ...], clean: Cleaner, columns: int) -> Iterator[Line]:
    cells = [_cells(row, clean) for row in rows]
    widths = [max(measure(row[index]) for row in (_TITLES, *cells)) for index in range(len(_TITLES))]
    used = [width if any(row[index] for row in cells) else 0 for index, width in enumerate(widths)]
    # The image gives way first: its tag, at the end, survives the shortening in the middle.
    over = sum(used) + len(_GAP) * sum(map(bool, used)) - columns
    used[3] = max(used[3] - max(over, 0), min(used[3], 20))
    yield tuple(
        Piece(pad(title, width) + _GAP, Role.FAINT) for title, width in zip(_TITLES, used, strict=True) if width
    )
    for row, texts in zip(rows, cells, strict=True):
        roles = (Role.PLAIN, _role(row), Role.FAINT, Role.PLAIN, Role.PLAIN)
        yield tuple(
            Piece(pad(shorten(text, width), width) + _GAP, role)
            for text, width, role in zip(texts, used, roles, strict=True)
            if width
        )
        yield from _below(row, clean, columns)


def _cells(row: StatusRow, clean: Cleaner) -> tuple[str, ...]:
    state = f"{row.state} ({row.health})" if row.health else row.state
    ports = ", ".join(row.ports)
    return tuple(clean(text) for text in (str(row.address), state, row.since, row.image, ports))


def _role(row: StatusRow) -> Role:
    return _ROLES.get(row.health or row.state.partition(" ")[0], Role.PLAIN)


def _below(row: StatusRow, clean: Cleaner, columns: int) -> Iterator[Line]:
    if row.note:
        yield (Piece(f"{_INDENT}{clean(row.note)}", Role.WARNING),)
    for field in row.drift:
        old, new = sides(field, clean)
        room = max((columns - measure(clean(field.path)) - 40) // 2, 20)
        yield (
            Piece(f"{_INDENT}{clean(field.path)}  ", Role.UPDATE),
            Piece(f"is {shorten(old, room)}, the spec says {shorten(new, room)}"),
            Piece(f"{_GAP}{field.cause.value}", Role.FAINT),
        )


def _verdict(status: StackStatus) -> Line:
    off = sum(bool(row.drift or row.note) for row in status.rows)
    if not off:
        return (Piece(f"As the spec says ({plural(status.unchanged, 'object')}).", Role.GOOD),)
    counts = f"{plural(off, 'object')} not as the spec says, {status.unchanged} unchanged."
    return (Piece(f"{counts} `dockerspec plan` shows what to do.", Role.WARNING),)
