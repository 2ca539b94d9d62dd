"""When a container counts as ready. Callers: the planner, which asks for it, and the verdict on a live container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Ready(StrEnum):
    """What a container must have reached before its dependents go on."""

    RUNNING = "running"
    HEALTHY = "healthy"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class LogSays:
    """A line of its log, of those that it wrote since this start, matches an expression.

    Attributes:
        pattern: a regular expression of Python's, searched for in each line.
    """

    pattern: str


@dataclass(frozen=True, slots=True)
class PortOpen:
    """Something listens on a TCP port of the container's.

    Attributes:
        port: the port within the container.
    """

    port: int


FINE = ((200, 399),)
"""The statuses that will do, unless the spec says otherwise."""


@dataclass(frozen=True, slots=True)
class HttpAnswers:
    """A request is answered with one of some statuses.

    Attributes:
        path: the path, with its query.
        port: the port within the container; None for the only TCP port that it exposes.
        scheme: `http`, or `https`, whose certificate is not checked.
        method: the method.
        statuses: the first and last of each range of statuses that will do.
        headers: headers to send.
    """

    path: str = "/"
    port: int | None = None
    scheme: str = "http"
    method: str = "GET"
    statuses: tuple[tuple[int, int], ...] = FINE
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CommandSucceeds:
    """A command in the container ends with exit status 0.

    Attributes:
        command: the program and its arguments; no shell reads them.
    """

    command: tuple[str, ...]


Probe = LogSays | PortOpen | HttpAnswers | CommandSucceeds
"""A condition beside the engine's own word on a container; all probes of a wait must hold in the same round."""
