"""`include`: other projects' files, loaded by themselves and taken in.

Callers: `loading`. Limits: an included resource that differs from one of the same name is a fault, as in Compose.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from collections.abc import Mapping as Values
from dataclasses import dataclass

from dockerspec.core.diagnostics import Span, error
from dockerspec.core.spec.compose.collections import List, Map, with_values
from dockerspec.core.spec.compose.folders import Folder, is_remote
from dockerspec.core.spec.compose.layers import INCLUDE, REMOTE, Layer, Layers
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.schema import KEPT, SECTIONS
from dockerspec.core.spec.compose.shorts import mapping, named
from dockerspec.core.spec.compose.trees import entries, items, put, same, text
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, span_of
from dockerspec.core.spec.source import FileFault, SourceFile

_ENTRIES = List(
    Map(
        {
            "path": List(KEPT, single=True),
            "env_file": List(KEPT, single=True),
            "project_directory": KEPT,
        },
        short=named("path"),
        lenient=True,
    )
)

# Loads the files of a project: sources, folder, variables, and the files that led here.
Load = Callable[[list[SourceFile], Folder, Values[str, str], tuple[str, ...]], "Mapping | None"]


@dataclass(slots=True)
class Including:
    """Takes in what one file includes."""

    layers: Layers
    layer: Layer
    folder: Folder
    values: Values[str, str]
    chain: tuple[str, ...]
    load: Load

    def into(self, top: Mapping) -> Mapping:
        """Return the file's tree with all included resources."""
        raw = self.layer.root.values.get(INCLUDE)
        if raw is None:
            return top
        notes = Notes()
        read = _ENTRIES.read(raw, notes)
        self.layers.faults += notes.settle(raw, (INCLUDE,))
        entries_ = read.items if read is not None and not isinstance(read, (Scalar, Mapping)) else ()
        for number, entry in enumerate(entries_):
            found = self._entry(entry, f"{INCLUDE}[{number}]")
            if found is not None:
                top = self._import(top, found)
        return top

    def _entry(self, entry: Node, where: str) -> Mapping | None:
        paths = _paths(entry, "path")
        if not paths:
            self._fault(where, "the key 'path' is missing", "add 'path: FILE'", entry)
            return None
        for path in paths:
            if is_remote(path.text):
                self._fault(where, f"'{path.text}' is no file on this machine", REMOTE, path)
                return None
        absolute = [self.folder.absolute(path.text) for path in paths]
        given = text(entry, "project_directory")
        inner = Folder(self.folder.absolute(given) if given else posixpath.dirname(absolute[0]), self.folder.home)
        if absolute[0] in self.chain:
            shown = " -> ".join(self.layers.shown(path) for path in (*self.chain, absolute[0]))
            self._fault(where, f"the files include each other in a circle: {shown}", "break the circle", entry)
            return None
        sources = [self.layers.open(path, node, where) for path, node in zip(absolute, paths, strict=True)]
        values = self._values(entry, inner, where)
        if values is None or None in sources:
            return None
        return self.load([source for source in sources if source], inner, values, (*self.chain, absolute[0]))

    def _values(self, entry: Node, inner: Folder, where: str) -> dict[str, str] | None:
        """The variables that the included files see: those of the run first, then those of their own `.env`."""
        nodes = _paths(entry, "env_file")
        files: list[tuple[str, Node]] = [(self.folder.absolute(node.text), node) for node in nodes]
        if not files:
            files.append((posixpath.join(inner.path, ".env"), entry))
        values = dict(self.values)
        known: dict[str, str] = {}
        for path, place in files:
            content = self.layers.reader(path)
            if isinstance(content, FileFault):
                if not nodes and content.missing:
                    continue
                summary = f"the env file {self.layers.shown(path)} {content.summary}"
                self._fault(where, summary, content.fix or "check the path", place)
                return None
            try:
                found = parse_dotenv(content, {**known, **values})
            except DotenvFault as fault:
                span = Span(self.layers.shown(path), fault.line, 1)
                self.layers.faults.append(error(where, fault.summary, fault.fix, span))
                return None
            known |= {name: value for name, value in found.items() if value is not None}
        return {**known, **values}

    def _import(self, top: Mapping, found: Mapping) -> Mapping:
        for section in ("services", *SECTIONS):
            mine = top.values.get(section)
            target = dict(mine.values) if isinstance(mine, Mapping) else {}
            added = False
            for name, node in entries(found, section):
                if name not in target:
                    target[name] = node
                    added = True
                elif not same(target[name], node):
                    place = target[name]
                    shown = f"{span_of(node).file}:{span_of(node).line}"
                    summary = f"'{name}' is in an included file too, and differs: {shown}"
                    self._fault(f"{section}.{name}", summary, "rename one of the two", place)
            if added:
                base = mine if isinstance(mine, Mapping) else mapping(top, {})
                theirs = found.values[section]
                keys = {**(theirs.keys if isinstance(theirs, Mapping) else {}), **base.keys}
                top = put(top, **{section: with_values(base, target, keys)})
        return top

    def _fault(self, where: str, summary: str, fix: str, node: Node) -> None:
        self.layers.faults.append(error(where, summary, fix, span_of(node)))


def _paths(entry: Node, name: str) -> list[Scalar]:
    node = entry.values.get(name) if isinstance(entry, Mapping) else None
    if isinstance(node, Scalar):
        return [node]
    return [item for item in items(entry, name) if isinstance(item, Scalar)]
