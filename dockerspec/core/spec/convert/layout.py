"""Where everything in a YAML text starts and ends: what an edit of the text has to know and the tree of nodes doesn't.

    web:            # a comment
      image: &i "nginx"
      |      |  `-- content .. end
      key    `----- start (its anchor and tag come first)

Callers: `editor` and the converters. Limits: texts that `document.parse` accepts; a merge key is an entry like others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dockerspec.core.diagnostics import Span
from dockerspec.core.spec import document
from dockerspec.core.spec.nodes import Scalar, Style

MERGE = "<<"
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\r\n]*", re.MULTILINE)


class Shape(Enum):
    """What kind of node a part is."""

    SCALAR = "scalar"
    LIST = "list"
    MAP = "map"
    ALIAS = "alias"


@dataclass(slots=True, eq=False)
class Part:
    """A node's place in the text; all places are offsets.

    Attributes:
        shape: what it is.
        start: where it starts, with its anchor and tag.
        end: where it ends; line breaks and comments behind it don't belong to it.
        content: where it starts behind anchor and tag.
        text: a scalar's value, or an alias' name.
        style: the sign of a quoted or block scalar; empty for a plain one.
        flow: whether a list or mapping stands in brackets.
        anchor: its anchor's name, or empty.
        tag: its tag, or empty.
        items: of a list.
        entries: of a mapping, in order.
        target: what an alias stands for.
    """

    shape: Shape
    start: int
    end: int
    content: int
    text: str = ""
    style: str = ""
    flow: bool = False
    anchor: str = ""
    tag: str = ""
    items: list[Part] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    target: Part | None = None

    @property
    def real(self) -> Part:
        """The part itself, or what the alias stands for."""
        return self.target.real if self.target is not None else self

    @property
    def is_silent(self) -> bool:
        """Whether nothing is written where the value would be."""
        return self.shape is Shape.SCALAR and self.content == self.end

    def get(self, name: str) -> Entry | None:
        """The mapping's own entry of a name."""
        return next((entry for entry in self.real.entries if entry.key.text == name), None)

    def at(self, *names: str) -> Part | None:
        """The part below a path of keys, through aliases and merges."""
        part = self.real
        for name in names:
            entry = part.all_entries().get(name)
            if entry is None:
                return None
            part = entry.value.real
        return part

    def merged(self) -> Iterator[Part]:
        """The mappings that `<<` takes over, the strongest first."""
        entry = self.get(MERGE)
        if entry is None:
            return
        value = entry.value.real
        for item in value.items if value.shape is Shape.LIST else (value,):
            if item.real.shape is Shape.MAP:
                yield item.real

    def all_entries(self) -> dict[str, Entry]:
        """Every entry by name, those taken over included."""
        found = {entry.key.text: entry for entry in self.real.entries if entry.key.text != MERGE}
        for other in self.real.merged():
            for name, entry in other.all_entries().items():
                found.setdefault(name, entry)
        return found


@dataclass(slots=True, eq=False)
class Entry:
    """A key and its value in a mapping."""

    key: Part
    value: Part
    owner: Part


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: its offsets, and whether it has a line of its own."""

    start: int
    end: int
    text: str
    alone: bool


class Layout:
    """A text with its parts.

    Attributes:
        name: how diagnostics call the file.
        text: the text, without a byte order mark.
        root: the top mapping.
        documents: how many YAML documents there are; the parts are those of the last one.
        comments: in the order of the text.
        line_break: what the text ends its lines with.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.line_break = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(found.end() for found in re.finditer("\r\n|\r|\n", text))]
        builder = _Builder(self)
        document.walk(text, builder)
        self.documents = builder.documents
        assert builder.root is not None
        self.root = builder.root
        _trim(self.root, text)
        self.comments = tuple(self._comments())

    def offset(self, mark: Any) -> int:
        """The offset of a parser's mark."""
        # The end of a text without a last line break is one line further down to a parser.
        if mark.line >= len(self._starts):
            return len(self.text)
        line, column = int(mark.line), int(mark.column)
        return min(self._starts[line] + column, len(self.text))

    def span(self, part: Part) -> Span:
        """Where a part stands, for diagnostics."""
        place = part.start
        line = self.text.count("\n", 0, place) if self.line_break == "\n" else self.text.count("\r\n", 0, place)
        return Span(self.name, line + 1, self.column(place) + 1)

    def line_start(self, place: int) -> int:
        """Where the line of an offset starts."""
        return self.text.rfind("\n", 0, place) + 1

    def line_end(self, place: int) -> int:
        """Where the line of an offset ends, before its line break."""
        found = re.compile("\r?\n").search(self.text, place)
        return found.start() if found else len(self.text)

    def column(self, place: int) -> int:
        """The column of an offset, from 0."""
        return place - self.line_start(place)

    def scalar(self, part: Part) -> Scalar:
        """A scalar part as a node, for the rules that work on nodes."""
        style = Style.QUOTED if part.style or part.tag.endswith(":str") else Style.PLAIN
        return Scalar(part.text, style, self.name, 1, 1)

    def parts(self) -> Iterator[Part]:
        """Every part, each before those in it."""
        return _walk(self.root)

    def _comments(self) -> Iterator[Comment]:
        leaves = [part for part in self.parts() if part.shape in (Shape.SCALAR, Shape.ALIAS) and part.end > part.start]
        at = 0
        for start, end in [*((leaf.start, leaf.end) for leaf in leaves), (len(self.text), len(self.text))]:
            for found in _COMMENT.finditer(self.text, at, start):
                alone = not self.text[self.line_start(found.start()) : found.start()].strip()
                yield Comment(found.start(), found.end(), found[0], alone)
            at = end


