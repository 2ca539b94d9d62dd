"""Saved plans on real engines: exactly that, or nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.engine.conftest import Run
from tests.kit.raw import RawEngine

SECRET = "correct-horse-battery"


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, SHOP_KEY=SECRET)


@pytest.fixture
def spec(tmp_path: Path, stack_name: str, busybox: str) -> Path:
    file = tmp_path / "stack.yaml"
    file.write_text(
        f"""
dockerspec: 1
stack: {stack_name}
variables:
  WHO: {{sensitive: true}}
secrets: {{key: {{environment: SHOP_KEY}}}}
containers:
  web:
    image: {busybox}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    mem_limit: 64m
    environment: {{KEY: {{secret: key}}, WHO: "${{WHO}}"}}
  odd: {{image: {busybox}, command: [sleep, "9999"], stop_grace_period: 0s}}
"""
    )
    return file


def test_a_saved_plan_does_exactly_that(run: Run, spec: Path, tmp_path: Path, raw: RawEngine, stack_name: str) -> None:
    made = run("plan", "--var", "WHO=alice-secret", "-o", "shop.plan")
    assert made.returncode == 0, made.stderr
    assert "dockerspec apply shop.plan --var WHO=..." in made.stderr
    text = (tmp_path / "shop.plan").read_text()
    assert SECRET not in text
    assert "alice-secret" not in text
    assert (tmp_path / "shop.plan").stat().st_mode & 0o077 == 0

    shown = run("show", "shop.plan")
    assert shown.stdout == made.stdout
    missing = run("apply", "shop.plan")
    assert missing.returncode == 1
    assert "--var WHO" in missing.stderr
    other = run("apply", "shop.plan", "--var", "WHO=bob-secret")
    assert other.returncode == 3
    assert "a secret has another value" in other.stderr
    assert raw.containers(dockerspec_stack=stack_name) == []

    done = run("apply", "shop.plan", "--var", "WHO=alice-secret")
    assert done.returncode == 0, done.stderr
    assert len(raw.containers(dockerspec_stack=stack_name)) == 2
    again = run("apply", "shop.plan", "--var", "WHO=alice-secret")
    assert again.returncode == 3
    assert "container.web no longer differs" in again.stderr


def test_what_changed_since_is_named_and_nothing_is_done(run: Run, spec: Path, raw: RawEngine, stack_name: str) -> None:
    who = ("--var", "WHO=x1y2z3")
    assert run("apply", "--yes", *who).returncode == 0
    spec.write_text(spec.read_text().replace("64m", "32m"))
    assert run("plan", *who, "-o", "shop.plan").returncode == 0

    raw.post(f"/containers/{stack_name}-odd-1/stop", t=0)
    refused = run("apply", "shop.plan", *who)
    assert refused.returncode == 3
    assert "container.odd differs now" in refused.stderr
    assert raw.container(f"{stack_name}-web-1")["HostConfig"]["Memory"] == 64 << 20
    assert not raw.container(f"{stack_name}-odd-1")["State"]["Running"]

    raw.post(f"/containers/{stack_name}-odd-1/start")
    spec.write_text(spec.read_text().replace("32m", "48m"))
    refused = run("apply", "shop.plan", *who)
    assert refused.returncode == 3
    assert "container.web differs in another way" in refused.stderr

    spec.write_text(spec.read_text().replace("48m", "32m"))
    assert run("apply", "shop.plan", *who).returncode == 0
    assert raw.container(f"{stack_name}-web-1")["HostConfig"]["Memory"] == 32 << 20

    assert run("plan", "--destroy", *who, "-o", "end.plan").returncode == 0
    assert run("apply", "end.plan", *who).returncode == 0
    assert raw.containers(dockerspec_stack=stack_name) == []


def test_a_saved_plan_that_is_none_is_told(run: Run, spec: Path, tmp_path: Path) -> None:
    assert run("plan", "--var", "WHO=x1y2z3", "-o", "no/such/folder/shop.plan").returncode == 1
    (tmp_path / "cut.plan").write_text('{"format": "dockerspec.saved-plan/1", "stack"')
    cut = run("apply", "cut.plan")
    assert cut.returncode == 1
    assert "cut.plan is no saved plan, or not a whole one" in cut.stderr
    assert run("show", "stack.yaml").returncode == 1
