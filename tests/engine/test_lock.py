"""One writer per engine and stack, on real engines and between real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerspec.engine.gateway import connect
from dockerspec.runtime.clock import SYSTEM_CLOCK
from dockerspec.runtime.lock import PREFIX, stack_lock
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Start = Callable[..., subprocess.Popen[str]]
WAIT = 60.0


@pytest.fixture
def start(engine_daemon: Daemon | GivenEngine, tmp_path: Path, stack_name: str, busybox: str) -> Iterator[Start]:
    """Begin a run on a stack whose container takes some time to get healthy."""
    (tmp_path / "stack.yaml").write_text(
        f"""
dockerspec: 1
stack: {stack_name}
containers:
  slow:
    image: {busybox}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    healthcheck: {{test: "test -e /go", interval: 500ms, retries: 1000}}
    update: {{wait: healthy}}
"""
    )
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dockerspec", *words],
            cwd=tmp_path,
            env={**os.environ, "DOCKER_HOST": engine_daemon.host},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate(timeout=WAIT)


def _until_it_waits(raw: RawEngine, stack: str) -> None:
    """Return when the first run has started its container and waits for its health."""
    deadline = time.monotonic() + WAIT
    while not (raw.container(f"{stack}-slow-1") or {}).get("State", {}).get("Running"):
        assert time.monotonic() < deadline, "the first run never got to its wait"
        time.sleep(0.05)


def _locks(raw: RawEngine, stack: str) -> list[str]:
    found = raw.get("/volumes")["Volumes"] or []
    return [item["Name"] for item in found if item["Name"].startswith(PREFIX + stack)]


def test_the_second_of_two_applies_is_refused_or_waits(start: Start, raw: RawEngine, stack_name: str) -> None:
    first = start("apply", "--yes")
    _until_it_waits(raw, stack_name)
    second = start("destroy", "--yes")
    output, _ = second.communicate(timeout=WAIT)
    assert second.returncode == 3, output
    assert f"(process {first.pid}, since " in output
    assert first.poll() is None
    third = start("destroy", "--yes", "--lock-timeout", "60")
    code, output = raw.execute(f"{stack_name}-slow-1", "touch", "/go")
    assert code == 0, output
    output, _ = first.communicate(timeout=WAIT)
    assert first.returncode == 0, output
    output, _ = third.communicate(timeout=WAIT)
    # It saw the stack before the first one was done, or after: what it had planned still holds, since nothing differs.
    assert third.returncode in (0, 3), output
    assert _locks(raw, stack_name) == []


def test_the_lock_of_a_killed_run_is_taken_over(start: Start, raw: RawEngine, stack_name: str) -> None:
    first = start("apply", "--yes")
    _until_it_waits(raw, stack_name)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=WAIT)
    assert _locks(raw, stack_name) == [PREFIX + stack_name]
    second = start("destroy", "--yes")
    output, _ = second.communicate(timeout=WAIT)
    assert second.returncode == 0, output
    assert _locks(raw, stack_name) == []


def test_many_at_once_are_never_two(engine_daemon: Daemon | GivenEngine, raw: RawEngine, stack_name: str) -> None:
    inside, faults, runs = [0], [], [0]

    def run() -> None:
        with connect(engine_daemon.host) as engine, stack_lock(engine, stack_name, SYSTEM_CLOCK, timeout=WAIT):
            inside[0] += 1
            if inside[0] > 1:
                faults.append("two at once")
            time.sleep(0.005)
            inside[0] -= 1
            runs[0] += 1

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert runs == [8]
    assert _locks(raw, stack_name) == []


def test_a_lock_that_could_not_be_let_go_is_taken_again(own_daemon: Daemon) -> None:
    with connect(own_daemon.host) as engine:
        with stack_lock(engine, "shop", SYSTEM_CLOCK):
            own_daemon.kill()
        own_daemon.relaunch()
        assert _locks(own_daemon.raw, "shop") == [PREFIX + "shop"]
        with stack_lock(engine, "shop", SYSTEM_CLOCK):
            pass
    assert _locks(own_daemon.raw, "shop") == []
