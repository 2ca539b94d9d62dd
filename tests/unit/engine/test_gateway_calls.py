"""The verbs against a scripted engine: what real engines can't be made to do."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dockerspec.engine.caller import NEWEST_API, encode_query
from dockerspec.engine.credentials import Credentials
from dockerspec.engine.gateway import Gateway, connect
from dockerspec.engine.images import split_reference
from dockerspec.engine.logs import demultiplex
from dockerspec.errors import EngineError, EngineTimeout, EngineTooOld, NotFound, ServerError
from tests.unit.engine.scripted import Peer, Script, Scripted, ping, serve


def _gateway(server: Scripted, home: Path) -> Gateway:
    return connect(server.url, environ={}, home=home)


def _then(*answers: Callable[[Peer], None], version: str = "1.51") -> Script:
    """One connection: a ping, then these answers in turn."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"OK", f"Api-Version: {version}")
        for answer in answers:
            if peer.request() is None:
                return
            answer(peer)

    return script


def _fails(status: int, message: str) -> Callable[[Peer], None]:
    return lambda peer: peer.json({"message": message}, status)


def _paths(server: Scripted) -> list[str]:
    return [heard.line.split()[1] for heard in server.heard]


@pytest.mark.parametrize(
    ("offered", "used"),
    [("1.41", (1, 41)), ("1.44", (1, 44)), ("1.51", (1, 51)), ("1.52", NEWEST_API), ("2.0", NEWEST_API)],
)
def test_the_newest_common_version_is_used(tmp_path: Path, offered: str, used: tuple[int, int]) -> None:
    with serve(tmp_path / "s", _then(lambda peer: peer.json({}), version=offered)) as server:
        gateway = _gateway(server, tmp_path)
        assert server.heard == []
        assert gateway.api_version == used
        gateway.info()
        gateway.close()
    assert _paths(server) == ["/_ping", "/v{}.{}/info".format(*used)]


def test_an_engine_that_is_too_old(tmp_path: Path) -> None:
    with serve(tmp_path / "s", ping("1.40")) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(EngineTooOld, match=r"version 1\.40 only; dockerspec needs 1\.41"):
            gateway.containers()
        gateway.close()


def _no_ping(peer: Peer) -> None:
    """A proxy that forbids the ping."""
    peer.request()
    peer.answer(403, b"forbidden")
    peer.request()
    peer.json({"ApiVersion": "1.45"})


def test_version_is_asked_where_ping_says_nothing(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _no_ping) as server:
        gateway = _gateway(server, tmp_path)
        assert gateway.api_version == (1, 45)
        gateway.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(lambda peer: peer.answer(200, b"<html>hi</html>"), "no JSON", id="page"),
        pytest.param(lambda peer: peer.json({"x": 1}), "no API version", id="other-json"),
        pytest.param(lambda peer: peer.json([]), "no API version", id="list"),
        pytest.param(lambda peer: peer.answer(302, b"", "Location: /login"), "elsewhere", id="redirect"),
    ],
)
def test_what_answers_is_no_engine(tmp_path: Path, answer: Callable[[Peer], None], words: str) -> None:
    def script(peer: Peer) -> None:
        while peer.request() is not None:
            answer(peer)

    with serve(tmp_path / "s", script) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(ServerError, match=words) as caught:
            gateway.version()
        gateway.close()
    assert "does not speak the Docker Engine API" in caught.value.message


def test_a_body_never_shows_in_an_error(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _then(_fails(400, "bad value"))) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(EngineError) as caught:
            gateway.create_container("x", {"Env": ["PASSWORD=topsecret"]})
        gateway.close()
    assert b"topsecret" in server.heard[1].body
    assert "topsecret" not in f"{caught.value!r}{caught.value.__dict__}"


def test_frozen_bodies_are_sent_as_json(tmp_path: Path) -> None:
    body = MappingProxyType({"Labels": MappingProxyType({"a": "ü"}), "Cmd": ("x", "y")})
    with serve(tmp_path / "s", _then(lambda peer: peer.json({"Id": "1"}, 201))) as server:
        gateway = _gateway(server, tmp_path)
        assert gateway.create_container("n", body, "linux/arm64") == {"Id": "1"}
        gateway.close()
    heard = server.heard[1]
    assert json.loads(heard.body) == {"Labels": {"a": "ü"}, "Cmd": ["x", "y"]}
    assert heard.headers["content-type"] == "application/json"
    assert heard.line == "POST /v1.51/containers/create?name=n&platform=linux%2Farm64 HTTP/1.1"


