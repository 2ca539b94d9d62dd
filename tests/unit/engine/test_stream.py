"""Message streams: framing, ends, and closing from another thread."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dockerspec.engine.endpoint import Endpoint
from dockerspec.engine.stream import End, Framer, MessageStream
from dockerspec.engine.transport import Request, Transport
from dockerspec.engine.wire import WireFault
from dockerspec.errors import EngineLost, ServerError
from tests.unit.engine.scripted import Peer, Script, serve

_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_MESSAGES = [{"a": 1}, {"text": 'brace } in "text" {', "list": [1, {"b": None}]}, {"ü": "€ 𝄞"}, {}]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@contextmanager
def _stream(tmp_path: Path, script: Script) -> Iterator[MessageStream]:
    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        stream = transport.stream(Request("GET", "/events", "GET /events", {}))
        assert isinstance(stream, MessageStream)
        try:
            yield stream
        finally:
            transport.close()


@pytest.mark.parametrize("between", ["\n", "\r\n", "", " \n\n "], ids=["lf", "crlf", "nothing", "blanks"])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_framer_cuts_at_any_place(between: str, step: int) -> None:
    data = between.join(json.dumps(message, ensure_ascii=False) for message in _MESSAGES).encode()
    framer = Framer()
    found: list[Any] = []
    for at in range(0, len(data), step):
        found += framer.feed(data[at : at + step])
    assert found == _MESSAGES
    assert not framer.rest


@pytest.mark.parametrize("data", [b"<html>", b"[1]", b'{"a": 1} x'])
def test_framer_refuses_what_is_no_message(data: bytes) -> None:
    with pytest.raises(WireFault, match="no JSON"):
        list(Framer().feed(data))


def test_framer_takes_a_long_message_in_reasonable_time() -> None:
    data = json.dumps({"stream": "x" * 2_000_000}).encode()
    framer = Framer()
    found: list[Any] = []
    begun = time.monotonic()
    for at in range(0, len(data), 4096):
        found += framer.feed(data[at : at + 4096])
    assert len(found) == 1
    assert time.monotonic() - begun < 5


def test_messages_split_across_chunks(tmp_path: Path) -> None:
    data = "\n".join(json.dumps(message, ensure_ascii=False) for message in _MESSAGES).encode()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(_HEAD)
        for byte in data:
            peer.send(_chunk(bytes([byte])))
        peer.send(b"0\r\n\r\n")

    with _stream(tmp_path, script) as stream:
        assert list(stream) == _MESSAGES
        assert stream.end is End.FINISHED


def test_a_message_is_delivered_before_the_next_chunk_begins(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        # Not even the line end of the chunk is sent.
        peer.send(_HEAD + b'8\r\n{"a": 1}')
        peer.wait()

    with _stream(tmp_path, script) as stream:
        begun = time.monotonic()
        assert next(iter(stream)) == {"a": 1}
        assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"", id="no-last-chunk"),
        pytest.param(b"20\r\n{", id="in-a-chunk"),
        pytest.param(_chunk(b'{"b"') + b"0\r\n\r\n", id="in-a-message"),
    ],
)
def test_a_cut_stream_is_an_error_after_its_messages(tmp_path: Path, tail: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(_HEAD + _chunk(b'{"a": 1}\n') + tail)

    with _stream(tmp_path, script) as stream:
        found: list[Any] = []
        with pytest.raises(EngineLost, match="GET /events"):
            found.extend(iter(stream))
        assert stream.end is End.LOST
        assert list(stream) == []


def test_a_page_in_place_of_messages(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"<html>welcome</html>")

    with _stream(tmp_path, script) as stream, pytest.raises(ServerError, match="does not speak"):
        list(stream)


def test_close_from_another_thread_ends_a_blocked_reader_at_once(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(_HEAD + _chunk(b'{"a": 1}\n'))
        peer.wait()

    with _stream(tmp_path, script) as stream:
        found: list[Any] = []
        first = threading.Event()

        def read() -> None:
            for message in stream:
                found.append(message)
                first.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert first.wait(5)
        begun = time.monotonic()
        stream.close()
        reader.join(5)
        assert not reader.is_alive()
        assert time.monotonic() - begun < 1
        assert found == [{"a": 1}]
        assert stream.end is End.CLOSED


def test_closing_inside_the_loop_drops_the_rest(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(_HEAD + _chunk(b'{"a": 1}{"a": 2}{"a": 3}'))
        peer.wait()

    with _stream(tmp_path, script) as stream:
        found = []
        for message in stream:
            found.append(message)
            stream.close()
            stream.close()
        assert found == [{"a": 1}]


def test_closing_the_transport_ends_its_streams(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(_HEAD)
        peer.wait()

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        stream = transport.stream(Request("GET", "/events", "GET /events", {}))
        assert isinstance(stream, MessageStream)
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        transport.close()
        reader.join(5)
        assert not reader.is_alive()
        assert stream.end is End.CLOSED
