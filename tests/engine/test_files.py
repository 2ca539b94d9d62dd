"""Configs and secrets as files, on real engines: what arrives, what a change does, and where no secret is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker, load
from dockerspec.core.spec.load import LoadResult
from tests.compose_cases import require_program
from tests.engine.killing import Killer
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any
TOKEN = "correct-horse-battery"
BINARY = b"\xff\x00\x80" + TOKEN.encode()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def docker(engine_daemon: Daemon | GivenEngine) -> Iterator[Docker]:
    with Docker(engine_daemon.host) as docker:
        yield docker


@pytest.fixture
def write(tmp_path: Path, stack_name: str, busybox: str) -> Callable[..., LoadResult]:
    """Write and load a spec; `level` is what the config says, `more` are further keys of the container."""
    (tmp_path / "site.conf").write_text("listen 80\n")
    (tmp_path / "key.bin").write_bytes(BINARY)

    def spec(level: str = "info", token: str = TOKEN, more: Json = None) -> LoadResult:
        sleeping = {"image": busybox, "command": ["sleep", "9999"], "stop_grace_period": "0s"}
        web = {
            **sleeping,
            "user": "1234:1234",
            "configs": [
                "app",
                {"source": "app", "target": "/etc/deep/er/app.conf", "uid": 1000, "gid": 1001, "mode": "0440"},
                "site",
            ],
            "secrets": [
                "token",
                {"source": "token", "target": "sub/api", "uid": 7, "mode": "0400"},
                {"source": "key", "mode": "0400"},
            ],
            **(more or {}),
        }
        document = {
            "stack": stack_name,
            "configs": {"app": {"content": f"level={level}\n"}, "site": {"file": "./site.conf"}},
            "secrets": {"token": {"environment": "TOKEN"}, "key": {"file": "./key.bin"}},
            "containers": {"web": web},
        }
        (tmp_path / "stack.yaml").write_text(json.dumps(document))
        return load([tmp_path / "stack.yaml"], variables={"TOKEN": token})

    return spec


def shell(raw: RawEngine, name: str, command: str) -> str:
    """What a command in a container writes, run by root."""
    code, output = raw.execute(name, "sh", "-c", command, user="0:0")
    assert code == 0, output
    return output


STAT = "stat -c '%n %u:%g %a' /app /etc/deep /etc/deep/er/app.conf /run/secrets /run/secrets/token /run/secrets/sub/api"


def test_owner_bits_and_content_arrive_and_stay(
    docker: Docker, write: Callable[..., LoadResult], raw: RawEngine, stack_name: str
) -> None:
    spec, name = write(), f"{stack_name}-web-1"
    report = docker.apply(docker.plan(spec), spec=spec)
    assert report.ok
    assert report.remaining == ()

    def look() -> tuple[str, str, str]:
        read = "cat /app /etc/deep/er/app.conf /site /run/secrets/token /run/secrets/sub/api"
        return shell(raw, name, STAT), shell(raw, name, read), shell(raw, name, "od -An -tx1 /run/secrets/key")

    seen = look()
    assert seen[0].splitlines() == [
        "/app 0:0 444",
        "/etc/deep 0:0 755",
        "/etc/deep/er/app.conf 1000:1001 440",
        "/run/secrets 0:0 755",
        "/run/secrets/token 0:0 444",
        "/run/secrets/sub/api 7:0 400",
    ]
    assert seen[1] == f"level=info\nlevel=info\nlisten 80\n{TOKEN}{TOKEN}"
    assert bytes.fromhex("".join(seen[2].split())) == BINARY

    raw.post(f"/containers/{name}/restart", t=0)
    assert look() == seen
    assert docker.plan(write()).is_empty


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"level": "debug"}, ["configs.app:/app.content", "configs.app:/etc/deep/er/app.conf.content"]),
        (
            {"token": "another-horse-battery"},
            ["secrets.token:/run/secrets/sub/api.content", "secrets.token:/run/secrets/token.content"],
        ),
        ("site.conf", ["configs.site.content"]),
        ("key.bin", ["secrets.key.content"]),
    ],
    ids=str,
)
def test_another_content_makes_the_container_anew(
    docker: Docker, write: Callable[..., LoadResult], tmp_path: Path, change: Json, paths: list[str]
) -> None:
    first = write()
    assert docker.apply(docker.plan(first), spec=first).ok
    if isinstance(change, str):
        (tmp_path / change).write_bytes(b"something else")
        change = {}
    spec = write(**change)
    plan = docker.plan(spec)
    (found,) = plan.changes
    assert [item.path for item in found.fields] == paths
    assert found.kind.value == "replace"
    report = docker.apply(plan, spec=spec)
    assert report.ok
    assert report.remaining == ()
    assert docker.plan(spec).is_empty


def test_a_read_only_container_takes_them_in_a_volume(
    docker: Docker, raw: RawEngine, tmp_path: Path, stack_name: str, busybox: str
) -> None:
    (tmp_path / "stack.yaml").write_text(
        f"""
