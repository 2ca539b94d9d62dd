"""The public face: a Docker engine and the stacks on it. The one place that joins the stages.

from dockerspec import Docker, load

spec = load(["stack.yaml"])
with Docker() as docker:
    plan = docker.plan(spec)
    report = docker.apply(plan, spec=spec)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dockerspec.api.docker import Docker
from dockerspec.runtime.execute import PARALLELISM

if TYPE_CHECKING:
    from dockerspec.api.files import is_plan_file, load, open_plan

__all__ = ["PARALLELISM", "Docker", "is_plan_file", "load", "open_plan"]


def __getattr__(name: str) -> Any:
    """Load what reads files when it is first used: the model comes with it."""
    if name not in ("is_plan_file", "load", "open_plan"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("dockerspec.api.files"), name)
