"""Compose files on real engines: what dockerspec makes of them is what Compose makes of them, and each goes on from
where the other left off. The cases are folders of tests/cases/compose-run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.core.spec.compose.schema import SERVICE_KEYS
from tests.compose_cases import require_program
from tests.engine.compose_bench import MISSING, Bench, Run, read_differences, read_runs, unlike
from tests.engine.stage import differing, told
from tests.kit.cleanup import remove_stack
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any


@pytest.fixture
def bench(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "p"
    folder.mkdir()
    bench = Bench(require_program(), engine_daemon, stack_name, folder, busybox)
    yield bench
    bench.close()
    remove_stack(engine_daemon.raw, stack_name)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", read_runs(), ids=lambda case: case.name)
def test_what_comes_out_is_what_compose_makes(bench: Bench, case: Run) -> None:
    """Taken over with nothing to do; made anew, it is the same to the last field; and Compose has nothing to do."""
    facts = bench.docker.version()
    if case.since > facts.api:
        pytest.skip(f"needs API {case.since}")
    bench.stage(case)
    bench.compose("up", "-d")
    theirs, lives = bench.objects(), bench.lives()
    taken_over = bench.apply()
    assert taken_over.ok, told(taken_over)
    assert bench.plan().is_empty, differing(bench.plan())
    assert bench.lives() == lives

    bench.down()
    report = bench.apply()
    assert report.ok, told(report)
    ours = bench.objects()
    found = unlike(theirs, ours, bench.declared, read_differences())
    assert not found, "\n".join(found)

    bench.compose("up", "-d")
    again = {key: ident for key, (ident, _) in bench.lives().items()}
    assert again == {key: raw["Id"] for key, raw in ours.items() if key.startswith("container")}
    assert bench.plan().is_empty, differing(bench.plan())
    bench.down()


def _keys(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in sorted(folder.rglob("*.yaml")):
        document = YAML(typ="safe").load(file)
        services = document.get("services", {}) if isinstance(document, dict) else {}
        found.update(key for service in services.values() for key in service)
    return found


def test_every_key_of_a_service_is_in_a_case() -> None:
    used = set().union(*(_keys(case.folder) for case in read_runs()))
    missing = YAML(typ="safe").load(MISSING)
    assert all(missing.values())
    assert used.isdisjoint(missing)
    assert used | missing.keys() == SERVICE_KEYS.keys()


PAIR = """
services:
  web:
    image: ${IMAGE}
    command: ["sh", "-c", "echo it is up; exec sleep 3600"]
    stop_signal: SIGKILL
    ports: ["127.0.0.1::80"]
    depends_on: [db]
  db:
    image: ${IMAGE}
    command: sleep 3600
    stop_signal: SIGKILL
    volumes: ["data:/data"]
volumes: {data: {}}
"""


def _write(bench: Bench, text: str, name: str = "compose.yaml") -> None:
    (bench.folder / name).write_text(text, encoding="utf-8")


def test_composes_own_commands_work_on_what_dockerspec_made(bench: Bench, raw: RawEngine) -> None:
    _write(bench, PAIR)
    report = bench.apply()
    assert report.ok, told(report)
    listed = [json.loads(line) for line in bench.compose("ps", "--format", "json").stdout.splitlines()]
    assert {item["Service"]: item["State"] for item in listed} == {"web": "running", "db": "running"}
    assert bench.project in bench.call("ls", "-q").stdout.split()
    assert "it is up" in bench.compose("logs", "--no-color", "web").stdout
    assert bench.compose("exec", "-T", "db", "echo", "inside").stdout == "inside\n"
    assert "sleep 3600" in bench.compose("top", "db").stdout
    assert bench.compose("port", "web", "80").stdout.startswith("127.0.0.1:")
    assert bench.compose("run", "--rm", "-T", "db", "echo", "once").stdout == "once\n"
    bench.compose("stop", "web")
    assert differing(bench.plan()) == {"container.web": {"state"}}
    bench.compose("start", "web")
    bench.compose("restart", "db")
    assert bench.plan().is_empty, differing(bench.plan())
    bench.compose("down", "-v")
    assert bench.objects() == {}


def test_containers_of_compose_run_are_nobodys_business(bench: Bench, raw: RawEngine) -> None:
    _write(bench, PAIR)
    bench.compose("up", "-d")
    bench.compose("run", "-d", "--name", f"{bench.project}-once", "db", "sleep", "3600")
    once = raw.container(f"{bench.project}-once")["Id"]
    assert bench.plan().is_empty, differing(bench.plan())
    plan = bench.docker.plan_destroy(bench.load())
    said = " ".join(map(str, plan.errors or plan.diagnostics))
    assert f"{bench.project}-once" in said
    assert raw.container(f"{bench.project}-once")["Id"] == once


def test_what_an_older_compose_made_is_known(bench: Bench, raw: RawEngine) -> None:
    """Another version's labels, other digests, none on networks and volumes."""
    _write(bench, PAIR)
    bench.compose("up", "-d")
    made = bench.objects()
    bench.down()
    prefix = "com.docker.compose"
    for key, item in sorted(made.items(), key=lambda pair: pair[0].startswith("container")):
        labels = dict(item.get("Labels") or item["Config"]["Labels"])
        labels |= {f"{prefix}.version": "2.11.0"}
        if key.startswith("network"):
            labels.pop(f"{prefix}.config-hash")
            raw.post("/networks/create", {"Name": item["Name"], "Labels": labels, "CheckDuplicate": True})
        elif key.startswith("volume"):
            labels.pop(f"{prefix}.config-hash")
            raw.post("/volumes/create", {"Name": item["Name"], "Labels": labels})
        elif key.startswith("container"):
            labels |= {f"{prefix}.config-hash": "0" * 64}
            labels.pop(f"{prefix}.depends_on")
            aliases = {"Aliases": [labels[f"{prefix}.service"]]}
            endpoints = dict.fromkeys(item["NetworkSettings"]["Networks"], aliases)
            body = {**item["Config"], "Labels": labels, "HostConfig": item["HostConfig"], "Hostname": ""}
            raw.run(item["Name"].lstrip("/"), {**body, "NetworkingConfig": {"EndpointsConfig": endpoints}})
    lives = bench.lives()
    assert len(lives) == 2
    report = bench.apply()
    assert report.ok, told(report)
    assert bench.plan().is_empty, differing(bench.plan())
    assert bench.lives() == lives
