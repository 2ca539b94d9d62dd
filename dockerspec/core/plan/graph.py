"""An immutable directed graph over text keys. It knows nothing of Docker."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class Cycle(ValueError):
    """The graph has a cycle; on `path` each node waits for the next one, and the first stands at the end again."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(" -> ".join(path))


@dataclass(frozen=True, slots=True)
class Graph:
    """Who waits for whom.

    Attributes:
        before: for each key, the keys that must be done before it. Every key is present.
    """

    before: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, keys: Iterable[str], edges: Iterable[tuple[str, str]]) -> Graph:
        """Make a graph from keys and (first, then) edges; edges with an unknown end are left out."""
        before: dict[str, set[str]] = {key: set() for key in keys}
        for first, then in edges:
            if first in before and then in before and first != then:
                before[then].add(first)
        return cls({key: frozenset(value) for key, value in before.items()})

    def order(self) -> tuple[str, ...]:
        """All keys, each after those before it; among equals in the order in which they were given.

        Raises:
            Cycle: there is no such order.
        """
        rank = {key: index for index, key in enumerate(self.before)}
        sorter = graphlib.TopologicalSorter(self.before)
        try:
            sorter.prepare()
        except graphlib.CycleError as fault:
            raise Cycle(tuple(reversed(fault.args[1]))) from None
        done: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=rank.__getitem__)
            done.extend(ready)
            sorter.done(*ready)
        return tuple(done)
