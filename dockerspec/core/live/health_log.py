"""What the last health checks of a container said. Pure. Caller: runtime.execute.aftermath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any

LAST = 3
"""How many checks are shown; the engine remembers five."""
_OUTPUT = 2000


@dataclass(frozen=True, slots=True)
class Check:
    """One health check that was made.

    Attributes:
        ended: when, as the engine writes it (RFC 3339).
        exit_code: the exit status of the test; 0 is healthy.
        output: what it wrote, the end of it where it is long.
    """

    ended: str
    exit_code: int
    output: str


def last_checks(container: Json) -> tuple[Check, ...]:
    """The last checks of a container, the oldest first, from its inspect answer."""
    health = (container.get("State") or {}).get("Health") or {}
    return tuple(
        Check(str(item.get("End") or ""), int(item.get("ExitCode") or 0), _shown(str(item.get("Output") or "")))
        for item in (health.get("Log") or ())[-LAST:]
    )


def _shown(output: str) -> str:
    text = output.strip()
    return text if len(text) <= _OUTPUT else f"...{text[-_OUTPUT:]}"
