"""Builds on real engines: what makes one necessary, what it is told, and what only the docker CLI's builder can do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.plan.action import BuildImage
from dockerspec.core.plan.plan import Plan
from dockerspec.render.json import plan_json, report_json
from dockerspec.render.text import render_plan
from tests.engine.stage import Stage, told
from tests.kit import builder
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any
SECRET = "correct-horse-battery"


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, tmp_path: Path, stack_name: str, busybox: str) -> Iterator[Stage]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {busybox} AS one\nARG V=1\nCOPY . /app\nFROM one AS two\nENV A=b\n")
    for name in ("a.py", "b.py", "notes.txt"):
        (folder / name).write_text(name)
    (folder / "x").mkdir()
    (folder / "x/y.txt").write_text("y")
    (folder / ".dockerignore").write_text("notes.txt\n")
    yield stage
    stage.docker.close()


def reasons(plan: Plan) -> list[str]:
    return [change.cause for change in plan.changes]


def ident(raw: RawEngine, stage: Stage) -> str:
    return str(raw.get(f"/images/{stage.stack}/app:latest/json")["Id"])


def test_what_changed_is_said_and_nothing_else_builds_anew(stage: Stage, raw: RawEngine) -> None:
    app = stage.folder / "app"
    spec = {"build": "context: ./app"}

    def text() -> str:
        return f"images: {{app: {{build: {{{spec['build']}}}}}}}"

    def write(name: str, content: str) -> None:
        (app / name).write_text(content)

    def build(words: str) -> None:
        spec["build"] = f"context: ./app, {words}"

    steps: list[tuple[Callable[[], object], str]] = [
        (lambda: write("a.py", "2"), "1 file changed: a.py"),
        (lambda: (write("x/y.txt", "2"), (app / "b.py").unlink()), "2 files changed: b.py, x/y.txt"),
        (lambda: [write(f"n{number}", "n") for number in range(5)], "5 files changed: n0, n1, n2 and 2 more"),
        (lambda: write("Dockerfile", (app / "Dockerfile").read_text() + "ENV C=d\n"), "Dockerfile changed"),
        (lambda: build("args: {V: 2}"), "args.V changed"),
        (lambda: build("args: {V: 2}, target: one"), "target changed"),
        (lambda: build("args: {V: 2}, target: one, labels: {l: m}"), "labels.l changed"),
        (lambda: build("args: {V: 2}, ulimits: {nofile: 2048}"), "labels.l, target, ulimits changed"),
    ]
    stage.settle(text())
    for change, reason in steps:
        before = ident(raw, stage)
        os.utime(app / "a.py", (1, 1))
        os.chown(app / "a.py", 4321, 4321)
        write("notes.txt", reason)
        assert stage.plan(text()).is_empty, reason
        change()
        assert reasons(stage.plan(text())) == [reason]
        stage.settle(text())
        assert stage.plan(text()).is_empty, reason
        assert ident(raw, stage) != before
    made = raw.get(f"/images/{stage.stack}/app:latest/json")
    assert len(made["Config"]["Labels"]["dockerspec.build.inputs"]) < 4000


def test_a_base_that_moves_builds_anew_and_so_does_one_of_the_stack(stage: Stage, raw: RawEngine) -> None:
    base = f"{stage.stack}/base:1"
    raw.post(f"/images/{stage.image}/tag", repo=f"{stage.stack}/base", tag="1")
    (stage.folder / "app/Dockerfile").write_text(f"FROM {base}\nCOPY a.py /\n")
    (stage.folder / "Top").write_text(f"FROM {stage.stack}/app:latest\nENV TOP=1\n")
    text = "images: {app: {build: ./app}, top: {build: {context: ./x, dockerfile: ../Top}}}"
    (stage.folder / "x").mkdir()
    stage.settle(text)
    assert stage.plan(text).is_empty
    made = raw.post("/containers/create", {"Image": stage.image, "Cmd": ["true"]})
    raw.post("/commit", {"Env": ["NEW=1"]}, container=made["Id"], repo=f"{stage.stack}/base", tag="1")
    raw.delete(f"/containers/{made['Id']}")
    assert reasons(stage.plan(text)) == [
        f"its base image {base} changed",
        f"its base image {stage.stack}/app:latest is made in this run",
    ]
    stage.settle(text)
    assert "NEW=1" in raw.get(f"/images/{stage.stack}/top:latest/json")["Config"]["Env"]


def test_what_the_build_is_told(stage: Stage, raw: RawEngine) -> None:
    (stage.folder / "app/Dockerfile").write_text(
        f"FROM {stage.image}\nARG V\nRUN grep -q 10.0.0.7.*mirror.local /etc/hosts && ulimit -n > /limit && "
        "df -k /dev/shm | tail -1 > /shm && echo $V > /arg\n"
    )
    text = """
        images:
          app:
            build: {context: ./app, args: {V: said}, extra_hosts: ["mirror.local:10.0.0.7"], shm_size: 32m,
                    ulimits: {nofile: 777}, network: none, cache_from: ["{image}"], no_cache: true,
                    tags: ["{stack}/t:1"]}
        """
    stage.settle(text)
    assert stage.plan(text).is_empty
    name = f"{stage.stack}-look"
    raw.run(name, {"Image": f"{stage.stack}/t:1", "Cmd": ["sleep", "60"], "StopSignal": "SIGKILL"})
    words = raw.execute(name, "sh", "-c", "cat /limit /arg /shm")[1].split()
    assert words[:2] == ["777", "said"]
    assert "32768" in words


def test_a_context_that_the_engine_fetches(stage: Stage, raw: RawEngine) -> None:
    (stage.folder / "remote").mkdir()
    (stage.folder / "remote/text").write_text(f"FROM {stage.image}\nARG V\nENV V=$V\n")
    handler = partial(QuietHandler, directory=str(stage.folder / "remote"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/text"
            text = f"images: {{app: {{build: {{context: '{address}', args: {{V: '1'}}}}}}}}"
            stage.settle(text)
            assert stage.plan(text).is_empty
            assert "V=1" in raw.get(f"/images/{stage.stack}/app:latest/json")["Config"]["Env"]
            assert reasons(stage.plan(text.replace("'1'", "'2'"))) == ["args.V changed"]
        finally:
            server.shutdown()
            thread.join(10)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["old CLI", "buildx"])
def cli(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment with one of the docker CLI's builders."""
    folder = tmp_path / "docker"
    path = builder.buildx(folder) if request.param == "buildx" else builder.old_cli()
    if not path:
        pytest.skip("the distribution's docker CLI has no BuildKit in it")
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return str(request.param)


