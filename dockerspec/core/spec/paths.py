"""Paths into a spec: how phases, model errors and cross-field rules name a place.

Callers: everything in `core.spec`. Limits: a path says nothing about whether the place exists.
"""

from __future__ import annotations

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def format_path(path: Path) -> str:
    """Print a path the way users read it, such as `containers.web.ports[0]`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(f".{step}" if parts else step)
    return "".join(parts)
