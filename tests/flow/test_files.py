"""Configs and secrets as files, on the engine in memory: every way to a started container goes by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker, load
from dockerspec.core.plan.action import CreateContainer, WriteFiles
from dockerspec.core.spec.load import LoadResult
from dockerspec.testing import FakeEngine

Json = Any

SPEC = """
stack: shop
configs: {{app: {{content: "level={level}"}}, site: {{file: ./site.conf}}}}
secrets: {{token: {{environment: TOKEN}}}}
containers:
  web:
    image: app:1
    configs: [site, {{source: app, target: etc/app.conf, gid: 7, mode: "0440"}}]
    secrets: [{{source: token, uid: 8}}]
    {more}
"""


@pytest.fixture
def engine() -> FakeEngine:
    engine = FakeEngine()
    engine.add_image("app:1", {"Cmd": ["serve"]})
    return engine


def spec(folder: Path, level: str = "info", token: str = "correct-horse", more: str = "") -> LoadResult:
    (folder / "stack.yaml").write_text(SPEC.format(level=level, more=more))
    (folder / "site.conf").write_text("listen 80")
    return load([folder / "stack.yaml"], variables={"TOKEN": token})


def written(engine: FakeEngine) -> dict[str, Json]:
    return {path: tuple(item) for path, item in engine.files("shop-web-1").items()}


FILES: dict[str, Json] = {
    "/etc/app.conf": (b"level=info", 0, 7, 0o440),
    "/run/secrets/token": (b"correct-horse", 8, 0, 0o444),
}


@pytest.mark.parametrize("more", ["", "state: stopped", "state: completed"])
def test_written_before_anything_starts(engine: FakeEngine, tmp_path: Path, more: str) -> None:
    seen: list[Json] = []

    def started(name: str) -> None:
        seen.append(written(engine))
        if more:
            engine.exit(name, 0)

    engine.on_start = started
    docker, loaded = Docker(engine=engine), spec(tmp_path, more=more)
    report = docker.apply(docker.plan(loaded), spec=loaded)
    assert report.ok
    assert report.remaining == ()
    assert written(engine) == FILES
    assert seen == ([] if more == "state: stopped" else [FILES])


def test_one_that_was_made_and_never_started_gets_them_first(engine: FakeEngine, tmp_path: Path) -> None:
    docker, loaded = Docker(engine=engine), spec(tmp_path)
    for action in docker.plan(loaded).actions.values():
        if isinstance(action, CreateContainer):
            engine.create_container(action.name, action.body)
    plan = docker.plan(loaded)
    keys = [key for key in plan.actions if "web" in key]
    assert keys == [
        "write container.web shop-web-1 configs.app, secrets.token",
        "start container.web shop-web-1",
    ]
    assert keys[0] in plan.graph.before[keys[1]]
    assert docker.apply(plan, spec=loaded).ok
    assert written(engine) == FILES


def test_one_that_was_started_keeps_them(engine: FakeEngine, tmp_path: Path) -> None:
    docker, loaded = Docker(engine=engine), spec(tmp_path)
    docker.apply(docker.plan(loaded), spec=loaded)
    engine.stop_container("shop-web-1")
    assert not [item for item in docker.plan(loaded).actions.values() if isinstance(item, WriteFiles)]


def test_a_plan_names_no_content(engine: FakeEngine, tmp_path: Path) -> None:
    docker, first = Docker(engine=engine), spec(tmp_path)
    assert "correct-horse" not in repr(docker.plan(first).actions)
    docker.apply(docker.plan(first), spec=first)
    (change,) = docker.plan(spec(tmp_path, token="battery-staple")).changes
    assert [(item.path, item.old, item.new) for item in change.fields] == [
        ("secrets.token.content", "(sensitive)", "(sensitive)")
    ]


def test_a_compose_project_gets_them_too(engine: FakeEngine, tmp_path: Path) -> None:
    text = SPEC.format(level="info", more="").replace("stack: shop", "name: shop").replace("containers:", "services:")
    (tmp_path / "compose.yaml").write_text(text.replace("gid: 7", 'gid: "7"').replace("uid: 8", 'uid: "8"'))
    (tmp_path / "site.conf").write_text("listen 80")
    loaded = load([tmp_path / "compose.yaml"], variables={"TOKEN": "correct-horse"})
    docker = Docker(engine=engine)
    assert docker.apply(docker.plan(loaded), spec=loaded).ok
    assert written(engine) == FILES
    again = load([tmp_path / "compose.yaml"], variables={"TOKEN": "battery-staple"})
    assert [item.path for item in docker.plan(again).changes[0].fields] == ["secrets.token.content"]
