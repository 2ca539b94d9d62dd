"""How an action fails although no call to the engine did.

Callers: operations, wait, attempt.
"""

from __future__ import annotations

from dockerspec.core.report.failure import Failure
from dockerspec.errors import (
    DockerspecError,
    EngineError,
    EngineForbidden,
    EngineLost,
    EngineTimeout,
    EngineUnreachable,
)


class ActionFailed(DockerspecError):
    """The engine took the call, and yet the goal was missed.

    Attributes:
        message: what is wrong.
        hint: what the user can do about it, or empty.
        logs: the last lines that the container or the build wrote, or empty.
        kind: what kind of failure it is.
    """

    def __init__(self, message: str, *, hint: str = "", logs: str = "", kind: Failure = Failure.GOAL) -> None:
        self.message = message
        self.hint = hint
        self.logs = logs
        self.kind = kind
        super().__init__(message)


def kind_of(fault: Exception) -> Failure:
    """What kind of failure an exception is."""
    if isinstance(fault, ActionFailed):
        return fault.kind
    if isinstance(fault, (EngineUnreachable, EngineForbidden, EngineLost, EngineTimeout)):
        return Failure.UNREACHABLE
    if isinstance(fault, EngineError):
        return Failure.ENGINE
    return Failure.INPUT if isinstance(fault, DockerspecError) else Failure.INTERNAL
