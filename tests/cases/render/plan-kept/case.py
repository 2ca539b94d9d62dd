"""Nothing to do, but a volume stays that the spec no longer has."""

from __future__ import annotations

from tests.unit.render.samples import change, plan

VALUE = plan(change("volume.data", "keep", "holds data; name it with --delete-volume data to delete it"), unchanged=1)
