"""A field that was changed, a container that died, one that is not there."""

from __future__ import annotations

from dockerspec.core.diff.change import Cause
from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.status import StackStatus
from dockerspec.core.way import Way
from tests.unit.render.samples import field, row

LIMIT = field("mem_limit", 256 << 20, 128 << 20, Way.UPDATE, Cause.DRIFT, unit="bytes")

VALUE = StackStatus(
    "shop",
    EngineFacts("28.5.2", (1, 51)),
    "unix:///var/run/docker.sock",
    (
        row("container.db", "running", health="unhealthy", image="postgres:16", since="3h20m", note="probe failed"),
        row("container.job", "exited (code 0)", "completed", image="tool:1", since="1d2h"),
        row("container.web", "running", image="nginx:1.27", drift=(LIMIT,)),
        row("container.web[2]", "absent", note="not on the host"),
    ),
    unchanged=1,
)
