"""What a call that makes a volume really says, and what an engine that died in the middle of it leaves.

Callers: lock, execute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.engine.protocol import Engine


def labels_after_creation(engine: Engine, answer: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels of the volume that a create call answered with: the new one's, or those of one that was there.

    After a restart of the engine the answer for a name that exists lacks the labels (tried live on 20.10 and 28.5), so
    that an answer without any is asked for again. Everything that dockerspec makes has labels.

    Raises:
        NotFound: it was removed meanwhile.
        EngineError: the engine can't be asked.
    """
    return answer.get("Labels") or engine.volume(answer["Name"]).get("Labels") or {}


def is_stillborn(engine: Engine, name: str, labels: Mapping[str, str]) -> bool:
    """Whether a volume may be one of ours whose making was cut off: no labels, no users, no data.

    The engine makes the folder first and writes the labels down after that; killed in between, it knows the volume by
    its folder alone when it is back (seen on 20.10). An empty volume is no loss, even if it is somebody else's.

    Args:
        engine: the engine.
        name: the volume, whose name is one that dockerspec gives.
        labels: the labels that it has.
    """
    if labels:
        return False
    usage = next((item.get("UsageData") or {} for item in engine.volume_usage() if item["Name"] == name), {})
    return (usage.get("Size"), usage.get("RefCount")) == (0, 0)
