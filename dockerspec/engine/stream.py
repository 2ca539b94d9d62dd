"""Message streams: JSON values from a response that goes on, such as events, or a pull's progress.

Callers: transport makes them; images and runtime read them. The engine's chunks need not end where a message does.
"""

from __future__ import annotations

import json
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from enum import StrEnum
from threading import Lock
from typing import Any

from dockerspec.engine import failures
from dockerspec.engine.wire import Body, Connection, WireFault
from dockerspec.errors import EngineError

_LONGEST_MESSAGE = 16 * 1024 * 1024


class End(StrEnum):
    """Why a stream ended."""

    FINISHED = "finished"
    """The engine had no more to say (for events: `until` was reached, or the engine shuts down)."""
    CLOSED = "closed"
    """`close` was called."""
    LOST = "lost"
    """The connection broke."""


class Framer:
    """Cuts a byte stream into JSON values, whether a newline, any blank or nothing at all is between them."""

    __slots__ = ("_decode", "_decoder", "_text")

    def __init__(self) -> None:
        self._decoder = json.JSONDecoder()
        self._decode = getincrementaldecoder("utf-8")("replace")
        self._text = ""

    def feed(self, data: bytes) -> Iterator[Any]:
        """Take more bytes; yield each value that they complete.

        Raises:
            WireFault: the bytes are no JSON.
        """
        self._text += self._decode.decode(data)
        # A value of ours is an object, so that it can be complete only with a closing brace. This spares trying on
        # each piece of a long one.
        if b"}" in data:
            yield from self._values()
        if self._text and self._text[0] not in "{ \t\r\n":
            raise WireFault(f"the stream holds no JSON: {self._text[:60]!r}")
        if len(self._text) > _LONGEST_MESSAGE:
            raise WireFault("the stream holds a message without an end")

    @property
    def rest(self) -> bool:
        """Whether a value was begun and not ended."""
        return bool(self._text.strip())

    def _values(self) -> Iterator[Any]:
        text, at = self._text, 0
        while True:
            while at < len(text) and text[at] in " \t\r\n":
                at += 1
            try:
                value, at = self._decoder.raw_decode(text, at)
            except ValueError:
                self._text = text[at:]
                return
            self._text = text[at:]
            yield value


class MessageStream:
    """The messages of one response; see `dockerspec.engine.protocol.Stream`.

    Iterating raises `EngineLost` if the connection breaks; it ends quietly if the engine ends the response, or after
    `close`. Silence has no limit unless one is set, since a quiet engine has no events to tell.

    Attributes:
        end: why the stream ended; None as long as it goes on.
    """

    def __init__(
        self,
        connection: Connection,
        body: Body,
        *,
        url: str,
        call: str,
        on_end: Callable[[MessageStream], None] | None = None,
        silence: float | None = None,
    ) -> None:
        """Take over a connection whose response head was read.

        Args:
            connection: the connection, which belongs to the stream from now on.
            body: the response's body on it.
            url: the engine's address, for messages.
            call: the call, for messages.
            on_end: called once when the connection is given up.
            silence: seconds that may go by without a message.
        """
        self.end: End | None = None
        self._connection = connection
        self._body = body
        self._url = url
        self._call = call
        self._on_end = on_end
        self._silence = silence
        self._framer = Framer()
        self._state = Lock()
        self._reading = Lock()

    def __iter__(self) -> Iterator[Any]:
        while data := self._piece():
            try:
                for message in self._framer.feed(data):
                    yield message
                    if self._closed():
                        return
            except WireFault as fault:
                raise self._fail(End.LOST, failures.no_engine(self._url, self._call, str(fault))) from None

    def close(self) -> None:
        """End the stream, from any thread: a blocked reader returns at once, without an error."""
        self._finish(End.CLOSED)
        self._connection.shut()
        # A reader in the middle of a read gives the connection up itself: a descriptor that is closed under it could
        # be another file's by the time it looks.
        if self._reading.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._reading.release()

    def __enter__(self) -> MessageStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _piece(self) -> bytes:
        """The next bytes; nothing once the stream has ended."""
        with self._reading:
            if self.end is not None:
                self._release()
                return b""
            try:
                self._connection.limit(self._silence)
                data = self._body.piece()
            except (WireFault, OSError, ValueError) as fault:
                if self._closed():
                    self._release()
                    return b""
                if isinstance(fault, TimeoutError) and self._silence is not None:
                    raise self._fail(End.LOST, failures.fell_silent(self._url, self._call, self._silence)) from None
                raise self._fail(End.LOST, failures.lost(self._url, self._call, str(fault))) from None
            if not data:
                self._over()
            return data

    def _over(self) -> None:
        """The body came to its end."""
        self._finish(End.FINISHED)
        self._release()
        if self.end is End.FINISHED and self._framer.rest:
            self.end = End.LOST
            raise failures.lost(self._url, self._call, "the stream ended in the middle of a message")

    def _closed(self) -> bool:
        return self.end is End.CLOSED

    def _finish(self, end: End) -> None:
        with self._state:
            if self.end is None:
                self.end = end

    def _fail(self, end: End, error: EngineError) -> EngineError:
        self._finish(end)
        self._release()
        return error

    def _release(self) -> None:
        """Give the connection up, once."""
        with self._state:
            on_end, self._on_end = self._on_end, None
        self._connection.close()
        if on_end is not None:
            on_end(self)
