"""What counts as ready, on real engines: each condition as it comes true, and what is told when it never does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from dockerspec.api import Docker
from dockerspec.core.report.failure import Failure
from dockerspec.core.report.outcome import Status
from tests.engine.stage import Stage, awaited, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

ALL_AT_ONCE = """
containers:
  log:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "echo up 1; sleep 0.5; echo up 2; exec sleep 999"]
    update: {wait: {log: "^up [2-9]$$"}}
  published:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "sleep 0.5; exec nc -ll -p 80 -e cat"]
    ports: ["127.0.0.1::80"]
    update: {wait: {port: 80}}
  unpublished:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "sleep 0.5; exec nc -ll -p 80 -e cat"]
    update: {wait: {port: 80}}
  sharing:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    network_mode: "service:unpublished"
    update: {wait: {port: 80}}
  http:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "mkdir /w; httpd -p 8080 -h /w; sleep 0.5; echo fine > /w/health; exec sleep 999"]
    expose: ["8080"]
    update: {wait: {http: /health}}
  missing:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "mkdir /w; httpd -p 8080 -h /w; exec sleep 999"]
    update: {wait: {http: {path: /nowhere, port: 8080, status: 404}}}
  command:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "sleep 0.5; touch /ready; exec sleep 999"]
    update: {wait: {command: test -e /ready}}
  several:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "sleep 0.5; echo up; exec nc -ll -p 80 -e cat"]
    healthcheck: {test: "true", interval: 1s}
    update: {wait: {log: up, port: [80], command: ["true"]}}
"""


def test_each_condition_is_waited_for(stage: Stage) -> None:
    report = stage.apply(ALL_AT_ONCE)
    assert report.ok, told(report)
    for name in ("log", "published", "http", "command", "several"):
        assert 0.2 < awaited(report, name).seconds < 20, name
    assert stage.plan(ALL_AT_ONCE).is_empty


NEVER = """
containers:
  log:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "echo still starting; exec sleep 999"]
    update: {timeout: 1s, wait: {log: ready}}
  published:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "echo nobody listens; exec sleep 999"]
    ports: ["127.0.0.1::80"]
    update: {timeout: 1s, wait: {port: 80}}
  http:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "mkdir /w; httpd -p 8080 -h /w; exec sleep 999"]
    update: {timeout: 1s, wait: {http: ":8080/nowhere"}}
  command:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    update: {timeout: 5s, wait: {command: [sh, -c, "echo not yet >&2; exit 3"]}}
  hanging:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    update: {timeout: 1s, wait: {command: [sleep, "99"]}}
  ended:
    image: {image}
    command: [sh, -c, "echo dying; exit 3"]
    update: {timeout: 60s, wait: {log: ready}}
  looping:
    image: {image}
    command: [sh, -c, "echo dying; exit 4"]
    restart: always
    update: {timeout: 60s, wait: {port: 80}}
  unhealthy:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    healthcheck: {test: "echo sick; exit 1", interval: 1s, retries: 1}
    update: {timeout: 60s, wait: {command: "true"}}
"""
TIMEOUT, EXIT, UNHEALTHY = Failure.TIMEOUT, Failure.EXIT, Failure.UNHEALTHY
WORDS = {
    "log": (TIMEOUT, "was not ready within 1 s; no line of its log matches 'ready'"),
    "published": (TIMEOUT, "was not ready within 1 s; port 80: "),
    "http": (TIMEOUT, "was not ready within 1 s; GET http://"),
    "command": (TIMEOUT, "was not ready within 5 s; its command sh ended with exit status 3: not yet"),
    "hanging": (TIMEOUT, "was not ready within 1 s; its command sleep was still running"),
    "ended": (EXIT, "ended with exit status 3"),
    "looping": (EXIT, "does not stay up: "),
    "unhealthy": (UNHEALTHY, "is unhealthy (last probe: exit status 1, sick)"),
}


def test_what_never_comes_true_is_told_apart(stage: Stage) -> None:
    report = stage.apply(NEVER)
    for name, (kind, words) in WORDS.items():
        outcome = awaited(report, name)
        assert (outcome.status, outcome.kind) == (Status.FAILED, kind), name
        assert words in outcome.message, (name, outcome.message)
        assert outcome.seconds < 20, name
    assert "404" in awaited(report, "http").message
    assert awaited(report, "log").logs == "still starting"
    assert awaited(report, "published").logs == "nobody listens"
    assert "dying" in awaited(report, "ended").logs


LOOP = """
containers:
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "if [ ! -e /again ]; then echo ready; touch /again; fi; exec sleep 999"]
    update: {timeout: 1500ms, wait: {log: ready}}
