"""The shapes that hold other shapes: mappings of known keys, mappings of names, pairs, and lists.

Callers: `schema` and `shorts`. Limits: as in `shapes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.scalars import Kind, kind_of
from dockerspec.core.spec.compose.shapes import ANY_SCALAR, Shape, Text, plain_node, text_node
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, Style, is_null

Short: TypeAlias = Callable[[Node, Notes], "Node | None"]
Key: TypeAlias = Callable[[Node], object]

NAME = re.compile(r"[a-zA-Z0-9._-]+")


def merged(shape: Shape, base: Node, over: Node) -> Node:
    """Merge two values of one key; a null leaves the other, unless the shape says that it takes away."""
    if is_null(base):
        return over
    if is_null(over):
        return over if shape.null_wins else base
    return shape.merge(base, over)


def check_keys(node: Mapping, notes: Notes) -> None:
    """Refuse keys that are numbers or truth values to Compose's reader."""
    for key in node.keys.values():
        if key.style is not Style.QUOTED and kind_of(key) is not Kind.TEXT and key.text in node.values:
            notes.error(key, f"{key.text} is {kind_of(key).value}, but keys are texts", f'write "{key.text}" in quotes')


def check_extension(node: Node, notes: Notes) -> None:
    """Refuse such keys anywhere in a value that is free otherwise."""
    if isinstance(node, Mapping):
        check_keys(node, notes)
    if not isinstance(node, Scalar):
        for item in node.values.values() if isinstance(node, Mapping) else node.items:
            check_extension(item, notes)


def with_values(node: Mapping, values: dict[str, Node], keys: dict[str, Scalar] | None = None) -> Mapping:
    """The mapping with other values, and other keys where they are new."""
    return Mapping(values, node.keys if keys is None else keys, node.file, node.line, node.column)


