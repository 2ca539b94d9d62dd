"""A failure with hint and logs, what was skipped because of it, and the way back."""

from __future__ import annotations

from dockerspec.core.diagnostics import Span
from dockerspec.core.report.outcome import Report
from tests.unit.render.samples import create, done, failed, outcomes, remove, skipped, start

UP, WEB = start("container.db", "shop-db-1"), create("container.web", "shop-web-1")
VALUE = Report(
    "shop",
    outcomes(
        done(create("container.db", "shop-db-1")),
        failed(
            UP,
            "driver failed programming external connectivity: port is already allocated",
            hint="container other publishes 8080; stop it or choose another port",
            path="containers.db.ports[0]",
            span=Span("stack.yaml", 12, 5),
            logs="first\tline\n\x1b[31mred\x1b[0m\npassword hunter22\n",
        ),
        skipped(WEB, UP),
        skipped(start("container.web", "shop-web-1"), UP),
    ),
    undone=(
        done(remove("container.db", "shop-db-1"), undo=True),
        failed(start("container.db", "shop-db-1.replaced"), "no such container", undo=True),
    ),
    seconds=3.4,
)
OPTIONS = {"mask": frozenset({"hunter22"})}
