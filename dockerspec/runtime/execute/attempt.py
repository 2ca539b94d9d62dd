"""Carry one action out and say what became of it; whatever goes wrong ends in an outcome, never in a lost thread.

Callers: walker, rescue. A fault of the engine's that may pass is waited out and the action tried again; the operations
know how to tell whether the earlier try was carried out after all.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from dockerspec.core.plan.action import Action
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.errors import Cancelled, DockerspecError, EngineError, NotFound
from dockerspec.runtime.execute.failure import ActionFailed, kind_of
from dockerspec.runtime.execute.operations import Tools, perform

_log = logging.getLogger(__name__)


def attempt(action: Action, tools: Tools, *, undo: bool = False) -> Outcome:
    """Carry an action out.

    Args:
        action: the action.
        tools: what it works with.
        undo: whether it is a step of a way back, for which an object that is not there is no failure.
    """
    begin = tools.clock.monotonic()
    kept: list[str] = []
    try:
        fate = _fate(action, replace(tools, keep=kept.append), undo)
    except Exception as fault:
        # A fault of ours must not take the rest of the run with it, nor the ways back.
        _log.debug("%s failed unexpectedly", action.key, exc_info=True)
        fate = Outcome(action, Status.FAILED, f"{type(fault).__name__}: {fault}", kind=kind_of(fault))
    logs = fate.logs or "\n".join(kept)
    return replace(fate, logs=logs, seconds=tools.clock.monotonic() - begin, undo=undo)


def _fate(action: Action, tools: Tools, undo: bool) -> Outcome:
    trial = tools.retries.begin()
    while True:
        try:
            warnings = _try(action, tools, undo)
        except EngineError as fault:
            seconds = trial.pause_after(fault)
            if seconds is not None and not tools.stopped():
                tools.note(f"trying again in {seconds:.1f} s: {fault.message}")
                tools.pause(seconds)
            if seconds is None or tools.stopped():
                tries = f" (tried {trial.failed} times)" if trial.failed > 1 else ""
                given_up = "; not tried again, since the run was stopped" if seconds is not None else ""
                message = f"{fault.message}{tries}{given_up}"
                return Outcome(action, Status.FAILED, message, fault.hint, kind=kind_of(fault))
            tools = replace(tools, again=True)
        except ActionFailed as fault:
            said = (fault.message, fault.hint, trial.remarks(), fault.logs)
            return Outcome(action, Status.FAILED, *said, kind=fault.kind)
        except Cancelled:
            return Outcome(action, Status.CANCELLED, warnings=trial.remarks())
        except DockerspecError as fault:
            return Outcome(action, Status.FAILED, str(fault), kind=kind_of(fault))
        else:
            tools.retries.answered()
            return Outcome(action, Status.DONE, warnings=(*trial.remarks(), *warnings))


def _try(action: Action, tools: Tools, undo: bool) -> tuple[str, ...]:
    try:
        return perform(action, tools)
    except NotFound:
        if undo:
            return ()
        raise
