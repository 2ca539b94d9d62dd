"""A resolved Compose project, or a merged spec, as YAML or JSON. Secret values are masked, as on every page.

Callers: the command `config`.
"""

from __future__ import annotations

import json
from typing import Any

from dockerspec.core.takein.page import write
from dockerspec.render.clean import Cleaner


def tree_json(tree: dict[str, Any], *, mask: frozenset[str] = frozenset()) -> str:
    """A tree as JSON, two blanks a level."""
    return json.dumps(_masked(tree, Cleaner(mask)), indent=2, ensure_ascii=False) + "\n"


def tree_yaml(tree: dict[str, Any], *, mask: frozenset[str] = frozenset()) -> str:
    """A tree as YAML that reads back as the same: dollar signs in values are doubled here."""
    masked = _masked(tree, Cleaner(mask))
    assert isinstance(masked, dict)
    return write(masked)


def _masked(value: Any, cleaner: Cleaner) -> Any:
    if isinstance(value, str):
        return cleaner.mask(value)
    if isinstance(value, list):
        return [_masked(item, cleaner) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, cleaner) for key, item in value.items()}
    return value
