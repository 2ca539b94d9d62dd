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

from dockerspec.runtime.execute import PARALLELISM

if TYPE_CHECKING:
    from dockerspec.api.docker import Docker
    from dockerspec.api.files import is_plan_file, load, open_plan

__all__ = ["PARALLELISM", "Docker", "is_plan_file", "load", "open_plan"]


_HOMES = {
    "Docker": "dockerspec.api.docker",
    "is_plan_file": "dockerspec.api.files",
    "load": "dockerspec.api.files",
    "open_plan": "dockerspec.api.files",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is first used: the model comes with what reads files, the engine with `Docker`."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
