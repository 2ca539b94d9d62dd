"""Laws of the grammars: what is written is read back, and nothing but ValueError ever comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerspec.core import values
from dockerspec.core.values import ImageRef

SIZES = st.integers(min_value=0, max_value=2**63 - 1)
PORTS = st.integers(min_value=1, max_value=65535)

LONGEST = 300

READERS: list[Callable[[Any], object]] = [
    values.parse_size,
    values.parse_size_or_unlimited,
    values.parse_duration,
    values.parse_microseconds,
    values.parse_port_range,
    values.parse_expose,
    values.parse_mount,
    values.parse_tmpfs,
    values.parse_restart,
    values.parse_ulimit,
    values.parse_device,
    values.parse_signal,
    values.parse_cpus,
    values.parse_cpuset,
    values.parse_int,
    values.parse_mode,
    values.parse_bool,
    values.parse_ip,
    values.parse_cidr,
    values.parse_mac,
    values.parse_extra_host,
    values.parse_image,
    values.parse_pairs,
    values.parse_texts,
    values.parse_environment,
    values.parse_names,
]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    # Texts near the grammars find more than arbitrary ones.
    st.text(alphabet="0123456789.:-/[]=,@abcdefghkmrstwz \\~", max_size=30),
)
ANYTHING = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.text(max_size=5), SCALARS, max_size=3))


def complaint(reader: Callable[[Any], object], value: object) -> str:
    """What the reader says against a value; any other exception is the test's failure."""
    try:
        reader(value)
    except ValueError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(value=ANYTHING)
def test_readers_complain_in_one_line_with_a_way_out(reader: Callable[[Any], object], value: object) -> None:
    text = complaint(reader, value)
    assert len(text) < LONGEST
    assert not text or "; " in text
    assert "\n" not in text


# A range of ports onto an equally long one is written out, so the texts are kept short here.
@given(text=st.text(alphabet="0123456789:-/[].tcpud", max_size=12))
def test_the_reader_of_ports_complains_with_a_way_out(text: str) -> None:
    found = complaint(values.parse_port, text)
    assert not found or "; " in found


@given(SIZES)
def test_sizes_are_read_as_written(size: int) -> None:
    assert values.parse_size(values.format_size(size)) == size


@given(SIZES)
def test_durations_are_read_as_written(duration: int) -> None:
    assert values.parse_duration(values.format_duration(duration)) == duration


@given(PORTS, PORTS)
def test_port_ranges_are_read_as_written(one: int, other: int) -> None:
    first, last = sorted((one, other))
    assert values.parse_port_range(values.format_port_range(first, last)) == (first, last)


@given(
    domain=st.sampled_from(["", "localhost/", "registry:5000/", "registry.example/", "docker.io/"]),
    path=st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?(/[a-z0-9]{1,8})?", fullmatch=True),
    tag=st.one_of(st.just(""), st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True)),
)
def test_familiar_names_mean_what_they_came_from(domain: str, path: str, tag: str) -> None:
    ref = ImageRef.parse(f"{domain}{path}{tag}")
    assert ImageRef.parse(ref.familiar) == ref


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text(max_size=10), max_size=5))
def test_both_forms_of_pairs_mean_the_same(pairs: dict[str, str]) -> None:
    assert values.parse_pairs([f"{key}={value}" for key, value in pairs.items()]) == pairs == values.parse_pairs(pairs)
