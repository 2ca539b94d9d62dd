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
    from dockerspec.api.convert import convert
    from dockerspec.api.docker import Docker
    from dockerspec.api.files import is_plan_file, load, open_plan

__all__ = ["PARALLELISM", "Docker", "convert", "is_plan_file", "load", "open_plan"]

_HOMES = {"Docker": "docker", "convert": "convert", "is_plan_file": "files", "load": "files", "open_plan": "files"}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is first used: the model comes with what reads files, the engine with `Docker`."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"dockerspec.api.{_HOMES[name]}"), name)
    # The module `convert` would else stand here under the name of its function.
    globals()[name] = value
    return value
