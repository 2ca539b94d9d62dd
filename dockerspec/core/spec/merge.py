"""Overlay files: two documents -> one, by the table in `merge_rules`.

Callers: `load`, left to right over the files given. Limits: nodes are taken over, never changed, so each keeps the
place in the file where it came from. Documents hold no variables any more when they come here.

What a later file does to an earlier one, as in Compose:
- mappings merge key by key; a scalar replaces; an empty value leaves a mapping or list as it was;
- lists append, and entries with the same key (a port, a mount's target, ...) are replaced in place;
- lists that are one value (a command, say) replace as a whole;
- where a field has a list form and a mapping form, both sides become mappings first.
"""

from __future__ import annotations

from dockerspec.core.spec.document import Document
from dockerspec.core.spec.merge_rules import RULES, Entry, Key, Rule, RuleNode, itself, text_of
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, is_null

_NO_RULE = Rule()


def merge(base: Document, overlay: Document) -> Document:
    """Return the base with the overlay on top."""
    return Document(_mapping(base.root, overlay.root, RULES))


def _mapping(base: Mapping, over: Mapping, rules: RuleNode | None) -> Mapping:
    values, keys = dict(base.values), {**over.keys, **base.keys}
    for name, node in over.values.items():
        if name not in values:
            values[name] = node
            continue
        values[name] = _node(values[name], node, rules.step(name) if rules else None)
        if values[name] is node:
            keys[name] = over.keys[name]
    return Mapping(values, keys, base.file, base.line, base.column)


def _node(base: Node, over: Node, rules: RuleNode | None) -> Node:
    if isinstance(over, Scalar) and is_null(over) and not isinstance(base, Scalar):
        return base
    rule = (rules.rule if rules else None) or _NO_RULE
    if rule.replace:
        return over
    base, over = _canonical(base, rule), _canonical(over, rule)
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _mapping(_before_driver(base, over) if rule.driver else base, over, rules)
    if isinstance(base, Sequence) and isinstance(over, Sequence):
        return _sequence(base, over, rule.key or itself)
    return over


def _before_driver(base: Mapping, over: Mapping) -> Mapping:
    """Leave out the options of a driver that the overlay changes: they mean nothing to the new one."""
    driver = text_of(over, "driver")
    if not driver or driver == text_of(base, "driver"):
        return base
    return base._replace(values={name: value for name, value in base.values.items() if name != "options"})


def _sequence(base: Sequence, over: Sequence, key_of: Key) -> Sequence:
    items: dict[str | int, Node] = {}
    for number, item in enumerate((*base.items, *over.items)):
        key = key_of(item)
        items[number if key is None else key] = item
    return base._replace(items=tuple(items.values()))


def _canonical(node: Node, rule: Rule) -> Node:
    """Turn a short form into the one that merges; what doesn't fit stays, for the model to complain about."""
    if isinstance(node, Mapping) or is_null(node):
        return node
    if isinstance(node, Scalar):
        if rule.text_entry:
            return _as_mapping((node,), node, rule.text_entry)
        return Sequence((node,), node.file, node.line, node.column) if rule.text_is_item else node
    if rule.list_entry is None:
        return node
    items = tuple(item for item in node.items if isinstance(item, Scalar))
    return _as_mapping(items, node, rule.list_entry) if len(items) == len(node.items) else node


def _as_mapping(items: tuple[Scalar, ...], node: Node, entry: Entry) -> Mapping:
    values: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    for item in items:
        name, value = entry(item)
        values[name], keys[name] = value, item
    return Mapping(values, keys, node.file, node.line, node.column)
