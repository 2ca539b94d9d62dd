"""What both converters share: the state of one conversion, and how faults are worded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dockerspec.core.diagnostics import Diagnostic, error, warning
from dockerspec.core.spec.convert.editor import Editor
from dockerspec.core.spec.convert.layout import Entry, Layout, Part, Shape

Rewritten: TypeAlias = Mapping[str, "str | None"]
"""What to write for the values at some paths, such as `services.web.command`; None leaves the key out."""

RESOLVE = "convert with --resolve, which puts it in"
LEFT = "it is left as a comment"
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Converted:
    """A text in the other format.

    Attributes:
        text: the text; empty where there are errors.
        diagnostics: errors and warnings, with places in the text that was converted.
        left_out: paths in dockerspec's own words of what the new text doesn't say, which is warned about.
    """

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    left_out: frozenset[tuple[str, ...]] = frozenset()


@dataclass(slots=True)
class Work:
    """A conversion under way.

    Attributes:
        layout: the text.
        editor: its edits.
        faults: what can't be said.
        left_out: as in `Converted`.
    """

    layout: Layout
    editor: Editor
    faults: list[Diagnostic] = field(default_factory=list)
    left_out: set[tuple[str, ...]] = field(default_factory=set)

    def refuse(self, path: str, summary: str, fix: str, part: Part) -> None:
        """Report what makes the conversion fail."""
        self.faults.append(error(path, summary, fix, self.layout.span(part)))

    def leave(self, entry: Entry, path: str, summary: str, fix: str = "", *, label: str = "") -> None:
        """Turn an entry into a comment, and say so."""
        self.tell(path, summary, fix, entry.key)
        self.editor.comment_out(entry, label)

    def tell(self, path: str, summary: str, fix: str, part: Part) -> None:
        """Warn."""
        self.faults.append(warning(path, summary, fix or LEFT, self.layout.span(part)))


def below(part: Part | None) -> list[Part]:
    """The items of a list, or the part alone where one may stand for a list."""
    if part is None or part.is_silent:
        return []
    return part.real.items if part.real.shape is Shape.LIST else [part.real]


def in_brackets(raw: str, part: Part) -> str:
    """A scalar's text as it may stand in brackets."""
    if part.style or not set(raw) & set("{}[],"):
        return raw
    escaped = raw.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def inline(part: Part, more: Mapping[str, list[Part]] | None = None) -> str:
    """A part in brackets on one line, without its comments.

    Args:
        part: the part.
        more: lists to add to a mapping; a text becomes the context of a build then.
    """
    part = part.real
    added = [f"{key}: [{', '.join(map(inline, items))}]" for key, items in (more or {}).items() if items]
    if part.shape is Shape.MAP:
        return f"{{{', '.join([*(f'{entry.key.text}: {inline(entry.value)}' for entry in part.entries), *added])}}}"
    if part.shape is Shape.LIST:
        return f"[{', '.join(map(inline, part.items))}]"
    if part.style or set(part.text) & set("{}[],#:\n") or not part.text:
        text = json.dumps(part.text, ensure_ascii=False) if part.style or part.text else "null"
    else:
        text = part.text
    return f"{{context: {text}, {', '.join(added)}}}" if added else text


def quoted(text: str) -> str:
    """A text as a scalar."""
    return text if _BARE.fullmatch(text) else f'"{text}"'
