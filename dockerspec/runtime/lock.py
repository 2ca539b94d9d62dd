"""One writer per engine and stack: a lock on the engine itself, since runs may come from several machines.

Caller: api. The lock is an empty volume. Creating one whose name exists leaves the one that is there, so that its
labels tell who came first. A holder that died on this machine is taken over, and so is a lock that this process could
not let go, since the engine was away; of a holder on another machine nobody here can tell, so that the user has to.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dockerspec.core.owner import called
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError, NotFound, Refused
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.holder import Holder, myself
from dockerspec.runtime.retry import BESIDE, RUN, Policy, Retries, persist
from dockerspec.runtime.volumes import is_stillborn, labels_after_creation

PREFIX = "dockerspec.lock."
_TOKEN = "dockerspec.lock.token"
_HOLDER = "dockerspec.lock.holder"
_PAUSE = 0.1
_HELD: set[str] = set()
"""The tokens of the locks that this process holds."""
_UNKNOWN = Holder("somebody", "an unknown host", 0, "an unknown time")


@dataclass(frozen=True, slots=True)
class _Claim:
    token: str
    holder: Holder


@contextmanager
def stack_lock(
    engine: Engine, stack: str, clock: Clock, timeout: float = 0.0, *, policy: Policy = RUN
) -> Iterator[bool]:
    """Hold the lock of a stack.

    Args:
        engine: the engine.
        stack: the stack's name.
        clock: the time.
        timeout: seconds to wait for another holder to let go.
        policy: the bounds of trying again where the engine fails in a way that may pass.

    Yields:
        Whether it had to be waited for, so that what was read before may be out of date.

    Raises:
        Refused: somebody else holds it; the message says who, and what to do if that run is dead.
        EngineError: the engine can't be asked.
    """
    name, mine = PREFIX + stack, _Claim(uuid.uuid4().hex, myself(clock.time()))
    deadline = clock.monotonic() + timeout
    waited = False
    _HELD.add(mine.token)
    try:
        while (other := persist(lambda: _take(engine, name, mine), Retries(clock, policy), time.sleep)) is not None:
            if clock.monotonic() >= deadline:
                raise Refused(
                    f"nothing was changed: {other.holder} is at work on the {called(stack)}; wait for it with "
                    f"--lock-timeout, or, if that run is dead, remove its lock with `docker volume rm {name}`"
                )
            waited = True
            time.sleep(_PAUSE)
        try:
            yield waited
        finally:
            # Not worth a failure: the next run on this machine takes a lock over that nobody holds.
            with suppress(EngineError):
                persist(lambda: _release(engine, name, mine), Retries(clock, BESIDE), time.sleep)
    finally:
        _HELD.discard(mine.token)


def _take(engine: Engine, lock: str, mine: _Claim, ticket: str = "") -> _Claim | None:
    """Take a lock; None if it is ours now, else who has it.

    Args:
        engine: the engine.
        lock: the name of the stack's lock.
        mine: our claim.
        ticket: the token of a dead holder, to take the lock that allows to clear up after that one instead.
    """
    name = f"{lock}.{ticket}" if ticket else lock
    labels = {_TOKEN: mine.token, _HOLDER: mine.holder.to_text()}
    try:
        there = labels_after_creation(engine, engine.create_volume({"Name": name, "Labels": labels}))
        found = _claim(there)
    except NotFound:  # let go since
        return _take(engine, lock, mine, ticket)
    if found.token == mine.token:
        return None
    dead = found.holder.is_dead or is_stillborn(engine, name, there)
    if not dead and (not found.holder.is_me or found.token in _HELD):
        return found
    # Of all who see the dead one, only the one who takes this second lock may remove the first, and looks again.
    second = found.token[:12] or "stillborn"
    other = _take(engine, lock, mine, second)
    if other is not None:
        return other
    try:
        with suppress(NotFound):
            if _claim(engine.volume(name).get("Labels")).token == found.token:
                engine.remove_volume(name)
        other = _take(engine, lock, mine, ticket)
        if other is None and not ticket:
            _sweep(engine, lock)
        return other
    finally:
        _release(engine, f"{lock}.{second}", mine)


def _sweep(engine: Engine, lock: str) -> None:
    """Remove the second locks of runs that died while they cleared up after others; the lock itself is ours."""
    for volume in engine.volumes():
        if volume["Name"].startswith(f"{lock}.") and _claim(volume.get("Labels")).holder.is_dead:
            with suppress(NotFound):
                engine.remove_volume(volume["Name"])


def _release(engine: Engine, name: str, mine: _Claim) -> None:
    with suppress(NotFound):
        if _claim(engine.volume(name).get("Labels")).token == mine.token:
            engine.remove_volume(name)


def _claim(labels: Mapping[str, str] | None) -> _Claim:
    labels = labels or {}
    return _Claim(labels.get(_TOKEN, ""), Holder.from_text(labels.get(_HOLDER, "")) or _UNKNOWN)
