"""A plan in the making: actions, edges and ways back are collected, then frozen."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan.action import Action
from dockerspec.core.plan.graph import Cycle, Graph
from dockerspec.core.plan.plan import Rescue


class Draft:
    """Collects what the planners of the four kinds add; lives within one call of `make_plan` only.

    Attributes:
        actions: by key, in the order in which they were added.
        made: the key of the action after which an engine object is there, by kind and name (images: reference).
        gone: the keys of the actions after which a name is free, by kind and name.
        begun: the key of the action that starts a container, by address.
        ready: the key of the action after which dependents may start, by address.
        halted: the key of the action that stops a container for good or for a while, by address.
        loose_ports: the keys of the containers whose replicas may have any port of a range.
    """

    def __init__(self, loose_ports: frozenset[str] = frozenset()) -> None:
        self.loose_ports = loose_ports
        self.actions: dict[str, Action] = {}
        self.made: dict[tuple[Kind, str], str] = {}
        self.gone: dict[tuple[Kind, str], list[str]] = {}
        self.begun: dict[Address, str] = {}
        self.ready: dict[Address, str] = {}
        self.halted: dict[Address, str] = {}
        self.rescues: list[Rescue] = []
        self._edges: list[tuple[str, str]] = []
        self._wishes: list[tuple[str, str]] = []

    def add(self, action: Action, after: Iterable[str | None] = ()) -> str:
        """Add an action; `after` are keys that come before it, None standing for nothing."""
        self.actions[action.key] = action
        for key in after:
            self.edge(key, action.key)
        return action.key

    def chain(self, actions: Iterable[Action], after: str | None = None) -> str | None:
        """Add actions that follow one another; the last key, or `after` if there were none."""
        for action in actions:
            after = self.add(action, (after,))
        return after

    def edge(self, first: str | None, then: str | None) -> None:
        """Order two actions; an end that is None is no order at all."""
        if first is not None and then is not None:
            self._edges.append((first, then))

    def wish(self, first: str | None, then: str | None) -> None:
        """Order two actions if the rest of the order lets it: a comfort, such as a shorter downtime."""
        if first is not None and then is not None:
            self._wishes.append((first, then))

    def put_before(self, key: str, actions: Iterable[Action]) -> None:
        """Put actions right before one that is there, one after the other: they wait for all that it waited for."""
        added = [self.add(action) for action in actions]
        if not added:
            return
        for order in (self._edges, self._wishes):
            order[:] = [(first, added[0] if then == key else then) for first, then in order]
        self._edges += pairwise((*added, key))

    def put_after(self, key: str, actions: Iterable[Action]) -> None:
        """Put actions right after one that is there, one after the other: all that waited for it waits for them."""
        added = [self.add(action) for action in actions]
        if not added:
            return
        for order in (self._edges, self._wishes):
            order[:] = [(added[-1] if first == key else first, then) for first, then in order]
        self._edges += pairwise((key, *added))

    def free(self, kind: Kind, name: str, key: str) -> None:
        """Note that a name is free after an action."""
        self.gone.setdefault((kind, name), []).append(key)

    def graph(self) -> Graph:
        """The order, with the wishes where they do no harm.

        Raises:
            Cycle: the order contradicts itself even without them.
        """
        graph = Graph.of(self.actions, [*self._edges, *self._wishes])
        try:
            graph.order()
        except Cycle:
            graph = Graph.of(self.actions, self._edges)
            graph.order()
        return graph
