"""A daemon with defaults of its own in its daemon.json: what it mixes into containers is no change, the spec's word is.

Each default below shows up in the inspect answer of a container whose spec says nothing of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.stage import Stage, differing
from tests.kit import images
from tests.kit.cleanup import remove_stack
from tests.kit.daemon import Daemon

Json = Any

DEFAULTS: Json = {
    "init": True,
    "log-driver": "local",
    "log-opts": {"max-size": "3m"},
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1000, "Hard": 2000}},
    "default-shm-size": "32m",
    "default-ipc-mode": "shareable",
    "default-cgroupns-mode": "private",
    "dns": ["10.0.0.53"],
    "dns-search": ["example.org"],
    "ip": "127.0.0.1",
    "no-new-privileges": True,
}

SPEC = """
    networks:
      local: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}
    containers:
      silent: {image: "{image}", state: stopped, ports: ["80"], networks: [local]{silent}}
      spoken:
        image: "{image}"
        state: stopped
        {spoken}
"""
SPOKEN = """init: false
        shm_size: 16m
        ulimits: {nofile: 500, nproc: 100}
        logging: {options: {max-size: 1m}}
        ipc: none
        dns: [10.0.0.1]
        ports: ["0.0.0.0::80"]"""


def spec(silent: str = "", spoken: str = SPOKEN) -> str:
    return SPEC.replace("{silent}", silent).replace("{spoken}", spoken)


@pytest.fixture
def stage(engine_name: str, tmp_path: Path) -> Any:
    from tests.conftest import _binaries

    if engine_name == "given":
        pytest.skip("this test sets up its daemon")
    with Daemon(_binaries(engine_name), DEFAULTS) as daemon:
        image = images.ensure(daemon.raw, "busybox")
        stage = Stage(daemon.host, tmp_path, "defaults", image)
        yield stage
        stage.docker.close()
        remove_stack(daemon.raw, "defaults")


def test_a_daemons_own_defaults_are_no_change_and_can_be_overridden(stage: Stage) -> None:
    stage.settle(spec())
    assert differing(stage.plan(spec())) == {}
    # A silent container says now what it had by default, or something else: only that is a change.
    said = ", init: false, ulimits: {nproc: 5}, shm_size: 8m"
    changed = differing(stage.plan(spec(silent=said)))
    assert set(changed) == {"container.silent"}
    assert {path.split(".")[0] for path in changed["container.silent"]} == {"init", "ulimits", "shm_size"}
    # A container that said so falls back on the daemon's defaults.
    fallen = differing(stage.plan(spec(spoken="networks: [default]")))
    assert set(fallen) == {"container.spoken"}
    kinds = {path.split(".")[0] for path in fallen["container.spoken"]}
    assert kinds == {"init", "ulimits", "shm_size", "logging", "ipc", "dns", "ports", "expose"}
    stage.settle(spec(said, "networks: [default]"))
    assert differing(stage.plan(spec(said, "networks: [default]"))) == {}
