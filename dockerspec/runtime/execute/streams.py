"""Pulls and builds: calls that answer bit by bit. What they say is passed on as notes, not too often.

Caller: operations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dockerspec.errors import Cancelled, EngineError
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.execute.failure import ActionFailed

Json = Any

_NOTE_EVERY = 0.2
_BUILD_LINES = 15


class Notes:
    """Passes texts on: a new one at most every 0.2 s, none twice in a row."""

    def __init__(self, note: Callable[[str], None], clock: Clock) -> None:
        self._note = note
        self._clock = clock
        self._next = 0.0
        self._said = ""

    def say(self, text: str) -> None:
        """Pass `text` on, or drop it if it comes too soon."""
        now = self._clock.monotonic()
        if text and text != self._said and now >= self._next:
            self._said, self._next = text, now + _NOTE_EVERY
            self._note(text)


def follow_pull(messages: Iterable[Json], notes: Notes, stopped: Callable[[], bool]) -> None:
    """Read a pull to its end.

    Raises:
        EngineError: the pull failed.
        Cancelled: the run was stopped; what was pulled of it is kept by the engine.
    """
    for message in _until_stopped(messages, stopped):
        parts = (message.get("id"), message.get("status"), message.get("progress"))
        notes.say(" ".join(str(part) for part in parts if part))


def follow_build(messages: Iterable[Json], notes: Notes, stopped: Callable[[], bool]) -> None:
    """Read a build to its end.

    Raises:
        ActionFailed: the build failed; its last lines are the failure's logs.
        Cancelled: the run was stopped, and with it the build.
    """
    lines: deque[str] = deque(maxlen=_BUILD_LINES)
    try:
        for message in _until_stopped(messages, stopped):
            for line in str(message.get("stream") or message.get("status") or "").splitlines():
                if line.strip():
                    lines.append(line.rstrip())
                    notes.say(line.strip())
    except EngineError as fault:
        raise ActionFailed(fault.message, hint=fault.hint, logs="\n".join(lines)) from fault


def _until_stopped(messages: Iterable[Json], stopped: Callable[[], bool]) -> Iterator[Json]:
    for message in messages:
        if stopped():
            raise Cancelled("stopped on the way")
        yield message
