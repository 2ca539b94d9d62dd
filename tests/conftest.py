"""Fixtures for all tests: real engines, started by the suite itself, and what tests do with them.

A test that asks for `engine_daemon` (or anything built on it) runs once per engine, old and newer. Each pytest process
(each xdist worker) has its own daemons, started on first use. `--engine-host URL` names another engine to use instead;
without it no engine is touched but those started here.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.kit import engines, images
from tests.kit.cleanup import remove_stack
from tests.kit.daemon import Daemon
from tests.kit.engines import EngineBinaries
from tests.kit.errors import KitError
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

ENGINES = ("old", "new")

# How fast examples come says how busy the machine is, and nothing of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


class EnginePool:
    """The daemons of this process by name, started on first use and stopped at the end."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._daemons: dict[str, Daemon | GivenEngine] = {}
        self.used: set[str] = set()

    def get(self, name: str) -> Daemon | GivenEngine:
        """The engine; skips the test where there is none (in CI only a missing newer one is forgiven)."""
        if name not in self._daemons:
            self._daemons[name] = GivenEngine(self._host) if name == "given" else Daemon(_binaries(name)).start()
            self.used.add(f"Docker {self._daemons[name].version} ({name})")
        return self._daemons[name]

    def close(self) -> None:
        """Stop those that were started."""
        started = [daemon for daemon in self._daemons.values() if isinstance(daemon, Daemon)]
        self._daemons.clear()
        if started:
            with ThreadPoolExecutor(len(started)) as workers:
                list(workers.map(Daemon.stop, started))


POOL = pytest.StashKey[EnginePool]()
TALLY = pytest.StashKey[dict[str, dict[str, int]]]()
"""What the case files came to: counts by name, by engine."""
MISSING: set[str] = set()
"""Reasons why engines could not be had, for the summary."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine-host", default="", help="use this engine (unix:// or tcp://) instead of private ones")


def pytest_configure(config: pytest.Config) -> None:
    # No test writes into the history of the machine that it runs on; those about the history name a folder.
    os.environ["DOCKERSPEC_HISTORY"] = "off"
    config.stash[POOL] = EnginePool(config.getoption("--engine-host"))
    config.stash[TALLY] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_name" in metafunc.fixturenames:
        names = ["given"] if metafunc.config.getoption("--engine-host") else list(ENGINES)
        metafunc.parametrize("engine_name", names, ids=_labels(metafunc.config), scope="session", indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    for item in items:
        if "engine_name" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    yield
    # What takes long comes first, so that no worker still has it before it when the others are done.
    items.sort(key=_is_short)


def _is_short(item: pytest.Item) -> bool:
    """Whether a test makes do with the time that every test has."""
    return item.get_closest_marker("timeout") is None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch the engines before the first test, so that a slow mirror doesn't count against a test's time limit."""
    wanted = any(item.get_closest_marker("engine") for item in session.items)
    given = session.config.getoption("--engine-host")
    if wanted and not given and not session.config.option.collectonly and os.geteuid() == 0:
        try:
            engines.distribution_engine()
            engines.newer_engine()
        except KitError as error:
            MISSING.add(str(error))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The xdist controller gives each worker the same test ids, whatever gets installed in the meantime."""
    node.workerinput["engine_labels"] = _labels(node.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    pool = session.config.stash[POOL]
    pool.close()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["engines"] = (sorted(pool.used), sorted(MISSING))
        output["tally"] = session.config.stash[TALLY]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})
    used, missing = output.get("engines", ((), ()))
    node.config.stash[POOL].used.update(used)
    MISSING.update(missing)
    for engine, counts in output.get("tally", {}).items():
        node.config.stash[TALLY].setdefault(engine, {}).update(counts)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    used = sorted(config.stash[POOL].used)
    if used:
        terminalreporter.write_sep("=", f"engines used: {', '.join(used)}", bold=True)
    for engine, counts in sorted(config.stash[TALLY].items()):
        shown = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
        terminalreporter.write_sep("=", f"tried on {engine}: {shown}", bold=True)
    for reason in sorted(MISSING):
        terminalreporter.write_sep("!", f"ENGINE TESTS MISSING: {reason.splitlines()[0]}", red=True, bold=True)


def _labels(config: pytest.Config) -> list[str]:
    """Test ids by engine, with the version where it is known without fetching anything."""
    handed = getattr(config, "workerinput", {}).get("engine_labels")
    if handed:
        return list(handed)
    if config.getoption("--engine-host"):
        return ["given"]
    return _private_labels()


@lru_cache(maxsize=1)
def _private_labels() -> list[str]:
    known = (engines.installed_engine(), engines.cached_newer_engine())
    return [found.label if found else name for name, found in zip(ENGINES, known, strict=True)]


def _binaries(name: str) -> EngineBinaries:
    """The programs of the engine; skips or fails the test where they can't be had."""
    if os.geteuid() != 0:
        reason = "engine tests start private daemons, which takes root (or --engine-host URL)"
        MISSING.add(reason)
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        found = engines.distribution_engine() if name == "old" else engines.newer_engine()
    except KitError as error:
        MISSING.add(str(error))
        pytest.fail(str(error))
    if not found:
        MISSING.add("no newer engine to be had from the package archive: tests ran on the distribution's alone")
        pytest.skip("no newer engine to be had")
    return found


@pytest.fixture(scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    """`old`, `new`, or `given` under --engine-host; each test that uses it runs once per engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def engine_daemon(engine_name: str, pytestconfig: pytest.Config) -> Daemon | GivenEngine:
    """A running engine, shared by the tests of this process: `.host`, `.raw`, `.version`, `.subnet(n)`."""
    return pytestconfig.stash[POOL].get(engine_name)


@pytest.fixture
def tally(engine_daemon: Daemon | GivenEngine, pytestconfig: pytest.Config) -> Callable[[str, int], None]:
    """`tally("container cases", 80)`: a count for the last lines of the run, per engine."""
    counts = pytestconfig.stash[TALLY].setdefault(f"Docker {engine_daemon.version}", {})
    return counts.__setitem__


@pytest.fixture
def own_daemon(engine_name: str) -> Iterator[Daemon]:
    """A daemon for this test alone, which may restart, kill or freeze it."""
    if engine_name == "given":
        pytest.skip("this test disturbs its engine, so it never runs on a given one")
    with Daemon(_binaries(engine_name)) as daemon:
        yield daemon


@pytest.fixture
def raw(engine_daemon: Daemon | GivenEngine) -> RawEngine:
    """Calls to the engine, independent of the product."""
    return engine_daemon.raw


@pytest.fixture
def stack_name(raw: RawEngine) -> Iterator[str]:
    """A stack name of this test's own. What bears it, as label or as start of its name, is removed afterwards."""
    name = f"t{secrets.token_hex(4)}"
    yield name
    remove_stack(raw, name)


@pytest.fixture
def image(raw: RawEngine) -> Callable[[str], str]:
    """`image("nginx")`: the reference of that image of the kit (busybox, nginx, redis), present in the engine."""
    return lambda name: images.ensure(raw, name)


@pytest.fixture
def busybox(image: Callable[[str], str]) -> str:
    """The reference of a small image with a shell, present in the engine."""
    return image("busybox")


@pytest.fixture
def free_port() -> Callable[[], int]:
    """`free_port()`: a TCP port of the loopback address that nothing listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find
