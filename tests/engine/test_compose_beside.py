"""dockerspec on Compose projects where Compose itself sees nothing, or does too much; and what stands beside a project:
stacks of the same name, other profiles, other files, runs that were killed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.compose_bench import ComposeBench
from tests.engine.killing import Killer
from tests.engine.stage import differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any


COMMON = """
x-common: &common
  image: ${IMAGE}
  command: sleep 3600
  stop_signal: SIGKILL
"""

DRIFTING = f"""{COMMON}
services:
  limited: {{<<: *common, mem_limit: 64m, pids_limit: 100, network_mode: none}}
  restarted: {{<<: *common, restart: always, network_mode: none}}
  named: {{<<: *common, network_mode: none}}
  joined: {{<<: *common}}
  aliased: {{<<: *common, networks: {{default: {{aliases: [www]}}}}}}
networks:
  other: {{}}
"""


def _drift(raw: RawEngine, project: str) -> dict[str, set[str]]:
    """Change what Compose doesn't look at; what the plan must name, by address."""
    raw.post(f"/containers/{project}-limited-1/update", {"PidsLimit": 50, "CpuShares": 512})
    raw.post(f"/containers/{project}-restarted-1/update", {"RestartPolicy": {"Name": "no"}})
    raw.post(f"/containers/{project}-named-1/rename", name="t" + project)
    raw.post("/networks/create", {"Name": f"{project}-by-hand", "CheckDuplicate": True})
    raw.post(f"/networks/{project}-by-hand/connect", {"Container": f"{project}-joined-1"})
    aliased = f"{project}-aliased-1"
    raw.post(f"/networks/{project}_default/disconnect", {"Container": aliased})
    raw.post(f"/networks/{project}_default/connect", {"Container": aliased, "EndpointConfig": {"Aliases": ["aliased"]}})
    return {
        "container.limited": {"pids_limit", "cpu_shares"},
        "container.restarted": {"restart"},
        "container.named": {"container_name"},
        "container.joined": {f"networks.{project}-by-hand"},
        "container.aliased": {"networks.default.aliases"},
    }


def test_drift_that_compose_cant_see_is_seen_and_healed(compose_bench: ComposeBench, raw: RawEngine) -> None:
    compose_bench.write(DRIFTING)
    compose_bench.compose("up", "-d")
    starts = sorted(compose_bench.lives().values())
    expected = _drift(raw, compose_bench.project)
    blind = compose_bench.compose("up", "-d", "--dry-run").stderr
    assert "Recreate" not in blind
    assert differing(compose_bench.plan()) == expected
    report = compose_bench.apply()
    assert report.ok, told(report)
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    assert sorted(compose_bench.lives().values()) == starts, "all of it was healed on running containers"


BEFORE = f"""{COMMON}
services:
  limits: {{<<: *common, mem_limit: 64m, cpus: 0.5, pids_limit: 100, network_mode: none}}
  policy: {{<<: *common, restart: "no", network_mode: none}}
  deployed: {{<<: *common, network_mode: none, deploy: {{resources: {{limits: {{memory: 64M}}}}}}}}
  aliased: {{<<: *common, networks: {{front: {{aliases: [one]}}}}}}
  labelled: {{<<: *common, networks: [back]}}
  watched: {{<<: *common, network_mode: none, attach: true}}
networks:
  front: {{}}
  back: {{labels: {{com.example.a: "1"}}}}
"""
EDITS = {
    "mem_limit: 64m": "mem_limit: 96m",
    "cpus: 0.5": "cpus: 0.25",
    "pids_limit: 100": "pids_limit: 50",
    'restart: "no"': "restart: always",
    "memory: 64M": "memory: 96M",
    "aliases: [one]": "aliases: [two]",
    'com.example.a: "1"': 'com.example.a: "2"',
    "attach: true": "attach: false",
}
"""What is written instead of what: changes that Compose answers by making containers anew."""


def test_what_compose_recreates_for_is_changed_live(compose_bench: ComposeBench) -> None:
    compose_bench.write(BEFORE)
    compose_bench.compose("up", "-d")
    lives = compose_bench.lives()
    after = BEFORE
    for old, new in EDITS.items():
        assert after.count(old) == 1
        after = after.replace(old, new)
    compose_bench.write(after)
    said = compose_bench.compose("up", "-d", "--dry-run").stderr
    services = ("limits", "policy", "deployed", "aliased", "watched")
    assert all(f"{compose_bench.project}-{name}-1  Recreate" in said for name in services), said
    report = compose_bench.apply()
    assert report.ok, told(report)
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    assert compose_bench.lives() == lives


