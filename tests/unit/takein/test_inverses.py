"""Each row of the field table has a way back from the live value to the spec."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerspec.core.spec.document import parse
from dockerspec.core.spec.interpolate import Interpolator
from dockerspec.core.spec.model import ContainerSpec, NetworkSpec, VolumeSpec
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.table import container, network, volume
from dockerspec.core.table.base import Row, replace
from dockerspec.core.takein.base import Place
from dockerspec.core.takein.page import Noted, Variable, write
from dockerspec.core.takein.unsaid import unsaid
from dockerspec.core.takein.writing import INVERSES, spec_keys
from tests.unit.core import samples

Json = Any

NO_WAY_BACK: dict[str, str] = {}
"""Rows that can't have an inverse, each with the reason."""


@pytest.mark.parametrize(
    ("model", "rows"),
    [(ContainerSpec, container.ROWS), (NetworkSpec, network.ROWS), (VolumeSpec, volume.ROWS)],
    ids=["container", "network", "volume"],
)
def test_every_row_has_an_inverse(model: type, rows: tuple[Json, ...]) -> None:
    known = set(INVERSES[model]) | set(NO_WAY_BACK)
    assert [row.key for row in rows if row.key not in known] == [], "write one in dockerspec/core/takein"
    assert set(INVERSES[model]) <= {row.key for row in rows}, "an inverse without a row"


CASES: list[tuple[dict[str, Json], dict[str, Json]]] = [
    ({}, {}),
    ({"mem_limit": 64 << 20}, {"mem_limit": "64m"}),
    ({"mem_limit": 10000001}, {"mem_limit": 10000001}),
    ({"mem_limit": "1g", "memswap_limit": -1}, {"mem_limit": "1g", "memswap_limit": -1}),
    ({"cpus": 0.25}, {"cpus": 0.25}),
    ({"restart": "on-failure:3"}, {"restart": "on-failure:3"}),
    ({"environment": {"MODE": "own", "PATH": "/bin"}}, {"environment": {"MODE": "own"}}),
    ({"labels": {"from": "image", "team": "shop"}}, {"labels": {"team": "shop"}}),
    ({"command": ["serve"]}, {}),
    ({"command": ["other"]}, {"command": ["other"]}),
    ({"entrypoint": ["/x"]}, {"entrypoint": ["/x"]}),
    ({"user": "1000"}, {}),
    ({"healthcheck": {"disable": True}}, {"healthcheck": {"disable": True}}),
    ({"healthcheck": {"retries": 9}}, {"healthcheck": {"test": ["CMD", "ready"], "retries": 9}}),
    ({"expose": ["80", "9"]}, {"expose": ["9"]}),
    ({"ports": ["8080:80", "[::1]:53:53/udp", "7"]}, {"ports": ["7", "[::1]:53:53/udp", "8080:80"]}),
    ({"ports": ["127.0.0.1::80"]}, {"ports": ["127.0.0.1::80"]}),
    ({"privileged": True}, {"privileged": True}),
    ({"stop_grace_period": "90s"}, {"stop_grace_period": "1m30s"}),
    ({"ulimits": {"nofile": 9}}, {"ulimits": {"nofile": 9}}),
    ({"devices": ["/dev/null:/dev/x:r"]}, {"devices": ["/dev/null:/dev/x:r"]}),
    ({"network_mode": "host"}, {"network_mode": "host"}),
    ({"network_mode": "bridge"}, {"network_mode": "bridge"}),
    ({"volumes": ["/a:/b:ro", "/c"]}, {"volumes": ["/a:/b:ro", "/c"]}),
    ({"volumes": ["/image"]}, {}),
    ({"tmpfs": ["/image"]}, {"tmpfs": ["/image"]}),
    (
        {"volumes": [{"type": "bind", "source": "/a", "target": "/b", "bind": {"recursive": "disabled"}}]},
        {"volumes": [{"type": "bind", "source": "/a", "target": "/b", "bind": {"recursive": "disabled"}}]},
    ),
    (
        {"blkio_config": {"weight": 300, "device_read_bps": [{"path": "/dev/sda", "rate": "1m"}]}},
        {"blkio_config": {"weight": 300, "device_read_bps": [{"path": "/dev/sda", "rate": 1 << 20}]}},
    ),
]

CONFIG: Json = {
    "Env": ["PATH=/bin", "MODE=production"],
    "Cmd": ["serve"],
    "User": "1000",
    "Labels": {"from": "image"},
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/image": {}},
    "Healthcheck": {"Test": ["CMD", "ready"], "Interval": 5_000_000_000},
}


@pytest.mark.parametrize(("asked", "written"), CASES, ids=[json.dumps(case[0]) for case in CASES])
def test_what_a_spec_asks_for_is_written_back_without_what_the_image_says(asked: Json, written: Json) -> None:
    asked.setdefault("network_mode", "bridge")
    written.setdefault("network_mode", "bridge")
    context = samples.context(CONFIG)
    fields = container.wanted(samples.container(**asked), context)
    place = Place({}, context, fields=fields)
    assert spec_keys({"image": "app:1"}, container.ROWS, place, ContainerSpec, None) == written


def read(text: str, values: dict[str, str]) -> Json:
    """A written text through the loader's own reading."""
    source = SourceFile("spec.yaml", text, "/")
    document, faults = parse(source)
    assert not faults, text
    assert document is not None
    interpolator = Interpolator(values)
    expanded = interpolator.document(document, source)
    assert interpolator.faults == []
    return expanded.plain()


TRICKS = ["yes", "no", "null", "~", "1", "0x1f", "1e3", "1_000", ".5", "-", "- a", "a: b", "a #b", "'", '"', "10m"]
# No engine keeps a NUL byte, and no list of a spec has lists in it.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    [*TRICKS, "$x", "${X}"]
)
SCALARS = TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none() | st.floats(0.25, 64, width=16)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner.filter(lambda item: not isinstance(item, list)), max_size=3)
        | st.dictionaries(TEXTS.filter(bool), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["x-a", "x-b", "x-c"]), DATA, min_size=1))
def test_whatever_is_written_reads_back_as_the_same(data: dict[str, Json]) -> None:
    assert read(write(data), {}) == data


@given(st.lists(TEXTS, max_size=3))
def test_comments_stay_comments(notes: list[str]) -> None:
    assert read(write({"a": Noted({"b": 1}, tuple(notes))}, notes), {}) == {"a": {"b": 1}}


def test_a_variable_is_left_open_and_dollars_are_not() -> None:
    text = write({"a": Variable("TOKEN"), "b": "$TOKEN ${X}"})
    assert read(text, {"TOKEN": "hush"}) == {"a": "hush", "b": "$TOKEN ${X}"}


def test_what_no_row_writes_is_named_if_it_matters() -> None:
    raw = {"HostConfig": {"AutoRemove": True, "CpuCount": 0, "VolumeDriver": ""}, "Config": {"NetworkDisabled": True}}
    rows = [row for row in container.ROWS if row.key != "auto_remove"]
    lost = "not said in this spec, and lost when it is replaced"
    assert unsaid(raw, rows) == [f"{lost}: HostConfig.AutoRemove is true", f"{lost}: Config.NetworkDisabled is true"]
    known: Row[Json] = Row(
        key="x",
        engine=("HostConfig.AutoRemove",),
        want=lambda *_: None,
        have=lambda *_: None,
        put=lambda *_: None,
        way=replace,
    )
    assert unsaid(raw, [*rows, known]) == [f"{lost}: Config.NetworkDisabled is true"]
