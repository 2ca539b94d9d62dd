"""A stack that is gone already."""

from __future__ import annotations

from tests.unit.render.samples import plan

VALUE = plan(destroys=True, unchanged=0)
