"""What an operation may use. Callers: walker makes it, the operations take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from dockerspec.core.plan import action as act
from dockerspec.engine.protocol import Engine
from dockerspec.runtime.clock import Clock

PackContext = Callable[[act.BuildImage], tuple[BinaryIO, str]]
"""Makes the tar archive of a build's context, and says where in it the Dockerfile lies."""


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
    """

    engine: Engine
    clock: Clock
    pack: PackContext
    wait: Callable[[act.AwaitContainer], None]
    note: Callable[[str], None]
    stopped: Callable[[], bool]
    pause: Callable[[float], object]
