"""Fields that meet others on the way: exclusive limits, MAC addresses, shared namespaces; on real engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.stage import Stage
from tests.kit.raw import RawEngine

Json = Any
HEAD = """
containers:
  web:
    image: "{image}"
    command: [sleep, "9999"]
    stop_grace_period: 0s
"""


def web(*lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines)


def told(stage: Stage, text: str) -> tuple[set[str], str]:
    """What the plan names for the container, and whether it says live or replace."""
    (change,) = stage.plan(text).changes
    return {item.path for item in change.fields}, "replace" if str(change.kind) == "replace" else "live"


TURNS: list[tuple[tuple[str, ...], tuple[str, ...], set[str], str]] = [
    # before, after, what the plan names, how it is done on a running container
    (("mem_limit: 32m",), ("mem_limit: 1g",), {"mem_limit", "memswap_limit"}, "live"),
    (("mem_limit: 1g",), ("mem_limit: 32m", "memswap_limit: 32m"), {"mem_limit", "memswap_limit"}, "live"),
    (("mem_limit: 32m", "memswap_limit: 32m"), ("mem_limit: 64m",), {"mem_limit", "memswap_limit"}, "live"),
    (("mem_limit: 64m",), ("cpu_quota: 50ms",), {"mem_limit", "memswap_limit", "cpu_quota"}, "replace"),
    (("cpu_quota: 50ms",), (), {"cpu_quota"}, "live"),
    ((), ("cpus: 0.5",), {"cpus"}, "live"),  # a quota that was lifted is not in its way
    (("cpus: 0.5",), ("cpu_quota: 50ms", "cpu_period: 50ms"), {"cpus", "cpu_quota", "cpu_period"}, "replace"),
    (("cpu_quota: 50ms", "cpu_period: 50ms"), (), {"cpu_quota", "cpu_period"}, "live"),
    ((), ("cpus: 0.5",), {"cpus"}, "replace"),  # a period that was ever set is, even the kernel's own
]


@pytest.mark.timeout(300)
def test_limits_that_exclude_each_other_change_in_the_gentlest_way_there_is(stage: Stage, raw: RawEngine) -> None:
    stage.settle(web(*TURNS[0][0]))
    for before, after, paths, way in TURNS:
        found = told(stage, web(*after))
        assert found == (paths, way), (before, after)
        old = raw.container(f"{stage.stack}-web-1")["Id"]
        stage.settle(web(*after))
        assert stage.plan(web(*after)).is_empty, (before, after)
        assert (raw.container(f"{stage.stack}-web-1")["Id"] == old) is (way == "live")


MAC = "02:42:0a:00:00:05"


def address(raw: RawEngine, stack: str) -> str:
    (endpoint,) = raw.container(f"{stack}-web-1")["NetworkSettings"]["Networks"].values()
    return str(endpoint["MacAddress"])


def test_a_fixed_mac_address_comes_stays_and_goes(stage: Stage, raw: RawEngine) -> None:
    fixed = web(f'mac_address: "{MAC}"')
    named = web('networks: {default: {aliases: [x], mac_address: "' + MAC + '"}}')
    path = "networks.default.mac_address"
    stage.settle(web())
    assert told(stage, fixed) == ({path}, "replace")
    stage.settle(fixed)
    assert address(raw, stage.stack) == MAC
    # The same address said at the endpoint is no change; an alias beside it must not cost the address.
    assert told(stage, named)[0] == {"networks.default.aliases"}
    stage.settle(named)
    assert address(raw, stage.stack) == MAC
    assert stage.plan(named).is_empty
    # What the engine chose itself is left alone, what was asked for is not.
    assert told(stage, web("networks: {default: {aliases: [x]}}")) == ({path}, "replace")
    raw.post(f"/containers/{stage.stack}-web-1/stop", t=0)
    assert told(stage, named)[0] == {"state"}
    stage.settle(web())
    assert address(raw, stage.stack) != MAC
    assert stage.plan(web()).is_empty


def test_a_mac_address_lost_outside_is_seen(stage: Stage, raw: RawEngine) -> None:
    fixed = web('networks: {default: {mac_address: "' + MAC + '"}}')
    stage.settle(fixed)
    network, container = f"{stage.stack}_default", f"{stage.stack}-web-1"
    raw.post(f"/networks/{network}/disconnect", {"Container": container, "Force": True})
    raw.post(f"/networks/{network}/connect", {"Container": container, "EndpointConfig": {"Aliases": ["web"]}})
    lost = address(raw, stage.stack) != MAC
    assert (stage.plan(fixed).is_empty) is not lost
    assert lost or stage.docker.version().api < (1, 44)  # there the container has it, not its endpoint
    stage.settle(fixed)
    assert address(raw, stage.stack) == MAC


def test_a_foreign_container_whose_namespaces_are_shared_is_made_anew(stage: Stage, raw: RawEngine) -> None:
    other = f"{stage.stack}-foreign"
    body = {"Image": stage.image, "Cmd": ["sleep", "9999"], "HostConfig": {"IpcMode": "shareable"}}
    raw.run(other, body)
    shared = web(*(f"{key}: 'container:{other}'" for key in ("network_mode", "pid", "ipc")))
    stage.settle(shared)
    assert stage.plan(shared).is_empty
    raw.delete(f"/containers/{other}", force=True)
    raw.run(other, body)
    paths, way = told(stage, shared)
    assert way == "replace"
    assert {"network_mode", "pid", "ipc"} <= paths
    stage.settle(shared)
    assert stage.plan(shared).is_empty


def test_a_container_that_removes_itself_is_replaced_all_the_same(stage: Stage, raw: RawEngine) -> None:
    one, two = (web("auto_remove: true", f"environment: {{A: {value}}}") for value in ("one", "two"))
    for _ in range(3):
        stage.settle(one)
        stage.settle(two)
    assert stage.plan(two).is_empty
    assert len(raw.containers(dockerspec_stack=stage.stack)) == 1
    stage.settle(web())
    raw.post(f"/containers/{stage.stack}-web-1/stop", t=0)
    assert {path for item in stage.plan(web()).changes for path in [f.path for f in item.fields]} == {"state"}
