"""Colours, on a terminal."""

from __future__ import annotations

from dockerspec.render.style import Style
from tests.unit.render.samples import WHERE, change, field, plan

VALUE = plan(
    change("container.api", "replace", "spec changed", field("init", None, True), downtime=True),
    change("container.web", "create", "not on the host"),
)
OPTIONS = {"style": Style(colour=True), "where": WHERE}