@pytest.mark.parametrize("ident", ["../info", "a b", "a?force=1", "ü/x"])
def test_a_name_can_not_leave_its_place_in_the_path(tmp_path: Path, ident: str) -> None:
    with serve(tmp_path / "s", _then(_fails(404, "no such container"))) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(NotFound):
            gateway.container(ident)
        gateway.close()
    path = _paths(server)[1]
    assert path.startswith("/v1.51/containers/")
    assert path.endswith("/json")
    assert path.count("/") == 4
    assert "?" not in path


@pytest.mark.parametrize("last", [204, 404])
def test_a_removal_under_way_is_waited_for(tmp_path: Path, last: int) -> None:
    busy = _fails(409, "removal of container x is already in progress")
    gone = _fails(404, "no such container") if last == 404 else lambda peer: peer.json({"StatusCode": 0})
    with serve(tmp_path / "s", _then(busy, gone)) as server:
        gateway = _gateway(server, tmp_path)
        gateway.remove_container("x")
        gateway.close()
    assert server.heard[2].line == "POST /v1.51/containers/x/wait?condition=removed HTTP/1.1"


@pytest.mark.parametrize(
    ("own", "given", "sent"),
    [(None, None, ""), (3, None, ""), (3, 5, "?t=5"), (-1, None, ""), (3, 0, "?t=0")],
)
def test_stop_leaves_the_grace_to_the_container_unless_told(
    tmp_path: Path, own: int | None, given: int | None, sent: str
) -> None:
    inspect = [] if given is not None else [lambda peer: peer.json({"Config": {"StopTimeout": own}})]
    with serve(tmp_path / "s", _then(*inspect, lambda peer: peer.answer(304, b""))) as server:
        gateway = _gateway(server, tmp_path)
        gateway.stop_container("x", given)
        gateway.close()
    assert _paths(server)[-1] == f"/v1.51/containers/x/stop{sent}"


def test_a_stop_that_hangs_ends_after_grace_and_margin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dockerspec.engine import containers

    monkeypatch.setattr(containers, "_MARGIN", 0.2)
    with serve(tmp_path / "s", _then(lambda peer: peer.wait())) as server:
        gateway = _gateway(server, tmp_path)
        begun = time.monotonic()
        with pytest.raises(EngineTimeout):
            gateway.stop_container("x", 0)
        assert time.monotonic() - begun < 2
        gateway.close()


@pytest.mark.parametrize(
    ("version", "kind", "terminal"),
    [
        ("1.41", "", True),
        ("1.41", "", False),
        ("1.51", "application/vnd.docker.raw-stream", True),
        ("1.51", "application/vnd.docker.multiplexed-stream", False),
    ],
)
def test_logs_of_either_form(tmp_path: Path, version: str, kind: str, terminal: bool) -> None:
    data = b"hi\n" if terminal else b"\x01\0\0\0\0\0\0\x03hi\n"
    inspect = [] if kind else [lambda peer: peer.json({"Config": {"Tty": terminal}})]
    script = _then(lambda peer: peer.answer(200, data, f"Content-Type: {kind}"), *inspect, version=version)
    with serve(tmp_path / "s", script) as server:
        gateway = _gateway(server, tmp_path)
        assert gateway.container_logs("x", tail=5) == "hi\n"
        gateway.close()
    assert _paths(server)[1].endswith("tail=5")


def _frame(data: bytes) -> bytes:
    return b"\x01\0\0\0" + len(data).to_bytes(4, "big") + data


