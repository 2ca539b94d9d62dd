"""The mixed page at 60 columns."""

from __future__ import annotations

from dockerspec.core.diff.change import Cause
from dockerspec.core.way import Way
from dockerspec.render.style import Style
from tests.unit.render.samples import change, field, plan

LIMIT = field("mem_limit", 256 << 20, 128 << 20, Way.UPDATE, Cause.DRIFT, unit="bytes")

VALUE = plan(
    change("volume.data", "keep", "holds data; name it with --delete-volume data to delete it"),
    change("container.api", "update", "changed outside dockerspec", LIMIT),
    change("container.a-container-with-a-rather-long-name-indeed-yes[12]", "create", "not on the host"),
)
OPTIONS = {"style": Style(width=60)}
