"""Rules of single fields: a container that removes itself, a fixed MAC address; each broken, and its neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.validate import validate

Data = dict[str, Any]
MAC = "02:42:0a:00:00:05"


def found(**specs: Data) -> list[str]:
    """The faults of a stack of containers."""
    containers = {name: {"image": "busybox", **keys} for name, keys in specs.items()}
    stack = Stack.model_validate({"stack": "shop", "networks": {"a": {}, "b": {}}, "containers": containers})
    return [str(item) for item in validate(stack, lambda _path: None)]


def at(network: str, address: str = MAC) -> Data:
    return {"networks": {network: {"mac_address": address}}}


BROKEN: list[tuple[Data, list[str]]] = [
    (
        {"web": {"auto_remove": True, "restart": "always"}},
        [
            "containers.web.auto_remove: the engine can't remove a container at its end that it restarts "
            "(restart: always); remove auto_remove or restart"
        ],
    ),
    (
        {"job": {"auto_remove": True, "state": "completed"}},
        [
            "containers.job.auto_remove: the engine removes the container at its end, so nobody can tell that it "
            "completed; remove auto_remove"
        ],
    ),
    (
        {
            "job": {"auto_remove": True},
            "web": {"depends_on": {"job": {"condition": "service_completed_successfully"}}},
        },
        [
            "containers.web.depends_on.job.condition: the engine removes the container 'job' at its end, so nobody can "
            "tell how it ended; remove auto_remove at 'job'"
        ],
    ),
    (
        {"web": {"mac_address": MAC, "network_mode": "none"}},
        [
            "containers.web.mac_address: with network_mode: none the container has no interface of its own; "
            "remove mac_address, or network_mode"
        ],
    ),
    (
        {"db": {}, "web": {"mac_address": MAC, "network_mode": "service:db"}},
        [
            "containers.web.mac_address: with network_mode: service:db the container has no interface of its own; "
            "remove mac_address, or network_mode"
        ],
    ),
    (
        {"web": {"mac_address": MAC, "replicas": 2}},
        [
            f"containers.web.mac_address: 2 replicas can't share the address {MAC}; "
            "remove the address, or set replicas: 1"
        ],
    ),
    (
        {"web": at("a"), "app": {"mac_address": MAC, "networks": ["b", "a"]}, "api": at("a")},
        [
            f"containers.api.networks.a.mac_address: the container 'web' has the address {MAC} already; "
            "choose another address",
            f"containers.app.mac_address: the container 'web' has the address {MAC} already; choose another address",
        ],
    ),
]


@pytest.mark.parametrize(("specs", "faults"), BROKEN)
def test_what_contradicts_itself_is_an_error(specs: Data, faults: list[str]) -> None:
    assert sorted(found(**specs)) == faults


@pytest.mark.parametrize(
    "specs",
    [
        {"web": {"auto_remove": True, "restart": "no"}},
        {"job": {"auto_remove": False, "state": "completed"}},
        {"job": {"auto_remove": True}, "web": {"depends_on": ["job"]}},
        {"web": {"mac_address": MAC, "network_mode": "bridge"}},
        {"web": at("a"), "app": at("b")},
        {"web": at("a"), "app": {**at("a"), "state": "absent"}},
        {"web": at("a"), "app": {"mac_address": MAC, **at("a", "02:42:0a:00:00:06")}},
        {"web": at("a"), "app": {"mac_address": MAC, "networks": {"a": {}, "b": {"priority": 1}}}},
    ],
)
def test_what_does_not_is_none(specs: Data) -> None:
    assert found(**specs) == []
