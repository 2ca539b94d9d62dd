"""The commands around each start and stop of a plan, put in their places.

Called by the planner when all else is in order, so that no way to start or stop a container can do without them, and
whatever waits for the start or is waited for by the stop waits for them too. On a way back, the new container goes
without them, and the old one runs what it ran after its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.one_off import one_off_body, one_off_name
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.hook import Hook, Stage
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.plan.action import Action, ContainerAction, RunHook, RunOneOff, StartContainer, StopContainer
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.plan import Rescue
from dockerspec.core.table.net import late_networks

_SECOND = 1_000_000_000
HOOK_TIMEOUT = 600.0
"""Seconds that a hook before or after a start may take, unless `update.timeout` says otherwise."""
STOP_MARGIN = 30.0
"""Seconds that a hook before a stop may take beyond the time that the container itself has to stop."""
_GRACE = 10


def plan_hooks(draft: Draft, pairs: Mapping[Address, Pair], live: Iterable[LiveContainer]) -> None:
    """Add the hooks of every container that the plan starts or stops, and of those that may have to come back."""
    containers = {item.id: item for item in live}
    for key, action in list(draft.actions.items()):
        pair = pairs.get(action.address)
        if isinstance(action, StopContainer):
            draft.put_before(key, _before_stop(action, pair, containers.get(action.container)))
        elif isinstance(action, StartContainer) and pair is not None:
            one_offs = list(_before_start(action, pair.desired))
            draft.put_before(key, one_offs)
            draft.put_after(key, _after_start(action, pair.desired))
            for item in one_offs:
                for free in draft.gone.get((Kind.CONTAINER, item.one_off), ()):
                    draft.edge(free, item.key)
    draft.rescues = [replace(rescue, undo=_with_hooks(rescue, containers)) for rescue in draft.rescues]


def _with_hooks(rescue: Rescue, containers: Mapping[str, LiveContainer]) -> Mapping[str, tuple[Action, ...]]:
    """A way back in which a container that is started again runs what it ran after its own start."""
    return {key: tuple(_again(steps, containers)) for key, steps in rescue.undo.items()}


def _again(steps: Iterable[Action], containers: Mapping[str, LiveContainer]) -> Iterator[Action]:
    for step in steps:
        yield step
        live = containers.get(step.container) if isinstance(step, StartContainer) else None
        if isinstance(step, StartContainer) and live is not None:
            yield from _run(step, Stage.POST_START, live.hooks.get(Stage.POST_START, ()), HOOK_TIMEOUT)


def _before_stop(action: StopContainer, pair: Pair | None, live: LiveContainer | None) -> Iterator[RunHook]:
    """What the spec says now, and what the container itself remembers where the spec has it no more."""
    grace = _GRACE if action.grace is None else max(action.grace, 0)
    if pair is not None:
        yield from _run(action, Stage.PRE_STOP, pair.desired.hooks(Stage.PRE_STOP), grace + STOP_MARGIN)
    elif live is not None:
        yield from _run(action, Stage.PRE_STOP, live.hooks.get(Stage.PRE_STOP, ()), grace + STOP_MARGIN)


def _after_start(action: StartContainer, desired: DesiredContainer) -> Iterator[RunHook]:
    return _run(action, Stage.POST_START, desired.hooks(Stage.POST_START), _timeout(desired))


def _run(action: ContainerAction, stage: Stage, hooks: Iterable[Hook], timeout: float) -> Iterator[RunHook]:
    for number, hook in enumerate(hooks):
        yield RunHook(
            address=action.address,
            cause=action.cause,
            container=action.container,
            name=action.name,
            stage=stage,
            number=number,
            hook=hook,
            timeout=timeout,
        )


def _before_start(action: StartContainer, desired: DesiredContainer) -> Iterator[RunOneOff]:
    for number, hook in enumerate(desired.hooks(Stage.PRE_START)):
        yield RunOneOff(
            address=action.address,
            cause=action.cause,
            container=action.container,
            name=action.name,
            stage=Stage.PRE_START,
            number=number,
            hook=hook,
            timeout=_timeout(desired),
            one_off=one_off_name(desired),
            body=one_off_body(desired, hook, number, action.container),
            platform=desired.spec.platform or "",
            networks=late_networks(desired.spec, desired.context),
            files=desired.files,
        )


def _timeout(desired: DesiredContainer) -> float:
    policy = desired.spec.update
    return policy.timeout / _SECOND if policy is not None and policy.timeout else HOOK_TIMEOUT
