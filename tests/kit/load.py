"""A client at work while something else happens: on the host, or in the network of a container.

Callers: tests of updates, the benchmarks. The client is `tests.kit.client`, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from tests.kit.errors import KitError

_CLIENT = Path(__file__).with_name("client.py")
_END_SECONDS = 30.0
"""How long the last answers may take."""
_INSIDE = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@dataclass(frozen=True, slots=True)
class Served:
    """What a client saw.

    Attributes:
        requests: how many it made.
        failed: how many of them got no sound answer.
        slowest: the longest time that an answer took, in seconds.
        gap: the longest time between two answers, in seconds.
        faults: how often each fault was seen.
        resets: how many of the failed ones had their connection reset before any of an answer came, by the address. A
            kernel accepts for a server that listens, and resets what the server has not taken when it closes its port.
    """

    requests: int
    failed: int
    slowest: float
    gap: float
    faults: dict[str, int]
    resets: dict[str, int]


class Load:
    """A context manager: on entry the client has had an answer and goes on asking; `end` is what it saw.

    Args:
        host: the server's name or address, as the client sees it.
        port: its port.
        rate: requests a second, each in a thread of its own; 0 for one after another, without a pause.
        seconds: how long to ask at least.
        timeout: seconds that each step of a request may take; a connection may take `client.CONNECT_SECONDS` at most.
        persistence: what it does with several addresses of a name: `first` or `all`, see `client.PERSISTENCE`.
        inside: a process whose network, with the engine's name server, the client is put into; 0 for the host's.
        folder: where a file for that can be written.
    """

    def __init__(
        self,
        host: str,
        port: int,
        folder: Path,
        *,
        rate: float = 0.0,
        seconds: float = 0.0,
        timeout: float = 5.0,
        persistence: str = "all",
        inside: int = 0,
    ) -> None:
        self._command = [sys.executable, "-I", str(_CLIENT), host, str(port)]
        self._command += ["--rate", str(rate), "--seconds", str(seconds), "--timeout", str(timeout)]
        self._command += ["--persistence", persistence]
        if inside:
            # One file each: a client that reads while another's is being written would find no name server.
            with NamedTemporaryFile("w", dir=folder, prefix="resolv-", delete=False) as names:
                names.write("nameserver 127.0.0.11\n")
            enter = ["nsenter", "-t", str(inside), "-n", "unshare", "-m", "sh", "-c", _INSIDE, names.name]
            self._command = [*enter, *self._command]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Load:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._process.stdout is not None
        # The client gives up by itself, so that this ends.
        if self._process.stdout.readline() != "ready\n":
            _, words = self._process.communicate()
            raise KitError(f"the client never had an answer: {words.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def end(self) -> Served:
        """Let the client finish; what it saw. Raises KitError if it failed."""
        assert self._process is not None
        output, words = self._process.communicate(timeout=_END_SECONDS)
        if self._process.returncode != 0:
            raise KitError(f"the client failed: {words.strip()}")
        return Served(**json.loads(output))
