"""What a Compose file brought up goes over to its converted spec: adopted, untouched, and nothing left to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dockerspec.api import Docker, convert, load
from dockerspec.core.plan.consent import Consent
from tests.engine.stage import told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

COMPOSE = """\
# Goes over.
services:
  web:
    image: {image}
    command: sleep 999   # as long as it takes
    environment: {{RATE: 1.10}}
    volumes: ["data:/data"]
    links: [db]
    deploy: {{resources: {{limits: {{memory: 64M}}}}}}
  db:
    image: {image}
    command: [sleep, "999"]
    init: true
volumes:
  data:
"""


def identities(raw: RawEngine, stack: str) -> Any:
    """What tells the very objects from others."""
    found = [raw.container(f"{stack}-{name}-1") for name in ("web", "db")]
    return [(item["Id"], item["State"]["Pid"]) for item in found], raw.get(f"/networks/{stack}_default")["Id"]


def test_a_running_project_goes_over_to_its_converted_spec(
    engine_daemon: Daemon | GivenEngine, raw: RawEngine, busybox: str, stack_name: str, tmp_path: Path
) -> None:
    folder = tmp_path / stack_name
    folder.mkdir()
    compose = folder / "compose.yaml"
    compose.write_text(COMPOSE.format(image=busybox))
    docker = Docker(engine_daemon.host)
    project = load([compose])
    report = docker.apply(docker.plan(project), spec=project)
    assert report.ok, told(report)
    before = identities(raw, stack_name)

    [converted] = convert(project)
    file = folder / "dockerspec.yaml"
    file.write_text(converted.text)
    own = load([file])
    adopted = docker.apply(docker.plan_adopt(own, ()).plan)
    assert adopted.ok, told(adopted)
    plan = docker.plan(own)
    assert plan.is_empty, plan.changes
    assert not plan.errors
    assert identities(raw, stack_name) == before

    gone = docker.apply(docker.plan_destroy(own, delete_volumes=["data"]), allow=tuple(Consent))
    assert gone.ok, told(gone)
    docker.close()
