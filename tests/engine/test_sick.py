"""Sick daemons and hostile circumstances: a clear message, exit 1, and nothing changed that was not asked for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from dockerspec.api import Docker, load
from dockerspec.core.report.outcome import Status
from tests.engine.conftest import Run
from tests.kit import images
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

COUNT = 14
"""Containers of which the engine dies under a few: more than are made at once."""


def _spec(folder: Path, stack: str, image: str, count: int) -> Path:
    containers = "\n".join(
        f"  c{number}: {{image: {image}, command: [sleep, '9999'], stop_grace_period: 0s}}" for number in range(count)
    )
    file = folder / "stack.yaml"
    file.write_text(f"dockerspec: 1\nstack: {stack}\ncontainers:\n{containers}\n")
    return file


def test_a_daemon_that_dies_midway_fails_the_rest_and_the_next_run_goes_on(own_daemon: Daemon, tmp_path: Path) -> None:
    image = images.ensure(own_daemon.raw, "busybox")
    spec = load([_spec(tmp_path, "sick", image, COUNT)])
    killed = threading.Event()

    def kill(_event: object) -> None:
        if not killed.is_set() and len(own_daemon.raw.containers(dockerspec_stack="sick")) > 3:
            killed.set()
            own_daemon.kill()

    with Docker(own_daemon.host, patience=3) as docker:
        begin = time.monotonic()
        report = docker.apply(docker.plan(spec), on_event=kill)
        assert killed.is_set()
        assert not report.ok
        assert report.count(Status.FAILED) > 0
        assert 3 < time.monotonic() - begin < 90
        assert all(item.message for item in report.outcomes.values() if item.status is Status.FAILED)
        own_daemon.relaunch()
        report = docker.apply(docker.plan(spec), spec=spec)
        assert report.ok, [item for item in report.outcomes.values() if item.message]
        assert docker.plan(spec).is_empty
    assert len(own_daemon.raw.containers(dockerspec_stack="sick")) == COUNT


def test_the_command_line_says_what_a_missing_image_means(
    run: Run, engine_daemon: Daemon | GivenEngine, raw: RawEngine, stack_name: str, tmp_path: Path
) -> None:
    file = _spec(tmp_path, stack_name, "localhost:1/nosuch:1", 1)
    ran = run("--host", engine_daemon.host, "apply", "--yes", str(file))
    assert ran.returncode == 1
    assert "can't pull localhost:1/nosuch:1" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    assert not raw.containers(dockerspec_stack=stack_name)


def test_the_exit_codes_of_a_life(
    run: Run, raw: RawEngine, stack_name: str, busybox: str, engine_daemon: Daemon | GivenEngine, tmp_path: Path
) -> None:
    file = str(_spec(tmp_path, stack_name, busybox, 1))
    host = ("--host", engine_daemon.host)
    assert run(*host, "plan", "--detailed-exitcode", file).returncode == 2
    assert run(*host, "apply", file).returncode == 3
    assert not raw.containers(dockerspec_stack=stack_name)
    assert run(*host, "apply", "--yes", file).returncode == 0
    assert run(*host, "plan", "--detailed-exitcode", file).returncode == 0
    assert run(*host, "status", file).returncode == 0
    assert run(*host, "destroy", "--yes", file).returncode == 0
    assert not raw.containers(dockerspec_stack=stack_name)
