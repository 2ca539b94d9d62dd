"""The paths of a spec made absolute in its tree, so that it can be read from any folder.

Caller: kept. The places are those that `core.spec.resolve` makes absolute; that none is missing is held by a test over
all cases.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from dockerspec.core.history.tree import change, each, items, quoted, section, text
from dockerspec.core.spec import nodes
from dockerspec.core.spec.nodes import Node, Scalar
from dockerspec.core.spec.resolve import is_elsewhere
from dockerspec.core.values.mounts import is_path

Make = Callable[[str], str]


def absolute_text(path: str, folder: str, home: str) -> str:
    """One path, against the folder of the spec and the home folder of the run."""
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    return posixpath.normpath(posixpath.join(folder, path))


def absolute(root: nodes.Mapping, folder: str, home: str) -> nodes.Mapping:
    """The tree with its relative paths made absolute."""

    def file(path: str) -> str:
        return absolute_text(path, folder, home)

    def context(path: str) -> str:
        return path if is_elsewhere(path) else file(path)

    root = section(root, "containers", lambda node: each(node, lambda _key, item: _container(item, file)))
    root = section(root, "images", lambda node: each(node, lambda _key, item: _image(item, file, context)))
    for top in ("configs", "secrets"):
        root = section(root, top, lambda node: each(node, lambda _key, item: change(item, "file", _text(file))))
    return root


def _text(make: Make) -> Callable[[Node], Node]:
    return lambda node: text(node, make)


def _container(node: Node, file: Make) -> Node:
    node = change(node, "env_file", lambda found: items(found, lambda item: _env_file(item, file)))
    return change(node, "volumes", lambda found: items(found, lambda item: _mount(item, file)))


def _env_file(node: Node, file: Make) -> Node:
    return text(node, file) if isinstance(node, Scalar) else change(node, "path", _text(file))


def _mount(node: Node, file: Make) -> Node:
    if isinstance(node, nodes.Mapping):
        kind, source = node.values.get("type"), node.values.get("source")
        is_bind = isinstance(kind, Scalar) and kind.text == "bind"
        is_relative = isinstance(source, Scalar) and not source.text.startswith("/")
        return change(node, "source", _text(file)) if is_bind and is_relative else node

    def short(value: str) -> str:
        source, colon, rest = value.partition(":")
        relative = colon and is_path(source) and source.startswith((".", "~"))
        return f"{file(source)}:{rest}" if relative else value

    return text(node, short)


def _image(node: Node, file: Make, context: Make) -> Node:
    def build(node: Node) -> Node:
        if isinstance(node, Scalar):
            return text(node, context)
        node = change(node, "context", _text(context))
        node = change(node, "ssh", lambda item: _pairs(item, file))
        return change(node, "additional_contexts", lambda item: _pairs(item, context))

    def with_context(node: Node) -> Node:
        # A build without a context is that of the spec's own folder.
        if isinstance(node, nodes.Mapping) and "context" not in node.values:
            return node._replace(values={"context": quoted(context(".")), **node.values})
        return node

    return change(node, "build", lambda item: build(with_context(item)))


def _pairs(node: Node, make: Make) -> Node:
    """`NAME: PATH` or `NAME=PATH` entries; a name alone stays."""
    if isinstance(node, nodes.Mapping):
        return each(node, lambda _key, item: text(item, lambda path: make(path) if path else path))

    def pair(value: str) -> str:
        name, _, path = value.partition("=")
        return f"{name}={make(path)}" if path else value

    return items(node, lambda item: text(item, pair))