def test_the_output_of_a_command_comes_as_it_is_written(tmp_path: Path) -> None:
    """Frames need not end where pieces do, and silence is told."""
    whole = _frame(b"one\n") + _frame(b"two\n")

    def speak(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
        peer.send(whole[:10])
        time.sleep(0.35)  # not a wait for something: silence is what is sent
        peer.send(whole[10:])

    with serve(tmp_path / "s", _then(), lambda peer: (peer.request(), speak(peer))) as server:
        gateway = _gateway(server, tmp_path)
        assert gateway.api_version == (1, 51)
        pieces = list(gateway.start_exec("x"))
        gateway.close()
    assert b"".join(pieces) == b"one\ntwo\n"
    assert pieces.count(b"") >= 2
    assert json.loads(server.heard[-1].body) == {"Detach": False, "Tty": False}


def test_a_command_that_is_refused(tmp_path: Path) -> None:
    refuse = lambda peer: (peer.request(), peer.json({"message": "no such user"}, 400))  # noqa: E731
    with serve(tmp_path / "s", _then(), refuse) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(EngineError, match="no such user"):
            list(gateway.start_exec("x"))
        gateway.close()


@pytest.mark.parametrize(("version", "asked"), [("1.41", True), ("1.43", True), ("1.44", False), ("1.51", False)])
def test_older_engines_are_told_to_refuse_duplicate_networks(tmp_path: Path, version: str, asked: bool) -> None:
    with serve(tmp_path / "s", _then(lambda peer: peer.json({"Id": "1"}, 201), version=version)) as server:
        gateway = _gateway(server, tmp_path)
        gateway.create_network({"Name": "n"})
        gateway.close()
    assert ("CheckDuplicate" in json.loads(server.heard[1].body)) is asked


def _progress(*messages: dict[str, Any]) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(200, "\r\n".join(json.dumps(message) for message in messages).encode())

    return script


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        ("manifest for x:1 not found: manifest unknown: manifest unknown", NotFound, "check the name and the tag"),
        ("pull access denied for x, repository does not exist or may require 'docker login'", NotFound, "docker login"),
        ('Head "http://r/v2/x": no basic auth credentials', EngineError, "docker login"),
        ("unauthorized: authentication required", EngineError, "docker login"),
        ("no matching manifest for linux/arm64 in the manifest list entries", EngineError, "platform"),
        ('Get "https://r/v2/": dial tcp: lookup r: no such host', EngineError, "can't reach the registry"),
        ("http: server gave HTTP response to HTTPS client", EngineError, "insecure-registries"),
        ("something else", EngineError, ""),
    ],
)
@pytest.mark.parametrize("form", ["in the stream", "as a status"])
def test_a_pull_that_fails(tmp_path: Path, message: str, kind: type[EngineError], hint: str, form: str) -> None:
    def refuses(peer: Peer) -> None:
        peer.request()
        peer.json({"message": message}, 500)

    failing = _progress({"status": "Pulling"}, {"errorDetail": {"message": message}, "error": message})
    with serve(tmp_path / "s", ping(), failing if form == "in the stream" else refuses) as server:
        gateway = _gateway(server, tmp_path)
        with pytest.raises(kind, match=re.escape(message)) as caught:
            list(gateway.pull_image("r/x:1"))
        gateway.close()
    assert hint in caught.value.hint
    if hint:
        assert caught.value.message.startswith("can't pull r/x:1: ")


def test_a_build_that_fails_gives_its_messages_first(tmp_path: Path) -> None:
    import io

    failing = _progress({"stream": "Step 1/1"}, {"errorDetail": {"code": 1, "message": "returned 1"}, "error": "x"})
    with serve(tmp_path / "s", ping(), failing) as server:
        gateway = _gateway(server, tmp_path)
        found = []
        with pytest.raises(EngineError, match="returned 1"):
            found.extend(gateway.build_image(io.BytesIO(b"tar"), {"t": ("a:1", "b:2"), "buildargs": {"A": "1"}}))
        gateway.close()
    assert server.heard[1].body == b"tar"
    assert server.heard[1].line.startswith("POST /v1.51/build?t=a%3A1&t=b%3A2&buildargs=%7B%22A%22")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("nginx", ("nginx", "latest")),
        ("nginx:1", ("nginx", "1")),
        ("host:5000/nginx", ("host:5000/nginx", "latest")),
        ("host:5000/a/nginx:1", ("host:5000/a/nginx", "1")),
        ("nginx@sha256:ab", ("nginx", "sha256:ab")),
        ("nginx:1@sha256:ab", ("nginx", "sha256:ab")),
    ],
)
def test_references(reference: str, parts: tuple[str, str]) -> None:
    assert split_reference(reference) == parts


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"a": None, "b": "", "c": 0, "d": False, "e": True}, "c=0&d=0&e=1"),
        ({"filters": {"label": ["a=b"]}}, "filters=%7B%22label%22%3A+%5B%22a%3Db%22%5D%7D"),
        (
            {"t": ["x", "y"], "extrahosts": ("h:1",), "cachefrom": ["z"]},
            "t=x&t=y&extrahosts=h%3A1&cachefrom=%5B%22z%22%5D",
        ),
        ({"t": "x"}, "t=x"),
    ],
)
def test_query_strings(query: dict[str, Any], text: str) -> None:
    assert encode_query(query) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", b""),
        (b"\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\x01!", b"hi!"),
        (b"\x01\0\0\0\0\0\0\x00\x01\0\0\0\0\0\0\x01a", b"a"),
        (b"\x01\0\0\0\0\0\0\x09cut", b"cut"),
        (b"\x01\0\0\0\0\0\0\x01a\x01\0", b"a"),
    ],
)
def test_log_frames(data: bytes, text: bytes) -> None:
    assert demultiplex(data) == text


