"""Run a command in a container to its end, within bounds of time and output.

Callers: hooks, probes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dockerspec.engine.protocol import Engine
from dockerspec.errors import Cancelled
from dockerspec.runtime.clock import Clock

Json = Any

KEPT = 4096
"""Bytes of output that are kept, the last ones."""

_AFTERWARDS = 5.0
_LOOK = 0.02
_PAUSE = threading.Event()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; None where it was still running when time was up.
        output: the end of what it wrote.
    """

    code: int | None
    output: str


def run_command(
    engine: Engine,
    container: str,
    body: Mapping[str, Json],
    *,
    clock: Clock,
    timeout: float,
    stopped: Callable[[], bool],
) -> Ended:
    """Run a command.

    Args:
        engine: the engine.
        container: the container, which must run.
        body: the engine's exec body, but for what is to be attached.
        clock: the time.
        timeout: seconds that it may take; one that takes longer goes on, since no engine can end it.
        stopped: whether to give up.

    Raises:
        Conflict: the container does not run.
        Cancelled: the run was stopped.
        EngineError: the engine said no, or could not be asked.
    """
    end = clock.monotonic() + timeout
    ident = engine.create_exec(container, {**body, "AttachStdout": True, "AttachStderr": True})["Id"]
    written = b""
    for piece in engine.start_exec(ident):
        written = (written + piece)[-KEPT:]
        if stopped():
            raise Cancelled("stopped while a command ran")
        if clock.monotonic() > end:
            return Ended(None, _text(written))
    # The output can end before the engine has noted how the command did, and a daemon outlives its own output.
    end = clock.monotonic() + _AFTERWARDS
    while True:
        state = engine.inspect_exec(ident)
        if not state.get("Running"):
            return Ended(int(state.get("ExitCode") or 0), _text(written))
        if stopped():
            raise Cancelled("stopped while a command ran")
        if clock.monotonic() > end:
            return Ended(None, _text(written))
        _PAUSE.wait(_LOOK)


def _text(written: bytes) -> str:
    return written.decode(errors="replace").replace("\r\n", "\n").strip()