class Map(Shape):
    """A mapping of known keys, as `healthcheck`.

    Args:
        keys: the shape of each key.
        required: keys that must be there in the end.
        short: turns any other form into the mapping.
        nullable: whether the mapping may be missing behind its key.
        closed: whether `x-*` keys are refused too.
        lenient: whether Compose passes over unknown keys here, so that they are only warned about.
    """

    def __init__(
        self,
        keys: dict[str, Shape],
        *,
        required: tuple[str, ...] = (),
        short: Short | None = None,
        nullable: bool = False,
        closed: bool = False,
        lenient: bool = False,
    ) -> None:
        super().__init__(keep=True)
        self.keys = keys
        self._lenient = lenient
        self.nullable = nullable
        self._required = required
        self._short = short
        self._closed = closed

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read the long form, after making it of a short one."""
        if not isinstance(node, Mapping):
            if self._short is not None:
                return self._short(node, notes)
            notes.mistyped(node, "a mapping", kind_of(node) if isinstance(node, Scalar) else None)
            return None
        found: dict[str, Node] = {}
        for name, value in node.values.items():
            shape = self.keys.get(name)
            if shape is None:
                if self._closed or not name.startswith("x-"):
                    notes.unknown(node.keys[name], dict(self.keys), passed_over=self._lenient)
                else:
                    check_extension(value, notes)
                continue
            if type(value) is Scalar and is_null(value):
                found[name] = value
                continue
            new = shape.read(value, notes)
            if new is not None:
                found[name] = new
            elif name in self._required:
                found[name] = value  # faulty, which is reported; but not missing
        return with_values(node, found)

    def merge(self, base: Node, over: Node) -> Node:
        """Merge key by key."""
        if not isinstance(base, Mapping) or not isinstance(over, Mapping):
            return over
        found, keys = dict(base.values), {**over.keys, **base.keys}
        for name, value in over.values.items():
            if name in found:
                value = merged(self.keys[name], found[name], value)
                if value is over.values[name]:
                    keys[name] = over.keys.get(name, keys.get(name, plain_node(name, value)))
            found[name] = value
        return with_values(base, found, keys)

    def finish(self, node: Node, notes: Notes) -> Node | None:
        """Finish each key, and demand those that must be there."""
        if not isinstance(node, Mapping):
            return node
        found: dict[str, Node] = {}
        for name, value in node.values.items():
            shape = self.keys[name]
            if type(value) is Scalar and is_null(value):
                if not shape.nullable:
                    notes.error(node.keys.get(name, value), f"the key '{name}' has no value", "give one, or delete it")
                elif shape.keep:
                    found[name] = value
                continue
            new = shape.finish(value, notes)
            if new is not None:
                found[name] = new
        for name in self._required:
            if name not in node.values:
                notes.error(node, f"the key '{name}' is missing", f"add '{name}: ...'")
        return with_values(node, found)


class Names(Shape):
    """A mapping whose keys the user chose, as `services` or `ulimits`.

    Args:
        item: the shape of each value.
        entry: makes the value of a name in the list form; None where there is no such form.
        null_items: whether a name may be without a value, and stay so.
        keep: as in `Shape`.
        pattern: what a name looks like; None allows all.
        what: what a name is called in faults.
    """

    def __init__(
        self,
        item: Shape,
        *,
        entry: Callable[[Scalar], Node] | None = None,
        null_items: bool = False,
        keep: bool = False,
        pattern: re.Pattern[str] | None = None,
        nullable: bool = False,
        what: str = "a name",
    ) -> None:
        super().__init__(keep=keep)
        self.item = item
        self.nullable = nullable
        self._entry = entry
        self._null_items = null_items
        self._pattern = pattern
        self._what = what

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read each value."""
        if isinstance(node, Sequence) and self._entry is not None:
            return self._from_list(node, self._entry, notes)
        if not isinstance(node, Mapping):
            kind = kind_of(node) if isinstance(node, Scalar) else None
            notes.mistyped(node, "a list or a mapping" if self._entry else "a mapping", kind)
            return None
        found: dict[str, Node] = {}
        check_keys(node, notes)
        for name, value in node.values.items():
            if self._pattern is not None and not self._pattern.fullmatch(name):
                fix = "use letters, digits, '.', '_' and '-'"
                notes.error(node.keys[name], f"'{name}' is no name of {self._what}", fix)
                continue
            if type(value) is Scalar and is_null(value):
                found[name] = value
                continue
            new = self.item.read(value, notes)
            if new is not None:
                found[name] = new
        return with_values(node, found)

    def _from_list(self, node: Sequence, entry: Callable[[Scalar], Node], notes: Notes) -> Node | None:
        found: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for item in _texts(node, notes):
            if item.text in found:
                notes.error(item, f"'{item.text}' is listed twice", "delete one of the two")
                continue
            found[item.text], keys[item.text] = entry(item), item
        return Mapping(found, keys, node.file, node.line, node.column)

    def merge(self, base: Node, over: Node) -> Node:
        """Merge name by name."""
        if not isinstance(base, Mapping) or not isinstance(over, Mapping):
            return over
        found = dict(base.values)
        for name, value in over.values.items():
            found[name] = merged(self.item, found[name], value) if name in found else value
        return with_values(base, found, {**over.keys, **base.keys})

    def finish(self, node: Node, notes: Notes) -> Node | None:
        """Finish each value."""
        if not isinstance(node, Mapping):
            return node
        found: dict[str, Node] = {}
        for name, value in node.values.items():
            if type(value) is Scalar and is_null(value):
                if not self._null_items:
                    fix = "write 'image: NAME:TAG' below it, or delete it" if self.keep else "give one, or delete it"
                    notes.error(node.keys.get(name, value), f"'{name}' has no value", fix)
                    continue
                found[name] = value
                continue
            new = self.item.finish(value, notes)
            if new is not None:
                found[name] = new
        return with_values(node, found) if found or self.keep else None


_VALUE = Text(also=ANY_SCALAR, keep=True)


class Pairs(Shape):
    """Texts by key, as a mapping or as a list of KEY=VALUE.

    Args:
        bare: the text of a key without a value; None keeps it without one.
        item: the shape of each value.
        lists: whether there is a list form.
        nulls: whether a key may be without a value.
    """

    def __init__(self, bare: str | None = "", *, item: Shape = _VALUE, lists: bool = True, nulls: bool = True) -> None:
        super().__init__()
        self._bare = bare
        self._item = item
        self._lists = lists
        self._nulls = nulls

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read either form into the mapping."""
        if isinstance(node, Sequence) and self._lists:
            return self._from_list(node, notes)
        if not isinstance(node, Mapping):
            wanted = "a mapping or a list of KEY=VALUE" if self._lists else "a mapping"
            notes.mistyped(node, wanted, kind_of(node) if isinstance(node, Scalar) else None)
            return None
        check_keys(node, notes)
        found: dict[str, Node] = {}
        for name, value in node.values.items():
            if self._nulls and type(value) is Scalar and is_null(value):
                found[name] = self._empty(value)
                continue
            new = self._item.read(value, notes)
            if new is not None:
                found[name] = new
        return with_values(node, found)

    def _empty(self, like: Node) -> Node:
        return plain_node("", like) if self._bare is None else text_node(self._bare, like)

    def _from_list(self, node: Sequence, notes: Notes) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for item in _texts(node, notes):
            name, equals, value = item.text.partition("=")
            found[name] = text_node(value, item) if equals else self._empty(item)
            keys[name] = item
        return Mapping(found, keys, node.file, node.line, node.column)

    def merge(self, base: Node, over: Node) -> Node:
        """Later values win, key by key."""
        if not isinstance(base, Mapping) or not isinstance(over, Mapping):
            return over
        return with_values(base, {**base.values, **over.values}, {**base.keys, **over.keys})

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave an empty mapping out."""
        return node if not isinstance(node, Mapping) or node.values or self.keep else None


