"""With -v the actions that were done are listed."""

from __future__ import annotations

from dockerspec.core.report.outcome import Report
from tests.unit.render.samples import create, done, outcomes

VALUE = Report("shop", outcomes(done(create("container.web", "shop-web-1"), 12.3)), seconds=125.0)
OPTIONS = {"verbose": 1}
