"""When a container counts as ready. Callers: the planner, which asks for it, and the verdict on a live container."""

from __future__ import annotations

from enum import StrEnum


class Ready(StrEnum):
    """What a container must have reached before its dependents go on."""

    RUNNING = "running"
    HEALTHY = "healthy"
    COMPLETED = "completed"
