"""Everything was done, and yet a container ended at once."""

from __future__ import annotations

from dockerspec.core.report.outcome import Report
from tests.unit.render.samples import change, done, field, outcomes, start

VALUE = Report(
    "shop",
    outcomes(done(start("container.web", "shop-web-1"))),
    remaining=(
        change("volume.data", "keep", "holds data"),
        change("container.web", "update", "it ended", field("state", "exited (code 3)", "running")),
    ),
    seconds=0.5,
)
