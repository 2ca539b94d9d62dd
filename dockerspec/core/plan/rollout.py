"""Rolling updates: replicas are replaced or restarted in batches, and those that fail decide what follows.

Between two batches, and before the old containers go for good, stands a gate: an action that waits for the replicas
before it whatever their fate, and fails if too many of them failed. All that comes after it is then skipped, and a way
back takes those to the old containers that had succeeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dockerspec.core.address import Address
from dockerspec.core.plan.action import Action, PassGate
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.spec.model import UpdatePolicy

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """The replacement of one replica, or its restart.

    Attributes:
        address: the replica.
        first: the key of the first action that must wait for the turn.
        last: the key of the action after which it is the next one's turn.
        ready: the key of the action after which the container is ready.
        removed: the key of the action after which the old one is gone for good; None for a restart.
        members: the keys of the actions that can be taken back, in order.
        undo: per member the actions that take it back.
    """

    address: Address
    first: str
    last: str
    ready: str
    removed: str | None = None
    members: tuple[str, ...] = ()
    undo: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)


def roll(turns: Sequence[Turn], policy: UpdatePolicy, draft: Draft) -> None:
    """Order the replacements and restarts of one container's replicas.

    Args:
        turns: one per replica, in the order of the replicas.
        policy: how many at a time, and what follows a failure.
        draft: the plan in the making.
    """
    if len(turns) < 2:
        return
    tolerated = len(turns) if policy.on_failure == "continue" else int(policy.max_failure_ratio * len(turns))
    batches = list(_batches(turns, policy.parallelism or len(turns)))
    before: list[Turn] = []
    for number, batch in enumerate(batches, 1):
        if before:
            delay = (policy.delay or 0) / _SECOND
            gate = _gate(batch[0], f"{number} of {len(batches)}", before, tolerated, draft, delay)
            for turn in batch:
                draft.edge(gate, turn.first)
        before += batch
    replaced = [turn for turn in turns if turn.removed is not None]
    if policy.on_failure != "rollback" or not replaced:
        return
    end = _gate(replaced[0], "end", turns, tolerated, draft)
    for turn in replaced:
        draft.edge(end, turn.removed)
    members = tuple(key for turn in replaced for key in turn.members)
    undo = {key: steps for turn in replaced for key, steps in turn.undo.items()}
    draft.rescues.append(Rescue(members, undo, tuple(turn.members for turn in replaced), tolerated))


def _batches(turns: Sequence[Turn], size: int) -> Iterable[Sequence[Turn]]:
    return (turns[start : start + size] for start in range(0, len(turns), size))


def _gate(turn: Turn, gate: str, before: Iterable[Turn], tolerated: int, draft: Draft, delay: float = 0.0) -> str:
    cause = "the replicas are replaced in turn"
    action = PassGate(address=turn.address, cause=cause, gate=gate, delay=delay, tolerated=tolerated)
    return draft.add(action, [other.last for other in before])
