"""The machinery below the fake's verbs: one lock, a clock that ticks, IDs that count, events, and faults to order.

Caller: the verb mix-ins of this package. Nothing here knows what a container is.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dockerspec.engine.protocol import Filters, Json
from dockerspec.errors import EngineError

_START_OF_TIME = 1_700_000_000
_TICK = 1_000_000
_KEPT_EVENTS = 256


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made: the verb's name, and what it was made on."""

    verb: str
    subject: str


@dataclass(slots=True)
class _Fault:
    verb: str
    subject: str
    error: EngineError
    left: int


class FakeStream:
    """Events as they happen, until closed."""

    def __init__(self, wanted: Callable[[Json], bool], past: list[Json], forget: Callable[[FakeStream], None]) -> None:
        self._wanted = wanted
        self._forget = forget
        self._arrived = threading.Condition()
        self._waiting = deque(event for event in past if wanted(event))
        self._closed = False

    def __iter__(self) -> Iterator[Json]:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                event = self._waiting.popleft()
            yield event

    def push(self, event: Json) -> None:
        """Deliver an event, if it passes the filters."""
        with self._arrived:
            if self._wanted(event):
                self._waiting.append(event)
                self._arrived.notify_all()

    def close(self) -> None:
        """End the stream; the iterator stops without an error."""
        self._forget(self)
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()


class FakeHost:
    """What all verbs share.

    Attributes:
        calls: every call so far, in order.
        most_at_once: the most calls that were ever under way at the same time.
        delay: is called in each call, outside the lock; a test can sleep or wait in it.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.most_at_once = 0
        self.delay: Callable[[Call], None] | None = None
        self._lock = threading.RLock()
        self._nanoseconds = _START_OF_TIME * 10**9
        self._made = 0
        self._under_way = 0
        self._faults: list[_Fault] = []
        self._streams: list[FakeStream] = []
        self._past: deque[Json] = deque(maxlen=_KEPT_EVENTS)

    def fail(self, verb: str, error: EngineError, *, subject: str = "", times: int = 1) -> None:
        """Let coming calls fail before they do anything.

        Args:
            verb: the verb's name, as `start_container`.
            error: what they raise.
            subject: the name or ID that the call is made on; empty for any.
            times: how many calls.
        """
        with self._lock:
            self._faults.append(_Fault(verb, subject, error, times))

    def count(self, verb: str) -> int:
        """How often a verb was called."""
        with self._lock:
            return Counter(call.verb for call in self.calls)[verb]

    def break_streams(self) -> None:
        """End all event streams, as a daemon that stops does."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    def forget_events(self) -> None:
        """Let nothing that happened so far be replayed, as after a restart of the daemon."""
        with self._lock:
            self._past.clear()

    @contextmanager
    def _call(self, verb: str, subject: str = "") -> Iterator[None]:
        """A call: recorded, delayed, made to fail if so ordered, and then alone on the engine."""
        call = Call(verb, subject)
        with self._lock:
            self.calls.append(call)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            if self.delay is not None:
                self.delay(call)
            with self._lock:
                self._raise_fault(call)
                yield
        finally:
            with self._lock:
                self._under_way -= 1

    def _raise_fault(self, call: Call) -> None:
        for fault in self._faults:
            if fault.left > 0 and fault.verb == call.verb and fault.subject in ("", call.subject):
                fault.left -= 1
                raise fault.error

    def _tick(self) -> int:
        """The next moment, in nanoseconds since the epoch; no two are the same."""
        self._nanoseconds += _TICK
        return self._nanoseconds

    def _now(self) -> str:
        """The next moment, as the engine writes it."""
        return moment_text(self._tick())

    def _new_id(self) -> str:
        """64 hexadecimal digits, the same ones in every run."""
        self._made += 1
        return hashlib.sha256(str(self._made).encode()).hexdigest()

    def _emit(self, kind: str, action: str, ident: str, attributes: Mapping[str, str]) -> None:
        moment = self._tick()
        event: dict[str, Any] = {
            "Type": kind,
            "Action": action,
            "Actor": {"ID": ident, "Attributes": dict(attributes)},
            "scope": "local",
            "time": moment // 10**9,
            "timeNano": moment,
        }
        self._past.append(event)
        for stream in tuple(self._streams):
            stream.push(event)

    def _subscribe(self, since: str, filters: Filters | None) -> FakeStream:
        first = nanoseconds(since) if since else None
        past = [] if first is None else [event for event in self._past if event["timeNano"] >= first]
        stream = FakeStream(lambda event: _passes(event, filters or {}), past, self._unsubscribe)
        self._streams.append(stream)
        return stream

    def _unsubscribe(self, stream: FakeStream) -> None:
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)


def nanoseconds(moment: str) -> int:
    """A `since` value in nanoseconds since the epoch."""
    seconds, _, rest = moment.partition(".")
    return int(seconds) * 10**9 + int(rest.ljust(9, "0") or 0)


def moment_text(moment: int) -> str:
    """Nanoseconds since the epoch as the engine writes a moment."""
    seconds, rest = divmod(moment, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _passes(event: Json, filters: Filters) -> bool:
    attributes = event["Actor"]["Attributes"]
    labels = {f"{key}={value}" for key, value in attributes.items()} | set(attributes)
    actions = filters.get("event", ())
    return (
        ("type" not in filters or event["Type"] in filters["type"])
        and (not actions or any(event["Action"].startswith(action) for action in actions))
        and all(label in labels for label in filters.get("label", ()))
    )
