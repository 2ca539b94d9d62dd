"""Calls over pooled connections: time limits, reuse, the one safe retry, streams.

Callers: caller (and through it the gateway's verbs). Thread-safe. No policy about statuses here: an answer is an
answer, and only a call that got none raises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import BinaryIO

from dockerspec.engine import failures
from dockerspec.engine.dial import dialer
from dockerspec.engine.endpoint import Endpoint
from dockerspec.engine.output import OutputStream
from dockerspec.engine.pacing import SYSTEM_PACING, Pacing
from dockerspec.engine.stream import MessageStream
from dockerspec.engine.target import TcpTarget, parse_target
from dockerspec.engine.wire import Body, Connection, Head, Truncated, WireFault, read_head, request_head
from dockerspec.errors import EngineError, EngineLost

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
"""Seconds until an answer must be here, unless the call says otherwise."""
SLOW_TIMEOUT = 300.0
"""The same for calls that move data: filling a new volume from an image, deleting what is large."""
TRANSFER_SILENCE = 600.0
"""Seconds for which a pull or a push may say nothing: an engine that unpacks a large layer has long pauses."""
BUILD_SILENCE = 3600.0
"""The same for a build, whose steps may well work without a word."""
_IDLE_KEPT = 16
_AHEAD = 4
"""How many requests of `call_each` are under way at once."""
_UPLOAD_PIECE = 256 * 1024
_ERROR_GRACE = 5.0
_REPEATABLE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One call.

    Attributes:
        method: the HTTP method.
        target: path and query, with the API version in front.
        call: how messages name it: `GET /containers/{id}/json`.
        headers: headers beside those that every request has.
        body: the body.
        timeout: seconds until the answer must be here; None means no limit.
    """

    method: str
    target: str
    call: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeout: float | None = READ_TIMEOUT


class _Stale(Exception):
    """A pooled connection turned out to be closed, and sending the request once more can do no harm."""


