"""Document + variable values -> Document: `${...}` in values, never in keys.

Callers: `load`, once a file and before files are merged, as in Compose. Limits: a value that can't be expanded stays
as it is and is reported; the result keeps all places, and shares every branch without a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Values
from dataclasses import dataclass, field

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
        faults: what was found so far; an unset variable is reported once a run.
        used: the names that were looked up.
        failed: the spans of values that could not be expanded, for which the model's complaint would mislead.
    """

    values: Values[str, str]
    faults: list[Diagnostic] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    failed: set[Span] = field(default_factory=set)
    _warned: set[str] = field(default_factory=set)

    def document(self, document: Document, source: SourceFile) -> Document:
        """Return the document with all values expanded."""
        if "$" not in source.text:
            return document
        root = self._mapping(document.root, source, ())
        return document if root is document.root else Document(root)

    def _node(self, node: Node, source: SourceFile, path: Path) -> Node:
        if isinstance(node, Scalar):
            return self._scalar(node, source, path) if "$" in node.text else node
        if isinstance(node, Mapping):
            return self._mapping(node, source, path)
        items = [self._node(item, source, (*path, index)) for index, item in enumerate(node.items)]
        changed = any(new is not old for new, old in zip(items, node.items, strict=True))
        return Sequence(tuple(items), *node[1:]) if changed else node

    def _mapping(self, node: Mapping, source: SourceFile, path: Path) -> Mapping:
        changed: dict[str, Node] = {}
        for key, value in node.values.items():
            new = self._node(value, source, (*path, key))
            if new is not value:
                changed[key] = new
        return node._replace(values={**node.values, **changed}) if changed else node

    def _scalar(self, node: Scalar, source: SourceFile, path: Path) -> Scalar:
        usage = Usage()
        try:
            text = expand(node.text, self.values, usage)
        except TemplateFault as fault:
            place = _locate(node, source, fault.offset)
            self.failed.add(span_of(node))
            self.faults.append(error(format_path(path), fault.summary, fault.fix, place))
            return node
        self.used |= usage.used
        for name in usage.unset:
            self._warn(name, node, path)
        style = Style.EXPANDED if node.style is Style.PLAIN else node.style
        return node._replace(text=text, style=style)

    def _warn(self, name: str, node: Scalar, path: Path) -> None:
        if name in self._warned:
            return
        self._warned.add(name)
        summary = f"the variable {name} isn't set, so an empty text is put in"
        fix = f"set {name}, or write ${{{name}:-default}}; for a dollar sign write $$"
        self.faults.append(warning(format_path(path), summary, fix, span_of(node)))


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
