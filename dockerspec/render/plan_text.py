"""A plan as text: one line per object, one per differing field, the causes in a column of their own.

Callers: `render.text`. Limits: builds lines of pieces; colours and widths of the page come in as arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import ChangeKind, FieldChange, ObjectChange
from dockerspec.core.owner import named
from dockerspec.core.plan.consent import MEANINGS, Guard, lacking, told
from dockerspec.core.plan.plan import Plan
from dockerspec.render.clean import Cleaner
from dockerspec.render.diagnostics_text import diagnostic_lines
from dockerspec.render.style import Line, Piece, Role, line_width, measure, pad
from dockerspec.render.values import itemised, sides
from dockerspec.render.words import FATES, life_word, mark, nothing_to_do, order_note, plural, tally, why

_GAP = "  "
_ARROW = " -> "
_FIELD_INDENT = " " * 6
_ITEM_INDENT = " " * 8
_WIDEST_PATH = 36
_WIDEST_ADDRESS = 44
_LEAST_VALUES = 40
"""Old and new value together always get this much, even where that pushes the cause past the page's edge."""

_SIGN_ROLES = {"-": Role.DELETE, "+": Role.CREATE}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line whose right part stands in the causes' column."""

    left: Line
    right: str = ""


def plan_lines(plan: Plan, clean: Cleaner, columns: int, where: str = "", verbose: int = 0) -> Iterator[Line]:
    """The whole plan.

    Args:
        plan: the plan.
        clean: makes outside text safe.
        columns: the page's width.
        where: the engine, as `Docker 28.5.2 (unix:///var/run/docker.sock)`; empty to leave it out.
        verbose: from 1 on the engine calls follow.
    """
    if plan.changes or plan.diagnostics or verbose:
        yield _head(plan, clean, where)
        yield ()
    if plan.changes:
        yield from _align(list(_rows(plan, clean, columns)), columns)
        yield ()
    if plan.diagnostics:
        yield from diagnostic_lines(plan.diagnostics, clean)
        yield ()
    if needed := lacking(plan.guards, ()):
        yield from _consent_lines(needed, clean)
        yield ()
    if verbose and plan.actions:
        yield from _action_lines(plan, clean)
        yield ()
    yield _verdict(plan, clean)


def _head(plan: Plan, clean: Cleaner, where: str) -> Line:
    kind, name = named(plan.stack)
    head = (Piece(f"{kind} "), Piece(clean(name), Role.STRONG))
    return (*head, Piece(f" on {clean(where)}", Role.FAINT)) if where else head


def _consent_lines(guards: tuple[Guard, ...], clean: Cleaner) -> Iterator[Line]:
    """What takes more than a yes: the flag, what it allows, and the objects."""
    yield (Piece("This takes consent:", Role.DANGER),)
    words = max(len(guard.consent) for guard in guards)
    for guard in guards:
        flag = f"{_GAP}--allow {pad(guard.consent, words)}{_GAP}"
        yield (Piece(flag, Role.STRONG), Piece(MEANINGS[guard.consent]))
        for item in guard.objects:
            yield (Piece(f"{_FIELD_INDENT}{clean(told(item))}", Role.DELETE),)


def _verdict(plan: Plan, clean: Cleaner) -> Line:
    if plan.errors:
        return (Piece(f"This plan can't be applied: {plural(len(plan.errors), 'error')}.", Role.DANGER),)
    if plan.is_empty:
        return (Piece(clean(nothing_to_do(plan)), Role.GOOD),)
    return (Piece("Plan: ", Role.STRONG), Piece(f"{tally(plan.summary)}."))


