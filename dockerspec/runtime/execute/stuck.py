"""Starts that a former process of the engine had begun and never noted: the engine refuses to begin them once more.

Caller: operations. Engine 20.10 does so after it was killed in the middle of a start, and no call but a removal rids it
of that. What its answer says tells two cases apart, as was seen on real engines: either the new process waits to begin,
and never will; or it runs, and the engine knows nothing of it. Only in the first case may the container be made anew:
in the second there would be two on the same volumes. And only one that has never run is: others have data to lose.
"""

from __future__ import annotations

import re
from typing import Any

from dockerspec.errors import EngineError

Json = Any

STUCK = ".stuck"
"""What the name of a container ends in while it is made anew; a run that dies meanwhile leaves a double of its own."""

REMARK = "the engine held on to a start from before its own end; the container, which had never run, was made anew"

_WAITING = re.compile(r"\btask \S+ already exists|start shim: mkdir \S+ file exists")
_RUNNING = re.compile(r"\bid already in use|container with (?:given )?id (?:already )?exists", re.IGNORECASE)


def is_stuck(fault: EngineError) -> bool:
    """Whether a start failed since the engine holds on to an earlier one; then the fault says what a person can do."""
    return _WAITING.search(fault.message) is not None or _RUNNING.search(fault.message) is not None


def may_be_made_anew(fault: EngineError, container: Json) -> bool:
    """Whether a container whose start is stuck has no process and nothing to lose."""
    return _WAITING.search(fault.message) is not None and container["State"]["Status"] == "created"


def way_out(container: Json) -> str:
    """What a person can do where nothing but the host's own means helps."""
    ident = container["Id"]
    return (
        "the engine was killed in the middle of an earlier start and has lost its process: end that on the host, "
        f"`sudo pkill -9 -f 'containerd-shim.*{ident}'`, and apply again"
    )
