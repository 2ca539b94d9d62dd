"""The field table of containers: every row, and the pure functions that run over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table import files, limits, net, ports, process, security, storage
from dockerspec.core.table.base import Body, Context, Json, Row

ROWS: tuple[Row[Any], ...] = (
    *process.ROWS,
    *limits.ROWS,
    *security.ROWS,
    *storage.ROWS,
    *files.ROWS,
    *ports.ROWS,
    *net.ROWS,
)
BY_KEY: Mapping[str, Row[Any]] = {row.key: row for row in ROWS}


def wanted(spec: Any, context: Context) -> dict[str, Value]:
    """The normal form of every field that a container spec asks for."""
    return {row.key: row.want(spec, context) for row in ROWS}


def reported(raw: Json, engine: EngineFacts) -> dict[str, Value]:
    """The normal form of every field that the engine reports for a container."""
    return {row.key: row.have(raw, engine) for row in ROWS}


def create_body(spec: Any, context: Context, reference: str) -> Body:
    """The engine's create body for a container spec; `reference` is the image to run."""
    body: Body = {"Image": reference}
    for row in ROWS:
        row.put(body, spec, context)
    return body
