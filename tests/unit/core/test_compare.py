"""Field changes: leaves, causes, what is ignored and what is hidden. deepdiff is the judge of the leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerspec.core.diff.change import HIDDEN, Cause
from dockerspec.core.diff.compare import compare, hide, is_ignored, leaves
from dockerspec.core.ownership import digest, record
from dockerspec.core.table import container as table
from dockerspec.core.way import Way
from tests.unit.core.samples import ENGINE

Json = Any


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (1, 1, []),
        (1, 2, [("k", 1, 2)]),
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("k.a", 1, 2)]),
        ({"a": 1}, {"b": 1}, [("k.a", 1, None), ("k.b", None, 1)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("k.a.c", 2, 3)]),
        ({"a": (1, 2)}, {"a": (2, 1)}, [("k.a", (1, 2), (2, 1))]),
        ({"a": {}}, {"a": 1}, [("k.a", {}, 1)]),
        (None, {"a": 1}, [("k", None, {"a": 1})]),
    ],
)
def test_the_differing_leaves(old: Json, new: Json, found: Json) -> None:
    assert list(leaves("k", old, new)) == found


_values = st.recursive(
    st.one_of(st.integers(-3, 3), st.sampled_from(["", "a", "b"]), st.lists(st.integers(0, 2), max_size=2).map(tuple)),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_values, _values)
def test_deepdiff_finds_the_same_leaves(old: Json, new: Json) -> None:
    assert {path for path, _, _ in leaves("k", old, new)} == judged(old, new)


def judged(old: Json, new: Json) -> set[str]:
    """The paths that deepdiff names, an addition or removal inside a list counted as a change of the list."""
    from deepdiff import DeepDiff

    tree = DeepDiff(old, new, view="tree", ignore_type_in_groups=[], threshold_to_diff_deeper=0)
    found = set()
    for items in tree.values():
        for item in items:
            keys = item.path(output_format="list")
            found.add(".".join(["k", *(key for key in keys if isinstance(key, str))]))
    return found


@pytest.mark.parametrize(
    ("path", "patterns", "ignored"),
    [
        ("labels.build-date", ["labels.build-date"], True),
        ("labels.build-date", ["labels"], True),
        ("labels.build-date", ["labels.*"], True),
        ("labels.build-date", ["labels.build-*"], True),
        ("labels.team", ["labels.build-*"], False),
        ("label", ["labels"], False),
        ("labels2.x", ["labels"], False),
        ("volumes./a.b", ["volumes./a.b"], True),
        ("mem_limit", [], False),
        ("mem_limit", ["mem_*"], True),
        ("networks.front.aliases", ["networks.front"], True),
    ],
)
def test_ignored_paths(path: str, patterns: list[str], ignored: bool) -> None:
    assert is_ignored(path, patterns) is ignored


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("environment.DB_PASSWORD", True),
        ("environment.PASSPHRASE", True),
        ("environment.API_KEY", True),
        ("environment.api_token", True),
        ("environment.LOG_LEVEL", False),
        ("labels.password", True),
        ("logging.options.splunk-token", True),
        ("driver_opts.credentials", True),
        ("networks.auth.aliases", False),
        ("volumes./run/secrets", False),
        ("mem_limit", False),
    ],
)
def test_a_value_whose_name_calls_it_a_secret_is_not_shown(path: str, hidden: bool) -> None:
    assert hide(path, "rosebud") == (HIDDEN if hidden else "rosebud")
    assert hide(path, None) is None


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("addr=10.0.0.7,username=a,password=b", True), ("addr=10.0.0.7,rw", False), ("nopassword", False)],
)
def test_a_password_among_the_options_of_a_mount_is_not_shown(value: str, hidden: bool) -> None:
    assert (hide("driver_opts.o", value) == HIDDEN) is hidden


def one(
    key: str, want: Json, have: Json, recorded: Mapping[str, str] | None
) -> list[tuple[str, Json, Json, Way, Cause]]:
    row = table.BY_KEY[key]
    found = compare([row], {key: want}, {key: have}, recorded, ENGINE)
    return [(item.path, item.old, item.new, item.way, item.cause) for item in found]


@pytest.mark.parametrize(
    ("recorded", "cause"),
    [
        (None, Cause.DIFFERS),  # made before anything was recorded, or adopted
        ({"mem_limit": digest(64)}, Cause.DRIFT),  # the spec still says what it said
        ({"mem_limit": digest(32)}, Cause.EDIT),  # the engine still has what the spec said
        ({"mem_limit": digest(16)}, Cause.DIFFERS),  # both have moved
        ({}, Cause.DIFFERS),
    ],
)
def test_the_record_tells_drift_from_edits(recorded: Json, cause: Cause) -> None:
    assert one("mem_limit", 64, 32, recorded) == [("mem_limit", 32, 64, Way.UPDATE, cause)]


def test_a_new_limit_that_was_never_recorded_is_an_edit() -> None:
    assert one("mem_limit", 64, 0, {}) == [("mem_limit", 0, 64, Way.UPDATE, Cause.EDIT)]
    assert one("mem_limit", 0, 64, {}) == [("mem_limit", 64, 0, Way.REPLACE, Cause.DRIFT)]


def test_what_is_fixed_at_creation_can_only_have_been_edited() -> None:
    assert one("command", ("a",), ("b",), {}) == [("command", ("b",), ("a",), Way.REPLACE, Cause.EDIT)]


def test_what_others_made_was_never_as_the_spec_says() -> None:
    assert one("command", ("a",), ("b",), None) == [("command", ("b",), ("a",), Way.REPLACE, Cause.DIFFERS)]


def test_a_polluted_field_is_judged_by_the_record() -> None:
    nofile = {"nofile": {"soft": 1, "hard": 1}}
    daemons = {"nproc": {"soft": 9, "hard": 9}}
    recorded = {"ulimits": digest(nofile)}
    assert one("ulimits", nofile, {**nofile, **daemons}, recorded) == []
    assert one("ulimits", {}, daemons, {}) == []
    assert [path for path, *_ in one("ulimits", {}, {**nofile, **daemons}, recorded)] == [
        "ulimits.nofile",
        "ulimits.nproc",
    ]
    assert [path for path, *_ in one("ulimits", {}, daemons, None)] == ["ulimits.nproc"]


def test_a_mac_address_of_the_engines_is_not_in_the_changes() -> None:
    have = {"front": {"aliases": ("web",), "mac_address": "02:42"}}
    want = {"front": {"aliases": ("web", "www")}}
    assert [path for path, *_ in one("networks", want, have, None)] == ["networks.front.aliases"]


SAME = object()


@pytest.mark.parametrize(
    ("key", "want", "have", "recorded", "differs"),
    [
        ("blkio_config", {"weight": 300}, {}, {"weight": 300}, False),  # the kernel has no weights
        ("blkio_config", {"weight": 300}, {}, {"weight": 200}, True),
        ("blkio_config", {"weight": 300}, {}, None, True),
        ("blkio_config", {"weight": 300}, {"weight": 200}, {"weight": 300}, True),  # changed outside
        ("blkio_config", {"weight": 300, "device_read_bps": {"/d": 1}}, {"device_read_bps": {"/d": 1}}, SAME, False),
        ("blkio_config", {"weight": 300, "device_read_bps": {"/d": 1}}, {"device_read_bps": {"/d": 2}}, SAME, True),
        ("cpu_percent", 50, 0, 50, False),
        ("cpu_percent", 0, 50, 50, True),
        ("oom_kill_disable", True, False, True, False),  # cgroup v2
        ("oom_kill_disable", False, True, True, True),
        ("mem_swappiness", 10, None, 10, False),
        ("init", None, True, None, False),  # the daemon's default
        ("init", False, True, None, True),  # silent before, and the daemon's default is an init process
        ("init", None, False, False, True),
        ("masked_paths", None, ("/proc/a",), None, False),
        ("masked_paths", None, False, False, True),  # an empty list was asked for
        ("masked_paths", False, ("/proc/a",), None, True),
    ],
)
def test_what_the_engine_drops_or_adds_is_told_by_the_record(
    key: str, want: Json, have: Json, recorded: Json, differs: bool
) -> None:
    asked = want if recorded is SAME else recorded
    row = table.BY_KEY[key]
    kept = None if recorded is None and key == "blkio_config" else record([row], {key: asked})
    assert bool(one(key, want, have, kept)) is differs


def test_without_a_record_the_engines_own_paths_are_no_difference() -> None:
    assert one("masked_paths", None, ("/proc/a",), None) == []
    assert one("masked_paths", ("/proc/b",), ("/proc/a",), None) != []


@pytest.mark.parametrize(
    ("live", "way"),
    [
        ({"cpus": 5, "cpu_period": 0, "cpu_quota": 0}, Way.UPDATE),
        ({"cpus": 5, "cpu_period": 100_000, "cpu_quota": 0}, Way.REPLACE),  # even the kernel's own period, once set
        ({"cpus": 5, "cpu_period": 0, "cpu_quota": 9}, Way.REPLACE),
    ],
)
def test_processors_are_not_set_live_beside_a_period(live: Json, way: Way) -> None:
    rows = [table.BY_KEY[key] for key in ("cpus", "cpu_period", "cpu_quota")]
    want = {**dict.fromkeys(live, 0), "cpus": 7}
    found = {item.path: item.way for item in compare(rows, want, live, None, ENGINE)}
    assert found["cpus"] is way


MACS = {"a": {"mac_address": "02:01"}, "b": {"mac_address": "02:02"}}


@pytest.mark.parametrize(
    ("fixed", "want", "have", "paths"),
    [
        ({}, {"a": {}, "b": {}}, MACS, []),  # the engine's own choice
        ({"a": "02:01"}, {"a": {}, "b": {}}, MACS, ["networks.a.mac_address"]),  # no longer asked for
        ({"a": "02:01", "b": "02:02"}, {"a": {}, "b": {}}, MACS, ["networks.a.mac_address", "networks.b.mac_address"]),
        ({"a": "02:01"}, {"a": {"mac_address": "02:01"}, "b": {}}, MACS, []),
        ({"a": "02:01"}, {"a": {"mac_address": "02:09"}, "b": {}}, MACS, ["networks.a.mac_address"]),
        ({"a": "02:07"}, {"a": {}, "b": {}}, MACS, []),  # it was connected anew since
        ({"a": "02:01"}, {"a": {"mac_address": "02:01"}}, {"a": {}}, []),  # it doesn't run: nothing to see
        ({"a": "02:01"}, {"a": {"mac_address": "02:09"}}, {"a": {}}, ["networks.a.mac_address"]),
    ],
)
def test_a_fixed_mac_address_is_told_from_the_engines_choice(fixed: Json, want: Json, have: Json, paths: Json) -> None:
    recorded = record([table.BY_KEY["mac_address"]], {"mac_address": fixed})
    assert [path for path, *_ in one("networks", want, have, recorded)] == paths


@pytest.mark.parametrize(
    ("api", "old", "new", "way"),
    [
        ((1, 54), {"a": {"mac_address": "1"}}, {"a": {"mac_address": "2"}}, Way.NETWORK),
        ((1, 51), {"a": {"mac_address": "1"}}, {"a": {"mac_address": "2"}}, Way.REPLACE),
        ((1, 51), {"a": {"mac_address": "1"}}, {"a": {"mac_address": "1", "aliases": ("x",)}}, Way.REPLACE),
        ((1, 43), {"a": {"mac_address": "1"}}, {"a": {"mac_address": "1", "aliases": ("x",)}}, Way.NETWORK),
        ((1, 43), {"a": {"mac_address": "1"}}, {"a": {}}, Way.REPLACE),
        ((1, 51), {"a": {"mac_address": "1"}}, {"b": {}}, Way.NETWORK),
        ((1, 51), {"a": {}}, {"a": {}, "b": {"mac_address": "1"}}, Way.REPLACE),
        ((1, 51), {"a": {"mac_address": "1"}}, {"a": {"mac_address": "1"}, "b": {}}, Way.NETWORK),
    ],
)
def test_a_mac_address_survives_a_connect_only_on_some_engines(api: Json, old: Json, new: Json, way: Way) -> None:
    assert table.BY_KEY["networks"].way(old, new, replace(ENGINE, api=api)) is way
