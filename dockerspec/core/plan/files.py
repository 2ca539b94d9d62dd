"""The files that containers get from configs and secrets, put between the making of a container and its first start.

Called by the planner when all else is in order, so that no way to make or to start a container can do without them. A
run that was killed in between leaves a container that was never started: whoever starts it writes the files first, a
second time if need be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dockerspec.core.address import Address
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.plan.action import Action, CreateContainer, StartContainer, WriteFiles
from dockerspec.core.plan.draft import Draft


def plan_files(draft: Draft, pairs: Mapping[Address, Pair]) -> None:
    """Add the writing of files to every container that the plan makes or starts for the first time."""
    made = {action.name for action in draft.actions.values() if isinstance(action, CreateContainer)}
    for key, action in list(draft.actions.items()):
        pair = pairs.get(action.address)
        if pair is None:
            continue
        desired = pair.desired
        if isinstance(action, CreateContainer):
            draft.put_after(key, _writes(action, action.name, action.name, desired))
        elif isinstance(action, StartContainer) and desired.files:
            if action.container not in made and _is_first(action, pair):
                draft.put_before(key, _writes(action, action.container, action.name, desired))
            draft.actions[key] = replace(action, files=desired.files if action.anew is not None else ())


def _is_first(action: StartContainer, pair: Pair) -> bool:
    """Whether a container that is there already is started for the first time."""
    live = pair.live
    return live is not None and live.state.status == "created" and action.container in (live.id, pair.desired.name)


def _writes(action: Action, container: str, name: str, desired: DesiredContainer) -> Iterator[WriteFiles]:
    for batch in desired.files:
        yield WriteFiles(address=action.address, cause=action.cause, container=container, name=name, batch=batch)
