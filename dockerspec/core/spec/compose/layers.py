"""One Compose file after another: each read, what it extends taken in, and laid over those before it.

Callers: `loading` and `including`. Limits: reads other files through the injected reader only; what comes out is
canonical, but not yet finished.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping as Values
from dataclasses import dataclass, field, replace

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.nearest import nearest
from dockerspec.core.spec import document as documents
from dockerspec.core.spec.compose.collections import check_extension, with_values
from dockerspec.core.spec.compose.folders import Folder, is_remote
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.schema import SERVICE, TOP
from dockerspec.core.spec.compose.trees import at, entries, put, text, without
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.interpolate import Interpolator
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, is_null, span_of
from dockerspec.core.spec.source import FileFault, Reader, SourceFile
from dockerspec.core.spec.tree import Tag

RESET = "!reset"
INCLUDE = "include"
REMOTE = "fetch it, and name the copy"
"""What to do about a file that is elsewhere."""
_Trail = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Layer:
    """One file, read.

    Attributes:
        source: the file.
        root: the tree as written, with values put in.
        tags: its words on what it lies over.
        folder: what its relative paths start from.
        services: its services in canonical form, as far as they were needed.
        rest: the documents that lie over this one in the same file.
    """

    source: SourceFile
    root: Mapping
    tags: tuple[Tag, ...]
    folder: Folder
    services: dict[str, Node] = field(default_factory=dict)
    rest: tuple[Layer, ...] = ()


@dataclass(slots=True)
class Layers:
    """The files of one load.

    Attributes:
        reader: reads a file by its absolute path.
        main: the first file, by which the names of others are shown.
        faults: what was found.
        misleading: places of values that could not be put in.
        used: names of the variables that were looked up.
        later: faults that don't keep what follows from being checked too.
        extensions: the top-level `x-*` keys.
    """

    reader: Reader
    main: SourceFile
    faults: list[Diagnostic] = field(default_factory=list)
    misleading: set[Span] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    later: list[Diagnostic] = field(default_factory=list)
    extensions: dict[str, Node] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)
    _others: dict[str, Layer | None] = field(default_factory=dict)

    def open(self, path: str, place: Node, where: str) -> SourceFile | None:
        """Read another file of the project; what prevents it is noted at the place that names it."""
        content = self.reader(path)
        if isinstance(content, FileFault):
            fix = content.fix or "check the path; it starts from the folder of this file"
            self.faults.append(error(where, f"the file {self.shown(path)} {content.summary}", fix, span_of(place)))
            return None
        return SourceFile(self.shown(path), content, posixpath.dirname(path))

    def shown(self, path: str) -> str:
        """How a path is shown: as the first file's name is."""
        if posixpath.isabs(self.main.name):
            return path
        relative = posixpath.relpath(path, self.main.folder)
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.main.name), relative))

    def layers(self, source: SourceFile, folder: Folder, values: Values[str, str]) -> list[Layer]:
        """Parse one file and put values in: one layer a document; none if it can't be read."""
        document, found = documents.parse(source)
        self.faults += found
        whole = () if document is None else (document, *document.rest)
        return [self.expanded(source, each, folder, values) for each in whole]

    def expanded(self, source: SourceFile, document: Document, folder: Folder, values: Values[str, str]) -> Layer:
        """Put values into a parsed file."""
        interpolator = Interpolator(values, lenient=True, _warned=self._warned)
        root: Node = interpolator.document(document, source).root
        self.faults += interpolator.faults
        self.misleading |= interpolator.failed
        self.used |= interpolator.used
        for tag in document.tags:
            if tag.name == RESET:
                root = without(root, tag.path)
        assert isinstance(root, Mapping)
        return Layer(source, root, document.tags, folder)

    def canonical(self, layer: Layer, values: Values[str, str]) -> Mapping:
        """Read a whole file, and take in what its services extend."""
        notes = Notes()
        kept = {
            name: value for name, value in layer.root.values.items() if name != INCLUDE and not name.startswith("x-")
        }
        extensions = {name: value for name, value in layer.root.values.items() if name.startswith("x-")}
        for value in extensions.values():
            check_extension(value, notes)
        self.extensions |= extensions
        strays = [name for name, value in kept.items() if name not in TOP.keys and _is_service(value)]
        for name in strays:
            fix = "indent it below 'services:'" if "services" in kept else "write 'services:' above it, and indent it"
            notes.error(layer.root.keys[name], f"the service '{name}' doesn't stand below services:", fix)
            del kept[name]
        if strays and is_null(kept.get("services", layer.root)):
            del kept["services"]
        top = TOP.read(with_values(layer.root, kept), notes)
        self._settle(notes, layer)
        assert isinstance(top, Mapping)
        services = top.values.get("services")
        if not isinstance(services, Mapping):
            return top
        layer.services = dict(services.values)
        found = {name: self._extended(layer, name, (), values) or service for name, service in services.values.items()}
        if all(found[name] is service for name, service in services.values.items()):
            return top
        return put(top, services=with_values(services, found))

    def _settle(self, notes: Notes, layer: Layer) -> None:
        self.faults += [fault for fault in notes.settle(layer.root) if fault.span not in self.misleading]

    def _extended(self, layer: Layer, name: str, trail: _Trail, values: Values[str, str]) -> Node | None:
        """A service with all that it extends below it; None where there is no such service, or no end."""
        service = layer.services.get(name)
        node = service.values.get("extends") if isinstance(service, Mapping) else None
        if not isinstance(service, Mapping) or node is None:
            return service
        where = f"services.{name}.extends"
        here = (layer.source.name, name)
        if here in trail:
            chain = " -> ".join(step[1] for step in (*trail[trail.index(here) :], here))
            self._fault(where, f"the services extend each other in a circle: {chain}", "break the circle", node)
            return None
        wanted, file = text(node, "service"), text(node, "file")
        if not wanted:
            if not isinstance(node, Mapping) or "service" not in node.values:
                self._fault(where, "the key 'service' is missing", "add 'service: NAME'", node)
            return None
        other = self._other(layer, file, node, where, values) if file else layer
        if other is None:
            return None
        self._load(other, wanted)
        if wanted not in other.services:
            close = nearest(wanted, self._names(other))
            fix = f"did you mean '{close}'?" if close else f"declare it under services: in {other.source.name}"
            self._fault(where, f"there is no service '{wanted}' in {other.source.name}", fix, node)
            return None
        base = self._extended(other, wanted, (*trail, here), values)
        if base is None or is_null(base):
            return None
        if file:
            base = other.folder.service(base)
        merged = SERVICE.merge(_cleared(base, layer, name), put(service, extends=None))
        result = put(merged, extends=None) if isinstance(merged, Mapping) else merged
        layer.services[name] = result
        return result

    def _load(self, layer: Layer, name: str) -> None:
        """Read one service of a file of which nothing else is wanted."""
        if name in layer.services:
            return
        for each in (layer, *layer.rest):
            raw = at(each.root, "services", name)
            if raw is None or is_null(raw):
                continue
            notes = Notes()
            service = SERVICE.read(raw, notes)
            self._settle(notes, each)
            if service is None:
                continue
            base = layer.services.get(name)
            layer.services[name] = service if base is None else SERVICE.merge(_cleared(base, each, name), service)

    @staticmethod
    def _names(layer: Layer) -> list[str]:
        return [name for each in (layer, *layer.rest) for name, _ in entries(each.root, "services")]

    def _other(self, layer: Layer, file: str, node: Node, where: str, values: Values[str, str]) -> Layer | None:
        if is_remote(file):
            self._fault(where, f"'{file}' is no file on this machine", REMOTE, node)
            return None
        path = layer.folder.absolute(file)
        if path not in self._others:
            source = self.open(path, node, where)
            folder = Folder(posixpath.dirname(path), layer.folder.home)
            found = self.layers(source, folder, values) if source else []
            self._others[path] = replace(found[0], rest=tuple(found[1:])) if found else None
        return self._others[path]

    def _fault(self, where: str, summary: str, fix: str, node: Node) -> None:
        self.faults.append(error(where, summary, fix, span_of(node)))


def _is_service(node: Node) -> bool:
    """Whether a node has what only services have, as in files of Compose's first version."""
    return isinstance(node, Mapping) and not node.values.keys().isdisjoint({"image", "build", "command", "extends"})


def _cleared(service: Node, layer: Layer, name: str) -> Node:
    """A service without what a layer's tags take away."""
    for tag in layer.tags:
        if tag.path[:2] == ("services", name) and len(tag.path) > 2:
            service = without(service, tag.path[2:])
    return service


def over(base: Mapping, layer: Layer, top: Mapping) -> Mapping:
    """Lay a file over those before it."""
    for tag in layer.tags:
        stripped = without(base, tag.path)
        assert isinstance(stripped, Mapping)
        base = stripped
    merged = TOP.merge(base, top)
    assert isinstance(merged, Mapping)
    return merged


def name_of(root: Mapping) -> Scalar | None:
    """The scalar that names the project."""
    node = root.values.get("name")
    return node if isinstance(node, Scalar) and not is_null(node) and node.text else None