def _rows(plan: Plan, clean: Cleaner, columns: int) -> Iterator[_Row]:
    addresses = min(max(measure(clean(str(change.address))) for change in plan.changes), _WIDEST_ADDRESS)
    for change in plan.changes:
        yield _object_row(change, action_word(plan, change), addresses, clean)
        paths = min(max((measure(clean(field.path)) for field in change.fields), default=0), _WIDEST_PATH)
        for field in change.fields:
            yield from _field_rows(field, clean(why(change, field)), paths, columns, clean)
        note = order_note(change)
        if note:
            yield _Row((Piece(_FIELD_INDENT), Piece(clean(note), Role.FAINT)))


def action_word(plan: Plan, change: ObjectChange) -> str:
    """What happens to an object, in a word or two; for an image what the engine is asked for: pull, build, tag."""
    word = life_word(change) or FATES[change.kind].word
    if change.address.kind is Kind.IMAGE and change.kind not in (ChangeKind.DELETE, ChangeKind.KEEP):
        verbs = [action.verb for action in plan.actions.values() if action.address == change.address]
        return ", ".join(dict.fromkeys(verbs)) or word
    return word


def _object_row(change: ObjectChange, word: str, addresses: int, clean: Cleaner) -> _Row:
    fate = FATES[change.kind]
    cost = mark(change)
    left = (
        Piece(f"{fate.sign:>3} {pad(clean(str(change.address)), addresses)}{_GAP}", fate.role),
        Piece(word, fate.role),
        Piece(f" ({cost})" if cost else "", Role.FAINT if cost in ("live", "start-first") else Role.DANGER),
    )
    return _Row(left, clean(change.cause))


def _field_rows(field: FieldChange, cause: str, paths: int, columns: int, clean: Cleaner) -> Iterator[_Row]:
    path = f"{_FIELD_INDENT}{pad(clean(field.path), paths)}{_GAP}"
    room = max(columns - measure(path) - measure(cause) - len(_GAP), _LEAST_VALUES)
    old, new = sides(field, clean)
    if measure(old) + len(_ARROW) + measure(new) <= room:
        yield _Row((Piece(path), *_values(old, new)), cause)
        return
    room = columns - len(_ITEM_INDENT) - 2
    yield _Row((Piece(path.rstrip()),), cause)
    for sign, text in itemised(field, clean, room):
        yield _Row((Piece(f"{_ITEM_INDENT}{sign} {text}", _SIGN_ROLES.get(sign, Role.FAINT)),))


def _values(old: str, new: str) -> Line:
    return (Piece(old, Role.DELETE), Piece(_ARROW, Role.FAINT), Piece(new, Role.CREATE))


def _align(rows: list[_Row], columns: int) -> Iterator[Line]:
    """Put the right parts into one column, as far left as the lines that leave room for it allow."""
    longest = max(measure(row.right) for row in rows)
    limit = max(columns - longest - len(_GAP), columns // 2)
    fitting = [width for row in rows if row.right and (width := line_width(row.left)) <= limit]
    column = max(fitting, default=0)
    for row in rows:
        fill = max(column - line_width(row.left), 0)
        right = (Piece(" " * fill + _GAP), Piece(row.right, Role.FAINT)) if row.right else ()
        yield (*row.left, *right)


def _action_lines(plan: Plan, clean: Cleaner) -> Iterator[Line]:
    numbers = {key: number for number, key in enumerate(plan.actions, 1)}
    texts = {key: clean(f"{item.address} {item.subject}".rstrip()) for key, item in plan.actions.items()}
    verbs = max(len(action.verb) for action in plan.actions.values())
    subjects = min(max(map(measure, texts.values())), _WIDEST_ADDRESS + 16)
    digits = len(str(len(numbers)))
    yield (Piece("Engine calls, in order:", Role.STRONG),)
    for key, text in texts.items():
        before = sorted(numbers[item] for item in plan.graph.before.get(key, ()) if item in numbers)
        after = f"{_GAP}after {', '.join(map(str, before))}" if before else ""
        head = f"{_GAP}{numbers[key]:>{digits}}. {pad(plan.actions[key].verb, verbs)}{_GAP}{pad(text, subjects)}"
        yield (Piece(head), Piece(after, Role.FAINT))
