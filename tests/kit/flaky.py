"""A proxy before an engine that is not to be relied on: it delays, drops, cuts off and answers 500, by a seed.

Callers: tests of what survives a sick connection, the soak. It speaks HTTP/1.1 with connections kept open, and passes
event streams and hijacked connections on as they come. A socket file only.
"""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tests.kit.proxy import Listening

FAULTS: Mapping[str, int] = {"delay": 2, "drop": 2, "lose": 3, "cut": 3, "refuse": 2, "spoil": 2}
"""What can befall a call, and how often beside each other.

`delay`: it takes longer. `drop`: the engine never gets it. `lose`: the engine carries it out, and the answer is lost.
`cut`: half of the answer arrives. `refuse`: it is answered with an error, and the engine never gets it. `spoil`: the
engine carries it out, and it is answered with an error all the same.
"""
_ERRORS = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
)
_WORDS = (
    b'{"message": "rpc error: code = Unavailable desc = transport is closing"}\n',
    b"<html><head><title>502 Bad Gateway</title></head><body>nothing here</body></html>\n",
    b"",
)
_PIECE = 65536
_SECONDS = 300.0
_LONGEST_DELAY = 0.3
_NAMES = re.compile(r"[0-9a-f]{12,}|\bt[0-9a-f]{8}|^(\w+) /v[\d.]+")


@dataclass
class _Message:
    """A request or an answer up to its body; `raw` is all of that."""

    first: str
    raw: bytes
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return int(self.first.split()[1])

    @property
    def chunked(self) -> bool:
        return "chunked" in self.fields.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        text = self.fields.get("content-length")
        return int(text) if text is not None else None


class FlakyProxy(Listening):
    """One listening proxy; a context manager.

    Attributes:
        host: its address, for clients.
        rate: the part of all calls that something befalls; 0 lets everything through.
        calls: how many calls came.
        faults: how often what happened.
    """

    def __init__(self, engine: Path, socket_file: Path, *, seed: int, rate: float) -> None:
        """Prepare.

        Args:
            engine: the engine's socket.
            socket_file: where to listen.
            seed: decides, together with a call and how many like it came before, what befalls it.
            rate: see above.
        """
        super().__init__(socket.AF_UNIX, str(socket_file))
        self.host = f"unix://{socket_file}"
        self.rate = rate
        self.calls = 0
        self.faults: Counter[str] = Counter()
        self._engine = str(engine)
        self._seed = seed
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def serve(self, client: socket.socket) -> None:
        """One client's connection, and one of our own to the engine."""
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError, ValueError):
            client.settimeout(_SECONDS)
            server.settimeout(_SECONDS)
            server.connect(self._engine)
            with client.makefile("rb") as requests, server.makefile("rb") as answers:
                while (request := _head(requests)) is not None:
                    body = b"".join(_body(requests, request))
                    if not self._pass(request, body, client, server, answers):
                        return

    def _choose(self, request: _Message) -> tuple[str, random.Random]:
        line = _NAMES.sub(r"\1 *", " ".join(request.first.split()[:2]))
        with self._lock:
            self.calls += 1
            chance = random.Random(f"{self._seed} {line} {self._seen[line]}")
            self._seen[line] += 1
            befallen = chance.random() < self.rate
            fault = chance.choices(list(FAULTS), list(FAULTS.values()))[0] if befallen else ""
            self.faults.update([fault] if fault else [])
        return fault, chance

    def _pass(
        self, request: _Message, body: bytes, client: socket.socket, server: socket.socket, answers: BinaryIO
    ) -> bool:
        """One call; whether the connection can take another."""
        fault, chance = self._choose(request)
        if fault == "delay":
            time.sleep(chance.random() * _LONGEST_DELAY)
        if fault == "drop":
            return False
        if fault == "refuse":
            return _fail(client, chance)
        server.sendall(request.raw + body)
        answer = _head(answers)
        if answer is None:
            return False
        if _goes_on(request, answer):
            return self._stream(answer, client, server, answers, chance if fault in ("lose", "cut", "spoil") else None)
        bare = request.first.startswith("HEAD ") or answer.status in (204, 304)
        whole = answer.raw + (b"" if bare else b"".join(_body(answers, answer)))
        if fault == "lose":
            return False
        if fault == "spoil":
            return _fail(client, chance)
        if fault == "cut":
            client.sendall(whole[: len(whole) // 2])
            return False
        client.sendall(whole)
        return "close" not in answer.fields.get("connection", "").lower()

    def _stream(
        self,
        answer: _Message,
        client: socket.socket,
        server: socket.socket,
        answers: BinaryIO,
        chance: random.Random | None,
    ) -> bool:
        """An answer without a foreseeable end, in both directions; with `chance` it is cut soon."""
        end = threading.Timer(chance.random(), server.shutdown, (socket.SHUT_RDWR,)) if chance else None
        if end is not None:
            end.start()
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        client.sendall(answer.raw)
        try:
            while piece := answers.read1(_PIECE):  # type: ignore[attr-defined]
                client.sendall(piece)
        finally:
            if end is not None:
                end.cancel()
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        return False


def _goes_on(request: _Message, answer: _Message) -> bool:
    path = request.first.split()[1].partition("?")[0]
    endless = answer.status < 300 and answer.length is None and not answer.chunked and answer.status not in (204, 304)
    return answer.status == 101 or endless or (path.endswith("/events") and answer.status < 300)


def _fail(client: socket.socket, chance: random.Random) -> bool:
    kind = chance.randrange(len(_ERRORS))
    client.sendall(_ERRORS[kind] % len(_WORDS[kind]) + _WORDS[kind])
    return b"close" not in _ERRORS[kind]


def _head(source: BinaryIO) -> _Message | None:
    """The next message's head; None at the end of the connection."""
    lines = []
    while (line := source.readline(_PIECE)) not in (b"\r\n", b"\n"):
        if not line:
            return None
        lines.append(line)
    texts = [item.decode("latin-1").strip() for item in lines]
    fields = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in texts[1:])}
    return _Message(texts[0], b"".join(lines) + b"\r\n", fields)


def _body(source: BinaryIO, message: _Message) -> Iterator[bytes]:
    """A body as it is on the wire; nothing where no length is given."""
    if not message.chunked:
        if message.length:
            yield source.read(message.length)
        return
    while True:
        line = source.readline(_PIECE)
        yield line
        size = int(line.split(b";")[0], 16)
        # The chunk and the line end behind it; behind the last one there is only that.
        yield source.read(size + 2)
        if not size:
            return


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
