"""YAML text -> Document: a tree in which every node knows its place.

The only module that knows the YAML library. It reads parser events, not the library's objects: so it can keep the
text of each scalar and both places of a duplicate key, and no tag can make Python do anything.

The C parser is ten times faster and used where it is installed. It knows an old YAML only and refuses some good texts
(`[80:80]` without quotes, above all), so what it refuses is read again by the pure parser, which has the last word.
The pure parser alone, in turn, wants spaces where YAML allows a tab. Where both read a text, the tree is the same.

Callers: `load`; `convert`, which asks for the events alone. Limits: no directives, no tags but the core ones; bounds on
size, depth and expanded aliases keep hostile texts cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.spec import nodes
from dockerspec.core.spec.nodes import Mapping, Plain
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.spec.texts import TEXT_RULE
from dockerspec.core.spec.tree import Tag, Tree, TreeBuilder, Unreadable
from dockerspec.core.spec.yaml_faults import explain

MAX_CHARACTERS = 8 * 1024 * 1024
# The pure parser takes seconds for more, and nobody waits that long for a better sentence.
_RETRY_UP_TO = 1024 * 1024

# All but YAML's printable characters; and of these the three that are line breaks to one parser and text to the other,
# and the byte order mark, which is only allowed (and cut off) at the start. Written the other way round, as all but a
# list of the allowed ones, it takes eight times as long to compile.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*%")
_BOM = "\ufeff"


class _SyntaxFault(Unreadable):
    """A parser gave up, for a reason that another parser may not have."""


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as a tree, made from one text or merged from several.

    Attributes:
        root: the tree.
        tags: the words of an overlay on what it lies over, as the text has them.
        start: where it starts; None for one that no text holds as it is.
        rest: the documents that follow it in the same text.
    """

    root: Mapping
    tags: tuple[Tag, ...] = ()
    start: Span | None = None
    rest: tuple[Document, ...] = ()

    def plain(self) -> dict[str, Plain]:
        """Return dicts, lists and Python scalars for the model; places that want a text get it as written."""
        data = nodes.plain(self.root, TEXT_RULE)
        assert isinstance(data, dict)
        return data

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Return the place of a path, or of the nearest node above it that exists.

        Above a missing node that is the key of its mapping, but the value itself of a short form (`image: nginx` for
        `image.ref`).

        Args:
            path: the place, such as `("containers", "web", "ports", 0)`.
            key: whether the key of the last step is meant instead of its value.
        """
        node, name, whole = nodes.find(self.root, path)
        wants_key = key if whole else not isinstance(node, nodes.Scalar)
        return nodes.span_of(name if name is not None and wants_key else node)

    def without_short_form(self, path: Path) -> Path:
        """Cut a path off at a scalar, below which only the model sees keys."""
        for length in range(len(path)):
            if isinstance(nodes.find(self.root, path[:length])[0], nodes.Scalar):
                return path[:length]
        return path


def parse(source: SourceFile, *, pure: bool = False) -> tuple[Document | None, list[Diagnostic]]:
    """Read one spec text.

    Args:
        source: the text and the name under which faults are reported.
        pure: take the pure Python parser even where the C one is installed (for tests).

    Returns:
        The first document, None where the text can't be read to its end, and all faults found.
    """
    text = source.text.removeprefix(_BOM)
    fault = _check_text(source.name, text)
    if fault:
        return None, [fault]
    builder = TreeBuilder(source.name)
    try:
        try:
            _build(builder, text, pure=pure)
        except _SyntaxFault:
            if pure or len(text) > _RETRY_UP_TO:
                raise
            builder = TreeBuilder(source.name)
            _build(builder, text, pure=True)
    except Unreadable as stop:
        told = {fault.span.line for fault in builder.faults if fault.span}
        follows = stop.fault.span is not None and stop.fault.span.line in told
        return None, builder.faults if follows else [*builder.faults, stop.fault]
    faults = [*builder.faults, *(_no_mapping(source, tree) for tree in builder.trees if _is_wrong(tree))]
    if not builder.trees:
        faults.append(_empty(source, Span(source.name, 1, 1)))
    if not builder.trees or any(map(_is_wrong, builder.trees)):
        return None, faults
    first, *rest = [
        Document(tree.root, tree.tags, tree.start) for tree in builder.trees if isinstance(tree.root, Mapping)
    ]
    return (replace(first, rest=tuple(rest)) if rest else first), faults


def _is_wrong(tree: Tree) -> bool:
    return not isinstance(tree.root, Mapping)


def _no_mapping(source: SourceFile, tree: Tree) -> Diagnostic:
    if not nodes.is_null(tree.root):
        kind = "a list" if isinstance(tree.root, nodes.Sequence) else "a text"
        fix = f"start with '{_section(source)}:' at the left margin"
        return error("", f"a spec is a mapping, but this is {kind}", fix, nodes.span_of(tree.root))
    if tree.start.line == 1:
        return _empty(source, nodes.span_of(tree.root))
    return error("", "there is nothing behind this '---'", "delete it", tree.start)


def _empty(source: SourceFile, span: Span) -> Diagnostic:
    section = _section(source)
    fix = f"write at least '{section}:' with one {section.removesuffix('s')} below it"
    return error("", "the spec is empty", fix, span)


def _section(source: SourceFile) -> str:
    return "services" if source.is_named_for_compose else "containers"


def _check_text(name: str, text: str) -> Diagnostic | None:
    """Refuse what no parser should see."""
    if len(text) > MAX_CHARACTERS:
        size = f"{len(text) / 1024 / 1024:.1f} MiB, more than {MAX_CHARACTERS // 1024 // 1024} MiB"
        return error("", f"the spec has {size}", "split it into several stacks", Span(name, 1, 1))
    if found := _FORBIDDEN.search(text):
        return _forbidden(name, text, found)
    if found := _DIRECTIVE.match(text):
        span = _position(name, text, found.end() - 1)
        return error("", "YAML directives such as '%YAML' aren't read", "delete this line", span)
    return None


def _position(name: str, text: str, offset: int) -> Span:
    before = re.split("\r\n|\r|\n", text[:offset])
    return Span(name, len(before), len(before[-1]) + 1)


def _forbidden(name: str, text: str, found: re.Match[str]) -> Diagnostic:
    span, code = _position(name, text, found.start()), ord(found[0])
    if code == 0:
        return error("", "a NUL byte: this is a binary file, not a spec", "give a YAML text file", span)
    escape = f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
    fix = f'delete it, or write it as the escape "{escape}" in double quotes'
    return error("", f"the invisible character U+{code:04X} isn't allowed in a spec", fix, span)


class Listener(Protocol):
    """What takes a text's events, in their order."""

    def start_document(self, event: Any, /) -> None:
        """A document starts."""

    def scalar(self, event: Any, /) -> None:
        """A leaf."""

    def alias(self, event: Any, /) -> None:
        """An alias."""

    def start_mapping(self, event: Any, /) -> None:
        """A mapping starts."""

    def start_sequence(self, event: Any, /) -> None:
        """A list starts."""

    def end(self, event: Any, /) -> None:
        """The innermost mapping or list ends."""


