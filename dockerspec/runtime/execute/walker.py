"""Carry a plan out: as much at a time as the graph and the bound allow, and the way back where a step fails.

Caller: api. No policy lives here: what is done, in which order and how it is taken back is all in the plan. One thread,
the caller's, decides and tells; the others only make calls and put what came of it into one queue.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType

from dockerspec.core.plan.action import Action, AwaitContainer, HookAction, PassGate, RunOneOff
from dockerspec.core.plan.plan import Plan, Rescue
from dockerspec.core.report.outcome import Outcome, Report, Status
from dockerspec.core.report.progress import (
    ActionFinished,
    ActionNote,
    ActionStarted,
    Progress,
    UndoFinished,
    UndoStarted,
)
from dockerspec.engine.protocol import Engine
from dockerspec.runtime.clock import SYSTEM_CLOCK, Clock
from dockerspec.runtime.execute import PARALLELISM
from dockerspec.runtime.execute.aftermath import with_aftermath
from dockerspec.runtime.execute.attempt import attempt
from dockerspec.runtime.execute.context import pack_build
from dockerspec.runtime.execute.operations import PackContext, Tools
from dockerspec.runtime.execute.rescue import is_needed, is_settled, way_back
from dockerspec.runtime.execute.schedule import Schedule
from dockerspec.runtime.execute.wait import Waits
from dockerspec.runtime.retry import RUN, Policy, Retries

_log = logging.getLogger(__name__)

_WAITS = (AwaitContainer, PassGate, HookAction)
"""Actions that take long and make no calls, or few: they must not stand in the way of others."""


def execute(
    plan: Plan,
    engine: Engine,
    *,
    pack: PackContext = pack_build,
    on_event: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    parallelism: int = PARALLELISM,
    clock: Clock = SYSTEM_CLOCK,
    policy: Policy = RUN,
) -> Report:
    """Carry a plan out and report the fate of every action.

    A failed action takes only those with it that depend on it; the rest goes on. Where the steps of a rescue did not
    all succeed, its way back is gone as soon as the last of them has met its fate.

    Args:
        plan: the plan.
        engine: the engine; called from several threads.
        pack: makes build contexts.
        on_event: is told what happens, from the calling thread; an exception in it silences it, and no more.
        cancel: once set, nothing new starts and waits, pulls and builds are given up; ways back are still gone.
        parallelism: the most calls to have under way at once, 1 or more.
        clock: the time.
        policy: the bounds of trying again where the engine fails in a way that may pass.

    Raises:
        ValueError: `parallelism` is below 1.
    """
    if parallelism < 1:
        raise ValueError(f"parallelism must be 1 or more, not {parallelism}")
    begin = clock.monotonic()
    retries = Retries(clock, policy)
    with _Run(plan, engine, pack, on_event, cancel or threading.Event(), parallelism, clock, retries) as run:
        run.walk()
    return Report(
        stack=plan.stack,
        outcomes=run.schedule.outcomes,
        undone=tuple(run.undone),
        cancelled=any(item.status is Status.CANCELLED for item in run.schedule.outcomes.values()),
        seconds=clock.monotonic() - begin,
    )


class _WayBackGone:
    """The message that all steps of a rescue were tried."""


class _Run:
    """One run. Everything but `_work` and `_go_back` happens on the calling thread."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        pack: PackContext,
        on_event: Callable[[Progress], None] | None,
        cancel: threading.Event,
        parallelism: int,
        clock: Clock,
        retries: Retries,
    ) -> None:
        self.schedule = Schedule(plan.actions, plan.graph)
        self.undone: list[Outcome] = []
        self._engine = engine
        self._pack = pack
        self._on_event = on_event
        self._cancel = cancel
        self._clock = clock
        self._retries = retries
        self._rescues = list(plan.rescues)
        self._inbox: SimpleQueue[Progress | _WayBackGone] = SimpleQueue()
        self._under_way = 0
        waiting = sum(isinstance(action, _WAITS) for action in plan.actions.values())
        steps = (*plan.actions.values(), *_undo_steps(plan))
        listens = any(isinstance(step, (AwaitContainer, RunOneOff)) for step in steps)
        self._waits = Waits(engine, clock, cancel, retries) if listens else None
        self._calls = ThreadPoolExecutor(parallelism, thread_name_prefix="call")
        # Waits have threads of their own: what they wait for may need a free one to come about.
        self._waiters = ThreadPoolExecutor(max(waiting, 1), thread_name_prefix="wait")

    def __enter__(self) -> _Run:
        if self._waits is not None:
            self._waits.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: TracebackType | None) -> None:
        if kind is not None:
            self._cancel.set()
        self._waiters.shutdown()
        self._calls.shutdown()
        if self._waits is not None:
            self._waits.close()

    def walk(self) -> None:
        """Go on until every action has its fate and every way back that was needed is gone."""
        self._launch()
        while self._under_way:
            message = self._inbox.get()
            match message:
                case ActionFinished(outcome):
                    self._under_way -= 1
                    self.schedule.settle(outcome)
                    self._tell(message)
                    self._launch()
                case UndoFinished(outcome):
                    self.undone.append(outcome)
                    self._tell(message)
                case _WayBackGone():
                    self._under_way -= 1
                case _:
                    self._tell(message)

    def _launch(self) -> None:
        """Start what can start now, and the ways back that have become necessary."""
        ready, passed = self.schedule.take(cancelled=self._cancel.is_set())
        for action in ready:
            pool = self._waiters if isinstance(action, _WAITS) else self._calls
            self._under_way += 1
            pool.submit(self._work, action)
        for outcome in passed:
            self._tell(ActionFinished(outcome))
        settled = [rescue for rescue in self._rescues if is_settled(rescue, self.schedule.outcomes)]
        for rescue in settled:
            self._rescues.remove(rescue)
            if is_needed(rescue, self.schedule.outcomes):
                self._under_way += 1
                self._calls.submit(self._go_back, rescue)

    def _work(self, action: Action) -> None:
        """Carry one action out, on a thread of a pool; it may have stood in line until after the user's stop."""
        if self._cancel.is_set():
            self._inbox.put(ActionFinished(Outcome(action, Status.CANCELLED)))
            return
        self._inbox.put(ActionStarted(action))
        outcome = attempt(action, self._tools(action, self._cancel.is_set, self._cancel.wait))
        self._inbox.put(ActionFinished(with_aftermath(outcome, self._engine)))

    def _go_back(self, rescue: Rescue) -> None:
        """Take the steps of a way back, on a thread of a pool. The user's stop neither stops nor hurries these."""
        for step in way_back(rescue, self.schedule.outcomes):
            self._inbox.put(UndoStarted(step))
            self._inbox.put(UndoFinished(attempt(step, self._tools(step, _never, time.sleep), undo=True)))
        self._inbox.put(_WayBackGone())

    def _tools(self, action: Action, stopped: Callable[[], bool], pause: Callable[[float], object]) -> Tools:
        return Tools(
            engine=self._engine,
            clock=self._clock,
            pack=self._pack,
            wait=functools.partial(self._wait, stopped=stopped),
            note=lambda text: self._inbox.put(ActionNote(action, text)),
            stopped=stopped,
            pause=pause,
            retries=self._retries,
        )

    def _wait(self, action: AwaitContainer, stopped: Callable[[], bool]) -> None:
        if self._waits is None:
            raise RuntimeError("a wait came up in a run that was planned without one")
        self._waits.wait(action, stopped)

    def _tell(self, event: Progress) -> None:
        """Pass an event on. A broken listener must not leave a stack half changed."""
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:
            _log.warning("the progress display failed; the run goes on without it", exc_info=True)
            self._on_event = None


def _never() -> bool:
    return False


def _undo_steps(plan: Plan) -> list[Action]:
    return [step for rescue in plan.rescues for steps in rescue.undo.values() for step in steps]
