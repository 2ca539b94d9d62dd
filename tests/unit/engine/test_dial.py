"""TCP, TLS and ssh: real sockets, real certificates, and a stand-in for the ssh program only."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from dockerspec.engine.dial import ssh_command
from dockerspec.engine.endpoint import Endpoint, Tls
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
import socket, sys, threading
engine = socket.socket(socket.AF_UNIX)
engine.connect({path!r})
def forward():
    while data := sys.stdin.buffer.raw.read(65536):
        engine.sendall(data)
    engine.shutdown(socket.SHUT_WR)
threading.Thread(target=forward, daemon=True).start()
while data := engine.recv(65536):
    sys.stdout.buffer.raw.write(data)
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
