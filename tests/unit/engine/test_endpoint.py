"""Which engine is meant: order, contexts, TLS, and what is said about bad values."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from dockerspec.engine.endpoint import Endpoint, Tls, resolve
from dockerspec.engine.target import SshTarget, TcpTarget, UnixTarget, parse_target
from dockerspec.errors import EngineError


def _write_context(home: Path, name: str, endpoint: dict[str, Any] | None, *, files: tuple[str, ...] = ()) -> Path:
    """A context as the CLI writes it; answers the folder of its TLS files."""
    ident = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / ident
    meta.mkdir(parents=True)
    endpoints = {} if endpoint is None else {"docker": endpoint}
    meta.joinpath("meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    tls = home / ".docker" / "contexts" / "tls" / ident / "docker"
    if files:
        tls.mkdir(parents=True)
        for file in files:
            tls.joinpath(file).write_text("x")
    return tls


def _select(home: Path, text: str) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker" / "config.json").write_text(text)


@pytest.mark.parametrize(
    ("host", "context", "environ", "current", "url", "source"),
    [
        pytest.param(None, None, {}, None, "unix:///var/run/docker.sock", "default socket", id="nothing"),
        pytest.param("tcp://h:1", "prod", {"DOCKER_HOST": "tcp://e:1"}, "dev", "tcp://h:1", "--host", id="host"),
        pytest.param(None, "prod", {"DOCKER_HOST": "tcp://e:1"}, "dev", "tcp://prod:1", "context prod", id="context"),
        pytest.param(
            None,
            None,
            {"DOCKER_HOST": "tcp://e:1", "DOCKER_CONTEXT": "prod"},
            "dev",
            "tcp://e:1",
            "DOCKER_HOST",
            id="env-host",
        ),
        pytest.param(None, None, {"DOCKER_CONTEXT": "prod"}, "dev", "tcp://prod:1", "context prod", id="env-context"),
        pytest.param(None, None, {}, "dev", "ssh://dev", "context dev", id="current-context"),
        pytest.param(None, None, {"DOCKER_HOST": ""}, "dev", "ssh://dev", "context dev", id="empty-is-unset"),
        pytest.param(None, "default", {}, "dev", "unix:///var/run/docker.sock", "default socket", id="context-default"),
        pytest.param(
            None, "default", {"DOCKER_HOST": "tcp://e:1"}, "dev", "tcp://e:1", "DOCKER_HOST", id="context-default-env"
        ),
        pytest.param("unix://", None, {}, None, "unix:///var/run/docker.sock", "--host", id="empty-unix"),
    ],
)
def test_the_first_that_is_given_wins(
    tmp_path: Path,
    host: str | None,
    context: str | None,
    environ: dict[str, str],
    current: str | None,
    url: str,
    source: str,
) -> None:
    _write_context(tmp_path, "prod", {"Host": "tcp://prod:1"})
    _write_context(tmp_path, "dev", {"Host": "ssh://dev"})
    if current is not None:
        _select(tmp_path, json.dumps({"currentContext": current}))
    assert resolve(host, context, environ=environ, home=tmp_path) == Endpoint(url, None, source)


def test_docker_config_moves_the_folder(tmp_path: Path) -> None:
    _write_context(tmp_path, "prod", {"Host": "tcp://prod:1"})
    environ = {"DOCKER_CONFIG": str(tmp_path / ".docker")}
    assert resolve(None, "prod", environ=environ, home=tmp_path / "elsewhere").url == "tcp://prod:1"


@pytest.mark.parametrize(
    ("host", "environ", "files", "tls", "port"),
    [
        pytest.param("tcp://h", {}, (), None, 2375, id="plain"),
        pytest.param(
            "tcp://h", {"DOCKER_TLS_VERIFY": "1"}, ("ca", "cert", "key"), ("ca", "cert", "key", True), 2376, id="all"
        ),
        pytest.param("tcp://h", {"DOCKER_TLS_VERIFY": "1"}, ("ca",), ("ca", None, None, True), 2376, id="only-ca"),
        pytest.param("tcp://h", {"DOCKER_TLS": "1"}, (), (None, None, None, False), 2376, id="unchecked"),
        pytest.param("https://h", {}, (), (None, None, None, True), 2376, id="https"),
        pytest.param("tcp://h:99", {"DOCKER_TLS_VERIFY": "1"}, (), (None, None, None, True), 99, id="port"),
        pytest.param("tcp://h", {"DOCKER_TLS_VERIFY": ""}, ("ca",), None, 2375, id="empty-is-off"),
    ],
)
def test_tls_of_the_environment(
    tmp_path: Path,
    host: str,
    environ: dict[str, str],
    files: tuple[str, ...],
    tls: tuple[str | None, str | None, str | None, bool] | None,
    port: int,
) -> None:
    for name in files:
        (tmp_path / f"{name}.pem").write_text("x")
    found = resolve(host, environ={**environ, "DOCKER_CERT_PATH": str(tmp_path)}, home=tmp_path)
    if tls is None:
        assert found.tls is None
    else:
        paths = [str(tmp_path / f"{name}.pem") if name else None for name in tls[:3]]
        assert found.tls == Tls(paths[0], paths[1], paths[2], tls[3])
    target = parse_target(found.url, tls=found.tls is not None)
    assert isinstance(target, TcpTarget)
    assert target.port == port


def test_tls_asked_for_without_a_host_means_this_machine(tmp_path: Path) -> None:
    found = resolve(environ={"DOCKER_TLS_VERIFY": "1"}, home=tmp_path)
    assert found.url == "tcp://localhost:2376"


def test_tls_has_no_meaning_on_a_socket_file(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "unix:///x.sock", "DOCKER_TLS_VERIFY": "1"}
    assert resolve(environ=environ, home=tmp_path).tls is None


def test_the_certificates_of_a_context(tmp_path: Path) -> None:
    folder = _write_context(
        tmp_path, "prod", {"Host": "tcp://prod:2376", "SkipTLSVerify": False}, files=("ca.pem", "cert.pem", "key.pem")
    )
    # The environment's TLS is not for contexts.
    found = resolve(None, "prod", environ={"DOCKER_TLS": "1"}, home=tmp_path)
    assert found.tls == Tls(*(str(folder / f"{name}.pem") for name in ("ca", "cert", "key")), verify=True)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("host", ["tcp://engine:2376", "unix:///some/engine.sock", "ssh://me@engine"])
@pytest.mark.parametrize("chosen", ["argument", "variable", "config file"])
def test_contexts_read_as_the_sdk_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, host: str, skip: bool
) -> None:
    from docker.context import ContextAPI
    from docker.tls import TLSConfig

    folder = tmp_path / ".docker"
    folder.mkdir()
    selected = {"currentContext": "ours"} if chosen == "config file" else {}
    (folder / "config.json").write_text(json.dumps(selected))
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("x")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    tls = TLSConfig(
        client_cert=(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")), ca_cert=str(tmp_path / "ca.pem")
    )
    ContextAPI.create_context("ours", host=host, tls_cfg=tls, skip_tls_verify=skip)
    environ = {"DOCKER_CONFIG": str(folder)} | ({"DOCKER_CONTEXT": "ours"} if chosen == "variable" else {})
    name = "ours" if chosen == "argument" else None

    ours = resolve(None, name, environ=environ)
    theirs = ContextAPI.kwargs_from_context(name, environment=environ)

    assert ours.url == theirs["base_url"].removeprefix("http+")
    if host.startswith("tcp"):
        assert ours.tls is not None
        assert (ours.tls.ca, (ours.tls.cert, ours.tls.key)) == (theirs["tls"].ca_cert, theirs["tls"].cert)
        assert ours.tls.verify == bool(theirs["tls"].verify)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("unix:///run/x.sock", UnixTarget("/run/x.sock")),
        ("tcp://engine", TcpTarget("engine", 2375)),
        ("tcp://engine:1/", TcpTarget("engine", 1)),
        ("engine:1", TcpTarget("engine", 1)),
        ("http://engine:1/docker/", TcpTarget("engine", 1, "/docker")),
        ("https://engine", TcpTarget("engine", 2376, secure=True)),
        ("tcp://[fd00::1]:1", TcpTarget("fd00::1", 1)),
        ("ssh://engine", SshTarget("engine")),
        ("ssh://me@engine:22/run/x.sock", SshTarget("engine", "me", 22, "/run/x.sock")),
    ],
)
def test_addresses(url: str, target: object) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("npipe:////./pipe/docker_engine", "Windows only"),
        ("fd://", "daemon's own"),
        ("ftp://h", "no scheme"),
        ("unix://run/x.sock", "must be absolute"),
        ("unix:///" + "x" * 120, "longer than"),
        ("tcp://", "host is missing"),
        ("tcp://h:port", "can't be read"),
        ("tcp://h:99999", "can't be read"),
        ("tcp://h o:1", "blank"),
        ("tcp://h:1/?x=y", "no [?] or # part"),
        ("tcp://me@h:1", "user name can't be given"),
        ("ssh://me:topsecret@h", "password can't be given"),
        ("ssh://-oProxyCommand=touch@h", "dash"),
        ("ssh://-h", "dash"),
        ("", "host is missing"),
    ],
)
def test_bad_addresses_say_what_to_write(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        parse_target(url)
    assert "unix:///var/run/docker.sock" in caught.value.hint
    assert "topsecret" not in str(caught.value)
    if url:
        with pytest.raises(EngineError, match=r"\(from DOCKER_HOST\)"):
            resolve(environ={"DOCKER_HOST": url}, home=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{", "no valid JSON", id="broken"),
        pytest.param("[]", "no JSON object", id="list"),
        pytest.param('{"currentContext": "gone"}', "no Docker context 'gone'", id="unknown"),
        pytest.param('{"currentContext": "empty"}', "has no engine address", id="no-endpoint"),
    ],
)
def test_unusable_cli_files(tmp_path: Path, text: str, words: str) -> None:
    _write_context(tmp_path, "empty", None)
    _select(tmp_path, text)
    with pytest.raises(EngineError, match=words) as caught:
        resolve(environ={}, home=tmp_path)
    assert caught.value.hint
    # An explicit address does without the CLI's files.
    assert resolve("tcp://h:1", environ={}, home=tmp_path).url == "tcp://h:1"


def test_an_unknown_context_lists_the_known_ones(tmp_path: Path) -> None:
    _write_context(tmp_path, "prod", {"Host": "tcp://prod:1"})
    with pytest.raises(EngineError, match="from --context") as caught:
        resolve(None, "prd", environ={}, home=tmp_path)
    assert "default, prod" in caught.value.hint


def test_a_context_name_is_never_used_as_a_path(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / "meta.json").write_text('{"Endpoints": {"docker": {"Host": "tcp://evil:1"}}}')
    with pytest.raises(EngineError, match="no Docker context"):
        resolve(None, "../../..", environ={}, home=tmp_path)
