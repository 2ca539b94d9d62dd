"""`config`: the views of a Compose project, and what is said beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

COMPOSE = """\
name: shop
services:
  web: {image: "nginx:${TAG:-1.27}", labels: {price: "$$5"}, networks: [front], volumes: ["data:/data"]}
  debug: {build: ., profiles: [debug], deploy: {placement: {constraints: [a]}}}
networks: {front: , unused: }
volumes: {data: }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "compose.yaml"
    path.write_text(COMPOSE)
    return str(path)


def test_yaml_is_the_default_and_reads_back(run: Run, file: str, tmp_path: Path) -> None:
    ran = run("config", file)
    assert ran.status == 0
    assert ran.out.startswith("name: shop\n\nservices:\n  web:\n    command: null\n")
    assert 'price: "$$5"' in ran.out
    again = tmp_path / "again.yaml"
    again.write_text(ran.out)
    assert run("config", str(again)).out == ran.out


def test_json_is_the_tree_of_compose(run: Run, file: str) -> None:
    tree = json.loads(run("config", "--format", "json", file, "--var", "TAG=2").out)
    assert tree["services"]["web"]["image"] == "nginx:2"
    assert tree["services"]["web"]["labels"] == {"price": "$$5"}
    assert tree["networks"] == {"front": {"name": "shop_front", "ipam": {}}}


@pytest.mark.parametrize(
    ("option", "lines"),
    [
        (["--services"], ["web"]),
        (["--services", "--profile", "debug"], ["web", "debug"]),
        (["--images", "--profile", "*"], ["nginx:1.27", "shop-debug"]),
        (["--images", "--profile", "*", "-p", "other"], ["nginx:1.27", "other-debug"]),
        (["--networks"], ["front"]),
        (["--networks", "--all-resources"], ["front", "unused"]),
        (["--volumes"], ["data"]),
        (["--profiles"], ["debug"]),
        (["--quiet"], []),
    ],
)
def test_lists(run: Run, file: str, option: list[str], lines: list[str]) -> None:
    assert run("config", file, *option).out.splitlines() == lines


def test_what_cannot_be_carried_out_is_said_beside_it(run: Run, file: str) -> None:
    ran = run("config", file, "--profile", "debug", "--services")
    assert ran.out.splitlines() == ["web", "debug"]
    assert "services.debug.deploy.placement: only a swarm heeds this" in ran.err


def test_a_fault_prints_nothing_else(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {imag: nginx}}\n")
    ran = run("config", str(path))
    assert (ran.status, ran.out) == (1, "")
    assert "unknown key 'imag'" in ran.err


def test_a_spec_of_our_own_is_no_compose_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("stack: shop\ncontainers: {web: {image: nginx}}\n")
    ran = run("config", str(path))
    assert ran.status == 1
    assert "this is no Compose file" in ran.err


def test_secrets_are_masked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2-hunter2")
    path = tmp_path / "compose.yaml"
    path.write_text(
        "services:\n"
        '  web: {image: x, secrets: [key], command: "login ${PASSWORD}"}\n'
        "secrets: {key: {environment: PASSWORD}}\n"
    )
    for form in ("yaml", "json"):
        ran = run("config", str(path), "--format", form)
        assert ran.status == 0
        assert "hunter2" not in ran.out + ran.err
