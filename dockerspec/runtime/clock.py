"""Time as an argument, so that what waits can be tested without waiting.

Callers: runtime.execute, runtime.watch.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...


class SystemClock:
    """The machine's own clocks."""

    __slots__ = ()

    def monotonic(self) -> float:
        """Seconds on the machine's monotonic clock."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch, by the machine's wall clock."""
        return time.time()


SYSTEM_CLOCK = SystemClock()
"""The clock of every real run."""
