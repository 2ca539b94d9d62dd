"""What an operation may use. Callers: walker makes it, the operations take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from dockerspec.core.plan import action as act
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError
from dockerspec.runtime.clock import Clock

PackContext = Callable[[act.BuildImage], tuple[BinaryIO, str]]
"""Makes the tar archive of a build's context, and says where in it the Dockerfile lies."""

LOG_LINES = 20
"""Lines of a log that a report shows."""
LOG_LENGTH = 8192
"""Characters of a log that a report shows at most."""


def _forget(_text: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an operation may use.

    Attributes:
        engine: the engine.
        clock: the time.
        pack: makes build contexts.
        wait: returns when a container is ready; see `Waits.wait`.
        note: takes a word on how a long call gets on.
        stopped: whether the user stopped the run.
        pause: sleeps for some seconds, or until the user stops the run.
        keep: takes the last lines that a job or a hook wrote, for the report.
    """

    engine: Engine
    clock: Clock
    pack: PackContext
    wait: Callable[[act.AwaitContainer], None]
    note: Callable[[str], None]
    stopped: Callable[[], bool]
    pause: Callable[[float], object]
    keep: Callable[[str], None] = _forget


def last_lines(engine: Engine, ident: str) -> str:
    """The end of a container's log, which explains more than its state; empty if there is none to be had."""
    try:
        text = engine.container_logs(ident, tail=LOG_LINES).rstrip()
    except EngineError:
        return ""
    # A line can be as long as its writer pleases.
    return text[-LOG_LENGTH:]
