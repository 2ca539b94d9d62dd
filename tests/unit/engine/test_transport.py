"""The transport against a server that misbehaves on purpose."""

from __future__ import annotations

import io
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dockerspec.engine.endpoint import Endpoint
from dockerspec.engine.stream import MessageStream
from dockerspec.engine.transport import Answer, Request, Transport
from dockerspec.errors import (
    EngineError,
    EngineForbidden,
    EngineLost,
    EngineTimeout,
    EngineUnreachable,
    ServerError,
)
from tests.unit.engine.scripted import Peer, Script, serve


def _get(path: str = "/x", *, timeout: float | None = 5.0, method: str = "GET", body: bytes = b"") -> Request:
    return Request(method, path, f"{method} {path}", {}, body, timeout)


def _says(data: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    return script


def _keeps_answering(peer: Peer) -> None:
    while peer.request() is not None:
        peer.answer()


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", 200, b"OK", id="length"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="no-content"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b"", id="not-modified"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nto the end", 200, b"to the end", id="until-close"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            200,
            b"abc0123456789",
            id="chunked",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nTrailer: x\r\n\r\n",
            200,
            b"a",
            id="trailer",
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, b"a", id="informational"
        ),
        pytest.param(b"HTTP/1.1 200\nContent-Length: 1\n\na", 200, b"a", id="bare-newlines"),
        pytest.param(b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops", 500, b"oops", id="error-status"),
    ],
)
def test_reads_every_framing(tmp_path: Path, raw: bytes, status: int, body: bytes) -> None:
    with serve(tmp_path / "s", _says(raw)) as server:
        transport = Transport(Endpoint(server.url))
        answer = transport.call(_get())
        transport.close()
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize("pause", [0.0, 0.002], ids=["at-once", "byte-by-byte"])
def test_framing_does_not_depend_on_packets(tmp_path: Path, pause: float) -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.request()
        step = 1 if pause else len(raw)
        for at in range(0, len(raw), step):
            peer.send(raw[at : at + step])
            time.sleep(pause)

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        assert transport.call(_get()).body == b"abcde"
        transport.close()


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        pytest.param(b"", EngineLost, "broke during GET /x", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nConte", EngineLost, "middle of a response", id="cut-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", EngineLost, "middle", id="cut-body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", EngineLost, "middle", id="cut-chunk"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            EngineLost,
            "middle",
            id="no-last-chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n",
            ServerError,
            "no length",
            id="bad-chunk",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
            ServerError,
            "wrong length",
            id="long-chunk",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ServerError, "no number", id="bad-length"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ServerError, "no HTTP response", id="not-http"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300, ServerError, "too many headers", id="header-flood"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000, ServerError, "too long", id="endless-line"),
    ],
)
def test_a_broken_answer_is_an_error(tmp_path: Path, raw: bytes, kind: type[EngineError], words: str) -> None:
    with serve(tmp_path / "s", _says(raw)) as server:
        transport = Transport(Endpoint(server.url))
        with pytest.raises(kind, match=words) as caught:
            transport.call(_get())
        transport.close()
    assert caught.value.call == "GET /x"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        pytest.param("POST", b"HTTP/1.1 204 No Content\r\n\r\n", id="no-content"),
        pytest.param("POST", b"HTTP/1.1 304 Not Modified\r\n\r\n", id="not-modified"),
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", id="head"),
    ],
)
def test_an_answer_without_a_body_leaves_the_connection_open(tmp_path: Path, method: str, raw: bytes) -> None:
    def script(peer: Peer) -> None:
        while peer.request() is not None:
            peer.send(raw)

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        assert [transport.call(_get(method=method)).body for _ in range(2)] == [b"", b""]
        transport.close()
    assert server.connections == 1


