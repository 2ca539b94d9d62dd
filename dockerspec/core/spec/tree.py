"""Parser events -> node tree: keys, anchors, aliases, merge keys, and the bounds that keep hostile texts cheap.

Callers: `document`, which owns the YAML library; events are duck-typed here. Limits: user faults that leave the
tree readable are collected in `faults`; the others raise `Unreadable`, which `document` turns into a diagnostic.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, Style, resolve, span_of
from dockerspec.core.spec.paths import Path, format_path

MAX_NODES = 200_000
MAX_DEPTH = 64

_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({f"{_CORE}str", "!"})
_OVERLAY_TAGS = frozenset({"!reset", "!override"})
_CORE_TAGS = frozenset({f"{_CORE}{name}" for name in ("int", "float", "bool", "null", "map", "seq")})
# Escapes can write what no program's arguments (NUL) and no UTF-8 (half of a surrogate pair) can hold.
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


# Looking a member up in its class is what costs most in making a scalar.
_PLAIN, _QUOTED = Style.PLAIN, Style.QUOTED


class Tag(NamedTuple):
    """A `!reset` or `!override`: an overlay's word on what it lies over. Only Compose files know them."""

    path: Path
    name: str
    span: Span

    def unknown(self) -> Diagnostic:
        """Say that the file at hand has no such tags."""
        fix = "delete it; what an overlay can't take away, leave out of the first file"
        return error(format_path(self.path), f"the tag {self.name} isn't supported", fix, self.span)


class Tree(NamedTuple):
    """One document of a text: its root, its tags, and where it starts."""

    root: Node
    tags: tuple[Tag, ...]
    start: Span


class Unreadable(Exception):
    """The text can't be read any further."""

    def __init__(self, fault: Diagnostic) -> None:
        self.fault = fault
        super().__init__(str(fault))


class _Frame:
    """A mapping or sequence that is still open.

    `key` is the mapping's key that waits for its value; `skip` says that the key is unusable, so that its value is
    dropped. `before` is the node count at the start, `height` how deep the finished nodes below go.
    """

    __slots__ = ("anchor", "before", "column", "height", "items", "key", "keys", "line", "merges", "skip", "values")

    def __init__(self, mark: Any, anchor: str | None, before: int, *, mapping: bool) -> None:
        self.line: int = mark.line + 1
        self.column: int = mark.column + 1
        self.anchor = anchor
        self.before = before
        self.height = 0
        self.items: list[Node] | None = None if mapping else []
        self.values: dict[str, Node] = {}
        self.keys: dict[str, Scalar] = {}
        self.key: Scalar | None = None
        self.merges: tuple[Scalar, Node] | None = None
        self.skip = False


