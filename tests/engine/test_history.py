"""The history and the way back on real engines: the images and the fields of then, and every secret kept."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.commands import Commands
from tests.kit.cleanup import remove_stack
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine, RawError
from tests.kit.registry import Registry

SECRETS = ("correct-horse-1", "correct-horse-2", "literal-battery", "file-staple-9", "who-secret-7")


@dataclass
class Host:
    """A reader's folder, and the history of their runs."""

    folder: Path
    history: Path
    environ: dict[str, str]
    commands: Commands

    def __call__(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.commands.run(*words, folder=self.folder, environ={**self.environ, **more})

    def done(self, *words: str, **more: str) -> str:
        """Run a command that must succeed; what it printed."""
        ran = self(*words, **more)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.done("history", "--json"))["runs"]
        return found


@pytest.fixture
def host(commands: Commands, engine_daemon: Daemon | GivenEngine, tmp_path: Path) -> Host:
    folder = tmp_path / "work"
    folder.mkdir()
    environ = {**os.environ, "DOCKER_HOST": engine_daemon.host, "DOCKERSPEC_HISTORY": str(tmp_path / "state")}
    return Host(folder, tmp_path / "state" / "history.db", environ, commands)


@pytest.fixture
def moving(raw: RawEngine, busybox: str, stack_name: str) -> Iterator[Callable[[str], str]]:
    """`moving("v2")`: puts the tag on another image; its ID."""
    made: list[str] = []
    base = raw.post("/containers/create", {"Image": busybox}, name=f"{stack_name}-base")["Id"]

    def move(version: str) -> str:
        repo = f"{stack_name}/app"
        answer = raw.post("/commit", {}, container=base, repo=repo, tag="latest", changes=f"LABEL version={version}")
        made.append(answer["Id"])
        return made[-1]

    yield move
    remove_stack(raw, stack_name)
    for ident in made:
        with suppress(RawError):
            raw.delete(f"/images/{ident}", force=1)


def spec(host: Host, name: str, *, memory: str, literal: str = "literal-battery", more: str = "") -> None:
    (host.folder / "data").mkdir(exist_ok=True)
    (host.folder / "stack.yaml").write_text(
        f"""
dockerspec: 1
stack: {name}
variables:
  WHO: {{sensitive: true}}
secrets: {{key: {{environment: SHOP_KEY}}}}
containers:
  web:
    image: {name}/app:latest
    command: [sleep, "9999"]
    stop_grace_period: 0s
    mem_limit: {memory}
    env_file: [web.env]
    volumes: ["./data:/data"]
    environment: {{KEY: {{secret: key}}, WHO: "${{WHO}}", DB_PASSWORD: {literal}}}
{more}
"""
    )


def test_a_rollback_brings_the_images_and_fields_of_then(
    host: Host, raw: RawEngine, stack_name: str, moving: Callable[[str], str]
) -> None:
    web = f"{stack_name}-web-1"
    first = moving("v1")
    (host.folder / "web.env").write_text("LEVEL=info\nTOKEN=file-staple-9\n")
    one = {"SHOP_KEY": SECRETS[0], "WHO": "who-secret-7"}
    spec(host, stack_name, memory="64m")
    host.done("apply", "--yes", **one)
    host.done("apply", "--yes", **one)  # nothing to do, nothing to remember
    assert len(host.runs()) == 1

    second = moving("v2")
    two = {**one, "SHOP_KEY": SECRETS[1]}
    spec(host, stack_name, memory="32m", more="    labels: {stage: two}")
    host.done("apply", "--yes", **two)
    assert raw.container(web)["Image"] == second

    back = host("rollback", "--yes", **two)
    assert back.returncode == 0, back.stdout + back.stderr
    assert "Going back to run 1" in back.stderr
    found = raw.container(web)
    assert found["Image"] == first
    assert found["HostConfig"]["Memory"] == 64 << 20
    assert found["HostConfig"]["Binds"] or found["HostConfig"]["Mounts"]
    assert "stage" not in found["Config"]["Labels"]
    # Secrets are those of now; what the spec held in clear is taken from the container that still has it.
    assert set(found["Config"]["Env"]) >= {
        f"KEY={SECRETS[1]}",
        "WHO=who-secret-7",
        "DB_PASSWORD=literal-battery",
        "LEVEL=info",
        "TOKEN=file-staple-9",
    }

    again = host.done("rollback", "1", "--yes", **two)
    assert "No changes" in again
    forward = host.done("plan", **two)
    assert "mem_limit" in forward
    assert "image" in forward
    assert [(run["command"], run["outcome"]) for run in host.runs()] == [
        ("rollback 1", "done"),
        ("apply", "done"),
        ("apply", "done"),
    ]
    host.done("rollback", "--yes", **two)  # the last state before this one
    assert raw.container(web)["Image"] == second

    shown = host.done("history", "show", "2")
    assert "Plan:" in shown
    assert "Done:" in shown
    assert host.history.stat().st_mode & 0o077 == 0
    kept = host.history.read_bytes()
    assert [value for value in SECRETS if value.encode() in kept] == []
    then = host.folder / "then.yaml"
    then.write_text(host.done("history", "show", "2", "--spec"))
    host.done("validate", str(then), WEB_DB_PASSWORD="literal-battery", **two)  # type: ignore[arg-type]


