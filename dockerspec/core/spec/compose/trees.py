"""Small steps on canonical trees: look up, put in, take out.

Callers: the phases. Limits: nothing is changed in place; what a step leaves alone is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dockerspec.core.spec.compose.collections import with_values
from dockerspec.core.spec.compose.scalars import Kind, decimal, kind_of, whole
from dockerspec.core.spec.compose.shapes import plain_node, text_node
from dockerspec.core.spec.nodes import Mapping, Node, Plain, Scalar, Sequence, is_null
from dockerspec.core.spec.paths import Path

Change = Callable[[Node], "Node | None"]


def text(node: Node | None, name: str) -> str:
    """The text of a key, or an empty text."""
    value = node.values.get(name) if isinstance(node, Mapping) else None
    return value.text if isinstance(value, Scalar) and not is_null(value) else ""


def entries(node: Node | None, name: str | None = None) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping, or of one of its keys."""
    if name is not None:
        node = node.values.get(name) if isinstance(node, Mapping) else None
    if isinstance(node, Mapping):
        yield from node.values.items()


def items(node: Node | None, name: str) -> tuple[Node, ...]:
    """The items of a list that a key holds."""
    value = node.values.get(name) if isinstance(node, Mapping) else None
    return value.items if isinstance(value, Sequence) else ()


def at(node: Node | None, *path: str) -> Node | None:
    """The node at a path of keys."""
    for name in path:
        node = node.values.get(name) if isinstance(node, Mapping) else None
    return node


def truth(node: Node | None, name: str) -> bool:
    """Whether a key is true."""
    return text(node, name) == "true"


def put(node: Mapping, **fields: Node | None) -> Mapping:
    """The mapping with other values for some keys; None takes a key out."""
    found = dict(node.values)
    keys = node.keys
    for name, value in fields.items():
        if value is None:
            found.pop(name, None)
            continue
        if name not in keys:
            keys = {**keys, name: text_node(name, value)}
        found[name] = value
    return with_values(node, found, keys)


def change(node: Node, path: tuple[str, ...], step: Change) -> Node:
    """Change what lies at a path; `*` is every key or item. A step's None takes the entry out."""
    head, rest = path[0], path[1:]
    if isinstance(node, Sequence):
        if head != "*":
            return node
        changed = [change(item, rest, step) if rest else step(item) for item in node.items]
        if all(new is old for new, old in zip(changed, node.items, strict=True)):
            return node
        return node._replace(items=tuple(item for item in changed if item is not None))
    if not isinstance(node, Mapping):
        return node
    names = list(node.values) if head == "*" else [head] if head in node.values else []
    found: dict[str, Node] | None = None
    for name in names:
        old = node.values[name]
        new = change(old, rest, step) if rest else step(old)
        if new is old:
            continue
        if found is None:
            found = dict(node.values)
        if new is None:
            del found[name]
        else:
            found[name] = new
    return node if found is None else with_values(node, found)


def without(node: Node, path: Path) -> Node:
    """Take out what lies at a path, if it is there."""
    head, rest = path[0], path[1:]
    if not isinstance(node, Mapping) or not isinstance(head, str) or head not in node.values:
        return node
    if not rest:
        return with_values(node, {name: value for name, value in node.values.items() if name != head})
    inner = without(node.values[head], rest)
    return node if inner is node.values[head] else with_values(node, {**node.values, head: inner})


def free(node: Node) -> Plain:
    """An extension as Compose shows it, but for dates, which stay what they were written as."""
    if isinstance(node, Mapping):
        return {name: free(value) for name, value in node.values.items()}
    if isinstance(node, Sequence):
        return [free(item) for item in node.items]
    kind = kind_of(node)
    if kind is Kind.NULL:
        return None
    if kind is Kind.BOOL:
        return node.text.lower() == "true"
    if kind is Kind.INT:
        return whole(node.text)
    return decimal(node.text) if kind is Kind.FLOAT else node.text


def same(left: Node, right: Node) -> bool:
    """Whether two trees mean the same, wherever they stand."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.values.keys() == right.values.keys() and all(
            same(value, right.values[name]) for name, value in left.values.items()
        )
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        return len(left.items) == len(right.items) and all(map(same, left.items, right.items))
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return (left.text, left.style) == (right.text, right.style)
    return False


__all__ = [
    "at",
    "change",
    "entries",
    "free",
    "items",
    "plain_node",
    "put",
    "same",
    "text",
    "text_node",
    "truth",
    "without",
]
