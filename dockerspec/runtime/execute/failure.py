"""How an action fails although no call to the engine did.

Callers: operations, wait; caught by attempt.
"""

from __future__ import annotations

from dockerspec.errors import DockerspecError


class ActionFailed(DockerspecError):
    """The engine took the call, and yet the goal was missed.

    Attributes:
        message: what is wrong.
        hint: what the user can do about it, or empty.
        logs: the last lines that the container or the build wrote, or empty.
    """

    def __init__(self, message: str, *, hint: str = "", logs: str = "") -> None:
        self.message = message
        self.hint = hint
        self.logs = logs
        super().__init__(message)
