"""Whether and when a call that failed is made again, with one judgement of the engine for a whole run.

Callers: runtime.execute, runtime.lock, api. Whether the failed call was carried out all the same is not known here: who
calls again must look, or make a call that does no harm if made twice.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dockerspec.engine.pacing import SYSTEM_PACING, backoff
from dockerspec.errors import EngineError, EngineTimeout, EngineUnreachable
from dockerspec.runtime.clock import Clock

T = TypeVar("T")

_MOST_TRIES = 16
"""For one call, whatever its faults: an engine that comes and goes must not keep a run busy for ever."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The bounds of trying again.

    Attributes:
        tries: how often a call is made that an engine which is there does not answer well.
        patience: seconds for which an engine that is not there is waited for.
    """

    tries: int
    patience: float


RUN = Policy(tries=6, patience=30.0)
"""For what a run does: a restart of the engine takes some seconds, and more where containers stop slowly."""
BESIDE = Policy(tries=4, patience=1.0)
"""For what a run can do without."""


class Retries:
    """What the calls of one run have seen of the engine's faults. May be used from several threads at once.

    The wait for an engine that is not there is one for all of them: the calls that come when it has been in vain are
    made once, so that a long plan ends soon after the engine did.

    Attributes:
        maybe_restarted: whether anything was in the way of a call, so that the engine may be another process by now.
    """

    def __init__(
        self, clock: Clock, policy: Policy = RUN, *, random: Callable[[], float] = SYSTEM_PACING.random
    ) -> None:
        """Begin a run.

        Args:
            clock: the time.
            policy: the bounds.
            random: gives a number from 0 up to 1.
        """
        self.policy = policy
        self.random = random
        self.maybe_restarted = False
        self._clock = clock
        self._lock = threading.Lock()
        self._away_since: float | None = None

    def begin(self) -> Trial:
        """The tries of one call, of which none was made yet."""
        return Trial(self)

    def answered(self) -> None:
        """Take note that the engine is there."""
        with self._lock:
            self._away_since = None

    def is_in_vain(self) -> bool:
        """Take note that the engine is not there; whether it has been waited for long enough."""
        now = self._clock.monotonic()
        with self._lock:
            if self._away_since is None:
                self._away_since = now
            return now - self._away_since >= self.policy.patience


class Trial:
    """The tries of one call."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._faults: Counter[str] = Counter()
        self._answered_badly = 0

    @property
    def failed(self) -> int:
        """How many tries have failed."""
        return self._faults.total()

    def pause_after(self, fault: EngineError) -> float | None:
        """Seconds until the next try; None if there is to be none.

        Args:
            fault: what the try ended in.
        """
        seconds = backoff(self.failed, self._retries.random)
        self._faults[fault.message] += 1
        if fault.status is not None:
            self._retries.answered()
        if fault.passing:
            self._retries.maybe_restarted = True
        if not fault.passing or self.failed >= _MOST_TRIES:
            return None
        if isinstance(fault, EngineUnreachable):
            return None if self._retries.is_in_vain() else seconds
        # A call that got no answer took its whole time limit already: it counts as most of the tries.
        self._answered_badly += self._retries.policy.tries - 1 if isinstance(fault, EngineTimeout) else 1
        return seconds if self._answered_badly < self._retries.policy.tries else None

    def remarks(self) -> tuple[str, ...]:
        """What the reader should know of the tries that failed before one that did not."""
        return tuple(
            f"tried again after: {message}" + (f" ({count} times)" if count > 1 else "")
            for message, count in self._faults.items()
        )


def persist(call: Callable[[], T], retries: Retries, pause: Callable[[float], object]) -> T:
    """Make a call, again while it fails in a way that may pass.

    Args:
        call: the call; it does no harm if made twice.
        retries: the bounds.
        pause: sleeps for some seconds.

    Raises:
        EngineError: it failed for good.
    """
    trial = retries.begin()
    while True:
        try:
            result = call()
        except EngineError as fault:
            seconds = trial.pause_after(fault)
            if seconds is None:
                raise
            pause(seconds)
        else:
            retries.answered()
            return result
