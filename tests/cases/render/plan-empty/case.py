"""A stack that is as the spec says."""

from __future__ import annotations

from tests.unit.render.samples import plan

VALUE = plan(unchanged=12)
