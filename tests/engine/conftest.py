"""Fixtures for tests of dockerspec's own code against real engines (see tests/conftest.py for the engines)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine

if TYPE_CHECKING:
    from dockerspec.engine.gateway import Gateway
    from tests.engine.field_bench import Bench

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(engine_daemon: Daemon | GivenEngine, tmp_path: Path) -> Run:
    """The command line in a folder of the test's own, with nobody at a terminal."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dockerspec", *words],
            cwd=tmp_path,
            env={**os.environ, "DOCKER_HOST": engine_daemon.host},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture
def gateway(engine_daemon: Daemon | GivenEngine) -> Iterator[Gateway]:
    """The product's connection to the engine, closed afterwards."""
    from dockerspec.engine.gateway import connect

    connection = connect(host=engine_daemon.host)
    yield connection
    connection.close()


@pytest.fixture
def bench(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Bench]:
    """The field cases on the engine (tests/engine/field_bench.py), as a stack that is removed afterwards."""
    from tests.engine.field_bench import Bench

    bench = Bench(engine_daemon.host, stack_name, busybox, tmp_path, engine_daemon.subnet(6))
    yield bench
    bench.docker.close()