stack: {stack_name}
configs: {{app: {{content: "x=1"}}}}
volumes: {{data: }}
containers:
  web:
    image: {busybox}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    read_only: true
    volumes: ["data:/data"]
    configs: [{{source: app, target: /data/etc/app.conf}}]
    pre_start: [{{command: [grep, x=1, /data/etc/app.conf]}}]
  job:
    image: {busybox}
    command: [grep, x=1, /app]
    configs: [app]
    pre_start: [{{command: [grep, x=1, /app]}}]
    state: completed
"""
    )
    spec = load([tmp_path / "stack.yaml"])
    report = docker.apply(docker.plan(spec), spec=spec)
    assert report.ok, [item.message for item in report.outcomes.values() if item.message]
    assert report.remaining == ()
    assert shell(raw, f"{stack_name}-web-1", "cat /data/etc/app.conf") == "x=1"


def test_no_secret_is_anywhere(
    run: Run, write: Callable[..., LoadResult], tmp_path: Path, raw: RawEngine, stack_name: str, monkeypatch: Any
) -> None:
    history = tmp_path / "history"
    monkeypatch.setenv("DOCKERSPEC_HISTORY", str(history))
    monkeypatch.setenv("TOKEN", TOKEN)
    write()
    pages = [run(*words.split()) for words in ("plan -v -o first.plan", "plan --json", "apply first.plan -y")]
    later = "another-horse-battery"
    monkeypatch.setenv("TOKEN", later)
    (tmp_path / "key.bin").write_bytes(BINARY + b"2")
    pages += [run(*words.split()) for words in ("plan -v -o next.plan", "drift --json", "apply next.plan -y --json")]
    pages += [run(*words.split()) for words in ("status --json", f"import {stack_name}-web-1")]
    assert [page.returncode for page in pages] == [0] * len(pages), "\n".join(page.stderr for page in pages)
    kept = [path.read_bytes() for path in (*tmp_path.glob("*.plan"), *history.rglob("*")) if path.is_file()]
    assert len(kept) > 2
    inspected = json.dumps(raw.get(f"/containers/{stack_name}-web-1/json"))
    said = [page.stdout + page.stderr for page in pages]
    for text in (inspected, *said, *(item.decode(errors="replace") for item in kept)):
        assert "horse" not in text


def test_a_saved_plan_wants_the_same_content(
    run: Run, write: Callable[..., LoadResult], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TOKEN", TOKEN)
    write()
    assert run("plan", "-o", "shop.plan").returncode == 0
    (tmp_path / "key.bin").write_bytes(b"tr0ub4dor")
    refused = run("apply", "shop.plan", "-y")
    assert refused.returncode == 3
    assert "a secret has another value" in refused.stderr
    (tmp_path / "key.bin").write_bytes(BINARY)
    monkeypatch.setenv("TOKEN", "another-horse-battery")
    assert run("apply", "shop.plan", "-y").returncode == 3
    monkeypatch.setenv("TOKEN", TOKEN)
    assert run("apply", "shop.plan", "-y").returncode == 0


@pytest.mark.timeout(300)
def test_law_7_killed_between_making_and_writing(
    docker: Docker,
    write: Callable[..., LoadResult],
    engine_daemon: Daemon | GivenEngine,
    engine_name: str,
    raw: RawEngine,
    tmp_path: Path,
    stack_name: str,
    monkeypatch: Any,
) -> None:
    """Whatever call of a first run or of a replacement it dies at, the next run leaves a container with its files.

    Each engine has every other call.
    """
    monkeypatch.setenv("TOKEN", TOKEN)
    killer, name = Killer(engine_daemon.host), f"{stack_name}-web-1"
    killed = 0
    try:
        for level in ("info", "debug"):
            for at in range(1 + (engine_name == "old"), 30, 2):
                spec = write("before")
                if level == "debug":
                    assert docker.apply(docker.plan(spec), spec=spec).ok
                else:
                    assert docker.apply(docker.plan_destroy(spec), spec=spec).ok
                write(level)
                fate = killer.run(tmp_path / "stack.yaml", at, when="before", parallelism=1, destroy=False)
                spec = write(level)
                report = docker.apply(docker.plan(spec), spec=spec)
                assert report.ok
                assert report.remaining == ()
                assert shell(raw, name, "cat /app /run/secrets/token") == f"level={level}\n{TOKEN}", (level, at)
                names = [item["Names"] for item in raw.get("/containers/json", all=1)]
                assert [item for item in names if stack_name in str(item)] == [[f"/{name}"]]
                if fate == "done":
                    break
                assert fate == "killed"
                killed += 1
    finally:
        killer.close()
    assert killed >= 4


def test_a_container_that_compose_made_keeps_its_mount(
    docker: Docker, raw: RawEngine, tmp_path: Path, stack_name: str, busybox: str
) -> None:
    """Compose mounts a file whatever owner or bits are asked for; taken over, it is not made anew for that."""
    (tmp_path / "token.txt").write_text(TOKEN)
    mounts = [{"Type": "bind", "Source": f"{tmp_path}/token.txt", "Target": "/run/secrets/token", "ReadOnly": True}]
    body = {"Image": busybox, "Cmd": ["sleep", "9999"], "StopTimeout": 0, "HostConfig": {"Mounts": mounts}}
    raw.post("/containers/create", body, name=f"{stack_name}-web-1")
    raw.post(f"/containers/{stack_name}-web-1/start")
    (tmp_path / "stack.yaml").write_text(
        f"""
