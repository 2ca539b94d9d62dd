"""Compose files on real engines: what dockerspec makes of them is what Compose makes of them, and each goes on from
where the other left off. The cases are folders of tests/cases/compose-run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.core.spec.compose.schema import SERVICE_KEYS
from tests.engine.compose_bench import MISSING, ComposeBench, Run, read_differences, read_runs, unlike
from tests.engine.stage import differing, told
from tests.kit.raw import RawEngine

Json = Any


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", read_runs(), ids=lambda case: case.name)
def test_what_comes_out_is_what_compose_makes(compose_bench: ComposeBench, case: Run) -> None:
    """Taken over with nothing to do; made anew, it is the same to the last field; and Compose has nothing to do."""
    facts = compose_bench.docker.version()
    if case.since > facts.api:
        pytest.skip(f"needs API {case.since}")
    compose_bench.stage(case)
    compose_bench.compose("up", "-d")
    theirs, lives = compose_bench.objects(), compose_bench.lives()
    taken_over = compose_bench.apply()
    assert taken_over.ok, told(taken_over)
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    assert compose_bench.lives() == lives

    compose_bench.down()
    report = compose_bench.apply()
    assert report.ok, told(report)
    ours = compose_bench.objects()
    found = unlike(theirs, ours, compose_bench.declared, read_differences())
    assert not found, "\n".join(found)

    compose_bench.compose("up", "-d")
    again = {key: ident for key, (ident, _) in compose_bench.lives().items()}
    assert again == {key: raw["Id"] for key, raw in ours.items() if key.startswith("container")}
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    compose_bench.down()


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


def test_composes_own_commands_work_on_what_dockerspec_made(compose_bench: ComposeBench, raw: RawEngine) -> None:
    compose_bench.write(PAIR)
    report = compose_bench.apply()
    assert report.ok, told(report)
    listed = [json.loads(line) for line in compose_bench.compose("ps", "--format", "json").stdout.splitlines()]
    assert {item["Service"]: item["State"] for item in listed} == {"web": "running", "db": "running"}
    assert compose_bench.project in compose_bench.call("ls", "-q").stdout.split()
    assert "it is up" in compose_bench.compose("logs", "--no-color", "web").stdout
    assert compose_bench.compose("exec", "-T", "db", "echo", "inside").stdout == "inside\n"
    assert "sleep 3600" in compose_bench.compose("top", "db").stdout
    assert compose_bench.compose("port", "web", "80").stdout.startswith("127.0.0.1:")
    assert compose_bench.compose("run", "--rm", "-T", "db", "echo", "once").stdout == "once\n"
    compose_bench.compose("stop", "web")
    assert differing(compose_bench.plan()) == {"container.web": {"state"}}
    compose_bench.compose("start", "web")
    compose_bench.compose("restart", "db")
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    compose_bench.compose("down", "-v")
    assert compose_bench.objects() == {}


def test_containers_of_compose_run_are_nobodys_business(compose_bench: ComposeBench, raw: RawEngine) -> None:
    compose_bench.write(PAIR)
    compose_bench.compose("up", "-d")
    compose_bench.compose("run", "-d", "--name", f"{compose_bench.project}-once", "db", "sleep", "3600")
    once = raw.container(f"{compose_bench.project}-once")["Id"]
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    plan = compose_bench.docker.plan_destroy(compose_bench.load())
    said = " ".join(map(str, plan.errors or plan.diagnostics))
    assert f"{compose_bench.project}-once" in said
    assert raw.container(f"{compose_bench.project}-once")["Id"] == once


def test_what_an_older_compose_made_is_known(compose_bench: ComposeBench, raw: RawEngine) -> None:
    """Another version's labels, other digests, none on networks and volumes."""
    compose_bench.write(PAIR)
    compose_bench.compose("up", "-d")
    made = compose_bench.objects()
    compose_bench.down()
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
    lives = compose_bench.lives()
    assert len(lives) == 2
    report = compose_bench.apply()
    assert report.ok, told(report)
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    assert compose_bench.lives() == lives
