"""HTTP/1.1 as an engine speaks it: one connection, requests out, responses in.

Callers: transport and stream. The standard library's client is not used here: its import brings in the mail parser
and TLS (30 ms, of a plan that takes 100), and each response costs it a mail message object (decision 0001). Only what
the Engine API uses is here: no redirects, no content encodings, no pipelining.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import SHUT_RDWR, socket

from dockerspec.errors import EngineError

_RECEIVE = 65536
_MAX_LINE = 65536
_MAX_HEADERS = 256
_HEX = frozenset(b"0123456789abcdefABCDEF")


class WireFault(Exception):
    """The bytes on the wire end too early or make no sense; the connection is of no more use."""


class Truncated(WireFault):
    """The other side closed in the middle of a message."""


class Connection:
    """One connection to the engine, with what was read ahead.

    Not thread-safe, but for `shut`, which any thread may call to end a blocked read.

    Attributes:
        sock: the socket.
        reused: whether it has carried a response before, so that it may have been closed meanwhile.
        heard: whether anything of the present response has arrived.
    """

    __slots__ = ("_buffer", "_fault", "_on_close", "deadline", "heard", "reused", "sock")

    def __init__(
        self,
        sock: socket,
        on_close: Callable[[], None] | None = None,
        fault: Callable[[], EngineError | None] | None = None,
    ) -> None:
        self.sock = sock
        self.reused = False
        self.heard = False
        self.deadline: float | None = None
        self._buffer = bytearray()
        self._on_close = on_close
        self._fault = fault

    def fault(self) -> EngineError | None:
        """What the program that carries this connection says about its end, if there is one and it failed."""
        return self._fault() if self._fault is not None else None

    def limit(self, timeout: float | None) -> None:
        """Let all reading and writing from now on take `timeout` seconds together; None means for ever."""
        self.deadline = None if timeout is None else time.monotonic() + timeout
        if timeout is None:
            self.sock.settimeout(None)

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._arm()
        self.sock.sendall(data)

    def line(self) -> bytes:
        """Read a line, without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_LINE:
                raise WireFault("a header line is too long")
            if not self._fill():
                raise Truncated("the connection was closed in the middle of a response")
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def some(self, limit: int) -> bytes:
        """Read between 1 and `limit` bytes, as they come; nothing at the end of the connection."""
        if not self._buffer and not self._fill():
            return b""
        data = bytes(self._buffer[:limit])
        del self._buffer[:limit]
        return data

    def idle(self) -> bool:
        """Whether the connection is fit for another request: still open, with nothing unread on it."""
        if self._buffer:
            return False
        self.sock.settimeout(0)
        try:
            # Data that nobody asked for is as bad as an end.
            self.sock.recv(1)
        except BlockingIOError:
            return True
        except OSError as fault:
            # A TLS socket's word for the same; by name, since the TLS library is loaded only where it is used.
            return type(fault).__name__ == "SSLWantReadError"
        return False

    def shut(self) -> None:
        """End reading and writing at once, also in a thread that is blocked in it."""
        try:
            # The plain socket's method: the TLS one would first drop the state that the reader is using.
            socket.shutdown(self.sock, SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Give the connection up."""
        self.sock.close()
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def _arm(self) -> None:
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)

    def _fill(self) -> bool:
        self._arm()
        data = self.sock.recv(_RECEIVE)
        self._buffer += data
        self.heard = self.heard or bool(data)
        return bool(data)


@dataclass(frozen=True, slots=True)
class Head:
    """A response's first part; header names are in lower case.

    Attributes:
        status: the HTTP status.
        headers: the headers; of one that comes twice the last.
        keeps_open: whether the other side will take another request on this connection.
    """

    status: int
    headers: Mapping[str, str]
    keeps_open: bool = True


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The bytes of a request up to its body.

    Raises:
        ValueError: a header holds a line break, which would smuggle in another one.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if "\n" in value or "\r" in value:
            raise ValueError(f"the header {name} can't hold a line break")
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def read_head(connection: Connection) -> Head:
    """Read a response's status and headers.

    Raises:
        WireFault: this is no HTTP response, or it ends early.
    """
    while True:
        line = connection.line()
        status = _status(line)
        headers = _headers(connection)
        # 1xx only announces the response proper; 101 would be an upgrade that we never ask for.
        if status >= 200:
            closes = line.startswith(b"HTTP/1.0") or "close" in headers.get("connection", "").lower()
            return Head(status, headers, not closes)


def _status(line: bytes) -> int:
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit() or len(parts[1]) != 3:
        raise WireFault(f"the answer is no HTTP response: {line[:60].decode('latin-1')!r}")
    return int(parts[1])


def _headers(connection: Connection) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = connection.line()
        if not line:
            return headers
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    raise WireFault("the response has too many headers")


class Body:
    """A response's body, read piece by piece.

    Attributes:
        ended: whether it was read to its proper end.
    """

    __slots__ = ("_begun", "_chunked", "_connection", "_left", "ended")

    def __init__(self, connection: Connection, head: Head, method: str) -> None:
        self._connection = connection
        self._chunked = "chunked" in head.headers.get("transfer-encoding", "").lower()
        self._begun = False
        # None: no length is known, the body ends with the connection.
        self._left: int | None = 0 if self._chunked else _length(head)
        bare = method == "HEAD" or head.status in (204, 304)
        self.ended = bare or (not self._chunked and self._left == 0)

    def piece(self) -> bytes:
        """The next bytes of the body; nothing at its end.

        Raises:
            WireFault: the connection ends before the body does, or the framing is broken.
        """
        if self.ended:
            return b""
        if self._chunked and self._left == 0:
            self._left = self._next_chunk()
            if self._left == 0:
                self.ended = True
                return b""
        data = self._connection.some(_RECEIVE if self._left is None else min(self._left, _RECEIVE))
        if self._left is None:
            self.ended = not data
            return data
        if not data:
            raise Truncated("the connection was closed in the middle of a response")
        self._left -= len(data)
        self.ended = self._left == 0 and not self._chunked
        return data

    def read(self) -> bytes:
        """All that is left of the body."""
        first = self.piece()
        if self.ended:
            return first
        pieces = [first]
        while data := self.piece():
            pieces.append(data)
        return b"".join(pieces)

    def _next_chunk(self) -> int:
        # The line end of the chunk before is read only now: waiting for it would hold back a message that is here.
        if self._begun and self._connection.line():
            raise WireFault("a chunk of the response has the wrong length")
        self._begun = True
        text = self._connection.line().split(b";")[0].strip()
        if not text or not _HEX.issuperset(text):
            raise WireFault("a chunk of the response has no length")
        size = int(text, 16)
        if size == 0:
            # Trailers, if any, up to the empty line.
            while self._connection.line():
                continue
        return size


def _length(head: Head) -> int | None:
    text = head.headers.get("content-length")
    if text is None:
        return None
    if not text.isdigit():
        raise WireFault("the response's length is no number")
    return int(text)