def test_connections_are_reused(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        for _ in range(20):
            transport.call(_get())
        transport.close()
    assert server.connections == 1
    assert len(server.heard) == 20


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", id="told-to-close"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", id="http-1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nnobody asked", id="bytes-left-over"),
    ],
)
def test_an_unfit_connection_is_not_reused(tmp_path: Path, raw: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(raw)
        peer.wait()

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        time.sleep(0.02)
        transport.call(_get())
        transport.close()
    assert server.connections == 2


def _answers_once_then(peer: Peer) -> None:
    """Keep the connection for a second request, and hang up on it unanswered."""
    peer.request()
    peer.answer()
    peer.request()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_on_a_stale_connection_is_repeated_once(tmp_path: Path, method: str) -> None:
    with serve(tmp_path / "s", _answers_once_then, _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        assert transport.call(_get("/again", method=method)).status == 200
        transport.close()
    assert [heard.line for heard in server.heard[1:]] == [f"{method} /again HTTP/1.1"] * 2


def _echoes(peer: Peer) -> None:
    while (heard := peer.request()) is not None:
        peer.answer(200, heard.line.split()[1].encode())


def test_many_reads_come_back_in_order_over_few_connections(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(50)]
    with serve(tmp_path / "s", *[_echoes] * 4) as server:
        transport = Transport(Endpoint(server.url))
        assert [answer.body.decode() for answer in transport.call_each(map(_get, paths))] == paths
        transport.close()
    assert server.connections == 4


def test_many_reads_survive_connections_that_hang_up(tmp_path: Path) -> None:
    def hangs_up(peer: Peer) -> None:
        for _ in range(3):
            heard = peer.request()
            if heard is None:
                return
            peer.answer(200, heard.line.split()[1].encode())
        peer.request()

    paths = [f"/{number}" for number in range(40)]
    with serve(tmp_path / "s", *[hangs_up] * 30) as server:
        transport = Transport(Endpoint(server.url))
        assert [answer.body.decode() for answer in transport.call_each(map(_get, paths))] == paths
        transport.close()


def test_many_reads_fail_where_one_call_would(tmp_path: Path) -> None:
    with serve(tmp_path / "s", *[_says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")] * 20) as server:
        transport = Transport(Endpoint(server.url))
        with pytest.raises(EngineLost):
            list(transport.call_each([_get(), _get()]))
        transport.close()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_change_that_was_sent_is_never_repeated(tmp_path: Path, method: str) -> None:
    with serve(tmp_path / "s", _answers_once_then, _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        with pytest.raises(EngineLost, match="broke during") as caught:
            transport.call(_get("/change", method=method))
        transport.close()
    assert [heard.line for heard in server.heard].count(f"{method} /change HTTP/1.1") == 1
    assert "may or may not have been carried out" in caught.value.hint


def test_a_read_is_not_repeated_once_the_answer_has_begun(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")

    with serve(tmp_path / "s", script, _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        with pytest.raises(EngineLost):
            transport.call(_get())
        transport.close()
    assert server.connections == 1


def test_a_connection_closed_while_idle_is_replaced_even_for_a_change(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer()

    with serve(tmp_path / "s", script, _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        time.sleep(0.05)
        assert transport.call(_get(method="POST", body=b"{}")).status == 200
        transport.close()
    assert server.connections == 2


def test_no_answer_in_time(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.wait()

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        begun = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"within 0\.2 s") as caught:
            transport.call(_get(timeout=0.2))
        assert time.monotonic() - begun < 2
        transport.close()
    assert "may still be carried out" in caught.value.hint


def test_a_dribbling_answer_does_not_stretch_the_time_limit(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not peer.released.wait(0.05):
            peer.send(b"x")

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        begun = time.monotonic()
        with pytest.raises(EngineTimeout):
            transport.call(_get(timeout=0.3))
        assert time.monotonic() - begun < 2
        transport.close()


def _refuses(peer: Peer) -> None:
    """Answer before the body is read, and hang up."""
    peer.send(b"HTTP/1.1 413 X\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big")


def test_an_upload_that_is_refused_midway_reports_the_refusal(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _refuses) as server:
        transport = Transport(Endpoint(server.url))
        answer = transport.stream(_get("/build", method="POST"), upload=io.BytesIO(b"x" * 20_000_000))
        transport.close()
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (413, b"too big")


def test_an_upload_arrives_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n0\r\n\r\n')

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))
        stream = transport.stream(_get("/build", method="POST"), upload=io.BytesIO(content))
        assert isinstance(stream, MessageStream)
        assert list(stream) == [{"a": 1}]
        transport.close()
    assert server.heard[0].body == content


def test_threads_share_one_transport(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        while (heard := peer.request()) is not None:
            peer.answer(200, heard.line.encode())

    with serve(tmp_path / "s", script) as server:
        transport = Transport(Endpoint(server.url))

        def calls(thread: int) -> list[bool]:
            lines = [f"/{thread}/{number}" for number in range(50)]
            return [transport.call(_get(line)).body == f"GET {line} HTTP/1.1".encode() for line in lines]

        with ThreadPoolExecutor(8) as pool:
            outcomes = [ok for part in pool.map(calls, range(8)) for ok in part]
        transport.close()
    assert outcomes == [True] * 400
    assert server.connections <= 8


def test_a_closed_transport_refuses(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        transport.close()
        with pytest.raises(EngineError, match="closed"):
            transport.call(_get())
        with pytest.raises(EngineError, match="closed"):
            transport.stream(_get())


def test_no_socket(tmp_path: Path) -> None:
    transport = Transport(Endpoint(f"unix://{tmp_path}/none.sock", None, "DOCKER_HOST"))
    with pytest.raises(EngineUnreachable, match=r"none\.sock \(from DOCKER_HOST\): no such socket") as caught:
        transport.call(_get())
    assert "start the engine" in caught.value.hint


def test_a_socket_that_nobody_serves(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(EngineUnreachable, match="nothing listens on it"):
        Transport(Endpoint(f"unix://{path}")).call(_get())


def test_a_socket_of_others(tmp_path: Path) -> None:
    from dockerspec.engine.failures import unreachable

    # The tests may run as root, whom no mode keeps out: the fault itself is given.
    error = unreachable(Endpoint(f"unix://{tmp_path}/s"), PermissionError(13, "Permission denied"))
    assert isinstance(error, EngineForbidden)
    assert f"{tmp_path}/s" in error.hint
    assert "docker" in error.hint
    assert "sudo" in error.hint


def test_ctrl_c_in_the_middle_of_a_call_does_not_spoil_the_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dockerspec.engine import transport as module

    with serve(tmp_path / "s", _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        with monkeypatch.context() as patch:

            def interrupted(_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(module, "read_head", interrupted)
            with pytest.raises(KeyboardInterrupt):
                transport.call(_get("/interrupted"))
        assert transport.call(_get("/after")).body == b"{}"
        transport.close()
    assert server.connections == 2


def test_close_leaves_no_thread_or_socket(tmp_path: Path) -> None:
    before = threading.active_count()
    with serve(tmp_path / "s", _keeps_answering) as server:
        transport = Transport(Endpoint(server.url))
        transport.call(_get())
        transport.close()
    assert threading.active_count() == before
