"""Error answers and broken connections as errors of our tree."""

from __future__ import annotations

import errno
import json

import pytest

from dockerspec.engine import failures
from dockerspec.engine.endpoint import Endpoint
from dockerspec.errors import (
    BadRequest,
    Conflict,
    EngineError,
    EngineForbidden,
    EngineTooOld,
    EngineUnreachable,
    NotFound,
    ServerError,
)


@pytest.mark.parametrize(
    ("status", "message", "kind", "hint"),
    [
        (404, "No such container: x", NotFound, ""),
        (400, "invalid reference format", BadRequest, ""),
        (409, "container x is not running", Conflict, ""),
        (
            409,
            'Conflict. The container name "/web" is already in use by container "0123". You have to remove (or rename) '
            "that container to be able to reuse that name.",
            Conflict,
            "remove or rename web",
        ),
        (409, "remove v: volume is in use - [0123]", Conflict, "still uses it"),
        (
            409,
            "conflict: unable to remove x:1 (must force) - container 0 is using its referenced image 1",
            Conflict,
            "still uses it",
        ),
        (409, "Container 0123 is paused. Unpause the container before stopping or killing", Conflict, "docker unpause"),
        (403, "error while removing network: network n has active endpoints", Conflict, "disconnect"),
        (403, "authorization denied by plugin x", EngineForbidden, "authorization plugin"),
        (401, "unauthorized: incorrect username or password", EngineForbidden, "docker login"),
        (500, "Bind for 0.0.0.0:80 failed: port is already allocated", ServerError, "has the port"),
        (500, "write /x: no space left on device", ServerError, "disk is full"),
        (400, 'exec: "nope": executable file not found in $PATH', BadRequest, "no such program"),
        (500, "something odd", ServerError, ""),
        (501, "driver does not support reading", ServerError, "lacks this call"),
        (503, "no server is available", ServerError, "just starting"),
        (
            400,
            "client version 1.51 is too old. Minimum supported API version is 1.60, please upgrade your client",
            EngineError,
            "upgrade dockerspec",
        ),
        (
            400,
            "client version 1.51 is too new. Maximum supported API version is 1.40",
            EngineTooOld,
            "1.40 at most",
        ),
        (400, "Client sent an HTTP request to an HTTPS server.", BadRequest, "https://"),
    ],
)
@pytest.mark.parametrize("form", ["json", "plain"])
def test_error_answers(status: int, message: str, kind: type[EngineError], hint: str, form: str) -> None:
    body = json.dumps({"message": message}) if form == "json" else f"{message}\n"
    error = failures.refusal(status, body.encode(), "POST /x")
    assert type(error) is kind
    assert (error.message, error.status, error.call) == (message, status, "POST /x")
    assert hint in error.hint
    assert bool(hint) == bool(error.hint)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the engine answered with status 502 and no message"),
        (b"{broken", "{broken"),
        (b'{"message": 5}', '{"message": 5}'),
        (
            b"<html><head><title>502\n Bad Gateway</title></head></html>",
            "a web page came back with status 502 (502 Bad Gateway): a proxy answers in the engine's place",
        ),
        (b"<h1>no</h1>", "a web page came back with status 502: a proxy answers in the engine's place"),
        (b"\xff\xfe", "��"),
    ],
)
def test_answers_of_no_engine(body: bytes, message: str) -> None:
    assert failures.refusal(502, body, "GET /x").message == message


def test_a_flood_of_text_is_cut() -> None:
    assert len(failures.refusal(500, b"x" * 100_000, "GET /x").message) < 2100


