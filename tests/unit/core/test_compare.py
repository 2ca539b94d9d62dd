"""Field changes: leaves, causes, what is ignored and what is hidden. deepdiff is the judge of the leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerspec.core.diff.change import HIDDEN, Cause
from dockerspec.core.diff.compare import compare, hide, is_ignored, leaves
from dockerspec.core.ownership import digest
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
    assert one("command", ("a",), ("b",), None) == [("command", ("b",), ("a",), Way.REPLACE, Cause.EDIT)]


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
