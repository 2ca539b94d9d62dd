"""The order of a plan's actions: stable, complete, and a named path where there is none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dockerspec.core.plan.graph import Cycle, Graph


@pytest.mark.parametrize(
    ("keys", "edges", "order"),
    [
        ("", [], ""),
        ("cba", [], "cba"),
        ("cba", ["ab"], "cab"),
        ("abc", ["ca"], "bca"),
        ("abcd", ["db", "dc", "ba"], "dbca"),
    ],
)
def test_equals_keep_the_order_in_which_they_were_given(keys: str, edges: list[str], order: str) -> None:
    assert "".join(Graph.of(keys, [(a, b) for a, b in edges]).order()) == order


def test_edges_to_what_is_not_there_and_to_itself_are_left_out() -> None:
    graph = Graph.of("ab", [("a", "x"), ("x", "b"), ("a", "a"), ("a", "b"), ("a", "b")])
    assert graph.before == {"a": frozenset(), "b": frozenset("a")}


@pytest.mark.parametrize(("edges", "members"), [(["ab", "ba"], "ab"), (["ab", "bc", "ca", "da"], "abc")])
def test_a_cycle_names_a_path_on_which_each_waits_for_the_next(edges: list[str], members: str) -> None:
    with pytest.raises(Cycle) as caught:
        Graph.of("abcd", [(a, b) for a, b in edges]).order()
    path = caught.value.path
    assert path[0] == path[-1]
    assert set(path) == set(members)
    assert all(f"{needed}{waiting}" in edges for waiting, needed in pairwise(path))
    assert str(caught.value) == " -> ".join(path)
