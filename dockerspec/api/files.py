"""The files that the public face reads: specs, and plans that were kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dockerspec.runtime.files import load_files as load

if TYPE_CHECKING:
    from dockerspec.core.plan.saved import SavedPlan

__all__ = ["is_plan_file", "load", "open_plan"]


def is_plan_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds a saved plan rather than a spec; False for one that can't be read."""
    from dockerspec.runtime.plan_files import holds_plan

    return holds_plan(path)


def open_plan(path: str | os.PathLike[str]) -> SavedPlan:
    """Read a plan that `Docker.save_plan` kept.

    Raises:
        PlanFileError: there is none, or it can't be used.
    """
    from dockerspec.runtime.plan_files import read_plan

    return read_plan(path)
