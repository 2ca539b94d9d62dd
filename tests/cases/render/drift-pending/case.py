"""Nothing drifted, but the spec was edited."""

from __future__ import annotations

from dockerspec.core.address import Address
from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.drift import DriftReport, DriftRow
from tests.unit.render.samples import field

WEB = DriftRow(Address.parse("container.web"), "shop-web-1", None, "spec changed", (field("user", "1", "2"),))
VALUE = DriftReport("shop", EngineFacts("28.5.2"), "unix:///s", pending=(WEB,), unchanged=3)
