"""Which live container stands for which desired one. Every candidate has one fate, chosen the same way every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dockerspec.core.desired.life import exit_codes
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.ownership import ASIDE


@dataclass(frozen=True, slots=True)
class Pair:
    """A desired container and what is there of it.

    Attributes:
        desired: what the spec wants.
        live: the container that stands for it, or None.
        extras: further containers with the same labels, to be removed: doubles, and what a run that was killed in
            the middle of a replacement left behind.
        finish: whether the extras are old containers whose successor is up, so that a replacement is finished;
            otherwise they go first, and the replacement is undone.
    """

    desired: DesiredContainer
    live: LiveContainer | None = None
    extras: tuple[LiveContainer, ...] = ()
    finish: bool = False


@dataclass(frozen=True, slots=True)
class Pairing:
    """All pairs in the order of the desired state, the containers that no spec entry wants any more, and those that
    were made for a hook and outlived it.
    """

    pairs: tuple[Pair, ...]
    orphans: tuple[LiveContainer, ...]
    one_offs: tuple[LiveContainer, ...] = ()


def is_aside(container: LiveContainer) -> bool:
    """Whether a container was put aside by a replacement."""
    return container.name.endswith(ASIDE)


def is_done(container: LiveContainer, desired: DesiredContainer) -> bool:
    """Whether a job has run to an end that counts as success."""
    state = container.state
    return state.status == "exited" and state.exit_code in exit_codes(desired.spec) and bool(state.finished_at)


def _is_up(container: LiveContainer, desired: DesiredContainer) -> bool:
    if desired.state == "completed" and is_done(container, desired):
        return True
    return container.state.status == "running" and container.state.health in ("", "healthy")


def _best(candidates: Iterable[LiveContainer], name: str) -> list[LiveContainer]:
    """The candidates, the one to keep first: the right name, then a running one, then by ID."""
    return sorted(candidates, key=lambda item: (item.name != name, item.state.status != "running", item.id))


def _pair(desired: DesiredContainer, candidates: Sequence[LiveContainer]) -> Pair:
    aside = _best((item for item in candidates if is_aside(item)), desired.name + ASIDE)
    others = _best((item for item in candidates if not is_aside(item)), desired.name)
    if not aside:
        return Pair(desired, others[0] if others else None, tuple(others[1:]))
    if others and _is_up(others[0], desired):
        return Pair(desired, others[0], (*aside, *others[1:]), finish=True)
    # The successor never came up: the old container is the one to go on from.
    return Pair(desired, aside[0], (*others, *aside[1:]))


def pair_containers(desired: Iterable[DesiredContainer], live: Iterable[LiveContainer]) -> Pairing:
    """Pair by the labels' resource and replica."""
    candidates: dict[tuple[str, int], list[LiveContainer]] = {}
    one_offs = []
    for container in live:
        if container.one_off:
            one_offs.append(container)
            continue
        candidates.setdefault((container.resource, container.replica), []).append(container)
    pairs = tuple(_pair(item, candidates.pop((item.address.name, item.address.replica), ())) for item in desired)
    orphans = [container for group in candidates.values() for container in group]
    return Pairing(
        pairs, tuple(sorted(orphans, key=lambda item: (item.resource, item.replica, item.name))), tuple(one_offs)
    )
