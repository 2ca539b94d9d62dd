"""Limits: what the engine computes, what it calls nothing, and what its update call can do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dockerspec.core.table import container as table
from dockerspec.core.way import Way
from tests.unit.core.samples import ENGINE, container, context, have, put, want

Json = Any
MIB = 1 << 20


@pytest.mark.parametrize(
    ("spec", "engine", "same"),
    [
        ("0-2", "0,1,2", True),
        ("0,1,2", "0-2", True),
        ("2,0-1", "0-2", True),
        ("0-1,1", "0-1", True),
        ("3", "3", True),
        ("0-2", "0-3", False),
        ("0,2", "0-2", False),
    ],
)
def test_a_processor_list_is_its_members(spec: str, engine: str, same: bool) -> None:
    wanted = want("cpuset", container(cpuset=spec), context())
    assert (wanted == have("cpuset", {"HostConfig": {"CpusetCpus": engine}})) is same


@pytest.mark.parametrize(
    ("keys", "accounted", "expected"),
    [
        ({}, True, 0),
        ({"mem_limit": "64m"}, True, 128 * MIB),
        ({"mem_limit": "64m", "memswap_limit": "96m"}, True, 96 * MIB),
        ({"mem_limit": "64m", "memswap_limit": -1}, True, -1),
        ({}, False, 0),
        ({"mem_limit": "64m"}, False, -1),
        ({"mem_limit": "64m", "memswap_limit": "96m"}, False, -1),
    ],
)
def test_the_swap_limit_is_what_the_engine_makes_of_it(keys: Json, accounted: bool, expected: int) -> None:
    engine = replace(ENGINE, swap_limit=accounted)
    assert want("memswap_limit", container(**keys), context(engine=engine)) == expected


@pytest.mark.parametrize("raw", [-1, 9223372036854771712])
def test_swap_without_a_limit_has_two_spellings(raw: int) -> None:
    wanted = want("memswap_limit", container(mem_limit="64m", memswap_limit=-1), context())
    assert wanted == have("memswap_limit", {"HostConfig": {"MemorySwap": raw}}) == -1


def test_a_computed_swap_limit_is_left_to_the_engine() -> None:
    assert put("memswap_limit", container(mem_limit="64m"), context()) == {}


@pytest.mark.parametrize("raw", [None, 0, -1])
def test_no_process_limit_has_three_spellings(raw: int | None) -> None:
    for spec in (container(), container(pids_limit=-1)):
        assert want("pids_limit", spec, context()) == have("pids_limit", {"HostConfig": {"PidsLimit": raw}}) == 0


@pytest.mark.parametrize(("raw", "expected"), [(None, None), (-1, None), (0, 0), (10, 10)])
def test_no_swappiness_has_two_spellings_and_zero_is_a_value(raw: int | None, expected: int | None) -> None:
    assert have("mem_swappiness", {"HostConfig": {"MemorySwappiness": raw}}) == expected


@pytest.mark.parametrize(("cpus", "nano"), [(1.5, 1_500_000_000), ("0.1", 100_000_000), (0.3, 300_000_000)])
def test_processors_are_whole_billionths(cpus: Json, nano: int) -> None:
    assert want("cpus", container(cpus=cpus), context()) == nano


@pytest.mark.parametrize(
    ("key", "old", "new", "way"),
    [
        ("mem_limit", 64 * MIB, 128 * MIB, Way.UPDATE),
        ("mem_limit", 0, 128 * MIB, Way.UPDATE),
        ("mem_limit", 64 * MIB, 0, Way.REPLACE),
        ("cpus", 1, 0, Way.REPLACE),
        ("cpuset", "0", "", Way.REPLACE),
        ("pids_limit", 100, 0, Way.UPDATE),
        ("restart", "always", "no", Way.UPDATE),
        ("networks", {}, {"a": {}}, Way.NETWORK),
        ("mem_swappiness", 1, 2, Way.REPLACE),
        ("environment", {}, {"A": "1"}, Way.REPLACE),
    ],
)
def test_what_the_update_call_can_do(key: str, old: Json, new: Json, way: Way) -> None:
    assert table.BY_KEY[key].way(old, new, ENGINE) is way


@pytest.mark.parametrize(
    ("key", "value", "body"),
    [
        ("mem_limit", 5, {"Memory": 5}),
        ("memswap_limit", 5, {"MemorySwap": 5}),
        ("memswap_limit", -1, {"MemorySwap": 9223372036854771712}),  # -1 never reaches a running container's kernel
        ("cpus", 5, {"NanoCpus": 5}),
        ("cpuset", "0,1", {"CpusetCpus": "0,1"}),
        ("pids_limit", 0, {"PidsLimit": 0}),
        ("restart", "on-failure:3", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}),
        ("restart", "no", {"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}}),
    ],
)
def test_update_bodies(key: str, value: Json, body: Json) -> None:
    update = table.BY_KEY[key].update
    assert update is not None
    assert update(value) == body


def test_every_way_of_updating_has_a_body_and_the_other_way_round() -> None:
    for row in table.ROWS:
        live = row.way("1", "2", ENGINE) is Way.UPDATE
        assert live is (row.update is not None), row.key


@pytest.mark.parametrize("row", table.ROWS, ids=lambda row: row.key)
def test_a_silent_spec_writes_nothing_and_wants_what_a_bare_engine_reports(row: Any) -> None:
    silent, seen = container(network_mode="none"), context()
    body: dict[str, Json] = {}
    row.put(body, silent, seen)
    assert body == ({"HostConfig": {"NetworkMode": "none"}} if row.key == "networks" else {})
    raw = {"HostConfig": {"NetworkMode": "none", "CgroupnsMode": "private", "LogConfig": {"Type": "json-file"}}}
    assert row.agrees(row.want(silent, seen), row.have(raw, ENGINE))


@pytest.mark.parametrize("row", table.ROWS, ids=lambda row: row.key)
def test_a_live_value_agrees_with_itself(row: Any) -> None:
    raw = {
        "HostConfig": {
            "PortBindings": {"80/tcp": [{"HostPort": "8080"}]},
            "Binds": ["data:/data"],
            "Memory": 5,
            "Links": ["/a:/b/c"],
        },
        "NetworkSettings": {"Networks": {"front": {"Aliases": ["x"], "MacAddress": "02:00"}}},
        "Config": {"Env": ["A=1"], "Labels": {"a": "b"}},
    }
    value = row.have(raw, ENGINE)
    assert row.agrees(value, value)
    assert row.same is None or row.same(value, value)
    assert row.trim is None or row.agrees(row.trim(value, value, lambda _key, _value: False), value)
