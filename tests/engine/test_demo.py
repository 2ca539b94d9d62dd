"""The demo runs to its end: each of its steps checks what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine

ROOT = Path(__file__).parents[2]


def test_the_demo_runs_to_its_end(engine_daemon: Daemon | GivenEngine, engine_name: str) -> None:
    if engine_name == "old":
        pytest.skip("the demo publishes ports of its own on the host, so it runs once")
    ran = subprocess.run(
        [sys.executable, "specs/demo/demo.py"],
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": engine_daemon.host},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