def test_a_secret_is_there_for_the_build_and_nowhere_else(
    engine_daemon: Daemon | GivenEngine, stage: Stage, raw: RawEngine, cli: str
) -> None:
    (stage.folder / "app/Dockerfile").write_text(
        f"FROM {stage.image}\nCOPY a.py /\nRUN --mount=type=secret,id=tok wc -c < /run/secrets/tok > /length && "
        "cat /run/secrets/tok\n"
    )
    (stage.folder / "tok").write_text(SECRET)
    text = """
        secrets: {tok: {file: ./tok}}
        images: {app: {build: {context: ./app, secrets: [tok]}}}
        """
    own = Stage(engine_daemon.host, stage.folder, stage.stack, stage.image)
    try:
        shown = [_apply(own, text)]
        assert own.plan(text).is_empty
        tag = f"{stage.stack}/app:latest"
        shown.append(repr(raw.get(f"/images/{tag}/json")) + repr(raw.get(f"/images/{tag}/history")))
        assert _length(raw, stage) == str(len(SECRET))
        (stage.folder / "tok").write_text(SECRET + "-2")
        plan = own.plan(text)
        assert reasons(plan) == ["secrets.tok changed"]
        shown.append(_apply(own, text))
        assert own.plan(text).is_empty
        assert _length(raw, stage) == str(len(SECRET) + 2)
        (stage.folder / "app/Dockerfile").write_text(
            f"FROM {stage.image}\nRUN --mount=type=secret,id=tok cat /run/secrets/tok && false\n"
        )
        report = own.apply(text)
        assert not report.ok
        shown.append(report_json(report) + told(report))
        assert "failed to" in told(report) or "exit code" in told(report)
        assert not [part for part in shown if SECRET in part]
    finally:
        own.docker.close()


def _apply(stage: Stage, text: str) -> str:
    """Apply, and all that was said about it on the way."""
    spec = stage.load(text)
    plan = stage.docker.plan(spec)
    assert not plan.errors, plan.errors
    notes: list[str] = []
    report = stage.docker.apply(plan, spec=spec, on_event=lambda event: notes.append(repr(event)))
    assert report.ok, told(report)
    return "\n".join([render_plan(plan), plan_json(plan), report_json(report), *notes])


def _length(raw: RawEngine, stage: Stage) -> str:
    name = f"{stage.stack}-length"
    raw.run(name, {"Image": f"{stage.stack}/app:latest", "Cmd": ["sleep", "60"]})
    try:
        return raw.execute(name, "cat", "/length")[1].strip()
    finally:
        raw.delete(f"/containers/{name}", force=True)


def test_without_a_builder_the_plan_says_what_to_install(
    engine_daemon: Daemon | GivenEngine, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage.folder / "tok").write_text(SECRET)
    monkeypatch.setenv("PATH", str(stage.folder))
    text = """
        secrets: {tok: {file: ./tok}}
        images: {app: {build: {context: ./app, secrets: [tok]}}}
        """
    own = Stage(engine_daemon.host, stage.folder, stage.stack, stage.image)
    try:
        (fault,) = own.plan(text).errors
    finally:
        own.docker.close()
    assert "needs BuildKit" in fault.summary
    assert "docker-buildx" in fault.fix
    assert fault.span is not None
    assert fault.span.line == 5


def test_buildx_alone_knows_further_contexts(
    engine_daemon: Daemon | GivenEngine, stage: Stage, raw: RawEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        images: {app: {build: {context: ./app, additional_contexts: {lib: ./lib}, platforms: [linux/amd64]}}}
        """
    (stage.folder / "lib").mkdir()
    (stage.folder / "lib/l.txt").write_text("one")
    (stage.folder / "app/Dockerfile").write_text(f"FROM {stage.image}\nCOPY --from=lib l.txt /length\n")
    if path := builder.old_cli():
        monkeypatch.setenv("PATH", path)
        own = Stage(engine_daemon.host, stage.folder, stage.stack, stage.image)
        assert [item.path for item in own.plan(text).errors] == ["images.app.build.additional_contexts"]
        own.docker.close()
    monkeypatch.setenv("PATH", builder.buildx(tmp_path / "docker"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    own = Stage(engine_daemon.host, stage.folder, stage.stack, stage.image)
    try:
        report = own.apply(text)
        if engine_daemon.version.startswith("20."):
            assert "upgrade it to 23.0" in next(iter(report.outcomes.values())).hint
            return
        assert report.ok, told(report)
        assert own.plan(text).is_empty
        (stage.folder / "lib/l.txt").write_text("two")
        plan = own.plan(text)
        assert reasons(plan) == ["additional_contexts.lib changed"]
        assert [type(action) for action in plan.actions.values()] == [BuildImage]
        own.settle(text)
        assert _length(raw, stage) == "two"
    finally:
        own.docker.close()
