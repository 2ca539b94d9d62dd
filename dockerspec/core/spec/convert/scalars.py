"""Scalars that the two formats read differently: written anew where the meaning would change, left alone elsewhere.

Compose prints numbers anew where it wants a text (`1.10` is `1.1`), refuses them in some places, and lets a dollar
sign without a name stand; dockerspec keeps a scalar's text, reads numbers by YAML 1.2, and wants `$$`.

Callers: the converters. Limits: scalars with variables are left to the reader, except for lone dollar signs.
"""

from __future__ import annotations

import re

from dockerspec.core.spec.compose.scalars import Kind, as_text, kind_of, whole
from dockerspec.core.spec.convert.editor import Editor
from dockerspec.core.spec.convert.layout import MERGE, Part, Shape
from dockerspec.core.spec.texts import ANY, ITEM, OCTAL, SCALAR, TextRule

# Where Compose takes any scalar for the text that it prints, and where it takes numbers so.
_ANY_SCALAR = frozenset({"environment", "labels", "annotations", "args", "sysctls", "provenance", "sbom"})
_NUMBERS = _ANY_SCALAR | {"options", "driver_opts", "storage_opt", "expose", "ports", "published", "group_add"}
_LONE = re.compile(r"\$\$|\$(?=[A-Za-z_{])|(?P<lone>\$)")


class Scalars:
    """Rewrites the scalars below a part, each once."""

    def __init__(self, editor: Editor, *, to_own: bool) -> None:
        self._editor = editor
        self._to_own = to_own
        self._seen: set[int] = set()

    def walk(self, part: Part, rule: TextRule | None, key: str = "") -> None:
        """Rewrite what is at or below a part.

        Args:
            part: where to start.
            rule: which scalars there are texts to dockerspec.
            key: the nearest key above that says how Compose reads scalars below it.
        """
        part = part.real
        if id(part) in self._seen:
            return
        self._seen.add(id(part))
        if part.shape is Shape.SCALAR and not (rule and OCTAL in rule):
            self._scalar(part, is_text=rule is not None and SCALAR in rule, key=key)
        for item in part.items:
            self.walk(item, rule.get(ITEM) if rule else None, key)
        for entry in part.entries:
            if entry.key.text == MERGE:
                for other in part.merged():
                    self.walk(other, rule, key)
                continue
            name = entry.key.text
            below = name if name in _NUMBERS and key not in _ANY_SCALAR else key
            self.walk(entry.value, rule.get(name, rule.get(ANY)) if rule else None, below)

    def _scalar(self, part: Part, *, is_text: bool, key: str) -> None:
        new = self._own(part, is_text=is_text) if self._to_own else self._compose(part, is_text=is_text, key=key)
        if new is not None:
            self._editor.replace(part.content, part.end, new)

    def _own(self, part: Part, *, is_text: bool) -> str | None:
        raw = self._editor.layout.text[part.content : part.end]
        if "$" in raw:
            doubled = _LONE.sub(lambda found: "$$" if found["lone"] else found[0], raw)
            return doubled if doubled != raw else None
        scalar = self._editor.layout.scalar(part)
        kind = kind_of(scalar)
        if kind in (Kind.TEXT, Kind.NULL, Kind.DATE):
            return None
        text = as_text(scalar, kind)
        if is_text:
            return f'"{text}"' if text != part.text else None
        if kind is Kind.INT and str(whole(part.text)) != part.text.removeprefix("+"):
            return str(whole(part.text))
        return text if kind is Kind.FLOAT and "_" in part.text else None

    def _compose(self, part: Part, *, is_text: bool, key: str) -> str | None:
        """Quote what dockerspec takes for a text and Compose would not."""
        raw = self._editor.layout.text[part.content : part.end]
        scalar = self._editor.layout.scalar(part)
        kind = kind_of(scalar)
        if not is_text or "$" in raw or kind in (Kind.TEXT, Kind.NULL):
            return None
        allowed = {Kind.BOOL: _ANY_SCALAR, Kind.DATE: frozenset[str]()}.get(kind, _NUMBERS)
        return None if key in allowed and as_text(scalar, kind) == part.text else f'"{part.text}"'
