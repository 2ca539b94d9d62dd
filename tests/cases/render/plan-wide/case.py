"""East Asian text keeps the columns straight."""

from __future__ import annotations

from tests.unit.render.samples import change, field, plan

VALUE = plan(
    change(
        "container.web",
        "replace",
        "spec changed",
        field("labels.title", "\u6771\u4eac", "\u5927\u962a\u5e02"),
        field("labels.name", "Tokyo", "Osaka"),
    )
)