@pytest.mark.parametrize(
    ("url", "fault", "kind", "words", "hint"),
    [
        ("unix:///s", FileNotFoundError(errno.ENOENT, "x"), EngineUnreachable, "no such socket", "systemctl start"),
        ("unix:///s", ConnectionRefusedError(), EngineUnreachable, "nothing listens", "systemctl start"),
        ("unix:///s", PermissionError(errno.EACCES, "x"), EngineForbidden, "may not use", "usermod -aG docker"),
        ("unix:///s", BlockingIOError(errno.EAGAIN, "x"), EngineUnreachable, "takes no connections", "journalctl"),
        ("unix:///s", OSError(errno.EPROTOTYPE, "Wrong type"), EngineUnreachable, "Wrong type", "engine's socket"),
        ("tcp://h:1", ConnectionRefusedError(), EngineUnreachable, "nothing listens at tcp://h:1", "--host"),
        ("tcp://h:1", TimeoutError(), EngineUnreachable, "in time", "firewall"),
        ("tcp://h:1", OSError(-2, "Name or service not known"), EngineUnreachable, "Name or service", "right name"),
    ],
)
def test_no_connection(url: str, fault: OSError, kind: type[EngineError], words: str, hint: str) -> None:
    error = failures.unreachable(Endpoint(url, None, "DOCKER_HOST"), fault)
    assert type(error) is kind
    assert words in error.message
    assert f"{url} (from DOCKER_HOST)" in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "notes", "kind", "hint"),
    [
        (255, "me@h: Permission denied (publickey).", EngineForbidden, "works without a question"),
        (255, "Host key verification failed.", EngineForbidden, "known host key"),
        (
            255,
            "ssh: Could not resolve hostname h: Name or service not known",
            EngineUnreachable,
            "ssh h docker version",
        ),
        (127, "sh: 1: docker: not found", EngineUnreachable, "install the Docker CLI on h"),
        (
            1,
            "permission denied while trying to connect to the Docker daemon socket",
            EngineForbidden,
            "group docker there",
        ),
        (1, "", EngineUnreachable, "ssh h docker version"),
    ],
)
def test_ssh_faults(status: int, notes: str, kind: type[EngineError], hint: str) -> None:
    error = failures.ssh_failed("h", status, notes + "\n\n")
    assert type(error) is kind
    assert hint in error.hint
    assert (notes or f"exit status {status}") in error.message


@pytest.mark.parametrize(
    ("status", "body", "passing"),
    [
        (500, b"", True),
        (500, b"oops", True),
        (502, b"<html><title>Bad Gateway</title></html>", True),
        (503, b"", True),
        (504, b"", True),
        (429, b"slow down", True),
        (500, b'{"message": "rpc error: code = Unavailable desc = transport is closing"}', True),
        (500, b'{"message": "create data: database not open"}', True),
        (500, b'{"message": "failed to update store for object type *libnetwork.endpoint: open : no such file"}', True),
        (500, b'{"message": "failed to update store for object type *x.y: no space left on device"}', False),
        (500, b'{"message": "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated"}', False),
        (500, b'{"message": "OCI runtime create failed: exec: \\"x\\": executable file not found"}', False),
        (503, b'{"message": "This node is not a swarm manager."}', False),
        (409, b'{"message": "removal of container 12 is already in progress"}', True),
        (409, b'{"message": "Conflict. The container name is in use"}', False),
        (400, b'{"message": "context canceled"}', False),
        (403, b"", False),
        (404, b"", False),
        (501, b"", False),
    ],
)
def test_what_may_pass_by_itself(status: int, body: bytes, passing: bool) -> None:
    assert failures.refusal(status, body, "POST /x").passing is passing


@pytest.mark.parametrize(
    ("url", "fault", "passing"),
    [
        ("unix:///s", FileNotFoundError(errno.ENOENT, "x"), True),
        ("unix:///s", NotADirectoryError(errno.ENOTDIR, "x"), False),
        ("unix:///s", ConnectionRefusedError(), True),
        ("unix:///s", BlockingIOError(errno.EAGAIN, "x"), True),
        ("unix:///s", PermissionError(errno.EACCES, "x"), False),
        ("unix:///s", OSError(errno.EPROTOTYPE, "Wrong type"), False),
        ("tcp://h:1", ConnectionRefusedError(), True),
        ("tcp://h:1", TimeoutError(), True),
        ("tcp://h:1", OSError(errno.EHOSTUNREACH, "No route to host"), True),
        ("tcp://h:1", OSError(-2, "Name or service not known"), False),
    ],
)
def test_which_lack_of_a_connection_may_pass(url: str, fault: OSError, passing: bool) -> None:
    assert failures.unreachable(Endpoint(url, "--host"), fault).passing is passing


@pytest.mark.parametrize(("notes", "passing"), [("Connection timed out", True), ("no such host", False)])
def test_which_ssh_faults_may_pass(notes: str, passing: bool) -> None:
    assert failures.ssh_failed("h", 255, notes).passing is passing