def _decoded(header: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(header))


@pytest.fixture
def helper(tmp_path: Path) -> dict[str, str]:
    """A credential helper that knows one registry; the environment to find it in."""
    program = tmp_path / "docker-credential-kit"
    program.write_text(
        "#!/bin/sh\nread server\n"
        'if [ "$server" = helped.test ]; then echo \'{"Username": "h", "Secret": "hs"}\'; exit 0; fi\n'
        'if [ "$server" = broken.test ]; then echo "the store is locked"; exit 1; fi\n'
        'echo "credentials not found in native keychain"; exit 1\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def _config(folder: Path) -> None:
    login = base64.b64encode(b"me:pw:with:colons").decode()
    config = {
        "auths": {"plain.test:5000": {"auth": login}},
        "credHelpers": {"helped.test": "kit", "broken.test": "kit"},
    }
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("reference", "login"),
    [
        ("plain.test:5000/x:1", ("me", "pw:with:colons")),
        ("plain.test:5000/deep/er/x@sha256:ab", ("me", "pw:with:colons")),
        ("helped.test/x", ("h", "hs")),
        ("other.test/x", None),
        ("nginx:1", None),
    ],
)
def test_registry_logins(
    tmp_path: Path,
    helper: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
    login: tuple[str, str] | None,
) -> None:
    monkeypatch.setenv("PATH", helper["PATH"])
    _config(tmp_path)
    headers = Credentials(tmp_path, helper).for_reference(reference)
    if login is None:
        assert headers == {}
    else:
        found = {key.lower(): value for key, value in _decoded(headers["X-Registry-Auth"]).items()}
        assert (found["username"], found["password"]) == login


def test_no_login_without_a_config_file(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path, {})
    assert credentials.for_reference("x") == {}
    assert credentials.for_build() == {}


def test_a_helper_that_fails(tmp_path: Path, helper: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", helper["PATH"])
    _config(tmp_path)
    with pytest.raises(EngineError, match="registry login for broken"):
        Credentials(tmp_path, helper).for_reference("broken.test/x")


@pytest.mark.parametrize("entry", ["!!!not base64", base64.b64encode(b"topsecret").decode()])
def test_a_login_that_can_not_be_decoded_is_not_shown(tmp_path: Path, entry: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.test": {"auth": entry}}}))
    with pytest.raises(EngineError, match="can't be decoded") as caught:
        Credentials(tmp_path, {}).for_reference("r.test/x")
    assert entry not in str(caught.value)
    assert "topsecret" not in str(caught.value)


def test_a_build_gets_all_logins(tmp_path: Path) -> None:
    login = base64.b64encode(b"me:pw").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"a.test": {"auth": login}, "b.test": {"auth": login}}}))
    found = _decoded(Credentials(tmp_path, {}).for_build()["X-Registry-Config"])
    assert set(found) == {"a.test", "b.test"}
    assert found["a.test"]["password"] == "pw"


def test_nothing_heavy_is_imported_for_reading() -> None:
    import subprocess
    import sys

    code = (
        "import sys\nbefore = set(sys.modules)\nfrom dockerspec.engine.gateway import connect\n"
        "connect('unix:///none.sock', environ={})\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert not loaded & {"docker", "requests", "urllib3", "ssl", "_ssl", "subprocess", "http", "email", "tarfile"}