def walk(text: str, listener: Listener) -> None:
    """Hand the events of a text that `parse` accepts to a listener.

    Args:
        text: the text, without a byte order mark.
        listener: takes the events; it is used only if the text can be read.
    """
    try:
        taken = list(_taken(text, pure=False))
    except Exception:  # whatever the C parser has against a good text, the pure one has the last word
        taken = list(_taken(text, pure=True))
    handlers = _handlers(listener)
    for event in taken:
        handler = handlers.get(type(event))
        if handler is not None:
            handler(event)


def _taken(text: str, *, pure: bool) -> Iterator[Any]:
    from ruamel.yaml.events import StreamEndEvent

    next_event = _events(text, pure=pure)
    while not isinstance(event := next_event(), StreamEndEvent):
        yield event


def _handlers(builder: Listener) -> dict[type, Callable[[Any], None]]:
    from ruamel.yaml import events

    return {
        events.ScalarEvent: builder.scalar,
        events.AliasEvent: builder.alias,
        events.MappingStartEvent: builder.start_mapping,
        events.SequenceStartEvent: builder.start_sequence,
        events.MappingEndEvent: builder.end,
        events.SequenceEndEvent: builder.end,
        events.DocumentStartEvent: builder.start_document,
    }


def _build(builder: TreeBuilder, text: str, *, pure: bool) -> None:
    """Feed the parser's events to the builder; the first syntax error ends the reading."""
    from ruamel.yaml import events
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    handlers = _handlers(builder)
    ignore = {events.StreamStartEvent, events.DocumentEndEvent}
    next_event = _events(text, pure=pure)
    try:
        while True:
            event = next_event()
            kind = type(event)
            handler = handlers.get(kind)
            if handler is not None:
                handler(event)
            elif kind not in ignore:
                return
    except MarkedYAMLError as problem:
        marks = (problem.problem_mark or problem.context_mark, problem.context_mark)
        fault = explain(builder.file, text, problem.problem or str(problem), problem.context, *marks)
        raise _SyntaxFault(fault) from None
    except (YAMLError, ValueError) as problem:
        raise _SyntaxFault(explain(builder.file, text, str(problem))) from None


def _events(text: str, *, pure: bool) -> Callable[[], Any]:
    """Return a function that gives the next parser event each time."""
    if not pure:
        try:
            # Untyped compiled module without stubs, absent where no wheel fits the interpreter.
            from _ruamel_yaml import CParser  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            pass
        else:
            get_event: Callable[[], Any] = CParser(text).get_event
            return get_event
    from ruamel.yaml import YAML

    _, parser = YAML(typ="safe", pure=True).get_constructor_parser(text)
    pure_event: Callable[[], Any] = parser.get_event
    return pure_event
