"""Small plans for the executor's tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from dockerspec.core.address import Address, Kind
from dockerspec.core.plan.action import (
    Action,
    AwaitContainer,
    CreateContainer,
    RemoveContainer,
    RenameContainer,
    StartContainer,
    StopContainer,
)
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan, Rescue
from dockerspec.core.ready import Ready
from dockerspec.engine.protocol import Engine
from dockerspec.runtime.execute.tools import Tools
from dockerspec.runtime.retry import RUN, Policy, Retries
from dockerspec.testing import FakeEngine

IMAGE = "busybox"


@dataclass
class Dial:
    """A clock that only pauses move.

    Attributes:
        moment: what it shows.
        pauses: how long was slept, in order.
        at_pause: called with each pause that begins.
    """

    moment: float = 0.0
    pauses: list[float] = field(default_factory=list)
    at_pause: Callable[[float], object] = lambda _seconds: None

    def monotonic(self) -> float:
        """The moment."""
        return self.moment

    def time(self) -> float:
        """The moment."""
        return self.moment

    def pause(self, seconds: float) -> None:
        """Let time go by."""
        self.pauses.append(seconds)
        self.moment += seconds
        self.at_pause(seconds)


def tools(
    engine: Engine | None = None,
    dial: Dial | None = None,
    *,
    policy: Policy = RUN,
    stopped: Callable[[], bool] = lambda: False,
    note: Callable[[str], None] = lambda _text: None,
) -> Tools:
    """Tools that never sleep; chance is always 1, so that pauses are as long as they get."""
    dial = dial or Dial()
    return Tools(
        engine=engine or FakeEngine(),
        clock=dial,
        pack=lambda build: (io.BytesIO(), build.dockerfile),
        wait=lambda _action: None,
        note=note,
        stopped=stopped,
        pause=dial.pause,
        retries=Retries(dial, policy, random=lambda: 1.0),
    )


def address(name: str) -> Address:
    """The address of a container."""
    return Address(Kind.CONTAINER, name, 1)


def create(name: str, image: str = IMAGE, **body: object) -> CreateContainer:
    """Create a container called `name`."""
    return CreateContainer(address=address(name), cause="test", name=name, body={"Image": image, **body})


def start(name: str) -> StartContainer:
    """Start it."""
    return StartContainer(address=address(name), cause="test", container=name, name=name)


def stop(name: str) -> StopContainer:
    """Stop it at once."""
    return StopContainer(address=address(name), cause="test", container=name, name=name, grace=0)


def remove(name: str, *, force: bool = True) -> RemoveContainer:
    """Remove it."""
    return RemoveContainer(address=address(name), cause="test", container=name, name=name, force=force)


def rename(name: str, new_name: str) -> RenameContainer:
    """Rename it."""
    return RenameContainer(address=address(name), cause="test", container=name, name=name, new_name=new_name)


def wait(name: str, until: Ready = Ready.HEALTHY, timeout: float = 20.0) -> AwaitContainer:
    """Wait for it."""
    return AwaitContainer(address=address(name), cause="test", container=name, name=name, until=until, timeout=timeout)


def plan(
    actions: Iterable[Action],
    edges: Iterable[tuple[Action, Action]] = (),
    rescues: Iterable[tuple[Iterable[Action], Mapping[str, tuple[Action, ...]]]] = (),
) -> Plan:
    """A plan from actions, (first, then) pairs, and (members, undo by key) pairs."""
    by_key = {action.key: action for action in actions}
    return Plan(
        "test",
        actions=by_key,
        graph=Graph.of(by_key, [(first.key, then.key) for first, then in edges]),
        rescues=tuple(Rescue(tuple(member.key for member in members), undo) for members, undo in rescues),
    )


def chain(*actions: Action) -> Plan:
    """A plan of one action after the other."""
    return plan(actions, pairwise(actions))
