"""Carry one action out and say what became of it; whatever goes wrong ends in an outcome, never in a lost thread.

Callers: walker, rescue.
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
    fate = _fate(action, replace(tools, keep=kept.append), undo)
    return Outcome(
        action=action,
        status=fate.status,
        message=fate.message,
        hint=fate.hint,
        warnings=fate.warnings,
        logs=fate.logs or "\n".join(kept),
        seconds=tools.clock.monotonic() - begin,
        undo=undo,
        kind=fate.kind,
    )


def _fate(action: Action, tools: Tools, undo: bool) -> Outcome:
    try:
        return Outcome(action, Status.DONE, warnings=perform(action, tools))
    except NotFound as fault:
        if undo:
            return Outcome(action, Status.DONE)
        return Outcome(action, Status.FAILED, fault.message, fault.hint, kind=kind_of(fault))
    except EngineError as fault:
        return Outcome(action, Status.FAILED, fault.message, fault.hint, kind=kind_of(fault))
    except ActionFailed as fault:
        return Outcome(action, Status.FAILED, fault.message, fault.hint, logs=fault.logs, kind=fault.kind)
    except Cancelled:
        return Outcome(action, Status.CANCELLED)
    except DockerspecError as fault:
        return Outcome(action, Status.FAILED, str(fault), kind=kind_of(fault))
    except Exception as fault:
        # A fault of ours must not take the rest of the run with it, nor the ways back.
        _log.debug("%s failed unexpectedly", action.key, exc_info=True)
        return Outcome(action, Status.FAILED, f"{type(fault).__name__}: {fault}", kind=kind_of(fault))