def test_what_can_not_come_back_is_told(
    host: Host, raw: RawEngine, stack_name: str, moving: Callable[[str], str]
) -> None:
    web = f"{stack_name}-web-1"
    first = moving("v1")
    who = {"SHOP_KEY": SECRETS[0], "WHO": "who-secret-7"}
    # A changed variable shows by two digits of a digest: one of 256 doesn't. Of eight that change, some do.
    levels = [f"LEVEL_{number}" for number in range(8)]

    def say(level: str) -> None:
        lines = [f"{name}={level}" for name in levels]
        (host.folder / "web.env").write_text("\n".join(["TOKEN=file-staple-9", *lines, ""]))

    say("info")
    spec(host, stack_name, memory="64m")
    host.done("apply", "--yes", **who)
    second = moving("v2")
    say("debug")
    spec(host, stack_name, memory="64m", literal="other-battery")
    host.done("apply", "--yes", **who)
    assert "other-battery" not in host.history.read_bytes().decode("latin-1")

    refused = host("rollback", "--yes", **who)
    assert refused.returncode == 1
    assert "the value of DB_PASSWORD of web may be secret" in refused.stderr + refused.stdout
    give = ("--var", "WEB_DB_PASSWORD=literal-battery")
    refused = host("rollback", "--yes", *give, **who)
    assert refused.returncode == 3
    told = re.search(r"web\.env of web: (.*)", refused.stderr)
    assert told, refused.stderr
    assert set(told[1].split(", ")) <= set(levels), told[1]
    assert raw.container(web)["Image"] == second

    raw.delete(f"/images/{first}")
    refused = host("rollback", "--yes", "--accept-env-files", *give, **who)
    assert refused.returncode == 3
    assert f"{stack_name}/app:latest (" in refused.stderr
    assert "`keep: N`" in refused.stderr
    assert raw.container(web)["Image"] == second
    assert len(host.runs()) == 2


def test_a_rollback_that_fails_has_its_way_back(
    host: Host, raw: RawEngine, stack_name: str, busybox: str, free_port: Callable[[], int]
) -> None:
    web, file = f"{stack_name}-web-1", host.folder / "stack.yaml"
    text = (
        "dockerspec: 1\nstack: {0}\ncontainers:\n  web:\n    image: {1}\n    stop_grace_period: 0s\n    command: {2}\n"
    )
    gate = host.folder / "gate"
    gate.mkdir()
    (gate / "open").touch()
    first = text.format(stack_name, busybox, '[sh, -c, "test -f /gate/open || exit 7; sleep 9999"]')
    file.write_text(first + '    volumes: ["./gate:/gate"]\n')
    host.done("apply", "--yes")
    file.write_text(text.format(stack_name, busybox, "[sleep, '8888']"))
    host.done("apply", "--yes")
    before = raw.container(web)["Id"]

    (gate / "open").unlink()
    failed = host("rollback", "--yes")
    assert failed.returncode == 1, failed.stdout
    assert raw.container(web)["Id"] == before
    assert raw.container(web)["State"]["Running"]
    assert [run["outcome"] for run in host.runs()] == ["failed", "done", "done"]
    refused = host("rollback", "3", "--yes")
    assert refused.returncode == 3
    assert "run 3 did not succeed" in refused.stderr

    host.done("destroy", "--yes")
    (gate / "open").touch()
    host.done("rollback", "--yes")
    assert raw.container(web)["Config"]["Cmd"] == ["sleep", "8888"]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as running:
        yield running


def test_an_image_that_is_gone_is_pulled_by_its_digest(
    host: Host, raw: RawEngine, stack_name: str, busybox: str, registry: Registry
) -> None:
    web, reference = f"{stack_name}-web-1", f"{registry.address}/kit/box:1"
    repository = reference.rpartition(":")[0]

    def publish(content: str) -> None:
        made = raw.post("/containers/create", {"Image": busybox}, name=f"{stack_name}-base")["Id"]
        raw.post("/commit", {}, container=made, repo=repository, tag="1", changes=f"LABEL content={content}")
        raw.delete(f"/containers/{made}")
        raw.push(reference)
        raw.delete(f"/images/{reference}")

    def content() -> str:
        return str(raw.container(web)["Config"]["Labels"]["content"])

    (host.folder / "stack.yaml").write_text(
        f"dockerspec: 1\nstack: {stack_name}\ncontainers:\n  web:\n    image: {reference}\n    pull_policy: always\n"
        "    command: [sleep, '9999']\n    stop_grace_period: 0s\n"
    )
    publish("one")
    host.done("apply", "--yes")
    first = raw.container(web)["Image"]
    publish("two")
    host.done("apply", "--yes")
    assert content() == "two"
    with suppress(RawError):
        raw.delete(f"/images/{first}", force=1)
    assert raw.find(f"/images/{first}/json") is None

    host.done("rollback", "--yes")
    assert content() == "one"
    again = host.done("rollback", "1", "--yes")
    assert "No changes" in again
    assert len(host.runs()) == 3
    # The tag means the second image still, here and in the registry: it does not move what is pinned.
    host.done("apply", "--yes")
    assert content() == "two"

    host.done("destroy", "--yes")
    for item in raw.get("/images/json", all="1"):
        if any(name.startswith(repository) for name in (*(item["RepoTags"] or ()), *(item["RepoDigests"] or ()))):
            raw.delete(f"/images/{item['Id']}", force=1)
