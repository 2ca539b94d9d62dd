"""A real HTTP server on a socket file that does exactly what a test says, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PATIENCE = 20.0


@dataclass
class Heard:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket, heard: list[Heard], released: threading.Event) -> None:
        self._sock = sock
        self._sock.settimeout(_PATIENCE)
        self._buffer = b""
        self._heard = heard
        self.released = released

    def request(self) -> Heard | None:
        """Read one request; None at the end of the connection."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
        if headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        else:
            body = self._exactly(int(headers.get("content-length", "0")))
        heard = Heard(first, headers, body)
        self._heard.append(heard)
        return heard

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def answer(self, status: int = 200, body: bytes = b"{}", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def json(self, value: Any, status: int = 200) -> None:
        self.answer(status, json.dumps(value).encode(), "Content-Type: application/json")

    def wait(self) -> None:
        """Stall until the test is over."""
        self.released.wait(_PATIENCE)

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._buffer:
            data = self._sock.recv(65536)
            if not data:
                return None
            self._buffer += data
        head, _, self._buffer = self._buffer.partition(mark)
        return head

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._sock.recv(65536)
            if not data:
                break
            self._buffer += data
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._until(b"\r\n") or b"0", 16):
            body += self._exactly(size)
            self._until(b"\r\n")
        self._until(b"\r\n")
        return body


Script = Callable[[Peer], None]


@dataclass
class Scripted:
    """What a test sees of its server."""

    path: Path
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    address: tuple[str, int] = ("", 0)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"


def ping(version: str = "1.51") -> Script:
    """A connection that answers a ping and hangs up."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"OK", f"Api-Version: {version}", "Connection: close")

    return script


@contextmanager
def serve(
    path: Path, *scripts: Script, wrap: Callable[[socket.socket], socket.socket] | None = None, tcp: bool = False
) -> Iterator[Scripted]:
    """Serve: each connection runs the script of its number, further ones the last. TCP instead if asked for."""
    server = Scripted(path)
    released = threading.Event()
    listener = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
    listener.bind(("127.0.0.1", 0) if tcp else str(path))
    listener.listen(64)
    if tcp:
        server.address = listener.getsockname()
    threads: list[threading.Thread] = []

    def run(sock: socket.socket, script: Script) -> None:
        try:
            with wrap(sock) if wrap else sock as wrapped:
                script(Peer(wrapped, server.heard, released))
        except OSError:
            sock.close()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            script = scripts[min(server.connections, len(scripts) - 1)]
            server.connections += 1
            thread = threading.Thread(target=run, args=(sock, script), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        released.set()
        # A close alone does not wake an accept.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)
        for thread in threads:
            thread.join(5)
