"""The door for saved plans: written whole or not at all, readable by their owner only.

Caller: api.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dockerspec.core.plan.saved import SavedPlan, from_json, is_saved_plan, to_json
from dockerspec.errors import PlanFileError

_HEAD = 120


def write_plan(path: str | os.PathLike[str], saved: SavedPlan) -> None:
    """Write a saved plan, over an older one if there is one.

    Raises:
        PlanFileError: it can't be written; an older file is then as it was.
    """
    goal = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{goal.name}.", dir=goal.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(to_json(saved))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, goal)
    except OSError as fault:
        raise PlanFileError(f"the plan can't be written to {goal}: {fault.strerror or fault}") from fault


def read_plan(path: str | os.PathLike[str]) -> SavedPlan:
    """Read a saved plan.

    Raises:
        PlanFileError: there is none, or it can't be used.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise PlanFileError(f"the saved plan {os.fspath(path)} can't be read: {reason}") from fault
    try:
        return from_json(text)
    except ValueError as fault:
        raise PlanFileError(f"{os.fspath(path)} {fault}") from None


def holds_plan(path: str | os.PathLike[str]) -> bool:
    """Whether a file looks like a saved plan; False for one that can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return is_saved_plan(stream.read(_HEAD))
    except OSError:
        return False


def new_salt() -> bytes:
    """Random bytes for a seal."""
    return os.urandom(16)
