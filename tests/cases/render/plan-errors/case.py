"""What forbids an apply, and a warning."""

from __future__ import annotations

from dockerspec.core.diagnostics import Span, error, warning
from tests.unit.render.samples import change, plan

VALUE = plan(
    change("container.web", "create", "not on the host"),
    diagnostics=(
        error("containers.web", "a foreign container is called shop-web-1", "remove or rename it"),
        warning("containers.db", "the image has no health check", span=Span("shop.yaml", 12, 5)),
    ),
)
