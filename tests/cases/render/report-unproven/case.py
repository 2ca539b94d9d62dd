"""Everything was done, one call at its third try, and the engine could not be read at the end."""

from __future__ import annotations

from dataclasses import replace

from dockerspec.core.report.outcome import Report
from tests.unit.render.samples import done, outcomes, start

VALUE = Report(
    "shop",
    outcomes(
        replace(
            done(start("container.web", "shop-web-1")),
            warnings=("tried again after: the connection broke during POST /containers/x/start (2 times)",),
        )
    ),
    seconds=3.5,
    unproven="there is no engine at unix:///var/run/docker.sock (from the default): no such socket",
)
