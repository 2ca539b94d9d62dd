"""Waiting for containers: look once, then sleep until an event concerns the container, and look again.

Caller: operations, for `AwaitContainer`. What counts as ready is `core.live.health.verdict`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dockerspec.core.live.health import Hopeless, Pending, Reached, verdict
from dockerspec.core.plan.action import AwaitContainer
from dockerspec.core.ready import Ready
from dockerspec.core.report.failure import Failure
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Cancelled, EngineError, NotFound
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.execute.feed import ContainerFeed
from dockerspec.runtime.execute.probes import Prober
from dockerspec.runtime.execute.tools import last_lines
from dockerspec.runtime.retry import Retries

Json = Any

SECOND_LOOK = 5.0
"""Seconds after which a waiter looks even though no event came; events can get lost."""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
"""Seconds between two tries of what the engine tells no event of."""
LATE_LINES = 1.0
"""Seconds for which the log of a job that has ended is read again: some log drivers hand lines out later."""
_LOOK_WITHOUT_EVENTS = 0.5
_CANCEL_WATCH = 0.25


class _Steady:
    """How long a container has been ready without a break; a restart begins the count anew."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._run = ""
        self._since = 0.0

    def left(self, container: Json, now: float) -> float:
        """Seconds until a container that is ready counts as steady."""
        run = str((container.get("State") or {}).get("StartedAt"))
        if run != self._run:
            self._run, self._since = run, now
        return self._settle - (now - self._since)


class _Pauses:
    """The pauses between two tries of the probes: short at first, then up to a second; a restart begins anew."""

    def __init__(self) -> None:
        self._run = ""
        self._first = 0.0
        self._next = FIRST_PAUSE

    def next(self, container: Json, now: float) -> tuple[float, float]:
        """Seconds until the next try, and how many have gone by since the first one of the container's present run."""
        run = str((container.get("State") or {}).get("StartedAt"))
        if run != self._run:
            self._run, self._first, self._next = run, now, FIRST_PAUSE
        pause, self._next = self._next, min(self._next * 1.6, LONGEST_PAUSE)
        return pause, now - self._first


class Waits:
    """All the waiting of one run, over one event stream. `wait` may be called from many threads at once."""

    def __init__(self, engine: Engine, clock: Clock, cancel: threading.Event, retries: Retries | None = None) -> None:
        self._engine = engine
        self._retries = retries or Retries(clock)
        self._clock = clock
        self._cancel = cancel
        self._feed = ContainerFeed(engine)
        self._closed = False

    def open(self) -> None:
        """Begin to listen for events. Returns at once."""
        self._feed.open()
        threading.Thread(target=self._watch_cancel, name="cancel-watch", daemon=True).start()

    def close(self) -> None:
        """End the event stream."""
        self._closed = True
        self._feed.close()

    def wait(self, action: AwaitContainer, stopped: Callable[[], bool]) -> None:
        """Return when the container is ready.

        Args:
            action: what to wait for, and how long.
            stopped: whether to give up; asked whenever the waiter wakes, as it does when the run is stopped.

        Raises:
            ActionFailed: it can't get ready any more, or did not in time.
            Cancelled: the run was stopped meanwhile.
            EngineError: the engine can't be asked, and that for longer than may pass.
        """
        end = self._clock.monotonic() + action.timeout
        ident, restarts_before = action.container, None
        steady, pauses = _Steady(action.settle), _Pauses()
        prober = Prober(self._engine, self._clock, action.probes, stopped) if action.probes else None
        while True:
            mark = self._feed.mark()
            container = self._look(action, ident, end, stopped)
            ident = container["Id"]
            if restarts_before is None:
                restarts_before = container.get("RestartCount") or 0
            match verdict(container, action.until, restarts_before, action.codes):
                case Reached():
                    if prober is not None:
                        lack = prober.missing(container, action.name, end - self._clock.monotonic())
                        if lack:
                            self._pause(action, container, lack, mark, end, pauses)
                            continue
                    left = steady.left(container, self._clock.monotonic())
                    if left <= 0:
                        return
                    self._feed.wait(ident, mark, left)
                case Hopeless(reason, logs, what):
                    lines = last_lines(self._engine, ident) if logs else ""
                    raise ActionFailed(f"{action.name} {reason}", logs=lines, kind=Failure(what))
                case Pending(state):
                    left = end - self._clock.monotonic()
                    if left <= 0:
                        raise self._too_late(action, ident, state)
                    self._feed.wait(ident, mark, min(left, self._patience()))

    def _pause(
        self, action: AwaitContainer, container: Json, lack: str, mark: int, end: float, pauses: _Pauses
    ) -> None:
        """Sleep until the probes are worth another try; an event of the container's ends it at once."""
        ident, now = container["Id"], self._clock.monotonic()
        ended = action.until is Ready.COMPLETED
        pause, gone_by = pauses.next(container, now)
        left = LATE_LINES - gone_by if ended else end - now
        if left > 0:
            self._feed.wait(ident, mark, min(pause, left))
            return
        logs = last_lines(self._engine, ident)
        if ended:
            raise ActionFailed(f"{action.name} ended as it should, but {lack}", logs=logs)
        raise ActionFailed(
            f"{action.name} was not ready within {action.timeout:g} s; {lack}",
            hint="see why in its log, or allow it more time with update.timeout",
            logs=logs,
            kind=Failure.TIMEOUT,
        )

    def _patience(self) -> float:
        return SECOND_LOOK if self._feed.alive else _LOOK_WITHOUT_EVENTS

    def _look(self, action: AwaitContainer, ident: str, end: float, stopped: Callable[[], bool]) -> Json:
        """Inspect the container, again where something passing is in the way."""
        trial = self._retries.begin()
        while True:
            mark = self._feed.mark()
            if stopped():
                raise Cancelled("stopped while waiting")
            try:
                return self._inspect(action, ident)
            except EngineError as fault:
                pause = trial.pause_after(fault)
                if pause is None or self._clock.monotonic() >= end:
                    raise
            self._feed.wait(ident, mark, pause)

    def _inspect(self, action: AwaitContainer, ident: str) -> Json:
        try:
            return self._engine.container(ident)
        except NotFound:
            raise ActionFailed(
                f"{action.name} was removed by somebody else while it was waited for", kind=Failure.REMOVED
            ) from None

    def _too_late(self, action: AwaitContainer, ident: str, state: str) -> ActionFailed:
        return ActionFailed(
            f"{action.name} was not {action.until} within {action.timeout:g} s; it was {state}",
            hint="see why in its log, or allow it more time with update.timeout",
            logs=last_lines(self._engine, ident),
            kind=Failure.TIMEOUT,
        )

    def _watch_cancel(self) -> None:
        """Wake all waiters when the run is stopped. An event object can't be waited for beside a condition."""
        while not self._closed:
            if self._cancel.wait(_CANCEL_WATCH):
                self._feed.wake()
                return
