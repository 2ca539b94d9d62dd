"""Fixtures for tests of dockerspec's own code against real engines (see tests/conftest.py for the engines)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine

if TYPE_CHECKING:
    from dockerspec.engine.gateway import Gateway


@pytest.fixture
def gateway(engine_daemon: Daemon | GivenEngine) -> Iterator[Gateway]:
    """The product's connection to the engine, closed afterwards."""
    from dockerspec.engine.gateway import connect

    connection = connect(host=engine_daemon.host)
    yield connection
    connection.close()