class Transport:
    """The connections to one engine."""

    def __init__(
        self, endpoint: Endpoint, *, connect_timeout: float = CONNECT_TIMEOUT, pacing: Pacing = SYSTEM_PACING
    ) -> None:
        """Prepare; nothing is opened before the first call.

        Args:
            endpoint: the engine.
            connect_timeout: seconds that opening a connection may take.
            pacing: sleep and chance, for whoever calls again.

        Raises:
            EngineError: the endpoint's address can't be used.
        """
        target = parse_target(endpoint.url, tls=endpoint.tls is not None)
        self.endpoint = endpoint
        self.pacing = pacing
        self._url = endpoint.url
        # Over a socket file or ssh the name means nothing; a proxy in front of a port may go by it.
        self._host, self._prefix = "docker", ""
        if isinstance(target, TcpTarget):
            host = f"[{target.host}]" if ":" in target.host else target.host
            self._host, self._prefix = f"{host}:{target.port}", target.prefix
        self._dial = dialer(endpoint, connect_timeout)
        self._lock = Lock()
        # The one used last is taken first: the others grow idle and can be let go.
        self._idle: list[Connection] = []
        self._streams: set[MessageStream] = set()
        self._closed = False

    def call(self, request: Request) -> Answer:
        """Send a request and read the whole answer, whatever its status.

        Raises:
            EngineUnreachable, EngineForbidden: no connection came about.
            EngineLost: it broke in the middle.
            EngineTimeout: no answer in time.
        """
        connection = self._pooled()
        if connection is not None:
            try:
                return self._exchange(connection, request)
            except _Stale:
                pass
        return self._exchange(self._dial(), request)

    def call_each(
        self, requests: Iterable[Request], again: Callable[[Request], Answer] | None = None
    ) -> Iterator[Answer]:
        """Send GET requests and yield their answers in order, with a few always under way.

        The engine works on the next ones while the caller takes the last answer apart. One thread does it all: with
        several, each would wait for the interpreter's lock after every answer.

        Args:
            requests: the requests.
            again: asks for an answer that was lost; by default `call`, once.

        Raises:
            EngineError: as `call`.
        """
        under_way: deque[tuple[Connection | None, Request]] = deque()
        waiting = iter(requests)
        try:
            while True:
                for request in islice(waiting, _AHEAD - len(under_way)):
                    under_way.append((self._begun(request), request))
                if not under_way:
                    return
                connection, request = under_way.popleft()
                yield self._ended(connection, request) or (again or self.call)(request)
        finally:
            for connection, _ in under_way:
                if connection is not None:
                    connection.close()

    def stream(
        self, request: Request, *, upload: BinaryIO | None = None, silence: float | None = None
    ) -> MessageStream | Answer:
        """Send a request whose answer goes on: a stream of messages, or a whole answer if its status is an error.

        Args:
            request: the call; its time limit is for the answer's beginning only.
            upload: a file to send as the body, in pieces, instead of `request.body`; the time limit is for each piece.
            silence: seconds that may go by between two messages; None means no limit.
        """
        opened = self._opened(request, upload)
        if isinstance(opened, Answer):
            return opened
        connection, body = opened
        stream = MessageStream(connection, body, url=self._url, call=request.call, on_end=self._forget, silence=silence)
        return self._registered(stream)

    def output(self, request: Request) -> OutputStream | Answer:
        """Send a request whose answer is what a program writes as it goes; else as `stream`."""
        opened = self._opened(request)
        if isinstance(opened, Answer):
            return opened
        return OutputStream(*opened, lambda reason: failures.lost(self._url, request.call, reason))

    def _opened(self, request: Request, upload: BinaryIO | None = None) -> tuple[Connection, Body] | Answer:
        """A connection of its own on which an answer has begun; the whole answer if its status is an error."""
        with self._lock:
            self._check_open()
        connection = self._dial()
        try:
            connection.limit(request.timeout)
            if upload is None:
                self._send(connection, request)
            else:
                self._upload(connection, request, upload)
            head = read_head(connection)
            body = Body(connection, head, request.method)
            if head.status >= 400:
                connection.limit(_ERROR_GRACE)
                answer = Answer(head.status, head.headers, body.read())
                connection.close()
                return answer
        except BaseException as fault:
            raise self._broken(connection, request, fault) from None
        return connection, body

    def close(self) -> None:
        """Close all idle connections and end all streams; calls under way end as usual."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            streams = list(self._streams)
        for connection in idle:
            connection.close()
        for stream in streams:
            stream.close()

    def _begun(self, request: Request) -> Connection | None:
        """A connection on which a request is under way; None where it could not be sent."""
        connection = self._pooled() or self._dial()
        try:
            connection.heard = False
            connection.limit(request.timeout)
            self._send(connection, request)
        except (_Stale, OSError):
            connection.close()
            return None
        return connection

    def _ended(self, connection: Connection | None, request: Request) -> Answer | None:
        """The answer to a request that `_begun` sent; None if it went wrong."""
        if connection is None:
            return None
        try:
            return self._received(connection, request)
        except (_Stale, EngineLost):
            connection.close()
            return None

    def _exchange(self, connection: Connection, request: Request) -> Answer:
        """One request and its answer on one connection, which goes back to the pool if it is fit for it."""
        connection.heard = False
        try:
            connection.limit(request.timeout)
            self._send(connection, request)
        except _Stale:
            connection.close()
            raise
        except BaseException as fault:
            raise self._broken(connection, request, fault) from None
        return self._received(connection, request)

    def _received(self, connection: Connection, request: Request) -> Answer:
        """The answer to a request that was sent."""
        try:
            head = self._heard(connection, request)
            body = Body(connection, head, request.method)
            answer = Answer(head.status, head.headers, body.read())
        except _Stale:
            connection.close()
            raise
        except BaseException as fault:
            raise self._broken(connection, request, fault) from None
        self._release(connection, head)
        return answer

    def _send(self, connection: Connection, request: Request) -> None:
        headers = dict(request.headers)
        if request.body or request.method == "POST":
            headers["Content-Length"] = str(len(request.body))
        try:
            connection.send(self._head(request, headers) + request.body)
        except (BrokenPipeError, ConnectionResetError):
            if connection.reused:
                raise _Stale from None
            raise

    def _head(self, request: Request, headers: dict[str, str]) -> bytes:
        common = {"Host": self._host, "User-Agent": "dockerspec"}
        return request_head(request.method, self._prefix + request.target, common | headers)

    def _heard(self, connection: Connection, request: Request) -> Head:
        """The answer's head; on a connection that died while idle, a request that may be repeated is."""
        try:
            return read_head(connection)
        except (WireFault, ConnectionError):
            if connection.reused and not connection.heard and request.method in _REPEATABLE:
                raise _Stale from None
            raise

    def _upload(self, connection: Connection, request: Request, upload: BinaryIO) -> None:
        headers = {**request.headers, "Transfer-Encoding": "chunked"}
        try:
            connection.send(self._head(request, headers))
            while piece := upload.read(_UPLOAD_PIECE):
                connection.limit(request.timeout)
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            # The engine may refuse a body without reading all of it: what it says then is worth more than our error.
            connection.limit(_ERROR_GRACE)

    def _broken(self, connection: Connection, request: Request, fault: BaseException) -> BaseException:
        """Give a connection up in the middle of a call; the error to raise."""
        cause = connection.fault() if isinstance(fault, WireFault | ConnectionError) else None
        connection.close()
        if cause is not None:
            return cause
        if isinstance(fault, TimeoutError):
            return failures.timed_out(self._url, request.call, request.timeout or _ERROR_GRACE)
        if isinstance(fault, Truncated):
            return failures.lost(self._url, request.call, str(fault))
        if isinstance(fault, WireFault):
            return failures.no_engine(self._url, request.call, str(fault))
        if isinstance(fault, OSError):
            return failures.lost(self._url, request.call, fault.strerror or str(fault))
        return fault

    def _pooled(self) -> Connection | None:
        """An idle connection that is still open, if there is one."""
        while True:
            with self._lock:
                self._check_open()
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.idle():
                return connection
            connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("this gateway is closed", hint="connect again")

    def _release(self, connection: Connection, head: Head) -> None:
        connection.reused = True
        with self._lock:
            keep = head.keeps_open and not self._closed and len(self._idle) < _IDLE_KEPT
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _registered(self, stream: MessageStream) -> MessageStream:
        with self._lock:
            self._streams.add(stream)
            closed = self._closed
        if closed:
            stream.close()
        return stream

    def _forget(self, stream: MessageStream) -> None:
        with self._lock:
            self._streams.discard(stream)
