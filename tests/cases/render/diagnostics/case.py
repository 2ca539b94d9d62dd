"""Faults in file order, whatever order they come in."""

from __future__ import annotations

from dockerspec.core.diagnostics import Span, error, warning

VALUE = (
    error("containers.web.ports[1]", "'80:99999' is no port", "write 1 to 65535", Span("b.yaml", 4, 7)),
    warning("containers.db", "TAG is not set\x1b[2J", "set it, or write ${TAG:-default}", Span("a.yaml", 12, 5)),
    error("", "no spec in this folder", "write dockerspec.yaml"),
    error("volumes", "unknown key 'drivr'", "write driver", Span("a.yaml", 2, 1)),
)
