"""Sizes, durations, limits that are off, and a container's state."""

from __future__ import annotations

from dockerspec.core.diff.change import Cause
from dockerspec.core.way import Way
from tests.unit.render.samples import change, field, plan

VALUE = plan(
    change(
        "container.web",
        "replace",
        "spec changed",
        field("mem_limit", 0, 512 << 20, unit="bytes"),
        field("memswap_limit", 1_000_000_000, -1, unit="bytes"),
        field("shm_size", 1536 << 10, 0, unit="bytes"),
        field("stop_grace_period", None, 90_000_000_000, unit="ns"),
        field("healthcheck.interval", 1_500_000_000, 500_000_000),
        field("healthcheck", None, {"test": ("CMD", "true"), "interval": 5_000_000_000}),
        field("pids_limit", 100, None),
        field("init", None, True),
        field("cpus", 500_000_000, 1_250_000_000, unit="cpus"),
        field("hostname", "a", None),
        field("state", "exited (code 1)", "running", Way.STATE, Cause.DRIFT),
    )
)
