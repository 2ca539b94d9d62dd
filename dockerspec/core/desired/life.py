"""What a spec says of a container's life beside its fields: hooks, and what counts as ready. Nothing of it is compared.

Callers: the desired container, the planner, the differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dockerspec.core.hook import Hook, Stage, to_label
from dockerspec.core.ready import FINE, CommandSucceeds, HttpAnswers, LogSays, PortOpen, Probe
from dockerspec.core.table.base import Context
from dockerspec.core.table.process import environment

if TYPE_CHECKING:
    from dockerspec.core.spec.model import ContainerSpec


def hooks_of(spec: ContainerSpec, context: Context, stage: Stage) -> tuple[Hook, ...]:
    """The hooks of a stage, secrets put in."""
    return tuple(_hook(item, _known(environment(item, context))) for item in getattr(spec, stage.value))


def _known(variables: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}


def _hook(item: Any, variables: dict[str, str]) -> Hook:
    return Hook(
        command=item.command,
        user=item.user or "",
        privileged=item.privileged,
        working_dir=item.working_dir or "",
        environment=variables,
    )


def hooks_label(spec: ContainerSpec, context: Context) -> str:
    """What a container's label keeps of its hooks; empty where there is nothing to keep."""
    if not spec.pre_stop and not spec.post_start:
        return ""
    kept = {
        Stage.POST_START: [_hook(item, _plain(item)) for item in spec.post_start],
        Stage.PRE_STOP: [_hook(item, _plain(item)) for item in spec.pre_stop],
    }
    return to_label(kept, {*context.sensitive, *filter(None, context.secrets.values())})


def _plain(item: Any) -> dict[str, str]:
    """A hook's variables without those that come from secrets."""
    return {name: value for name, value in item.environment.items() if isinstance(value, str)}


def probes_of(spec: ContainerSpec) -> tuple[Probe, ...]:
    """The conditions of `update.wait` beside the engine's own word, the cheapest first."""
    wait = spec.update.wait if spec.update is not None else None
    return tuple(_probes(wait)) if wait is not None else ()


def _probes(wait: Any) -> Iterator[Probe]:
    if wait.log is not None:
        yield LogSays(wait.log)
    for port in wait.port or ():
        yield PortOpen(port)
    if wait.http is not None:
        http = wait.http
        yield HttpAnswers(http.path, http.port, http.scheme, http.method, http.status or FINE, dict(http.headers))
    if wait.command is not None:
        yield CommandSucceeds(wait.command)


def exit_codes(spec: ContainerSpec) -> tuple[int, ...]:
    """The codes that the container may end with if it is a job."""
    wait = spec.update.wait if spec.update is not None else None
    return wait.exit_code if wait is not None and wait.exit_code is not None else (0,)


def wished_state(spec: ContainerSpec) -> str:
    """What `update.wait` asks for: `running`, `healthy`, or empty where the spec has no such key."""
    wait = spec.update.wait if spec.update is not None else None
    return "" if wait is None else wait.state or "healthy"
