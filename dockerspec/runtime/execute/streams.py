"""Pulls, pushes and builds: calls that answer bit by bit. What they say is passed on as notes, not too often.

Caller: images, beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dockerspec.core.values import format_size
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


def follow_transfer(messages: Iterable[Json], notes: Notes, stopped: Callable[[], bool]) -> None:
    """Read a pull or a push to its end.

    Raises:
        EngineError: it failed.
        Cancelled: the run was stopped; what is there of it already is kept.
    """
    layers = Layers()
    for message in _until_stopped(messages, stopped):
        notes.say(layers.take(message))


class Layers:
    """How far a transfer is, over all of its layers: they come side by side, and each alone says little."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._bytes: dict[str, tuple[int, int]] = {}

    def take(self, message: Json) -> str:
        """Take a message; what is to be said now, or empty for nothing."""
        ident, status = str(message.get("id") or ""), str(message.get("status") or "")
        if not ident or status.startswith("Pulling from"):
            return status
        self._known[ident] = status
        detail = message.get("progressDetail") or {}
        if detail.get("total") and status in _MOVING:
            self._bytes[ident] = (int(detail.get("current") or 0), int(detail["total"]))
        elif status in _MOVED and ident in self._bytes:
            self._bytes[ident] = (self._bytes[ident][1], self._bytes[ident][1])
        return self._said()

    def _said(self) -> str:
        done = sum(status in _ENDED for status in self._known.values())
        counts = f"{done} of {len(self._known)} {'layer' if len(self._known) == 1 else 'layers'}"
        if not self._bytes:
            return counts
        now, all_of_it = (sum(sizes) for sizes in zip(*self._bytes.values(), strict=True))
        return f"{counts}, {format_size(now)} of {format_size(all_of_it)}"


_MOVING = frozenset({"Downloading", "Pushing"})
_MOVED = frozenset({"Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Pushed"})
_ENDED = frozenset({"Pull complete", "Already exists", "Pushed", "Layer already exists"})


def follow_build(messages: Iterable[Json], notes: Notes, stopped: Callable[[], bool]) -> None:
    """Read a build to its end.

    Raises:
        ActionFailed: the build failed; its last lines are the failure's logs.
        EngineError: it was broken off, and may well succeed if begun again.
        Cancelled: the run was stopped, and with it the build.
    """
    lines: deque[str] = deque(maxlen=_BUILD_LINES)
    try:
        for message in _until_stopped(messages, stopped):
            # A build with the engine's own builder pulls, too; the progress of a layer is no line of its output.
            if message.get("id"):
                continue
            for line in str(message.get("stream") or message.get("status") or "").splitlines():
                if line.strip():
                    lines.append(line.rstrip())
                    notes.say(line.strip())
    except EngineError as fault:
        if fault.passing:
            raise
        raise ActionFailed(fault.message, hint=fault.hint, logs="\n".join(lines)) from fault


def _until_stopped(messages: Iterable[Json], stopped: Callable[[], bool]) -> Iterator[Json]:
    for message in messages:
        if stopped():
            raise Cancelled("stopped on the way")
        yield message
