"""One of each kind of change, with its causes."""

from __future__ import annotations

from dockerspec.core.diff.change import Cause
from dockerspec.core.way import Way
from tests.unit.render.samples import WHERE, change, field, plan

LIMIT = field("mem_limit", 256 << 20, 128 << 20, Way.UPDATE, Cause.DRIFT, unit="bytes")

VALUE = plan(
    change("image.web", "create", "not on the host"),
    change("network.front", "replace", "the subnet changed", field("ipam.subnet", "10.1.0.0/24", "10.2.0.0/24")),
    change("volume.data", "keep", "holds data; name it with --delete-volume data to delete it"),
    change("volume.tmp", "delete", "no longer in the spec", data_loss=True),
    change(
        "container.api",
        "replace",
        "spec changed",
        field("environment.LOG_LEVEL", "info", "debug"),
        field("mem_limit", 256 << 20, 512 << 20, Way.UPDATE, unit="bytes"),
        downtime=True,
    ),
    change("container.old", "delete", "no longer in the spec", downtime=True),
    change("container.redis", "update", "changed outside dockerspec", LIMIT),
    change("container.web", "create", "not on the host"),
    change("container.web[2]", "create", "not on the host"),
)
OPTIONS = {"where": WHERE}
