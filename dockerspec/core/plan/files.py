"""The files that containers get from configs and secrets, put between the making of a container and its first start.

Called by the planner when all else is in order, so that no way to make or to start a container can do without them. A
run that was killed in between leaves a container that was never started: whoever starts it writes the files first, a
second time if need be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dockerspec.core.address import Address
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.plan.action import Action, CreateContainer, StartContainer, WriteFiles
from dockerspec.core.plan.draft import Draft


def plan_files(draft: Draft, pairs: Mapping[Address, Pair], live: Iterable[LiveContainer]) -> None:
    """Add the writing of files to every container that the plan makes or starts for the first time."""
    fresh = [item for item in live if item.state.status == "created"]
    unstarted = {item.id for item in fresh} | {item.name for item in fresh}
    for key, action in list(draft.actions.items()):
        pair = pairs.get(action.address)
        if pair is None:
            continue
        if isinstance(action, CreateContainer):
            draft.put_after(key, _writes(action, action.name, action.name, pair.desired))
        elif isinstance(action, StartContainer) and action.container in unstarted:
            draft.put_before(key, _writes(action, action.container, action.name, pair.desired))


def _writes(action: Action, container: str, name: str, desired: DesiredContainer) -> Iterator[WriteFiles]:
    for batch in desired.files:
        yield WriteFiles(address=action.address, cause=action.cause, container=container, name=name, batch=batch)
