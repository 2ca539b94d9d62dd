"""What `update.wait` asks for beside the engine's own word, on the fake engine and on ports of this machine."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dockerspec.core.live.reach import Place
from dockerspec.core.plan.action import AwaitContainer
from dockerspec.core.ready import CommandSucceeds, HttpAnswers, LogSays, PortOpen, Probe, Ready
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.errors import BadRequest
from dockerspec.runtime.execute.probes import _Log, _port, _request
from dockerspec.runtime.execute.wait import LATE_LINES
from dockerspec.runtime.execute.walker import execute
from dockerspec.testing import FakeEngine
from tests.unit.runtime.plans import IMAGE, address, chain, create, start

Json = Any


@pytest.fixture
def engine() -> FakeEngine:
    fake = FakeEngine()
    fake.add_image(IMAGE, {"Cmd": ["x"]})
    return fake


def until(*probes: Probe, state: Ready = Ready.RUNNING, timeout: float = 10.0) -> AwaitContainer:
    return AwaitContainer(
        address=address("web"), cause="t", container="web", name="web", until=state, timeout=timeout, probes=probes
    )


def awaited(engine: FakeEngine, *probes: Probe, body: Json = None, **more: Any) -> Outcome:
    report = execute(chain(create("web", **(body or {})), start("web"), until(*probes, **more)), engine)
    return report.outcomes["await container.web web"]


def test_a_line_is_looked_for_until_it_is_there(engine: FakeEngine) -> None:
    looks = 0

    def look(call: Any) -> None:
        nonlocal looks
        looks += call.verb == "container_logs"
        if call.verb == "container_logs" and looks == 3:
            engine.write_log("web", "begun\nready 3\n")

    engine.delay = look
    outcome = awaited(engine, LogSays("^ready [0-9]$"))
    assert outcome.status is Status.DONE
    assert looks == 3


def test_lines_are_read_once(engine: FakeEngine) -> None:
    log = _Log(engine, "four")
    engine.create_container("web", {"Image": IMAGE})
    engine.start_container("web")
    asked: list[str] = []
    read = engine.container_logs

    def noted(ident: str, **how: Any) -> str:
        text = read(ident, **how)
        asked.append(text)
        return text

    engine.container_logs = noted  # type: ignore[method-assign]
    container = engine.container("web")
    for line in ("one", "two", "three"):
        engine.write_log("web", f"{line}\n")
        assert not log.said(container)
    engine.write_log("web", "four\n")
    assert log.said(container)
    assert [[line.split()[1] for line in text.splitlines()] for text in asked] == [
        ["one"],
        ["one", "two"],
        ["two", "three"],
        ["three", "four"],
    ]
    engine.write_log("web", "five\n")
    assert log.said(container)  # said once in a run is said
    assert len(asked) == 4


def test_a_new_run_must_say_it_again(engine: FakeEngine) -> None:
    log = _Log(engine, "ready")
    engine.create_container("web", {"Image": IMAGE})
    engine.start_container("web")
    engine.write_log("web", "ready\n")
    assert log.said(engine.container("web"))
    engine._nanoseconds += 10**9
    engine.stop_container("web")
    engine._nanoseconds += 10**9
    engine.start_container("web")
    assert not log.said(engine.container("web"))
    assert not _Log(engine, "ready").said(engine.container("web"))
    engine.write_log("web", "ready\n")
    assert log.said(engine.container("web"))


def test_the_log_of_a_run_that_has_ended_is_its_own(engine: FakeEngine) -> None:
    engine.create_container("web", {"Image": IMAGE})
    for line in ("former\n", "latter\n"):
        engine._nanoseconds += 10**9
        engine.start_container("web")
        engine.write_log("web", line)
        engine._nanoseconds += 10**9
        engine.exit("web", 0)
    assert _Log(engine, "latter").said(engine.container("web"))
    assert not _Log(engine, "former").said(engine.container("web"))


@pytest.mark.parametrize(
    ("status", "started", "ended", "since"),
    [
        pytest.param("running", "12:00:10.5", "", "", id="the first run"),
        pytest.param("running", "12:00:10.5", "12:00:10.1", "10.3", id="between the end and the start"),
        pytest.param("running", "12:00:10.5", "11:00:00.0", "00.5", id="the end is long ago"),
        pytest.param("running", "12:00:10.5", "12:00:10.9", "10.25", id="clocks at odds"),
        pytest.param("exited", "12:00:10.5", "12:00:40.0", "10.25", id="ended"),
        pytest.param("exited", "12:00:10.5", "12:00:09.8", "09.55", id="the start was noted late"),
        pytest.param("restarting", "12:00:10.5", "12:00:09.8", "09.55", id="will start again"),
    ],
)
def test_the_log_of_a_run_begins_before_its_noted_start(
    engine: FakeEngine, status: str, started: str, ended: str, since: str
) -> None:
    asked: list[str] = []
    engine.container_logs = lambda _ident, *, since, **_how: asked.append(since) or ""  # type: ignore[method-assign]
    state = {
        "Status": status,
        "StartedAt": f"2026-11-24T{started}Z",
        "FinishedAt": f"2026-11-24T{ended}Z" if ended else "0001-01-01T00:00:00Z",
    }
    assert not _Log(engine, "x").said({"Id": "web", "State": state})
    noon = 1795521600
    assert asked == [f"{noon + float(since):.6f}000" if since else ""]


def test_a_line_that_comes_after_the_end_of_a_job_counts(engine: FakeEngine) -> None:
    read = engine.container_logs
    hidden = 3

    def late(ident: str, **how: Any) -> str:
        nonlocal hidden
        hidden -= 1
        return "" if hidden >= 0 else read(ident, **how)

    def end_at_once(name: str) -> None:
        engine.write_log(name, "ran\n")
        engine.exit(name, 0)

    engine.on_start = end_at_once
    engine.container_logs = late  # type: ignore[method-assign]
    assert awaited(engine, LogSays("ran"), state=Ready.COMPLETED).status is Status.DONE
    hidden = 2
    engine.remove_container("web")
    outcome = awaited(engine, LogSays("never"), state=Ready.COMPLETED)
    assert outcome.message == "web ended as it should, but no line of its log matches 'never'"
    assert LATE_LINES <= outcome.seconds < LATE_LINES + 1
    assert engine.count("container_logs") < 20


def test_a_log_that_can_not_be_read_is_no_use_to_wait_for(engine: FakeEngine) -> None:
    engine.fail("container_logs", BadRequest("configured logging driver does not support reading", status=400))
    outcome = awaited(engine, LogSays("x"))
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith("its log can't be read")
    assert outcome.seconds < 2


def test_a_command_is_tried_until_it_succeeds(engine: FakeEngine) -> None:
    codes = iter([1, 126, 0])
    engine.on_exec = lambda _name, _command: (next(codes), "")
    assert awaited(engine, CommandSucceeds(("ok",))).status is Status.DONE
    assert [body["Cmd"] for _, body in engine.executed] == [["ok"]] * 3


def test_all_must_hold_in_one_round(engine: FakeEngine) -> None:
    answers = {"first": [0, 1, 0], "second": [1, 0]}
    engine.on_exec = lambda _name, command: (answers[command[0]].pop(0), "")
    assert awaited(engine, CommandSucceeds(("first",)), CommandSucceeds(("second",))).status is Status.DONE
    assert [body["Cmd"][0] for _, body in engine.executed] == ["first", "second", "first", "first", "second"]


@pytest.mark.parametrize(
    ("probe", "answer", "words"),
    [
        (CommandSucceeds(("ok",)), (3, "not\nyet\n"), "its command ok ended with exit status 3: not yet"),
        (CommandSucceeds(("ok",)), (3, ""), "its command ok ended with exit status 3"),
        (LogSays("ready"), (0, ""), "no line of its log matches 'ready'"),
    ],
)
def test_a_timeout_says_what_was_missing(engine: FakeEngine, probe: Probe, answer: tuple[int, str], words: str) -> None:
    engine.on_start = lambda name: engine.write_log(name, "loading\n")
    engine.on_exec = lambda _name, _command: answer
    outcome = awaited(engine, probe, timeout=0.3)
    assert outcome.message == f"web was not ready within 0.3 s; {words}"
    assert outcome.logs == "loading"
    assert "update.timeout" in outcome.hint


def test_an_end_is_noticed_between_two_tries(engine: FakeEngine) -> None:
    def die(_name: str, _command: list[str]) -> tuple[int, str]:
        engine.exit("web", 3)
        return 1, ""

    engine.on_exec = die
    outcome = awaited(engine, CommandSucceeds(("ok",)), timeout=60)
    assert outcome.message == "web ended with exit status 3"
    assert outcome.seconds < 2


def test_a_job_must_have_said_it_by_its_end(engine: FakeEngine) -> None:
    engine.on_start = lambda name: engine.exit(name, 0)
    outcome = awaited(engine, LogSays("done"), state=Ready.COMPLETED)
    assert outcome.message == "web ended as it should, but no line of its log matches 'done'"


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (PortOpen(80), "port 80 of web can't be tried from here: it has no network"),
        (HttpAnswers(), "web can't be sent a request: it exposes no TCP port"),
    ],
)
def test_what_can_not_be_tried_fails_at_once(engine: FakeEngine, probe: Probe, words: str) -> None:
    outcome = awaited(engine, probe, body={"HostConfig": {"NetworkMode": "none"}}, timeout=60)
    assert outcome.message == words
    assert outcome.hint
    assert outcome.seconds < 2


# --- ports of this machine -----------------------------------------------------------------------------------------


@contextmanager
def listening(serve: Callable[[socket.socket], object] | None) -> Iterator[int]:
    """A port on which each connection is served so; None for one that nobody accepts on."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with link:
                if serve is not None:
                    serve(link)

    thread = threading.Thread(target=run, daemon=True)
    if serve is not None:
        thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        if serve is not None:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
        server.close()