class TreeBuilder:
    """Takes events in order; `trees` are the text's documents afterwards (none for an empty stream)."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.trees: list[Tree] = []
        self.faults: list[Diagnostic] = []
        self._start = Span(file, 1, 1)
        self._tags: list[Tag] = []
        self._frames: list[_Frame] = []
        self._count = 0
        # Per finished anchor: its node, how many nodes it stands for, and how deep it goes.
        self._anchors: dict[str, tuple[Node, int, int]] = {}

    def start_document(self, event: Any) -> None:
        """Begin a document. Anchors of those before it hold on, as they do in Compose."""
        self._start = self._span(event)

    def scalar(self, event: Any) -> None:
        """Add a leaf."""
        mark, tag = event.start_mark, event.tag
        if event.style == '"' and _UNUSABLE.search(event.value):
            fix = "write the character itself; one beyond U+FFFF is written as \\U and eight digits"
            self.faults.append(error(self._here(), "an escape for no usable character", fix, self._span(event)))
        style = _QUOTED if event.style else _PLAIN
        if tag is not None and self._tag_allowed(event, tag):
            style = _QUOTED if tag in _TEXT_TAGS else _PLAIN
        node = Scalar(event.value, style, self.file, mark.line + 1, mark.column + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1, 0)
        self._add(node, 1, 0)

    def start_mapping(self, event: Any) -> None:
        """Open a mapping."""
        self._open(event, mapping=True)

    def start_sequence(self, event: Any) -> None:
        """Open a sequence."""
        self._open(event, mapping=False)

    def end(self, _event: Any) -> None:
        """Close the innermost mapping or sequence."""
        frame = self._frames.pop()
        node: Node
        if frame.items is not None:
            node = Sequence(tuple(frame.items), self.file, frame.line, frame.column)
        else:
            if frame.merges is not None:
                self._merge(frame, *frame.merges)
            node = Mapping(frame.values, frame.keys, self.file, frame.line, frame.column)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (node, self._count - frame.before, frame.height)
        self._add(node, 0, frame.height)

    def alias(self, event: Any) -> None:
        """Put an anchor's node here, and count all that it stands for: aliases of aliases grow exponentially."""
        name = event.anchor
        summary, fix = f"the alias *{name} has no anchor", f"mark an earlier node with &{name}"
        known = self._anchors.get(name)
        if any(frame.anchor == name for frame in self._frames):
            summary, fix, known = f"the alias *{name} stands inside its own anchor", "name a node outside it", None
        if known is None:
            raise Unreadable(error(self._here(), summary, fix, self._span(event)))
        node, size, height = known
        self._check_bounds(height)
        self._add(node, size, height)

    def _open(self, event: Any, *, mapping: bool) -> None:
        if event.tag is not None:
            self._tag_allowed(event, event.tag)
        self._frames.append(_Frame(event.start_mark, event.anchor, self._count, mapping=mapping))
        self._count += 1
        self._check_bounds(0)

    def _add(self, node: Node, size: int, height: int) -> None:
        """Put a finished node into the innermost open frame."""
        self._count += size
        if self._count > MAX_NODES:
            self._check_bounds(0)
        if not self._frames:
            self.trees.append(Tree(node, tuple(self._tags), self._start))
            self._tags = []
            return
        frame = self._frames[-1]
        if height >= frame.height:
            frame.height = height + 1
        if frame.items is not None:
            frame.items.append(node)
        elif frame.key is not None:
            self._set(frame, frame.key, node)
            frame.key = None
        elif frame.skip:
            frame.skip = False
        else:
            frame.key = self._key(node)
            frame.skip = frame.key is None

    def _check_bounds(self, height: int) -> None:
        """Stop where the open frames, and what goes `height` levels deeper, are too much."""
        if len(self._frames) + height > MAX_DEPTH:
            summary = f"the spec is nested deeper than {MAX_DEPTH} levels"
            fix = "check the indentation and the aliases"
        elif self._count > MAX_NODES:
            summary = f"the spec stands for more than {MAX_NODES} nodes"
            fix = "use fewer aliases, or split it into several stacks"
        else:
            return
        place = self._frames[-1] if self._frames else None
        span = Span(self.file, place.line, place.column) if place else Span(self.file, 1, 1)
        raise Unreadable(error("", summary, fix, span))

    def _key(self, node: Node) -> Scalar | None:
        """Return a usable key: a text, or a whole number or bool, which stands for its text."""
        if isinstance(node, Scalar):
            value = resolve(node)
            if isinstance(value, (str, int)):
                return node
            what = "an empty value" if value is None else "a decimal number"
            fix = f'write "{node.text}" in quotes if that is meant'
        else:
            what = "a list" if isinstance(node, Sequence) else "a mapping"
            fix = "write a plain word before the colon; quote ${...} and {{...}} in values"
        self.faults.append(error(self._here(), f"{what} can't be a key", fix, span_of(node)))
        return None

    def _set(self, frame: _Frame, key: Scalar, node: Node) -> None:
        name = key.text
        if name == "<<" and key.style is Style.PLAIN:
            if frame.merges is None:
                frame.merges = (key, node)
                return
            first: Scalar | None = frame.merges[0]
        else:
            first = frame.keys.get(name)
        if first is None:
            frame.values[name] = node
            frame.keys[name] = key
            return
        summary = f"the key '{name}' is given twice, first at line {first.line}"
        fix = "list both under one '<<: [*a, *b]'" if name == "<<" else "keep one of the two"
        self.faults.append(error(self._here(), summary, fix, span_of(key)))

    def _merge(self, frame: _Frame, key: Scalar, value: Node) -> None:
        """Take over what `<<` names; keys of the mapping itself win, then earlier mappings of the list."""
        for node in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(node, Mapping):
                fix = "write '<<: *anchor' or '<<: [*one, *two]'"
                self.faults.append(error(self._here(), "'<<' takes mappings only", fix, span_of(key)))
                continue
            self._count += len(node.values)
            if self._count > MAX_NODES:
                self._frames.append(frame)
                self._check_bounds(0)
            for name in node.values:
                if name not in frame.values:
                    frame.values[name] = node.values[name]
                    frame.keys[name] = node.keys[name]

    def _tag_allowed(self, event: Any, tag: Any) -> bool:
        name = str(tag)
        if name in _TEXT_TAGS or name in _CORE_TAGS:
            return True
        if name in _OVERLAY_TAGS:
            self._tags.append(Tag(self._path(), name, self._span(event)))
            return False
        shown = f"!!{name.removeprefix(_CORE)}" if name.startswith(_CORE) else name
        self.faults.append(error(self._here(), f"the tag {shown} isn't supported", "delete it", self._span(event)))
        return False

    def _span(self, event: Any) -> Span:
        mark = event.start_mark
        return Span(self.file, mark.line + 1, mark.column + 1)

    def _here(self) -> str:
        """Return the path of what is being read, for messages."""
        return format_path(self._path())

    def _path(self) -> Path:
        path: list[str | int] = []
        for frame in self._frames:
            if frame.items is not None:
                path.append(len(frame.items))
            elif frame.key is not None:
                path.append(frame.key.text)
        return tuple(path)
