"""dockerspec: a declarative reconciler for Docker.

    from dockerspec import Docker, load

    with Docker() as docker:
        plan = docker.plan(load(["stack.yaml"]))
        if not plan.is_empty:
            report = docker.apply(plan)

Importing the package costs nothing: each name loads its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dockerspec._version import __version__

if TYPE_CHECKING:
    from dockerspec.api import Docker, load, open_plan
    from dockerspec.api.history import History
    from dockerspec.core.history.entry import Details, Entry, Fate, Pin
    from dockerspec.core.history.kept import KeptSpec
    from dockerspec.core.plan.plan import Plan
    from dockerspec.core.plan.saved import SavedPlan, Source
    from dockerspec.core.report.outcome import Report
    from dockerspec.core.report.status import StackStatus
    from dockerspec.errors import (
        BadRequest,
        Cancelled,
        Conflict,
        DockerspecError,
        EngineError,
        EngineForbidden,
        EngineLost,
        EngineTimeout,
        EngineTooOld,
        EngineUnreachable,
        HistoryError,
        NotFound,
        PlanFileError,
        Refused,
        ServerError,
        SpecError,
    )

__all__ = [
    "BadRequest",
    "Cancelled",
    "Conflict",
    "Details",
    "Docker",
    "DockerspecError",
    "EngineError",
    "EngineForbidden",
    "EngineLost",
    "EngineTimeout",
    "EngineTooOld",
    "EngineUnreachable",
    "Entry",
    "Fate",
    "History",
    "HistoryError",
    "KeptSpec",
    "NotFound",
    "Pin",
    "Plan",
    "PlanFileError",
    "Refused",
    "Report",
    "SavedPlan",
    "ServerError",
    "Source",
    "SpecError",
    "StackStatus",
    "__version__",
    "load",
    "open_plan",
]

_HOMES = {
    "Details": "dockerspec.core.history.entry",
    "Entry": "dockerspec.core.history.entry",
    "Fate": "dockerspec.core.history.entry",
    "History": "dockerspec.api.history",
    "KeptSpec": "dockerspec.core.history.kept",
    "Pin": "dockerspec.core.history.entry",
    "Docker": "dockerspec.api",
    "Plan": "dockerspec.core.plan.plan",
    "Report": "dockerspec.core.report.outcome",
    "SavedPlan": "dockerspec.core.plan.saved",
    "Source": "dockerspec.core.plan.saved",
    "StackStatus": "dockerspec.core.report.status",
    "load": "dockerspec.api",
    "open_plan": "dockerspec.api",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, "dockerspec.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
