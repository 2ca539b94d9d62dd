"""All kinds of drift, and an edit of the spec beside them; a name that wants to be markup, and a secret."""

from __future__ import annotations

from dockerspec.core.address import Address
from dockerspec.core.diagnostics import Span, error
from dockerspec.core.diff.change import Cause
from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.drift import Drift, DriftReport, DriftRow
from dockerspec.core.way import Way
from tests.unit.render.samples import field

LIMIT = field("mem_limit", 256 << 20, 128 << 20, Way.UPDATE, Cause.DRIFT, unit="bytes")
ALIASES = field("networks.front", None, {"aliases": ("web", "a|b", "hunter22")}, Way.NETWORK, Cause.DRIFT)
IMAGE = field("image", "app:1", "app:2")


def at(text: str) -> Address:
    return Address.parse(text)


VALUE = DriftReport(
    "shop",
    EngineFacts("28.5.2", (1, 51)),
    "unix:///var/run/docker.sock",
    drifted=(
        DriftRow(at("volume.data"), "", Drift.MISSING, "not on the host"),
        DriftRow(at("container.cache"), "shop-cache-1", Drift.UNWELL, "it keeps restarting: exit code 1, 7 restarts"),
        DriftRow(at("container.tool"), "**tool** @all", Drift.UNKNOWN, "it was made from other/stack.yaml"),
        DriftRow(at("container.web"), "shop-web-1", Drift.CHANGED, "unhealthy", (LIMIT, ALIASES)),
    ),
    pending=(
        DriftRow(at("container.old"), "shop-old-1", None, "no longer in the spec"),
        DriftRow(at("container.web"), "shop-web-1", None, "", (IMAGE,)),
    ),
    unchanged=4,
    diagnostics=(error("containers.job", "no such image", "pull it", Span("stack.yaml", 4, 9)),),
)
OPTIONS = {"mask": frozenset({"hunter22"})}
