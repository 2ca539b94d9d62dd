"""A run that pulled an image, built another, and pushed a third."""

from __future__ import annotations

from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.plan.plan import Summary
from dockerspec.core.report.outcome import Report
from tests.unit.render.samples import create, done, outcomes, start

MADE = create("container.web", "shop-web-1")
VALUE = Report(
    "shop",
    outcomes(
        done(MADE, warnings=("Your kernel does not support swap limit capabilities.",)),
        done(start("container.web", "shop-web-1")),
    ),
    seconds=1.26,
)
OPTIONS = {
    "summary": Summary(
        create=2,
        update=2,
        unchanged=7,
        images=((ChangeKind.CREATE, "pull"), (ChangeKind.UPDATE, "build"), (ChangeKind.UPDATE, "push")),
    )
}
