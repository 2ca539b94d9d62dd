"""Document + variable values -> Document: `${...}` in values, never in keys.

Callers: `load`, once a file and before files are merged, as in Compose. Limits: a value that can't be expanded stays
as it is and is reported; the result keeps all places, and shares every branch without a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from operator import is_not

from dockerspec.core.diagnostics import Diagnostic, Span, error, warning
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, Style, span_of
from dockerspec.core.spec.paths import Path, format_path
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.spec.template import TemplateFault, Usage, expand


@dataclass(slots=True)
class Interpolator:
    """Expands the documents of one run.

    Attributes:
        values: the value of each variable that is set.
        broken: names whose value is known to be wrong, and has been reported.
        faults: what was found so far; an unset variable is reported once a run.
        used: the names that were looked up.
        failed: the spans of values that are not what was meant, so that what the model says of them would mislead.
        lenient: whether a dollar sign without a name after it stays.
    """

    values: Values[str, str]
    broken: frozenset[str] = frozenset()
    faults: list[Diagnostic] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    failed: set[Span] = field(default_factory=set)
    lenient: bool = False
    _warned: set[str] = field(default_factory=set)

    def document(self, document: Document, source: SourceFile) -> Document:
        """Return the document with all values expanded."""
        if "$" not in source.text:
            return document
        run = _Run(self, document, source)
        root = run.mapping(document.root)
        return document if root is document.root else Document(root, document.tags)

    def warn_unset(self, name: str) -> bool:
        """Tell whether an unset variable is still to be reported, and count it as reported."""
        new = name not in self._warned
        self._warned.add(name)
        return new


class _Run:
    """The expansion of one document."""

    __slots__ = ("_document", "_of", "_paths", "_source")

    def __init__(self, of: Interpolator, document: Document, source: SourceFile) -> None:
        self._of = of
        self._document = document
        self._source = source
        # Path by identity of each scalar. Made when there is something to report, and not before: keeping track of
        # where the walk is would cost more than all the rest. What several aliases share has one path.
        self._paths: dict[int, Path] | None = None

    def mapping(self, node: Mapping) -> Mapping:
        changed: dict[str, Node] = {}
        for key, value in node.values.items():
            new = self._node(value)
            if new is not value:
                changed[key] = new
        return node._replace(values={**node.values, **changed}) if changed else node

    def _node(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return self._scalar(node) if "$" in node.text else node
        if isinstance(node, Mapping):
            return self.mapping(node)
        items = tuple([self._node(item) for item in node.items])
        changed = any(map(is_not, items, node.items))
        return node._replace(items=items) if changed else node

    def _scalar(self, node: Scalar) -> Scalar:
        usage, of = Usage(), self._of
        try:
            text = expand(node.text, of.values, usage, lenient=of.lenient)
        except TemplateFault as fault:
            of.failed.add(span_of(node))
            place = _locate(node, self._source, fault.offset)
            of.faults.append(error(self._path(node), fault.summary, fault.fix, place))
            return node
        of.used |= usage.used
        if not of.broken.isdisjoint(usage.used):
            of.failed.add(span_of(node))
        for name in usage.unset:
            if of.warn_unset(name):
                summary = f"the variable {name} isn't set, so an empty text is put in"
                fix = f"set {name}, or write ${{{name}:-default}}; for a dollar sign write $$"
                of.faults.append(warning(self._path(node), summary, fix, span_of(node)))
        style = Style.EXPANDED if node.style is Style.PLAIN else node.style
        return Scalar(text, style, node.file, node.line, node.column)

    def _path(self, node: Scalar) -> str:
        if self._paths is None:
            self._paths = {}
            _index(self._document.root, (), self._paths)
        return format_path(self._paths[id(node)])


def _index(node: Node, path: Path, paths: dict[int, Path]) -> None:
    """Note the first path of each scalar below a node."""
    if isinstance(node, Scalar):
        paths.setdefault(id(node), path)
        return
    below = enumerate(node.items) if isinstance(node, Sequence) else node.values.items()
    for step, item in below:
        _index(item, (*path, step), paths)


def _locate(node: Scalar, source: SourceFile, offset: int) -> Span:
    """Return the place of the dollar sign at an offset of a scalar's value.

    Quotes, escapes and folded lines make a value differ from what stands in the file; but its dollar signs stand
    there in the same number and order (all but those written as escapes), so they are counted off.
    """
    text = source.text.removeprefix("\ufeff")
    lines = re.split("\r\n|\r|\n", text)
    wanted = node.text.count("$", 0, offset) + 1
    column = node.column - 1
    for number in range(node.line - 1, len(lines)):
        line = lines[number]
        while (found := line.find("$", column)) >= 0:
            wanted -= 1
            if wanted == 0:
                return Span(node.file, number + 1, found + 1)
            column = found + 1
        column = 0
    return span_of(node)
