"""Registry logins in every place where the docker CLI keeps them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dockerspec.engine.builder import find_builder
from dockerspec.engine.credentials import Credentials, registry_of
from dockerspec.engine.images import registry_fault
from dockerspec.errors import EngineError, EngineLost

HUB = "https://index.docker.io/v1/"


def token(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def helper(folder: Path, name: str, known: dict[str, tuple[str, str]]) -> None:
    """A credential helper program that knows some logins."""
    program = folder / f"docker-credential-{name}"
    users = json.dumps({key: user for key, (user, _) in known.items()})
    lines = ["#!/bin/sh", 'if [ "$1" = list ]; then', f"echo '{users}'"]
    lines += ["exit 0", "fi", "read server"]
    for key, (user, secret) in known.items():
        answer = json.dumps({"ServerURL": key, "Username": user, "Secret": secret})
        lines.append(f"if [ \"$server\" = '{key}' ]; then echo '{answer}'; exit 0; fi")
    lines += ['echo "credentials not found in native keychain"', "exit 1"]
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with helpers: `store` for most, `one` for one registry."""
    helper(tmp_path, "store", {HUB: ("hubber", "h"), "r.test": ("stored", "s"), "t.test": ("<token>", "idtok")})
    helper(tmp_path, "one", {"one.test": ("single", "1"), HUB: ("other-hubber", "o")})
    return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def login(folder: Path, environ: dict[str, str], config: dict[str, Any], reference: str) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config))
    header = Credentials(folder, environ).for_reference(reference)
    found = json.loads(base64.urlsafe_b64decode(header["X-Registry-Auth"])) if header else {}
    found.pop("serveraddress", None)
    return dict(found)


ENTRY = {"auth": token("me", "pw:with:colons")}
BOTH = {"credsStore": "store", "credHelpers": {"one.test": "one"}}
ME = {"username": "me", "password": "pw:with:colons"}


@pytest.mark.parametrize(
    ("config", "reference", "expected"),
    [
        ({"auths": {HUB: ENTRY}}, "nginx", ME),
        ({"auths": {"docker.io": ENTRY}}, "nginx", ME),
        ({"auths": {"index.docker.io": ENTRY}}, "docker.io/team/app:1", ME),
        ({"auths": {"https://index.docker.io": ENTRY}}, "index.docker.io/team/app:1", ME),
        ({"auths": {HUB: ENTRY}}, "r.test/x", {}),
        ({"auths": {"https://r.test/v2/": ENTRY}}, "r.test/x", ME),
        ({"auths": {"r.test:5000": ENTRY}}, "r.test/x", {}),
        ({"auths": {"r.test": {"username": "u", "password": "p"}}}, "r.test/x", {"username": "u", "password": "p"}),
        ({"auths": {"r.test": {**ENTRY, "identitytoken": "tok"}}}, "r.test/x", {**ME, "identitytoken": "tok"}),
        ({"auths": {"r.test": {}}}, "r.test/x", {}),
        ({"credsStore": "store"}, "nginx", {"username": "hubber", "password": "h"}),
        ({"credsStore": "store"}, "r.test/deep/x@sha256:ab", {"username": "stored", "password": "s"}),
        ({"credsStore": "store"}, "t.test/x", {"identitytoken": "idtok"}),
        ({"credsStore": "store", "auths": {"r.test": {}}}, "r.test/x", {"username": "stored", "password": "s"}),
        ({"credsStore": "store"}, "unknown.test/x", {}),
        (
            BOTH,
            "one.test/x",
            {"username": "single", "password": "1"},
        ),
        (BOTH, "nginx", {"username": "hubber", "password": "h"}),
        ({"credHelpers": {"docker.io": "one"}}, "nginx", {"username": "other-hubber", "password": "o"}),
        ({"credHelpers": {"one.test": "one"}, "auths": {"r.test": ENTRY}}, "r.test/x", ME),
    ],
)
def test_where_a_login_is_found(
    tmp_path: Path, environ: dict[str, str], config: dict[str, Any], reference: str, expected: dict[str, str]
) -> None:
    assert login(tmp_path, environ, config, reference) == expected