def _texts(node: Sequence, notes: Notes) -> Iterable[Scalar]:
    for item in node.items:
        if isinstance(item, Scalar) and kind_of(item) is Kind.TEXT:
            yield item
        else:
            notes.mistyped(item, "a text", kind_of(item) if isinstance(item, Scalar) else None)


def itself(node: Node) -> object:
    """A scalar is its own key; anything else is like no other."""
    return node.text if isinstance(node, Scalar) else id(node)


def by(*names: str) -> Key:
    """The key of a mapping that the texts of some of its keys are; the first that is there counts."""

    def key(node: Node) -> object:
        if not isinstance(node, Mapping):
            return itself(node)
        for name in names:
            value = node.values.get(name)
            if isinstance(value, Scalar) and value.text:
                return value.text
        return id(node)

    return key


class List(Shape):
    """A list.

    Args:
        item: the shape of its items.
        key: items with the same key are one item, at the place of the first with the value of the last.
        single: whether an item alone is a list of one.
        distinct: whether a doubled item is a fault.
        keep: as in `Shape`.
    """

    def __init__(
        self,
        item: Shape,
        *,
        key: Key | None = None,
        single: bool = False,
        distinct: bool = False,
        keep: bool = False,
    ) -> None:
        super().__init__(keep=keep)
        self.item = item
        self._key = key
        self._single = single
        self._distinct = distinct

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read each item."""
        if isinstance(node, Scalar) and self._single:
            node = Sequence((node,), node.file, node.line, node.column)
        if not isinstance(node, Sequence):
            wanted = "a text or a list" if self._single else "a list"
            notes.mistyped(node, wanted, kind_of(node) if isinstance(node, Scalar) else None)
            return None
        found: list[Node] = []
        for item in node.items:
            found += self.read_item(item, notes)
        return self._once(node, found)

    def read_item(self, node: Node, notes: Notes) -> Iterable[Node]:
        """Read one item, which may stand for several."""
        new = self.item.read(node, notes)
        return () if new is None else (new,)

    def _once(self, node: Sequence, items: list[Node]) -> Sequence:
        if self._key is None or len(items) < 2:
            return Sequence(tuple(items), node.file, node.line, node.column)
        kept = {self._key(item): item for item in items}
        return Sequence(tuple(kept.values()), node.file, node.line, node.column)

    def merge(self, base: Node, over: Node) -> Node:
        """Append, and replace what has the same key."""
        if not isinstance(base, Sequence) or not isinstance(over, Sequence):
            return over
        return self._once(base, [*base.items, *over.items])

    def finish(self, node: Node, notes: Notes) -> Node | None:
        """Finish each item; leave an empty list out."""
        if not isinstance(node, Sequence):
            return node
        if not node.items:
            return node if self.keep else None
        found: list[Node] = []
        seen: set[object] = set()
        for item in node.items:
            if self._distinct:
                if itself(item) in seen:
                    notes.error(item, f"'{itself(item)}' is listed twice", "delete one of the two")
                seen.add(itself(item))
            new = self.item.finish(item, notes)
            if new is not None:
                found.append(new)
        return Sequence(tuple(found), node.file, node.line, node.column) if found or self.keep else None


class Replaced(Shape):
    """A value that a later file replaces as a whole, whatever its inner shape."""

    def __init__(self, inner: Shape, *, null_wins: bool = False, nullable: bool = False) -> None:
        super().__init__(keep=inner.keep)
        self.inner = inner
        self.null_wins = null_wins
        self.nullable = nullable

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read it as its inner shape does."""
        return self.inner.read(node, notes)

    def finish(self, node: Node, notes: Notes) -> Node | None:
        """Finish it as its inner shape does."""
        return self.inner.finish(node, notes)
