"""Fixtures for tests of dockerspec's own code against real engines (see tests/conftest.py for the engines)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engine.commands import Commands
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine

if TYPE_CHECKING:
    from dockerspec.engine.gateway import Gateway
    from tests.engine.compose_bench import ComposeBench
    from tests.engine.field_bench import Bench
    from tests.engine.stage import Stage

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """The command line in any folder and environment, see `Commands.run`."""
    commands = Commands()
    yield commands
    commands.close()


@pytest.fixture
def run(commands: Commands, engine_daemon: Daemon | GivenEngine, tmp_path: Path) -> Run:
    """The command line in a folder of the test's own, on the engine, with nobody at a terminal."""

    def call(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return commands.run(
            *words, folder=tmp_path, environ={**os.environ, "DOCKER_HOST": engine_daemon.host, **environ}
        )

    return call


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Stage]:
    """A stack of the test's own on the engine, see `Stage`."""
    from tests.engine.stage import Stage

    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield stage
    stage.docker.close()


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


@pytest.fixture
def compose_bench(
    engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path
) -> Iterator[ComposeBench]:
    """A Compose project in a folder of its own, for Compose and dockerspec (tests/engine/compose_bench.py)."""
    from tests.compose_cases import require_program
    from tests.engine.compose_bench import ComposeBench
    from tests.kit.cleanup import remove_stack

    folder = tmp_path / "p"
    folder.mkdir()
    bench = ComposeBench(require_program(), engine_daemon, stack_name, folder, busybox)
    yield bench
    bench.close()
    remove_stack(engine_daemon.raw, stack_name)
