"""TCP, TLS and ssh: real sockets, real certificates, and a stand-in for the ssh program only."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dockerspec.engine.dial import ssh_command
from dockerspec.engine.endpoint import Endpoint, Tls
from dockerspec.engine.stream import End, MessageStream
from dockerspec.engine.target import SshTarget
from dockerspec.engine.transport import Request, Transport
from dockerspec.errors import EngineForbidden, EngineLost, EngineUnreachable
from tests.unit.engine.scripted import Peer, serve

_CALL = Request("GET", "/x", "GET /x", {}, timeout=10)


def _answers(peer: Peer) -> None:
    while peer.request() is not None:
        peer.answer(200, b"hello")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ca.pem`, which is also the server's own `cert.pem`, and `key.pem`, for the name localhost only."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make certificates")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    shutil.copy(folder / "cert.pem", folder / "ca.pem")
    return folder


def _server_context(folder: Path, *, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if wants_client:
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_tcp(tmp_path: Path) -> None:
    with serve(tmp_path, _answers, tcp=True) as server:
        transport = Transport(Endpoint("tcp://{}:{}".format(*server.address)))
        assert [transport.call(_CALL).body for _ in range(3)] == [b"hello"] * 3
        transport.close()
    assert server.connections == 1


def test_a_path_prefix_goes_before_every_call(tmp_path: Path) -> None:
    with serve(tmp_path, _answers, tcp=True) as server:
        transport = Transport(Endpoint("http://{}:{}/docker/".format(*server.address)))
        transport.call(_CALL)
        transport.close()
    assert server.heard[0].line == "GET /docker/x HTTP/1.1"
    assert server.heard[0].headers["host"] == "{}:{}".format(*server.address)


def test_nothing_listens_on_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(EngineUnreachable, match="nothing listens"):
        Transport(Endpoint(f"tcp://127.0.0.1:{port}")).call(_CALL)


@pytest.mark.parametrize("wants_client", [False, True], ids=["server-only", "client-certificate"])
def test_tls_with_reuse(tmp_path: Path, certificates: Path, wants_client: bool) -> None:
    context = _server_context(certificates, wants_client=wants_client)
    ca, cert, key = (str(certificates / f"{name}.pem") for name in ("ca", "cert", "key"))
    tls = Tls(ca, cert, key) if wants_client else Tls(ca)
    wrap = lambda sock: context.wrap_socket(sock, server_side=True)  # noqa: E731
    with serve(tmp_path, _answers, tcp=True, wrap=wrap) as server:
        transport = Transport(Endpoint(f"tcp://localhost:{server.address[1]}", tls))
        assert [transport.call(_CALL).body for _ in range(3)] == [b"hello"] * 3
        transport.close()
    assert server.connections == 1


def _goes_on(peer: Peer) -> None:
    """A stream with one message and then silence."""
    peer.request()
    peer.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n')
    peer.wait()


def _read_until_closed(transport: Transport) -> None:
    """Follow a stream in a thread; close it from this one while that is blocked."""
    stream = transport.stream(_CALL)
    assert isinstance(stream, MessageStream)
    first = threading.Event()
    found: list[object] = []

    def read() -> None:
        for message in stream:
            found.append(message)
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert first.wait(10)
    begun = time.monotonic()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    assert time.monotonic() - begun < 1
    assert (found, stream.end) == ([{"a": 1}], End.CLOSED)
    transport.close()


def test_closing_a_blocked_stream_over_tls(tmp_path: Path, certificates: Path) -> None:
    context = _server_context(certificates)
    wrap = lambda sock: context.wrap_socket(sock, server_side=True)  # noqa: E731
    with serve(tmp_path, _goes_on, tcp=True, wrap=wrap) as server:
        tls = Tls(str(certificates / "ca.pem"))
        _read_until_closed(Transport(Endpoint(f"tcp://localhost:{server.address[1]}", tls)))


def test_closing_a_blocked_stream_over_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    _stand_in(tmp_path, monkeypatch, _BRIDGE.format(path=str(path)))
    with serve(path, _goes_on):
        _read_until_closed(Transport(Endpoint("ssh://me@h")))


@pytest.mark.parametrize(
    ("host", "authority", "verify", "hint"),
    [
        pytest.param("localhost", False, True, "ca.pem", id="unknown-authority"),
        pytest.param("127.0.0.1", True, True, "name", id="wrong-name"),
        pytest.param("127.0.0.1", False, False, None, id="unchecked"),
    ],
)
def test_tls_checks(
    tmp_path: Path, certificates: Path, host: str, authority: bool, verify: bool, hint: str | None
) -> None:
    context = _server_context(certificates)
    tls = Tls(str(certificates / "ca.pem") if authority else None, verify=verify)
    wrap = lambda sock: context.wrap_socket(sock, server_side=True)  # noqa: E731
    with serve(tmp_path, _answers, tcp=True, wrap=wrap) as server:
        transport = Transport(Endpoint(f"tcp://{host}:{server.address[1]}", tls))
        if hint is None:
            assert transport.call(_CALL).body == b"hello"
        else:
            with pytest.raises(EngineUnreachable, match="no TLS connection") as caught:
                transport.call(_CALL)
            assert hint in caught.value.hint
        transport.close()


def test_tls_to_a_port_without_it(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serve(tmp_path, script, tcp=True) as server:
        transport = Transport(Endpoint(f"tcp://127.0.0.1:{server.address[1]}", Tls(verify=False)))
        with pytest.raises(EngineUnreachable, match="no TLS connection") as caught:
            transport.call(_CALL)
        transport.close()
    assert "speaks no TLS" in caught.value.hint


@pytest.mark.parametrize("name", ["ca", "cert"])
def test_unreadable_tls_files(tmp_path: Path, name: str) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("not a certificate")
    tls = Tls(**{name: str(broken)})
    with serve(tmp_path, _answers, tcp=True) as server:
        transport = Transport(Endpoint(f"tcp://127.0.0.1:{server.address[1]}", tls))
        with pytest.raises(EngineUnreachable, match="TLS"):
            transport.call(_CALL)
        transport.close()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (SshTarget("h"), ["--", "h", "docker", "system", "dial-stdio"]),
        (SshTarget("h", "me", 2222), ["-l", "me", "-p", "2222", "--", "h", "docker", "system", "dial-stdio"]),
        (
            SshTarget("h", socket="/a b/x.sock"),
            ["--", "h", "docker", "--host", "'unix:///a b/x.sock'", "system", "dial-stdio"],
        ),
    ],
)
def test_the_ssh_command(target: SshTarget, words: list[str]) -> None:
    command = ssh_command(target, 10)
    assert command[-len(words) :] == words
    assert command[0] == "ssh"
    assert "BatchMode=yes" in command


def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """An `ssh` program that runs `body`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "ssh"
    program.write_text(f"#!{sys.executable}\n{body}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


_BRIDGE = """
import os, socket, threading
engine = socket.socket(socket.AF_UNIX)
engine.connect({path!r})
def forward():
    while data := os.read(0, 65536):
        engine.sendall(data)
    engine.shutdown(socket.SHUT_WR)
threading.Thread(target=forward, daemon=True).start()
while data := engine.recv(65536):
    os.write(1, data)
"""


def test_calls_over_ssh_share_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    _stand_in(tmp_path, monkeypatch, _BRIDGE.format(path=str(path)))
    with serve(path, _answers) as server:
        transport = Transport(Endpoint("ssh://me@h"))
        assert [transport.call(_CALL).body for _ in range(3)] == [b"hello"] * 3
        transport.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        pytest.param(
            "import sys; print('me@h: Permission denied (publickey).', file=sys.stderr); sys.exit(255)",
            EngineForbidden,
            "Permission denied",
            id="no-key",
        ),
        pytest.param(
            "import sys; print('sh: docker: not found', file=sys.stderr); sys.exit(127)",
            EngineUnreachable,
            "not found",
            id="no-docker-there",
        ),
        pytest.param("", EngineLost, "broke during", id="ends-quietly"),
    ],
)
def test_ssh_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, kind: type[Exception], words: str
) -> None:
    _stand_in(tmp_path, monkeypatch, body)
    transport = Transport(Endpoint("ssh://me@h"))
    with pytest.raises(kind, match=words):
        transport.call(_CALL)
    transport.close()


def test_no_ssh_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnreachable, match="can't run ssh") as caught:
        Transport(Endpoint("ssh://h")).call(_CALL)
    assert "openssh-client" in caught.value.hint
