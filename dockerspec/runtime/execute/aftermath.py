"""What a container that failed leaves behind, read while it is there: a way back may remove it.

Caller: walker, before it learns of the failure.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from dockerspec.core.live.health_log import last_checks
from dockerspec.core.plan.action import AwaitContainer, StartContainer
from dockerspec.core.report.outcome import Outcome, Status
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError
from dockerspec.runtime.execute.tools import last_lines


def with_aftermath(outcome: Outcome, engine: Engine) -> Outcome:
    """The outcome of a failed start or wait, with the container's last health checks and log lines."""
    action = outcome.action
    if outcome.status is not Status.FAILED or not isinstance(action, (AwaitContainer, StartContainer)):
        return outcome
    with suppress(EngineError):
        outcome = replace(outcome, checks=last_checks(engine.container(action.container)))
    return outcome if outcome.logs else replace(outcome, logs=last_lines(engine, action.container))
