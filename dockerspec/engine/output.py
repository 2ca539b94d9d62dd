"""The output of a command in a container, as it comes: pieces of bytes from a response that goes on.

Callers: transport makes it; execs reads it. Unlike a stream of messages it has moments of silence that the reader is
told of, so that one thread can read and keep an eye on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dockerspec.engine.logs import HEADER
from dockerspec.engine.wire import Body, Connection, WireFault
from dockerspec.errors import EngineError

SILENCE = 0.1
"""Seconds without a byte after which the reader gets an empty piece."""


class OutputStream:
    """The frames of a response that goes on, without their headers. Closes its connection at the end."""

    def __init__(self, connection: Connection, body: Body, lost: Callable[[str], EngineError]) -> None:
        """Take over a connection whose response head was read.

        Args:
            connection: the connection, which belongs to the stream from now on.
            body: the response's body on it.
            lost: makes the error for a connection that broke.
        """
        self._connection = connection
        self._body = body
        self._lost = lost

    def __iter__(self) -> Iterator[bytes]:
        """Yield what came; nothing at all for each moment of silence.

        Raises:
            EngineLost: the connection broke.
        """
        waiting = b""
        try:
            while not self._body.ended:
                self._connection.limit(SILENCE)
                try:
                    data = self._body.piece()
                except TimeoutError:
                    yield b""
                    continue
                except (WireFault, OSError) as fault:
                    raise self._lost(str(fault)) from None
                whole, waiting = _unframed(waiting + data)
                if whole:
                    yield whole
        finally:
            self._connection.close()


def _unframed(data: bytes) -> tuple[bytes, bytes]:
    """The data of all whole frames, and the beginning of one that is still to come."""
    pieces, at = [], 0
    while at + HEADER <= len(data):
        end = at + HEADER + int.from_bytes(data[at + 4 : at + HEADER], "big")
        if end > len(data):
            break
        pieces.append(data[at + HEADER : end])
        at = end
    return b"".join(pieces), data[at:]
