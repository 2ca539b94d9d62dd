"""The kinds of failure that a program may want to tell apart."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """Why an action failed."""

    TIMEOUT = "timeout"  # not ready in time, though nothing else was wrong
    UNHEALTHY = "unhealthy"  # its health check said no
    EXIT = "exit"  # the container ended, or does not stay up
    START = "start"  # the engine could not start it
    REMOVED = "removed"  # somebody removed it meanwhile
    ENGINE = "engine"  # the engine said no
    UNREACHABLE = "unreachable"  # the engine could not be asked
    GOAL = "goal"  # the engine took the call, and yet the goal was missed: a build or hook that failed, say
    INPUT = "input"  # a file of the spec's is missing or can't be used
    INTERNAL = "internal"  # a fault of ours
