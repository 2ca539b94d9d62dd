"""A container that is unhealthy, its last checks and log lines; how each object stands; what to do next."""

from __future__ import annotations

from dockerspec.core.live.health_log import Check
from dockerspec.core.report.failure import Failure
from dockerspec.core.report.outcome import Report
from dockerspec.core.report.standing import concluded
from tests.unit.render.samples import change, create, done, failed, outcomes, plan, ready, remove, skipped, start

MAKE, UP, WAIT = (
    create("container.db", "shop-db-1"),
    start("container.db", "shop-db-1"),
    ready("container.db", "shop-db-1"),
)
WEB, OLD = create("container.web", "shop-web-1"), remove("container.cache", "shop-cache-1")
API = create("container.api", "shop-api-1")
PLAN = plan(
    change("container.api", "replace", "image changed", name="shop-api-1"),
    change("container.cache", "delete", "no longer in the spec", name="shop-cache-1"),
    change("container.db", "create", "not on the host", name="shop-db-1"),
    change("container.web", "create", "not on the host", name="shop-web-1"),
)
VALUE = concluded(
    Report(
        "shop",
        outcomes(
            done(OLD),
            done(MAKE),
            done(UP),
            failed(
                WAIT,
                "shop-db-1 is unhealthy (last probe: exit status 1, no route to hunter22)",
                kind=Failure.UNHEALTHY,
                logs="ready to start\nno route to hunter22",
                checks=(
                    Check("2026-01-02T03:04:05Z", 1, "no route to hunter22\n\x1b[31mgiving up"),
                    Check("2026-01-02T03:04:06Z", 2, ""),
                ),
            ),
            skipped(WEB, WAIT),
            failed(API, "no space left", kind=Failure.ENGINE),
        ),
        undone=(done(start("container.api", "shop-api-1"), undo=True),),
        seconds=61.2,
    ),
    PLAN,
)
OPTIONS = {"mask": frozenset({"hunter22"})}
