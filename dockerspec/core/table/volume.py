"""The field table of volumes. A volume can't be edited, and making it anew loses its data: only with consent."""

from __future__ import annotations

from typing import Any

from dockerspec.core.table.base import Body, Context, Row, as_texts, plain, replace, simple
from dockerspec.core.table.process import foreign_labels


def _put_options(body: Body, spec: Any, _context: Context) -> None:
    if spec.driver_opts:
        body["DriverOpts"] = plain(as_texts(spec.driver_opts))


def _put_labels(body: Body, spec: Any, _context: Context) -> None:
    if spec.labels:
        body["Labels"] = dict(spec.labels)


ROWS: tuple[Row[Any], ...] = (
    simple("driver", "Driver", default="local"),
    Row(
        key="driver_opts",
        engine=("DriverOpts",),
        want=lambda spec, _context: as_texts(spec.driver_opts),
        have=lambda raw, _engine: as_texts(raw.get("Options") or {}),
        put=_put_options,
        way=replace,
        polluted=True,
    ),
    Row(
        key="labels",
        engine=("Labels",),
        want=lambda spec, _context: foreign_labels(spec.labels),
        have=lambda raw, _engine: foreign_labels(raw.get("Labels")),
        put=_put_labels,
        way=replace,
    ),
)


def create_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's create body for a volume spec."""
    body: Body = {"Name": name}
    for row in ROWS:
        row.put(body, spec, context)
    return body
