"""Ctrl-C: what never began."""

from __future__ import annotations

from dockerspec.core.report.outcome import Outcome, Report, Status
from tests.unit.render.samples import create, done, outcomes, ready, start

VALUE = Report(
    "shop",
    outcomes(
        done(create("container.db", "shop-db-1")),
        Outcome(start("container.db", "shop-db-1"), Status.CANCELLED),
        Outcome(ready("container.db", "shop-db-1"), Status.CANCELLED),
    ),
    cancelled=True,
    seconds=0.5,
)
