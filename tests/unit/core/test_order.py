"""The order between objects: names, ports, dependencies, networks, and how long to wait."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.diff.differ import diff
from dockerspec.core.plan.action import UpdateContainer
from dockerspec.core.plan.lifecycle import ready_timeout
from dockerspec.core.plan.plan import Plan
from dockerspec.core.plan.planner import make_plan
from tests.unit.core.samples import desired, live, raw_container, raw_network, raw_volume, stack

Json = Any


def plan(sections: Json, *there: Json, **objects: list[Json]) -> Plan:
    """The plan for a stack on an engine."""
    state, given = live(*there, **objects), stack(**sections)
    found = make_plan(diff(desired(given), state), state, "shop")
    assert found.errors == ()
    return found


def waits(found: Plan, key: str) -> set[str]:
    """All actions that come before one, near and far."""
    result: set[str] = set()
    queue = [key]
    while queue:
        before = found.graph.before[queue.pop()] - result
        result |= before
        queue += before
    return result


def published(name: str, resource: str, port: str) -> Json:
    raw = raw_container(name, resource)
    raw["HostConfig"]["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": port}]}
    raw["Config"]["ExposedPorts"] = {"80/tcp": {}}
    return raw


IMAGE = {"image": "app:1"}


def test_everything_that_a_container_uses_is_there_before_it() -> None:
    sections = {
        "networks": {"front": {}},
        "volumes": {"data": {}},
        "containers": {"web": {**IMAGE, "networks": ["front"], "volumes": ["data:/data"]}},
    }
    found = plan(sections, networks=[])
    before = waits(found, "create container.web shop-web-1")
    assert before == {"create network.front", "create volume.data"}


@pytest.mark.parametrize(
    ("condition", "until"), [("service_healthy", "healthy"), ("service_completed_successfully", "completed")]
)
def test_a_dependency_is_ready_before_its_dependent_starts(condition: str, until: str) -> None:
    db = {**IMAGE, "healthcheck": {"test": "true"}}
    sections = {"containers": {"web": {**IMAGE, "depends_on": {"db": {"condition": condition}}}, "db": db}}
    found = plan(sections)
    assert "await container.db shop-db-1" in waits(found, "start container.web shop-web-1")
    assert found.actions["await container.db shop-db-1"].until == until  # type: ignore[attr-defined]
    assert "await container.db shop-db-1" not in waits(found, "create container.web shop-web-1")


def test_a_dependency_that_only_has_to_be_started_is_not_waited_for() -> None:
    found = plan({"containers": {"web": {**IMAGE, "depends_on": ["db"]}, "db": IMAGE}})
    assert "start container.db shop-db-1" in waits(found, "start container.web shop-web-1")
    assert not any(key.startswith("await") for key in found.actions)


def test_a_name_is_free_before_it_is_taken() -> None:
    sections = {"containers": {"web": {**IMAGE, "container_name": "site"}}}
    found = plan(sections, raw_container("site", "old"))
    assert "remove container.old site" in waits(found, "create container.web site")


def test_a_port_is_let_go_before_it_is_taken() -> None:
    sections = {"containers": {"web": {**IMAGE, "ports": ["8080:80"]}, "other": {**IMAGE, "ports": ["9090:80"]}}}
    found = plan(sections, published("shop-old-1", "old", "8080"))
    assert "stop container.old shop-old-1" in waits(found, "start container.web shop-web-1")
    assert "stop container.old shop-old-1" not in waits(found, "start container.other shop-other-1")


def test_containers_leave_before_their_network_and_volume_go() -> None:
    old = raw_container("shop-old-1", "old")
    old["HostConfig"]["Binds"] = ["shop_data:/data"]
    old["NetworkSettings"]["Networks"] = {"shop_front": {"NetworkID": "id-of-shop_front"}}
    state = live(old, networks=[raw_network("shop_front", "front")], volumes=[raw_volume("shop_data", "data")])
    found = make_plan(diff(desired(stack(containers={})), state, consent=["data"]), state, "shop")
    removed = "remove container.old shop-old-1"
    assert removed in waits(found, "remove network.front")
    assert removed in waits(found, "remove volume.data")


def test_the_old_container_stops_as_late_as_can_be() -> None:
    web = {**IMAGE, "user": "7", "update": {"order": "stop-first"}}
    found = plan({"containers": {"web": web}}, raw_container("shop-web-1"))
    (old,) = (key for key in found.actions if key.startswith("stop"))
    assert waits(found, old) == {"rename container.web shop-web-1", "create container.web shop-web-1"}
    (rescue,) = found.rescues
    assert list(rescue.members) == [key for key in found.actions if not key.startswith("remove")]


def test_a_memory_limit_goes_together_with_its_swap_limit() -> None:
    old = raw_container("shop-web-1")
    old["HostConfig"].update(Memory=64 << 20, MemorySwap=512 << 20)
    found = plan({"containers": {"web": {**IMAGE, "mem_limit": "128m", "memswap_limit": "512m"}}}, old)
    update = found.actions["update container.web shop-web-1"]
    assert isinstance(update, UpdateContainer)
    assert update.body == update.expect == {"Memory": 128 << 20, "MemorySwap": 512 << 20}


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [
        ({}, 60.0),
        ({"update": {"timeout": "5s"}}, 5.0),
        ({"update": {"wait": "healthy"}}, 60.0),
        ({"healthcheck": {"test": "true", "interval": "1s", "timeout": "1s", "retries": 1}}, 60.0),
        ({"healthcheck": {"test": "true"}}, 3 * (30.0 + 30.0) + 10.0),
        ({"healthcheck": {"test": "true", "interval": "60s", "start_period": "5m", "retries": 2}}, 300 + 180 + 10.0),
        ({"healthcheck": {"test": "true"}, "update": {"timeout": "7s"}}, 7.0),
        ({"healthcheck": {"disable": True}}, 60.0),
    ],
)
def test_how_long_a_container_may_take(keys: Json, seconds: float) -> None:
    (web,) = desired(stack(containers={"web": {**IMAGE, **keys}})).containers
    assert ready_timeout(web) == seconds
