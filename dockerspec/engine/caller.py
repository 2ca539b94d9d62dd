"""What all verbs share: API version negotiation, query strings, JSON in and out, statuses to errors.

Callers: the verb classes that make up the gateway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

from dockerspec.engine import failures
from dockerspec.engine.pacing import backoff
from dockerspec.engine.protocol import Filters, Json
from dockerspec.engine.stream import MessageStream
from dockerspec.engine.transport import READ_TIMEOUT, Answer, Request, Transport
from dockerspec.errors import EngineError, EngineTimeout, EngineUnreachable, NotFound

OLDEST_API = (1, 41)
"""Engine 20.10, the oldest that we work with."""
NEWEST_API = (1, 51)
"""The newest API version whose answers we know; a newer engine is asked in this one."""

Query = Mapping[str, Any]
"""Query parameters. None and empty texts are left out, truth values become 1 and 0, collections become JSON."""

T = TypeVar("T")

READ_TRIES = 4
"""How often a read is made that finds the engine there, but gets no sound answer from it."""
REACH_TRIES = 2
"""How often an engine is tried that is not there: whoever can wait for one does so with more patience than this."""
_READ_PAUSE = 0.15

_NO_HEADERS: Mapping[str, str] = {}
_REPEATED = frozenset({"t", "extrahosts"})


class Caller:
    """Calls in the negotiated API version; the base of the verb classes."""

    def __init__(self, transport: Transport, url: str) -> None:
        """Prepare; nothing is asked before the first call.

        Args:
            transport: the connections to the engine.
            url: the engine's address, for messages.
        """
        self._transport = transport
        self._url = url
        self._api: tuple[int, int] | None = None
        self._negotiating = Lock()

    @property
    def endpoint(self) -> str:
        """The engine's address, such as `unix:///var/run/docker.sock`."""
        return self._url

    @property
    def api_version(self) -> tuple[int, int]:
        """The newest API version that both sides speak; the engine is asked once.

        Raises:
            EngineTooOld: it speaks none that we do.
        """
        if self._api is None:
            with self._negotiating:
                if self._api is None:
                    self._api = self._negotiate()
        return self._api

    def close(self) -> None:
        """Close the connections and end the streams; calls under way end as usual."""
        self._transport.close()

    def _negotiate(self) -> tuple[int, int]:
        call = "GET /_ping"
        answer = self._transport.call(Request("GET", "/_ping", call, _NO_HEADERS))
        text = answer.headers.get("api-version", "")
        if not text:
            # Some proxies drop the header or the call.
            call = "GET /version"
            answer = self._accepted(self._transport.call(Request("GET", "/version", call, _NO_HEADERS)), call)
            version = self._decoded(answer, call)
            text = str(version.get("ApiVersion", "")) if isinstance(version, dict) else ""
        major, _, minor = text.partition(".")
        if not (major.isdigit() and minor.isdigit()):
            raise failures.no_engine(self._url, call, "it names no API version")
        found = (int(major), int(minor))
        if found < OLDEST_API:
            raise failures.too_old(text, "{}.{}".format(*OLDEST_API))
        return min(found, NEWEST_API)

    def _get(self, path: str, query: Query | None = None, *, headers: Mapping[str, str] = _NO_HEADERS) -> Json:
        """The JSON that a GET answers; asked for again where something passing is in the way."""
        return self._persist(lambda: self._get_once(path, query, headers=headers))

    def _get_once(self, path: str, query: Query | None = None, *, headers: Mapping[str, str] = _NO_HEADERS) -> Json:
        return self._decoded(self._ask("GET", path, query, headers=headers), f"GET {path}")

    def _persist(self, read: Callable[[], T]) -> T:
        """Make a read, a few times if need be, within about a second. What took its whole time is not made again."""
        pacing, failed = self._transport.pacing, 0
        while True:
            try:
                return read()
            except EngineError as fault:
                failed += 1
                tries = REACH_TRIES if isinstance(fault, EngineUnreachable) else READ_TRIES
                if not fault.passing or isinstance(fault, EngineTimeout) or failed >= tries:
                    raise
            pacing.pause(backoff(failed - 1, pacing.random, first=_READ_PAUSE))

    def _get_each(self, paths: Iterable[str]) -> Iterator[Json | None]:
        """The JSON that each of several GETs answers, in order; None where the engine has no such object."""
        asked = list(paths)
        requests = (Request("GET", self._target(path, None), f"GET {path}", _NO_HEADERS) for path in asked)
        for path, answer in zip(asked, self._transport.call_each(requests, self._call_again), strict=True):
            try:
                yield self._sound(answer, path)
            except NotFound:
                yield None

    def _call_again(self, request: Request) -> Answer:
        return self._persist(lambda: self._transport.call(request))

    def _sound(self, answer: Answer, path: str) -> Json:
        """The JSON of an answer to a GET; asked for again if this one is spoilt in a passing way."""
        call = f"GET {path}"
        try:
            return self._decoded(self._accepted(answer, call), call)
        except EngineError as fault:
            if not fault.passing:
                raise
        return self._get(path)

    def _post(
        self,
        path: str,
        query: Query | None = None,
        body: Mapping[str, Json] | None = None,
        *,
        timeout: float = READ_TIMEOUT,
    ) -> Json:
        """The JSON that a POST answers; None where it answers nothing."""
        answer = self._ask("POST", path, query, body, timeout=timeout)
        return self._decoded(answer, f"POST {path}") if answer.body.strip() else None

    def _ask(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Mapping[str, Json] | None = None,
        *,
        data: bytes = b"",
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout: float | None = READ_TIMEOUT,
    ) -> Answer:
        """One call with JSON or other data; an error status raises."""
        if body is not None:
            data = json.dumps(body, default=_plain).encode()
            headers = {**headers, "Content-Type": "application/json"}
        call = f"{method} {path}"
        request = Request(method, self._target(path, query), call, headers, data, timeout)
        return self._accepted(self._transport.call(request), call)

    def _follow(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        silence: float | None = None,
        upload: BinaryIO | None = None,
    ) -> MessageStream:
        """One call that answers a stream of messages; `silence` is how many seconds may go by between two."""
        call = f"{method} {path}"
        request = Request(method, self._target(path, query), call, headers, timeout=silence or READ_TIMEOUT)
        stream = self._transport.stream(request, upload=upload, silence=silence)
        if isinstance(stream, MessageStream):
            return stream
        raise failures.refusal(stream.status, stream.body, call)

    def _listen(self, method: str, path: str, body: Mapping[str, Json], *, timeout: float) -> Iterator[bytes]:
        """One call that answers what a program writes as it goes; `timeout` is for its beginning."""
        call = f"{method} {path}"
        headers = {"Content-Type": "application/json"}
        request = Request(method, self._target(path, None), call, headers, json.dumps(body).encode(), timeout)
        answer = self._transport.output(request)
        if isinstance(answer, Answer):
            raise failures.refusal(answer.status, answer.body, call)
        return iter(answer)

    def _target(self, path: str, query: Query | None) -> str:
        text = encode_query(query) if query else ""
        return "/v{}.{}{}".format(*self.api_version, path) + (f"?{text}" if text else "")

    def _accepted(self, answer: Answer, call: str) -> Answer:
        if answer.status >= 400:
            raise failures.refusal(answer.status, answer.body, call)
        if 300 <= answer.status != 304:
            raise failures.no_engine(self._url, call, f"it sends us elsewhere (status {answer.status})")
        return answer

    def _decoded(self, answer: Answer, call: str) -> Json:
        try:
            return json.loads(answer.body)
        except ValueError:
            raise failures.no_engine(self._url, call, "its answer is no JSON", passing=True) from None


def segment(ident: str) -> str:
    """A name or ID as one segment of a path."""
    return quote(ident, safe=":@")


def filter_query(filters: Filters | None) -> dict[str, Any]:
    """The query parameter for filters; none at all without any."""
    return {"filters": {name: list(values) for name, values in filters.items()}} if filters else {}


def encode_query(query: Query) -> str:
    """A query string; see `Query`. `t` and `extrahosts` are repeated for each of their values, as the engine wants."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None or value == "":
            continue
        if name in _REPEATED and isinstance(value, list | tuple):
            pairs += [(name, str(item)) for item in value]
        elif isinstance(value, bool):
            pairs.append((name, "1" if value else "0"))
        elif isinstance(value, str | int | float):
            pairs.append((name, str(value)))
        else:
            pairs.append((name, json.dumps(value, default=_plain, sort_keys=True)))
    return urlencode(pairs)


def _plain(value: object) -> object:
    """Frozen mappings as JSON objects."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} can't be sent as JSON")