"""


def test_the_log_of_a_former_start_does_not_count(stage: Stage, raw: RawEngine) -> None:
    stage.settle(LOOP)
    raw.post(f"/containers/{stage.stack}-web-1/stop")
    report = stage.apply(LOOP)
    assert "no line of its log matches 'ready'" in awaited(report, "web").message
    assert awaited(report, "web").logs == "ready"  # said before; the whole log is shown all the same


FIRST = """
containers:
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "echo ready; exec sleep 999"]
    environment: {RUN: "1"}
    update: {timeout: 5s, wait: {log: ready}}
"""


def test_what_is_said_at_once_is_heard_at_every_start(stage: Stage, raw: RawEngine) -> None:
    stage.settle(FIRST)
    for _ in range(3):
        raw.post(f"/containers/{stage.stack}-web-1/stop")
        stage.settle(FIRST)


def test_a_replacement_that_is_not_ready_has_its_way_back(stage: Stage, raw: RawEngine) -> None:
    stage.settle(FIRST)
    old = raw.containers(dockerspec_stack=stage.stack)[0]["Id"]
    report = stage.apply(FIRST.replace("echo ready", "echo broken").replace("timeout: 5s", "timeout: 1s"))
    assert not report.ok
    assert "no line of its log matches 'ready'" in awaited(report, "web").message
    (left,) = raw.containers(dockerspec_stack=stage.stack)
    assert (left["Id"], left["State"], left["Names"]) == (old, "running", [f"/{stage.stack}-web-1"])


RUNNING = """
containers:
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "{seconds}"]
    healthcheck: {test: "exit 1", interval: 60s}
    update: {timeout: 20s, wait: running}
"""


def test_running_is_enough_where_the_spec_says_so(stage: Stage) -> None:
    stage.settle(RUNNING.replace("{seconds}", "998"))
    stage.settle(RUNNING.replace("{seconds}", "999"))


def test_a_wait_ends_when_the_user_stops_the_run(stage: Stage) -> None:
    spec = stage.load(NEVER.partition("  published:")[0].replace("1s", "60s"))
    cancel = threading.Event()
    with Docker(stage.docker.endpoint) as docker:
        report = docker.apply(
            docker.plan(spec),
            cancel=cancel,
            on_event=lambda event: cancel.set() if "await" in str(getattr(event, "action", "")) else None,
        )
    assert report.cancelled
    assert report.seconds < 20


def test_a_port_that_can_not_be_tried_from_here_is_an_error_of_the_plan(
    stage: Stage, engine_daemon: Daemon | GivenEngine, free_port: Callable[[], int]
) -> None:
    """A TCP address stands for an engine on another machine."""
    if not engine_daemon.host.startswith("unix://"):
        pytest.skip("the engine has no socket file to relay to")
    port = free_port()
    path = engine_daemon.host.removeprefix("unix://")
    text = """
    containers:
      hidden: {image: "{image}", update: {wait: {port: 80}}}
      loopback: {image: "{image}", ports: ["127.0.0.1::80"], update: {wait: {port: 80}}}
      shown: {image: "{image}", ports: ["80"], update: {wait: {port: 80}}}
      host: {image: "{image}", network_mode: host, update: {wait: {port: 80}}}
      behind: {image: "{image}", network_mode: "service:hidden", update: {wait: {http: ":80/"}}}
    """
    with _relay(port, path), Docker(f"tcp://127.0.0.1:{port}") as docker:
        plan = docker.plan(stage.load(text))
    said = {fault.path: fault.summary.partition(",")[0] for fault in plan.errors}
    assert said == {
        "containers.behind.update.wait.http": "port 80 is not published",
        "containers.hidden.update.wait.port": "port 80 is not published",
        "containers.loopback.update.wait.port": "port 80 is published on the host's own loopback address only",
    }
    assert all(fault.span is not None for fault in plan.errors)


class _relay:
    """A TCP port that leads to a socket file."""

    def __init__(self, port: int, path: str) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._path = path

    def __enter__(self) -> None:
        threading.Thread(target=self._serve, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._path)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return
