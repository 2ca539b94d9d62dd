"""Capabilities, namespaces and the other rows about what a container may do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.core.samples import ENGINE, container, context, have, put, want

Json = Any


@pytest.mark.parametrize(
    ("spec", "engine", "same"),
    [
        (["NET_ADMIN"], ["CAP_NET_ADMIN"], True),
        (["cap_net_admin"], ["NET_ADMIN"], True),
        (["KILL", "CHOWN"], ["CAP_CHOWN", "KILL"], True),
        (["ALL"], ["CAP_ALL"], True),
        ([], None, True),
        (["CHOWN"], ["CHOWN", "KILL"], False),
    ],
)
def test_a_capability_is_one_whatever_its_spelling(spec: Json, engine: Json, same: bool) -> None:
    assert (
        want("cap_add", container(cap_add=spec), context()) == have("cap_add", {"HostConfig": {"CapAdd": engine}})
    ) is same


@pytest.mark.parametrize(
    ("keys", "host", "same"),
    [
        ({"security_opt": ["no-new-privileges:true"]}, {"SecurityOpt": ["no-new-privileges=true"]}, True),
        ({"security_opt": ["seccomp=a:b"]}, {"SecurityOpt": ["seccomp=a:b"]}, True),
        ({"privileged": True}, {"Privileged": True, "SecurityOpt": ["label=disable"]}, True),
        ({"pid": "host"}, {"PidMode": "host", "SecurityOpt": ["label=disable"]}, True),
        ({}, {"SecurityOpt": ["label=disable"]}, False),
        ({"security_opt": ["label:disable"]}, {"SecurityOpt": ["label=disable"]}, True),
    ],
)
def test_what_the_engine_adds_for_privileged_containers_is_no_change(keys: Json, host: Json, same: bool) -> None:
    assert (want("security_opt", container(**keys), context()) == have("security_opt", {"HostConfig": host})) is same


@pytest.mark.parametrize(
    ("version", "keys", "expected"),
    [
        (1, {}, "host"),
        (2, {}, "private"),
        (2, {"privileged": True}, "private"),
        (1, {"cgroup": "private"}, "private"),
    ],
)
def test_the_cgroup_namespace_follows_the_host(version: int, keys: Json, expected: str) -> None:
    engine = replace(ENGINE, cgroup_version=version)
    assert want("cgroup", container(**keys), context(engine=engine)) == expected


def test_a_shared_namespace_is_asked_for_by_name_and_reported_by_id() -> None:
    spec = container(pid="service:db")
    seen = context(containers={"db": "shop-db-1"}, ids={"shop-db-1": "abc"})
    assert put("pid", spec, seen) == {"HostConfig": {"PidMode": "container:shop-db-1"}}
    assert want("pid", spec, seen) == have("pid", {"HostConfig": {"PidMode": "container:abc"}})


def test_the_default_ipc_namespace_has_two_spellings() -> None:
    assert want("ipc", container(), context()) == have("ipc", {"HostConfig": {"IpcMode": ""}}) == "private"


def test_devices_are_known_by_their_place_in_the_container() -> None:
    raw = {"HostConfig": {"Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": ""}]}}
    assert want("devices", container(devices=["/dev/a:/dev/b"]), context()) == have("devices", raw)


@pytest.mark.parametrize("order", [["mail", "1001"], ["1001", "mail"]])
def test_the_order_of_groups_means_nothing(order: list[str]) -> None:
    raw = {"HostConfig": {"GroupAdd": ["mail", "1001"]}}
    assert want("group_add", container(group_add=order), context()) == have("group_add", raw)
