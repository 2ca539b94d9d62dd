"""The words and signs that every view of a plan shares, so that text and Markdown say the same thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import ChangeKind, FieldChange, ObjectChange, Order
from dockerspec.core.owner import called, named
from dockerspec.core.plan.plan import Plan, Summary
from dockerspec.core.way import Way
from dockerspec.render.style import Role


@dataclass(frozen=True, slots=True)
class Fate:
    """How a kind of change is shown.

    Attributes:
        sign: the sign before the object's address.
        word: what happens to it.
        role: its colour.
    """

    sign: str
    word: str
    role: Role


FATES = {
    ChangeKind.CREATE: Fate("+", "create", Role.CREATE),
    ChangeKind.UPDATE: Fate("~", "update", Role.UPDATE),
    ChangeKind.REPLACE: Fate("-/+", "replace", Role.REPLACE),
    ChangeKind.DELETE: Fate("-", "delete", Role.DELETE),
    ChangeKind.KEEP: Fate("=", "keep", Role.KEEP),
}


IMAGES_DONE = {"pull": "pulled", "build": "built", "tag": "tagged", "push": "pushed", "prune": "pruned"}
"""What was done about an image, by the verb of the action."""


def mark(change: ObjectChange) -> str:
    """What the change costs: `data loss`, `restart`, `reconnect`, `live`, or nothing worth a word."""
    if change.data_loss:
        return "data loss"
    if change.kind is ChangeKind.UPDATE:
        if life_word(change):
            return ""
        return "restart" if change.downtime else "live"
    if change.order is Order.START_FIRST:
        return change.order.value
    if change.kind is ChangeKind.REPLACE and change.downtime:
        return "reconnect" if change.address.kind is Kind.NETWORK else "restart"
    return ""


def order_note(change: ObjectChange) -> str:
    """Why the old container of a replacement stops first; empty where it does not, or was told to."""
    return f"stop-first: {change.order_reason}" if change.order_reason else ""


def life_word(change: ObjectChange) -> str:
    """`start`, `stop` or `unpause` for an update that does no more than that to a container; else empty."""
    if change.kind is not ChangeKind.UPDATE or {field.way for field in change.fields} != {Way.STATE}:
        return ""
    field = change.fields[0]
    if field.new == "stopped":
        return "stop"
    return "unpause" if field.old == "paused" else "start"


def why(change: ObjectChange, field: FieldChange) -> str:
    """Why a field is listed: its cause, its note, and whether it is what forces a replacement."""
    parts: list[str] = [field.cause.value]
    ways = {item.way for item in change.fields}
    if change.kind is ChangeKind.REPLACE and field.way is Way.REPLACE and len(ways) > 1:
        parts.append("forces replacement")
    if field.note:
        parts.append(field.note)
    return ", ".join(parts)


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 object`, `2 objects`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def tally(summary: Summary, *, done: bool = False) -> str:
    """The counts of a plan as a clause: `1 to create, 7 unchanged`, or once done `1 pulled, 1 created, 7 unchanged`."""
    verbs = Counter(verb for _, verb in summary.images) if done else Counter()
    aside = Counter(kind for kind, _ in summary.images) if done else Counter()
    words = (
        *((verbs[verb], word) for verb, word in IMAGES_DONE.items()),
        (summary.create - aside[ChangeKind.CREATE], "created" if done else "to create"),
        (summary.update - aside[ChangeKind.UPDATE], "changed" if done else "to change"),
        (summary.replace, "replaced" if done else "to replace"),
        (summary.delete, "deleted" if done else "to delete"),
    )
    parts = [f"{count} {word}" for count, word in words if count]
    if summary.unchanged or not parts:
        parts.append(f"{summary.unchanged} unchanged")
    return ", ".join(parts)


def nothing_to_do(plan: Plan) -> str:
    """The sentence for a plan without actions."""
    if plan.destroys:
        return f"Nothing to delete: {called(plan.stack)} is not on this engine."
    kept = sum(change.kind is ChangeKind.KEEP for change in plan.changes)
    aside = f", {kept} kept" if kept else ""
    kind, name = named(plan.stack)
    return f"No changes. {kind.capitalize()} {name} is as the spec says ({plural(plan.unchanged, 'object')}{aside})."