stack: {stack_name}
secrets: {{token: {{file: ./token.txt}}}}
containers:
  web:
    image: {busybox}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    network_mode: bridge
    secrets: [{{source: token, mode: "0400"}}]
"""
    )
    spec = load([tmp_path / "stack.yaml"])
    adoption = docker.plan_adopt(spec)
    assert [str(item.address) for item in adoption.taken] == ["container.web"]
    assert docker.apply(adoption.plan).ok
    assert docker.plan(spec).is_empty
    (tmp_path / "token.txt").write_text("something else")
    assert docker.plan(load([tmp_path / "stack.yaml"])).is_empty


def test_what_compose_brought_up_is_taken_over(
    docker: Docker, engine_daemon: Daemon | GivenEngine, raw: RawEngine, tmp_path: Path, stack_name: str, busybox: str
) -> None:
    """Compose writes and mounts as we do; its container is left as it is, and of ours Compose finds nothing to do."""
    program = require_program()
    (tmp_path / "site.conf").write_text("listen 80\n")
    (tmp_path / "compose.yaml").write_text(
        f"""
name: {stack_name}
services:
  web:
    image: {busybox}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    configs: [app, {{source: app, target: /etc/deep/app.conf, uid: "7", mode: 0440}}, site]
    secrets: [token, {{source: pass, mode: 0400}}]
configs: {{app: {{content: "x=$$1"}}, site: {{file: ./site.conf}}}}
secrets: {{token: {{environment: TOKEN}}, pass: {{file: ./site.conf}}}}
"""
    )
    name, look = (
        f"{stack_name}-web-1",
        "stat -c '%n %u:%g %a' /app /etc/deep /etc/deep/app.conf /run/secrets/token; cat /app",
    )

    def compose(*words: str) -> str:
        env = {**os.environ, "DOCKER_HOST": engine_daemon.host, "TOKEN": TOKEN}
        call = [str(program), *words]
        done = subprocess.run(call, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    compose("up", "-d")
    theirs, ident = shell(raw, name, look), raw.container(name)["Id"]
    spec = load([tmp_path / "compose.yaml"], variables={"TOKEN": TOKEN})
    assert docker.plan(spec).is_empty
    compose("down", "-t", "0")
    report = docker.apply(docker.plan(spec), spec=spec)
    assert report.ok
    assert report.remaining == ()
    assert shell(raw, name, look) == theirs
    made = raw.container(name)["Id"]
    assert made != ident
    compose("up", "-d")
    assert raw.container(name)["Id"] == made
    compose("down", "-t", "0")
