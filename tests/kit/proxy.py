"""What listens and hands out connections, and a proxy before a registry that fails as told.

Callers: tests of what is tried again; flaky, whose proxy listens in the same way. The one before a registry refuses,
breaks off, or answers with an error status. It only passes bytes on, so that it knows no registry; loopback only.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, Self

_PIECE = 65536
_SECONDS = 30.0
_TLS = b"\x16"
"""How a client begins that tries TLS first, as engines do; it goes on in plain text at once where that is refused."""


class Listening:
    """A socket that is listened on while the context lasts; `serve` gets each connection, in a thread of its own."""

    def __init__(self, family: socket.AddressFamily, address: Any) -> None:
        self._listener = socket.socket(family)
        self._address = address

    @property
    def bound(self) -> Any:
        """The socket's own address."""
        return self._listener.getsockname()

    def serve(self, client: socket.socket) -> None:
        """Do what is to be done with a connection."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._listener.bind(self._address)
        self._listener.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A shutdown wakes the thread that accepts; closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()


class FaultyProxy(Listening):
    """One listening proxy; a context manager.

    Attributes:
        requests: the request lines that came, such as `GET /v2/`.
    """

    def __init__(self, target: str, fault: Callable[[str, int], str]) -> None:
        """Prepare.

        Args:
            target: `HOST:PORT` of the registry.
            fault: called with a request line and how many like it came before; answers `` for none, `cut` to break
                the answer off in its middle, `drop` to close without an answer, or a status such as `503`.
        """
        super().__init__(socket.AF_INET, ("127.0.0.1", 0))
        self.requests: list[str] = []
        self._target = target
        self._fault = fault
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        return f"127.0.0.1:{self.bound[1]}"

    def serve(self, client: socket.socket) -> None:
        """One request per connection: both sides are told that it closes."""
        client.settimeout(_SECONDS)
        with client:
            try:
                self._answer(client)
            except OSError:
                return

    def _answer(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(_PIECE)
            if not piece or piece.startswith(_TLS):
                return
            head += piece
        lines, _, rest = head.partition(b"\r\n\r\n")
        first, *fields = lines.decode("latin-1").split("\r\n")
        line = " ".join(first.split()[:2]).partition("?")[0]
        with self._lock:
            fault = self._fault(line, self.requests.count(line))
            self.requests.append(line)
        if fault == "drop":
            return
        if fault.isdigit():
            client.sendall(f"HTTP/1.1 {fault} Broken\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        kept = [field for field in fields if not field.lower().startswith("connection:")]
        request = "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1") + rest
        host, _, port = self._target.partition(":")
        with socket.create_connection((host, int(port)), _SECONDS) as server:
            server.sendall(request)
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            answer = b""
            while piece := server.recv(_PIECE):
                if fault == "cut":
                    answer += piece
                else:
                    client.sendall(piece)
            if fault == "cut":
                # What the other thread waits for keeps the connection open through a mere close.
                client.sendall(answer[: answer.index(b"\r\n\r\n") + 4 + (len(answer) // 2)])
                client.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    except OSError:
        return
