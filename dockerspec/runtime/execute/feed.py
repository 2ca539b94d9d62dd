"""One stream of container events for a whole run: who waits for a container is woken when something happens to it.

Caller: wait. The feed never says what happened; who is woken inspects. So an event too many costs an inspect, and a
lost one is made good by the waiter's own slow second look.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any

from dockerspec.engine.protocol import Engine, Stream
from dockerspec.errors import EngineError

Json = Any

_FILTERS = {"type": ["container"], "event": ["start", "die", "oom", "destroy", "health_status"]}
_REOPENINGS = 5
_FIRST_PAUSE = 0.1
_END_OF_THREAD = 5.0
_log = logging.getLogger(__name__)


def since_of(system_time: str) -> str:
    """The daemon's `SystemTime` as a `since` value; empty if it makes no sense.

    Whole seconds only: what is replayed on top costs an inspect each, and no clock but the daemon's is involved.
    """
    try:
        return str(int(datetime.fromisoformat(system_time).timestamp()))
    except ValueError:
        return ""


class ContainerFeed:
    """Wakes waiters. One thread reads the stream; any number of threads wait.

    A waiter takes a `mark`, looks at its container, and sleeps with `wait`, which returns at once if anything happened
    since the mark was taken: so nothing falls between the look and the sleep.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._sequence = 0
        self._last: dict[str, int] = {}
        self._last_for_all = 0
        self._closed = threading.Event()
        self._stream: Stream | None = None
        self._alive = True
        self._thread = threading.Thread(target=self._read, name="container-events", daemon=True)

    def open(self) -> None:
        """Begin to read, without waiting for the engine's answer."""
        self._thread.start()

    def close(self) -> None:
        """End the stream and the thread."""
        with self._changed:
            self._closed.set()
            stream = self._stream
        if stream is not None:
            stream.close()
        if self._thread.ident is not None:
            self._thread.join(_END_OF_THREAD)

    @property
    def alive(self) -> bool:
        """Whether events can be expected at all."""
        return self._alive

    def mark(self) -> int:
        """The present moment, for `wait`."""
        with self._changed:
            return self._sequence

    def wait(self, container: str, mark: int, timeout: float) -> None:
        """Sleep until something happened to a container since `mark`, or to the feed itself.

        Args:
            container: the container's full ID.
            mark: what `mark` said before the container was looked at.
            timeout: seconds at most.
        """
        with self._changed:
            self._changed.wait_for(lambda: max(self._last.get(container, 0), self._last_for_all) > mark, timeout)

    def wake(self) -> None:
        """Let every waiter look again."""
        with self._changed:
            self._sequence += 1
            self._last_for_all = self._sequence
            self._changed.notify_all()

    def _touch(self, container: str) -> None:
        with self._changed:
            self._sequence += 1
            self._last[container] = self._sequence
            self._changed.notify_all()

    def _read(self) -> None:
        """Read until closed; a broken stream is reopened where it broke, a bounded number of times."""
        since, failures = "", 0
        while not self._closed.is_set() and failures <= _REOPENINGS:
            self._closed.wait(_FIRST_PAUSE * 2 ** (failures - 1) if failures else 0)
            try:
                since = since or since_of(self._engine.info().get("SystemTime") or "")
                stream = self._open_stream(since)
                for event in stream or ():
                    since, failures = _time_of(event) or since, 0
                    self._touch((event.get("Actor") or {}).get("ID") or "")
            except EngineError as fault:
                _log.debug("the event stream broke: %s", fault)
            failures += 1
        self._alive = False
        self.wake()

    def _open_stream(self, since: str) -> Stream | None:
        """Open the stream; None if the feed was closed meanwhile. What happened before `since` is looked at anew."""
        stream = self._engine.events(since=since, filters=_FILTERS)
        with self._changed:
            self._stream = stream
            closed = self._closed.is_set()
        if closed:
            stream.close()
            return None
        self.wake()
        return stream


def _time_of(event: Json) -> str:
    """When an event happened, as a `since` value; that moment itself is replayed."""
    nanoseconds = event.get("timeNano")
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}" if isinstance(nanoseconds, int) else ""
