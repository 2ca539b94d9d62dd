"""Rolling updates: the replicas of one container are replaced in batches, and the failed ones decide what follows.

Between two batches, and before the old containers go for good, stands a gate: an action that waits for the replicas
before it whatever their fate, and fails if too many of them failed. All that comes after it is then skipped, and a way
back takes those to the old containers that had succeeded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dockerspec.core.address import Address
from dockerspec.core.plan.action import Action, PassGate
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.spec.model import UpdatePolicy

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """The replacement of one replica.

    Attributes:
        address: the replica.
        first: the key of its first action.
        ready: the key of the action after which the new container is ready.
        removed: the key of the action after which the old one is gone for good.
        members: the keys of the actions that can be taken back, in order.
        undo: per member the actions that take it back.
    """

    address: Address
    first: str
    ready: str
    removed: str
    members: tuple[str, ...]
    undo: Mapping[str, tuple[Action, ...]]


def roll(turns: Sequence[Turn], policy: UpdatePolicy, draft: Draft) -> None:
    """Order the replacements of one container's replicas.

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
    if policy.on_failure != "rollback":
        return
    end = _gate(turns[0], "end", turns, tolerated, draft)
    for turn in turns:
        draft.edge(end, turn.removed)
    members = tuple(key for turn in turns for key in turn.members)
    undo = {key: steps for turn in turns for key, steps in turn.undo.items()}
    draft.rescues.append(Rescue(members, undo, tuple(turn.members for turn in turns), tolerated))


def _batches(turns: Sequence[Turn], size: int) -> Iterable[Sequence[Turn]]:
    return (turns[start : start + size] for start in range(0, len(turns), size))


def _gate(turn: Turn, gate: str, before: Iterable[Turn], tolerated: int, draft: Draft, delay: float = 0.0) -> str:
    cause = "the replicas are replaced in turn"
    action = PassGate(address=turn.address, cause=cause, gate=gate, delay=delay, tolerated=tolerated)
    return draft.add(action, [other.members[-1] for other in before])