PROFILES = f"""{COMMON}
services:
  web: {{<<: *common}}
  debug: {{<<: *common, profiles: [debug], networks: [inspect], volumes: ["traces:/traces"]}}
networks: {{inspect: {{}}}}
volumes: {{traces: {{}}}}
"""


def test_services_of_other_profiles_and_files_are_left_alone(compose_bench: ComposeBench) -> None:
    compose_bench.write(PROFILES)
    compose_bench.write(f"{COMMON}\nservices:\n  sibling: {{<<: *common, network_mode: none}}\n", "other.yaml")
    compose_bench.compose("--profile", "debug", "up", "-d")
    compose_bench.call("-f", "other.yaml", "up", "-d")
    lives = compose_bench.lives()
    assert len(lives) == 3
    plan = compose_bench.plan()
    assert plan.is_empty, differing(plan)
    assert any("other.yaml" in str(item) for item in plan.diagnostics), plan.diagnostics
    assert compose_bench.apply(plan).ok
    assert compose_bench.lives() == lives
    # What this very file once had is an orphan.
    compose_bench.write(PROFILES.replace("  web: {<<: *common}", "  front: {<<: *common}"))
    assert differing(compose_bench.plan()) == {"container.web": {"delete"}, "container.front": {"create"}}
    assert compose_bench.apply().ok
    report = compose_bench.destroy(allow=("volume-delete",))
    assert report.ok, told(report)
    assert compose_bench.lives() == {}


OWN = """
dockerspec: 1
stack: {stack}
containers:
  own: {{image: {image}, command: [sleep, "3600"], stop_signal: KILL, networks: [inner]}}
networks: {{inner: {{}}}}
"""


def test_a_stack_and_a_project_of_one_name_are_two(compose_bench: ComposeBench) -> None:
    compose_bench.write(f"{COMMON}\nservices:\n  web: {{<<: *common}}\n")
    compose_bench.compose("up", "-d")
    stack = compose_bench.folder / "stack"
    stack.mkdir()
    file = stack / "dockerspec.yaml"
    file.write_text(OWN.format(stack=compose_bench.project, image=compose_bench.image))
    from dockerspec.runtime.files import load_files

    spec = load_files([file])
    report = compose_bench.docker.apply(compose_bench.docker.plan(spec), spec=spec)
    assert report.ok, told(report)
    compose_bench.write(f"{COMMON}\nservices:\n  web: {{<<: *common}}\n")
    assert compose_bench.plan().is_empty, differing(compose_bench.plan())
    assert compose_bench.docker.plan(spec).is_empty
    lives = compose_bench.lives()
    gone = compose_bench.docker.apply(compose_bench.docker.plan_destroy(spec))
    assert gone.ok, told(gone)
    assert compose_bench.lives() == lives


KILLED = """name: {project}
services:
  db:
    image: {image}
    command: [sleep, "3600"]
    stop_signal: SIGKILL
    environment: {{VERSION: "{version}"}}
    volumes: ["data:/data"]
    healthcheck: {{test: "true", interval: 1s}}
  web:
    image: {image}
    command: [sleep, "3600"]
    stop_signal: SIGKILL
    environment: {{VERSION: "{version}"}}
    depends_on: {{db: {{condition: service_healthy}}}}
    scale: 2
  guest:
    image: {image}
    command: [sleep, "3600"]
    stop_signal: SIGKILL
    network_mode: service:db
volumes: {{data: {{}}}}
"""


@pytest.mark.timeout(300)
def test_a_killed_run_is_finished_by_the_next(compose_bench: ComposeBench, engine_daemon: Daemon | GivenEngine) -> None:
    """A sample of the calls of a first run and of an update, each the last one of a process."""
    killer = Killer(engine_daemon.host)
    file = compose_bench.folder / "compose.yaml"
    try:
        for version, at in enumerate((2, 5, 8, 3, 7, 11)):
            file.write_text(KILLED.format(project=compose_bench.project, image=compose_bench.image, version=version))
            when = "during" if version % 2 else "before"
            assert killer.run(file, at, when=when, parallelism=2, destroy=False) == "killed"
            report = compose_bench.apply()
            assert report.ok, told(report)
            assert compose_bench.plan().is_empty, differing(compose_bench.plan())
            names = {key.partition(" ")[2] for key in compose_bench.lives()}
            assert names == {f"{compose_bench.project}-{name}" for name in ("db-1", "web-1", "web-2", "guest-1")}
    finally:
        killer.close()
    ids = {key: ident for key, (ident, _) in compose_bench.lives().items()}
    compose_bench.compose("up", "-d")
    assert {key: ident for key, (ident, _) in compose_bench.lives().items()} == ids
