"""Waiting for containers: look once, then sleep until an event concerns the container, and look again.

Caller: operations, for `AwaitContainer`. What counts as ready is `core.live.health.verdict`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dockerspec.core.live.health import Hopeless, Pending, Reached, verdict
from dockerspec.core.plan.action import AwaitContainer
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Cancelled, EngineError, NotFound
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.execute.feed import ContainerFeed

Json = Any

SECOND_LOOK = 5.0
"""Seconds after which a waiter looks even though no event came; events can get lost."""

_LOOK_WITHOUT_EVENTS = 0.5
_LOG_LINES = 20
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


class Waits:
    """All the waiting of one run, over one event stream. `wait` may be called from many threads at once."""

    def __init__(self, engine: Engine, clock: Clock, cancel: threading.Event) -> None:
        self._engine = engine
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
            EngineError: the engine can't be asked.
        """
        end = self._clock.monotonic() + action.timeout
        ident, restarts_before = action.container, None
        steady = _Steady(action.settle)
        while True:
            mark = self._feed.mark()
            if stopped():
                raise Cancelled("stopped while waiting")
            container = self._inspect(action, ident)
            ident = container["Id"]
            if restarts_before is None:
                restarts_before = container.get("RestartCount") or 0
            match verdict(container, action.until, restarts_before):
                case Reached():
                    left = steady.left(container, self._clock.monotonic())
                    if left <= 0:
                        return
                    self._feed.wait(ident, mark, left)
                case Hopeless(reason, logs):
                    raise ActionFailed(f"{action.name} {reason}", logs=self._last_lines(ident) if logs else "")
                case Pending(state):
                    left = end - self._clock.monotonic()
                    if left <= 0:
                        raise self._too_late(action, ident, state)
                    self._feed.wait(ident, mark, min(left, self._patience()))

    def _patience(self) -> float:
        return SECOND_LOOK if self._feed.alive else _LOOK_WITHOUT_EVENTS

    def _inspect(self, action: AwaitContainer, ident: str) -> Json:
        try:
            return self._engine.container(ident)
        except NotFound:
            raise ActionFailed(f"{action.name} was removed by somebody else while it was waited for") from None

    def _too_late(self, action: AwaitContainer, ident: str, state: str) -> ActionFailed:
        return ActionFailed(
            f"{action.name} was not {action.until} within {action.timeout:g} s; it was {state}",
            hint="see why in its log, or allow it more time with update.timeout",
            logs=self._last_lines(ident),
        )

    def _last_lines(self, ident: str) -> str:
        """The end of the container's log, which explains more than its state; empty if there is none to be had."""
        try:
            return self._engine.container_logs(ident, tail=_LOG_LINES).rstrip()
        except EngineError:
            return ""

    def _watch_cancel(self) -> None:
        """Wake all waiters when the run is stopped. An event object can't be waited for beside a condition."""
        while not self._closed:
            if self._cancel.wait(_CANCEL_WATCH):
                self._feed.wake()
                return
