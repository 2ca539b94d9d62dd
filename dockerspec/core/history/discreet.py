"""Changes as the history keeps them: without the values of variables that may come from a file of variables.

A plan shows them on a terminal that is gone tomorrow; the history is a file. What a variable was before may have come
from a file that nobody can look into any more, so that no former value is kept.

Caller: api. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import HIDDEN, FieldChange, ObjectChange
from dockerspec.core.spec.model import Stack

_ENVIRONMENT = "environment."


def discreet(changes: Iterable[ObjectChange], stack: Stack) -> tuple[ObjectChange, ...]:
    """The changes, with what is not to be kept hidden."""
    return tuple(
        replace(change, fields=tuple(_field(field, change.address.name, stack) for field in change.fields))
        if change.address.kind is Kind.CONTAINER
        else change
        for change in changes
    )


def _field(field: FieldChange, key: str, stack: Stack) -> FieldChange:
    if not field.path.startswith(_ENVIRONMENT):
        return field
    spec = stack.containers.get(key)
    old = None if field.old is None else HIDDEN
    new = None if field.new is None else HIDDEN if spec is None or spec.env_file else field.new
    return replace(field, old=old, new=new)