def _patient(link: socket.socket) -> None:
    link.settimeout(5)
    link.recv(1)


def _greeting(link: socket.socket) -> None:
    link.sendall(b"220 hello\r\n")


def test_a_port_that_is_open_or_not() -> None:
    with listening(_patient) as port:
        assert _port([Place("127.0.0.1", port, relayed=True)], 80, 2) == ""
        assert _port([Place("127.0.0.1", port)], 80, 2) == ""
    with listening(_greeting) as port:
        assert _port([Place("127.0.0.1", port, relayed=True)], 80, 2) == ""
    assert _port([Place("127.0.0.1", port)], 80, 2) == f"port 80: 127.0.0.1:{port}: connection refused"


def test_a_relay_that_finds_nobody_is_no_open_port() -> None:
    with listening(lambda _link: None) as relay, listening(_patient) as port:
        shut = Place("127.0.0.1", relay, relayed=True)
        assert _port([shut], 80, 2) == f"port 80: 127.0.0.1:{relay} closed the connection at once"
        assert _port([shut, Place("127.0.0.1", port)], 80, 2) == ""
        nobody = Place("127.0.0.1", 1)
        assert _port([shut, nobody], 80, 2) == "port 80: 127.0.0.1:1: connection refused"


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.strip("/").partition("?")[0] or 200)
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(f"host {self.headers['Host']}\nbye".encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Place]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Place("127.0.0.1", server.server_address[1])
        server.shutdown()


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (HttpAnswers("/"), ""),
        (HttpAnswers("/302"), ""),
        (HttpAnswers("/204?full=1", method="POST"), ""),
        (HttpAnswers("/404", statuses=((404, 404), (500, 599))), ""),
        (HttpAnswers("/503", statuses=((404, 404), (500, 599))), ""),
        (HttpAnswers("/503"), "GET http://SITE/503 was answered with 503 Service Unavailable: host SITE bye"),
        (HttpAnswers("/302", statuses=((200, 299),)), "GET http://SITE/302 was answered with 302 Found: host SITE bye"),
        (
            HttpAnswers("/500", headers={"host": "shop"}),
            "GET http://SITE/500 was answered with 500 Internal Server Error: host shop bye",
        ),
    ],
)
def test_a_request(site: Place, probe: HttpAnswers, words: str) -> None:
    assert _request(site, probe, 5).replace(str(site), "SITE") == words


def test_what_is_no_answer() -> None:
    with listening(_greeting) as port:
        place = Place("127.0.0.1", port)
        assert _request(place, HttpAnswers(), 2).endswith("was not answered in HTTP (BadStatusLine)")
    assert _request(place, HttpAnswers(), 2) == f"GET http://{place}/: connection refused"
    over = threading.Event()
    with listening(lambda _link: bool(over.wait(5))) as port:
        place = Place("127.0.0.1", port)
        assert _request(place, HttpAnswers(scheme="https"), 0.3) == f"GET https://{place}/: no answer in time"
        over.set()
