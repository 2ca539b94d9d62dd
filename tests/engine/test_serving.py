"""Updates as the clients of a server see them: requests to an alias, from beside the server, while it is replaced."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.stage import Stage
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.load import Load

SERVERS = """
containers:
  keeps: &server
    image: {image}
    stop_signal: SIGQUIT
    labels: {v: "VERSION"}
    healthcheck: {test: "wget -q -O /dev/null http://127.0.0.1/healthz", interval: 200ms, timeout: 5s, retries: 50}
    update: {order: start-first}
  breaks:
    <<: *server
    update: {order: stop-first}
  client: {image: {busybox}, command: [sleep, "9999"], stop_grace_period: 0s}
"""
RATE = 100.0
SECONDS = 2.0
REQUEST_SECONDS = 0.5
"""How long a request goes on after the server was told to stop; well below the grace of 10 s."""
PATIENCE = 90.0
"""Seconds that an update may take at most; the client asks no longer than that."""


def test_start_first_fails_no_request_but_what_the_old_server_resets(
    engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, image: Callable[[str], str], tmp_path: Path
) -> None:
    if isinstance(engine_daemon, GivenEngine):
        pytest.skip("the client enters a container's network, which a given engine may have on another machine")
    raw = engine_daemon.raw
    stage = Stage(engine_daemon.host, tmp_path, stack_name, image("nginx"))
    text = SERVERS.replace("{busybox}", busybox)
    try:
        stage.settle(text.replace("VERSION", "1"))
        inside = raw.container(f"{stack_name}-client-1")["State"]["Pid"]
        (network,) = raw.container(f"{stack_name}-keeps-1")["NetworkSettings"]["Networks"].values()
        old = network["IPAddress"]

        def load(name: str) -> Load:
            return Load(name, 80, tmp_path, rate=RATE, seconds=SECONDS, timeout=5, persistence="all", inside=inside)

        with (
            load("keeps") as keeps,
            load("breaks") as breaks,
            begun_request(old) as begun,
            ThreadPoolExecutor(1) as beside,
        ):
            ended = beside.submit(end_when_stopping, begun, old)
            stage.settle(text.replace("VERSION", "2"))
            seen = {"keeps": keeps.end(), "breaks": breaks.end()}
            answer = ended.result()
    finally:
        stage.docker.close()
    assert all(served.requests >= RATE * SECONDS / 2 for served in seen.values()), seen
    # A server that closes its port resets the connections which the kernel has accepted for it and it has not: none on
    # a quiet machine, a few on a busy one. Nothing else is forgiven: no silence, no refusal, no fault of the new one.
    assert seen["keeps"].failed == seen["keeps"].resets.get(old, 0), (old, seen["keeps"])
    # What the old server has accepted it can end.
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    # A client that sees no outage here would prove nothing there.
    assert seen["breaks"].failed > 0, seen


def begun_request(address: str) -> socket.socket:
    """A connection to a server with all of a request but its last line."""
    connection = socket.create_connection((address, 80), timeout=PATIENCE)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n")
    return connection


def end_when_stopping(begun: socket.socket, address: str) -> bytes:
    """Send the last line a while after the server takes no more connections; the answer's first bytes."""
    deadline = time.monotonic() + PATIENCE
    while accepts(address):
        assert time.monotonic() < deadline, "the old server was never told to stop"
        time.sleep(0.05)
    time.sleep(REQUEST_SECONDS)
    begun.sendall(b"\r\n")
    return begun.recv(4096)


def accepts(address: str) -> bool:
    """Whether a server takes connections."""
    try:
        socket.create_connection((address, 80), timeout=PATIENCE).close()
    except OSError:
        return False
    return True