def _walk(part: Part) -> Iterator[Part]:
    yield part
    for item in part.items:
        yield from _walk(item)
    for entry in part.entries:
        yield from _walk(entry.key)
        yield from _walk(entry.value)


def _trim(part: Part, text: str) -> None:
    """Let a block end where its last part ends: the parser ends it where the next thing starts."""
    for item in part.items:
        _trim(item, text)
    for entry in part.entries:
        _trim(entry.value, text)
        if entry.value.is_silent and not entry.value.anchor and not entry.value.tag:
            colon = text.find(":", entry.key.end)
            place = colon + 1 if colon >= 0 else entry.key.end
            # In brackets a key may stand alone.
            if part.flow and text[entry.key.end : place].strip() != ":":
                place = entry.key.end
            entry.value.start = entry.value.content = entry.value.end = place
    if part.shape in (Shape.LIST, Shape.MAP) and not part.flow:
        last = part.items[-1].end if part.items else part.entries[-1].value.end if part.entries else part.end
        part.end = last


class _Builder:
    """Takes the parser's events."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.root: Part | None = None
        self.documents = 0
        self._open: list[tuple[Part, list[Part]]] = []
        self._anchors: dict[str, Part] = {}

    def scalar(self, event: Any) -> None:
        """Add a leaf."""
        part = self._part(Shape.SCALAR, event, text=event.value, style=event.style or "")
        text = self._layout.text
        if part.style in ("|", ">"):
            part.end = max(part.content + 1, part.start + len(text[part.start : part.end].rstrip()))
        self._add(part)

    def alias(self, event: Any) -> None:
        """Add a leaf that stands for another part."""
        part = self._part(Shape.ALIAS, event, text=event.anchor)
        part.anchor = ""
        part.target = self._anchors.get(event.anchor)
        self._add(part)

    def start_mapping(self, event: Any) -> None:
        """Open a mapping."""
        self._open.append((self._part(Shape.MAP, event, flow=bool(event.flow_style)), []))

    def start_sequence(self, event: Any) -> None:
        """Open a list."""
        self._open.append((self._part(Shape.LIST, event, flow=bool(event.flow_style)), []))

    def start_document(self, _event: Any) -> None:
        """Count: the parts are those of the last document."""
        self.documents += 1

    def end(self, event: Any) -> None:
        """Close the innermost mapping or list."""
        part, found = self._open.pop()
        part.end = self._layout.offset(event.end_mark)
        if part.shape is Shape.LIST:
            part.items = found
        else:
            part.entries = [Entry(key, value, part) for key, value in zip(found[::2], found[1::2], strict=True)]
        self._add(part)

    def _part(self, shape: Shape, event: Any, **fields: Any) -> Part:
        start, end = self._layout.offset(event.start_mark), self._layout.offset(event.end_mark)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        content = start
        if (anchor and shape is not Shape.ALIAS) or tag:
            found = _PROPERTIES.match(self._layout.text, start)
            content = found.end() if found else end
        part = Part(shape, start, max(start, end), content, anchor=anchor or "", tag=str(tag or ""), **fields)
        if part.anchor and shape is not Shape.ALIAS:
            self._anchors[part.anchor] = part
        return part

    def _add(self, part: Part) -> None:
        if self._open:
            self._open[-1][1].append(part)
        else:
            self.root = part