def test_a_login_of_the_environment_wins(tmp_path: Path, environ: dict[str, str]) -> None:
    given = {**environ, "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"r.test": {"auth": token("env", "e")}}})}
    config = {"credsStore": "store"}
    assert login(tmp_path, given, config, "r.test/x") == {"username": "env", "password": "e"}
    with pytest.raises(EngineError, match="DOCKER_AUTH_CONFIG holds no logins"):
        login(tmp_path, {**environ, "DOCKER_AUTH_CONFIG": "topsecret"}, config, "r.test/x")


def test_a_build_gets_every_login_but_of_a_helper_that_fails(tmp_path: Path, environ: dict[str, str]) -> None:
    config = {
        "auths": {"a.test": ENTRY},
        "credsStore": "store",
        "credHelpers": {"one.test": "one", "x.test": "missing"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = json.loads(base64.urlsafe_b64decode(Credentials(tmp_path, environ).for_build()["X-Registry-Config"]))
    assert set(found) == {"a.test", HUB, "r.test", "t.test", "one.test"}
    assert found["t.test"]["identitytoken"] == "idtok"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('{"credsStore": "absent"}', "docker-credential-absent"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
        ('{"auths": {"r.test": {"auth": "topsecret"}}}', "can't be decoded"),
    ],
)
def test_a_file_that_can_not_be_used(tmp_path: Path, environ: dict[str, str], config: str, words: str) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(EngineError, match=words) as caught:
        Credentials(tmp_path, environ).for_reference("r.test/x")
    assert "topsecret" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("nginx", "docker.io"),
        ("team/app:1", "docker.io"),
        ("localhost/x", "localhost"),
        ("r.test:5000/x@sha256:ab", "r.test:5000"),
    ],
)
def test_the_registry_of_a_reference(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('[ "$1" = buildx ] && exit 0; echo no', ""),
        ('[ "$1" = buildx ] && echo "github.com/docker/buildx 0.29.1"', "buildx"),
        ('[ "$1" = buildx ] && exit 1; echo "Docker version 20.10.24, build 297e128"', "buildkit"),
        ('[ "$1" = buildx ] && exit 1; echo "Docker version 28.2.2, build e6534b4"', ""),
    ],
)
def test_the_builder_of_the_cli(tmp_path: Path, script: str, found: str) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert find_builder({"PATH": str(tmp_path)}) == found


def test_no_cli_no_builder(tmp_path: Path) -> None:
    assert find_builder({"PATH": str(tmp_path)}) == ""


@pytest.mark.parametrize(
    ("said", "passing"),
    [
        ('Get "http://r/v2/": dial tcp 127.0.0.1:5: connect: connection refused', True),
        ('Get "https://r/v2/": net/http: TLS handshake timeout', True),
        ('Get "http://r/v2/": EOF', True),
        ("unexpected EOF", True),
        ("read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer", True),
        ("filesystem layer verification failed for digest sha256:ab", True),
        ("received unexpected HTTP status: 503 Service Unavailable", True),
        ("error parsing HTTP 502 response body: invalid character", True),
        ("unexpected status from HEAD request to http://r/v2/x/manifests/1: 500 Internal Server Error", True),
        ("manifest for r/x:1 not found: manifest unknown", False),
        ("denied: requested access to the resource is denied", False),
        ('Head "http://r/v2/x": no basic auth credentials', False),
        ("unauthorized: authentication required", False),
        ("no matching manifest for linux/arm64 in the manifest list entries", False),
        ("http: server gave HTTP response to HTTPS client", False),
        ("received unexpected HTTP status: 418 I'm a teapot", False),
        ("toomanyrequests: You have reached your pull rate limit", False),
    ],
)
def test_what_is_worth_another_try(said: str, passing: bool) -> None:
    fault = registry_fault("pull", "r/x:1", EngineError(said))
    assert fault.passing is passing
    assert said in fault.message


def test_a_lost_engine_is_not_asked_again() -> None:
    assert not registry_fault("pull", "r/x:1", EngineLost("unexpected EOF")).passing
