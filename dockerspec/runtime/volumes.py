"""What a call that makes a volume really says. Callers: lock, execute."""

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
