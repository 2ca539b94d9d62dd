"""What an operation may use, and the one way in which it waits for the engine. Callers: walker makes it, the
operations take it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from dockerspec.core.plan import action as act
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.retry import Retries

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds for which an engine may be at odds with itself: a container that keeps restarting, a name on its way."""
_LOOK = 0.05

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
        pause: sleeps for some seconds; not for longer than until the user stops the run, unless it is a way back.
        retries: what the run has seen of the engine's faults.
        again: whether the action was tried before, so that it may have been carried out already.
        keep: takes the last lines that a job or a hook wrote, for the report.
    """

    engine: Engine
    clock: Clock
    pack: PackContext
    wait: Callable[[act.AwaitContainer], None]
    note: Callable[[str], None]
    stopped: Callable[[], bool]
    pause: Callable[[float], object]
    retries: Retries
    keep: Callable[[str], None] = _forget
    again: bool = False


def last_lines(engine: Engine, ident: str) -> str:
    """The end of a container's log, which explains more than its state; empty if there is none to be had."""
    try:
        text = engine.container_logs(ident, tail=LOG_LINES).rstrip()
    except EngineError:
        return ""
    # A line can be as long as its writer pleases.
    return text[-LOG_LENGTH:]


def wait_out(
    call: Callable[[], T], passes: Callable[[EngineError], bool], tools: Tools, seconds: float = PATIENCE
) -> T:
    """Make a call until the engine is in the state for it.

    Args:
        call: the call.
        passes: whether a fault is of the kind that is waited out.
        tools: how to wait.
        seconds: for how long.

    Raises:
        EngineError: another fault, or it did not pass in time or before the user stopped the run.
    """
    deadline = tools.clock.monotonic() + seconds
    while True:
        try:
            return call()
        except EngineError as fault:
            if tools.clock.monotonic() > deadline or tools.stopped() or not passes(fault):
                raise
        tools.pause(_LOOK)
