"""What the rows of the tables say of the Engine's fields is so: they exist, since when, and the row writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dockerspec.core.placed import Content
from dockerspec.core.spec.model import ContainerSpec
from dockerspec.core.table import container, network, volume
from dockerspec.core.table.base import OLDEST_API, Context, Row
from tests.engine.field_bench import Case, read_cases
from tests.places import engine_fields, places
from tests.unit.core.samples import ENGINE, stack

Json = Any

ROWS: Mapping[str, tuple[Row[Any], ...]] = {
    "container": container.ROWS,
    "network": network.ROWS,
    "volume": volume.ROWS,
}

INSTEAD: Mapping[str, str] = {
    "NetworkingConfig.EndpointsConfig.MacAddress": "MacAddress",
    "HostConfig.Mounts.BindOptions.CreateMountpoint": "HostConfig.Binds",
}
"""Fields for which older engines have another one that serves as well."""

TOGETHER = {("networks", "HostConfig.NetworkMode")}
"""What a row writes for another one, as the two can't be told apart in a request."""

NETWORKS: Json = {
    "one": {"ipam": {"config": [{"subnet": "10.0.0.0/24"}]}},
    "two": {},
    "six": {"enable_ipv6": True, "ipam": {"config": [{"subnet": "fd00::/64"}]}},
}


FILES: Json = {"configs": {"app": {"content": "x"}}, "secrets": {"token": {"environment": "TOKEN"}}}
CONTENTS = {("configs", "app"): Content("x", digest="1"), ("secrets", "token"): Content("y", digest="2")}


@pytest.mark.parametrize("kind", ROWS)
def test_no_row_names_a_field_that_the_engine_does_not_have(kind: str) -> None:
    assert {place for row in ROWS[kind] for place in row.engine} <= set(engine_fields(kind))


BY_KIND = [pytest.param(kind, row, id=f"{kind}.{row.key}") for kind, rows in ROWS.items() for row in rows]


@pytest.mark.parametrize(("kind", "row"), BY_KIND)
def test_a_row_says_since_when_the_engine_knows_its_fields(kind: str, row: Row[Any]) -> None:
    told = {row.since, *(part.since for part in row.parts)}
    newer = {engine_fields(kind)[place].since for place in row.engine if place not in INSTEAD}
    assert {since for since in newer if since > OLDEST_API} <= told
    assert row.since <= max(OLDEST_API, *(engine_fields(kind)[place].since for place in row.engine))


def _bodies(case: Case) -> Iterator[tuple[ContainerSpec, Context]]:
    """The specs of a case, as plain data, and what its rows look at."""
    for state in ("a", "b"):
        keys = {"image": "app:1", **case.at(state)}
        text = {"web": keys, "target": {"image": "app:1"}}
        given = stack(networks=NETWORKS, volumes={"data": {}}, containers=_plain(text), **FILES)
        names = {key: key for key in given.containers}
        yield given.containers["web"], Context(engine=ENGINE, key="web", containers=names, contents=CONTENTS)


def _plain(value: Json) -> Json:
    """A value of a case with its placeholders put in."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.replace("{net}", "10.0.0").replace("{net6}", "fd00") if isinstance(value, str) else value


def test_rows_write_what_they_name_and_nothing_else() -> None:
    known = frozenset(engine_fields("container"))
    faults: set[str] = set()
    for case in read_cases():
        for spec, context in _bodies(case):
            for row in container.ROWS:
                body: dict[str, Json] = {}
                row.put(body, spec, context)
                found = set(places(body, known))
                strange = {place for place in found - set(row.engine) if (row.key, place) not in TOGETHER}
                faults |= {f"{case.place}: {row.key} writes {place}" for place in strange}
    assert faults == set()
