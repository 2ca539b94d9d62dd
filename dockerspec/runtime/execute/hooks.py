"""The operations of hooks: a command in a container, or in one of its own before another's start.

Caller: operations.
"""

from __future__ import annotations

from typing import Any

from dockerspec.core.hook import Hook, Stage
from dockerspec.core.plan import action as act
from dockerspec.core.ready import Ready
from dockerspec.core.report.failure import Failure
from dockerspec.errors import Conflict, EngineError, NotFound
from dockerspec.runtime.execute.command import run_command
from dockerspec.runtime.execute.failure import ActionFailed, kind_of
from dockerspec.runtime.execute.files import write_batch
from dockerspec.runtime.execute.leftover import create_past_leftovers
from dockerspec.runtime.execute.tools import Tools, last_lines

Json = Any
Warnings = tuple[str, ...]


def run_hook(action: act.RunHook, tools: Tools) -> Warnings:
    """Run a hook in its container.

    One before a stop never fails: what it had to say is a warning, and the stop goes on. A container that has ended by
    then needs none.
    """
    lenient = action.stage is Stage.PRE_STOP
    try:
        _run(action, tools)
    except (Conflict, NotFound) as fault:
        if lenient:
            return ()
        logs = last_lines(tools.engine, action.container)
        raise ActionFailed(f"{action.name} can't run its {action.what}: {fault.message}", logs=logs) from None
    except (EngineError, ActionFailed) as fault:
        if not lenient:
            if isinstance(fault, EngineError):
                # The command may have run, and must not run twice.
                fault.passing = False
            raise
        return (f"{fault.message}{_quoted(getattr(fault, 'logs', ''))}; the container is stopped all the same",)
    return ()


def _quoted(logs: str) -> str:
    """The last line that a hook wrote, for a warning of one line."""
    lines = logs.splitlines()
    return f" ({lines[-1]})" if lines else ""


def _run(action: act.RunHook, tools: Tools) -> None:
    ended = run_command(
        tools.engine,
        action.container,
        _exec_body(action.hook),
        clock=tools.clock,
        timeout=action.timeout,
        stopped=tools.stopped,
    )
    if ended.code is None:
        raise ActionFailed(
            f"{action.what} of {action.name} was still running after {action.timeout:g} s",
            hint="" if action.stage is Stage.PRE_STOP else "allow it more time with update.timeout",
            logs=ended.output,
            kind=Failure.TIMEOUT,
        )
    if ended.code:
        raise ActionFailed(
            f"{action.what} of {action.name} ended with exit status {ended.code}",
            hint="see what it wrote; it must end with exit status 0",
            logs=ended.output,
        )
    tools.keep(ended.output)


def _exec_body(hook: Hook) -> Json:
    body: dict[str, Any] = {"Cmd": list(hook.command)}
    if hook.user:
        body["User"] = hook.user
    if hook.privileged:
        body["Privileged"] = True
    if hook.working_dir:
        body["WorkingDir"] = hook.working_dir
    if hook.environment:
        body["Env"] = [f"{name}={value}" for name, value in hook.environment.items()]
    return body


def run_one_off(action: act.RunOneOff, tools: Tools) -> Warnings:
    """Run a hook in a container of its own, which is gone afterwards, however the hook did."""
    engine = tools.engine
    answer = create_past_leftovers(
        create=lambda: engine.create_container(action.one_off, action.body, action.platform),
        find=lambda: engine.container(action.one_off),
        remove=lambda found: engine.remove_container(found["Id"], volumes=True),
        labels=action.body.get("Labels") or {},
        tools=tools,
    )
    ident = answer["Id"]
    try:
        for network in action.networks:
            engine.connect_network(network, ident, {})
        for batch in action.files:
            write_batch(ident, batch, tools)
        engine.start_container(ident)
        _await_end(action, ident, tools)
    except EngineError as fault:
        message = f"{action.what} of {action.name} could not be run: {fault.message}"
        raise ActionFailed(message, hint=fault.hint, kind=kind_of(fault)) from None
    finally:
        left = _removed(ident, tools)
    return (*(answer.get("Warnings") or ()), *left)


def _await_end(action: act.RunOneOff, ident: str, tools: Tools) -> None:
    tools.wait(
        act.AwaitContainer(
            address=action.address,
            cause=action.cause,
            container=ident,
            name=f"{action.what} of {action.name}",
            until=Ready.COMPLETED,
            timeout=action.timeout,
        )
    )
    tools.keep(last_lines(tools.engine, ident))


def _removed(ident: str, tools: Tools) -> Warnings:
    """Remove the container; what of it is left is found by its label in the next run."""
    try:
        tools.engine.remove_container(ident, force=True)
    except NotFound:
        return ()
    except EngineError as fault:
        return (f"its container stays until the next run: {fault.message}",)
    return ()
