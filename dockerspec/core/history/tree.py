"""Small changes to a spec's tree. Callers: kept, paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dockerspec.core.spec import nodes
from dockerspec.core.spec.nodes import Node, Scalar, Style


def quoted(text: str) -> Scalar:
    """A text of ours."""
    return Scalar(text, Style.QUOTED, "", 1, 1)


def entries(values: Mapping[str, Node]) -> nodes.Mapping:
    """A mapping of ours."""
    return nodes.Mapping(dict(values), {name: quoted(name) for name in values}, "", 1, 1)


def change(node: Node, key: str, make: Callable[[Node], Node]) -> Node:
    """A mapping with the value of one key changed; anything else, or without that key, as it is."""
    if not isinstance(node, nodes.Mapping) or key not in node.values:
        return node
    return node._replace(values={**node.values, key: make(node.values[key])})


def section(root: nodes.Mapping, key: str, make: Callable[[Node], Node]) -> nodes.Mapping:
    """A spec with one of its sections changed, if it has it."""
    return root._replace(values={**root.values, key: make(root.values[key])}) if key in root.values else root


def each(node: Node, make: Callable[[str, Node], Node]) -> Node:
    """A mapping with all its values changed."""
    if not isinstance(node, nodes.Mapping):
        return node
    return node._replace(values={name: make(name, value) for name, value in node.values.items()})


def items(node: Node, make: Callable[[Node], Node]) -> Node:
    """A list with all its items changed; a single value as a list's only item."""
    if isinstance(node, nodes.Sequence):
        return node._replace(items=tuple(make(item) for item in node.items))
    return make(node)


def text(node: Node, make: Callable[[str], str]) -> Node:
    """A scalar with another text; a key without a value, and anything else, as it is."""
    if not isinstance(node, Scalar) or nodes.is_null(node):
        return node
    new = make(node.text)
    return node if new == node.text else quoted(new)
