"""Where an engine is, seen from here. Callers: api, and the probes of a container's ports."""

from __future__ import annotations

from dockerspec.engine.target import UnixTarget, parse_target
from dockerspec.errors import EngineError


def engine_host(endpoint: str) -> str:
    """The name or address of an engine's host; empty for an engine behind a socket file of this machine."""
    try:
        target = parse_target(endpoint)
    except EngineError:
        return ""
    return "" if isinstance(target, UnixTarget) else target.host
