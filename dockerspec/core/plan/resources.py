"""The actions for volumes."""

from __future__ import annotations

from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.result import Finding
from dockerspec.core.plan.action import CreateVolume, RemoveVolume
from dockerspec.core.plan.draft import Draft


def plan_volume(finding: Finding, draft: Draft) -> None:
    """Make a volume, or delete one whose data may go."""
    change, live, desired = finding.change, finding.subject.live_volume, finding.subject.volume
    common: dict[str, Any] = {"address": change.address, "cause": change.cause}
    removed = None
    if live is not None and change.kind in (ChangeKind.DELETE, ChangeKind.REPLACE):
        removed = draft.add(RemoveVolume(name=live.name, **common))
    if desired is not None:
        create = CreateVolume(name=desired.name, body=desired.body(), **common)
        draft.made[Kind.VOLUME, desired.name] = draft.add(create, (removed,))
