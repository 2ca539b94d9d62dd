"""The shapes of values in a Compose file: how each is read, merged with a later file's, and finished.

Every key of the tables in `schema` has a shape. A shape does three things, in three phases:

    read    a file's node -> the canonical node: long form, right type, texts as Compose prints them
    merge   the canonical nodes of two files -> one
    finish  the merged node -> what stays of it: nothing that is empty, all that is required

Callers: `schema` puts them together, `loading` runs them. Limits: nodes in, nodes out, so that every value keeps its
place; faults are noted and the value is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import TypeAlias

from dockerspec.core import values
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.scalars import Kind, as_text, decimal, format_decimal, kind_of, whole
from dockerspec.core.spec.nodes import Node, Scalar, Style

Check: TypeAlias = Callable[[str], str]

_PLAIN, _QUOTED = Style.PLAIN, Style.QUOTED
_TRUE = frozenset({"true", "y", "yes", "on"})
_FALSE = frozenset({"false", "n", "no", "off"})
_INT = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
NUMBERS = frozenset({Kind.INT, Kind.FLOAT})
ANY_SCALAR = NUMBERS | {Kind.BOOL}


def text_node(text: str, like: Node) -> Scalar:
    """Make a text at the place of a node."""
    return Scalar(text, _QUOTED, like.file, like.line, like.column)


def plain_node(text: str, like: Node) -> Scalar:
    """Make a number, a bool or (of an empty text) a null at the place of a node."""
    return Scalar(text, _PLAIN, like.file, like.line, like.column)


class Shape:
    """A value.

    Attributes:
        keep: whether an empty value means something else than none.
        nullable: whether a key without a value may stand in a finished file.
        null_wins: whether a later file takes a value away with a null.
    """

    nullable = False
    null_wins = False

    def __init__(self, *, keep: bool = False) -> None:
        self.keep = keep

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Return the canonical node; None where it can't be read, which is noted."""
        raise NotImplementedError

    def merge(self, _base: Node, over: Node) -> Node:
        """Return what two canonical nodes are together."""
        return over

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Return what stays of a merged node; None where nothing does."""
        if not self.keep and type(node) is Scalar and not node.text:
            return None
        return node


class Text(Shape):
    """A text.

    Args:
        also: the kinds of scalars that are taken for texts too.
        choices: the only texts allowed.
        check: looks at the text and may change it; raises ValueError with `SUMMARY; FIX`.
        keep: as in `Shape`.
    """

    def __init__(
        self,
        *,
        also: frozenset[Kind] = frozenset(),
        choices: tuple[str, ...] = (),
        check: Check | None = None,
        keep: bool = False,
    ) -> None:
        super().__init__(keep=keep)
        self._also = also
        self._choices = choices
        self._check = check

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a text, or a scalar that is printed as one."""
        if type(node) is not Scalar:
            notes.mistyped(node, "a text")
            return None
        raw = node
        if node.style is not _QUOTED:
            kind = kind_of(node)
            if kind is Kind.TEXT:
                text = node.text
            elif kind in self._also:
                text = as_text(node, kind)
            else:
                notes.mistyped(node, "a text", kind)
                return None
            node = Scalar(text, _QUOTED, node.file, node.line, node.column)
        if self._choices and node.text not in self._choices:
            close = values.shown(node.text)
            notes.error(raw, f"{close} isn't allowed here", f"write one of {', '.join(self._choices)}")
            return None
        if self._check is not None:
            try:
                text = self._check(node.text)
            except ValueError as problem:
                notes.refuse(raw, problem)
                return None
            if text != node.text:
                return text_node(text, node)
        return node


class Flag(Shape):
    """True or false, also as a text."""

    def __init__(self, *, texts: bool = True, keep: bool = False) -> None:
        super().__init__(keep=keep)
        self._texts = texts

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a truth value; the words of old YAML are known, and warned about."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar) or kind not in (Kind.BOOL, Kind.TEXT):
            notes.mistyped(node, "true or false", kind)
            return None
        word = node.text.lower()
        if (kind is Kind.TEXT and not self._texts) or word not in _TRUE | _FALSE:
            notes.mistyped(node, "true or false", kind)
            return None
        value = "true" if word in _TRUE else "false"
        if word != value:
            notes.warning(node, f"'{node.text}' is a truth value in old YAML only", f"write {value}")
        return plain_node(value, node)

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave false out, unless it says more than nothing."""
        return None if not self.keep and isinstance(node, Scalar) and node.text == "false" else node


class Whole(Shape):
    """A whole number, also as a text; a decimal one loses its fraction where it is allowed."""

    def __init__(
        self,
        *,
        decimals: bool = False,
        texts: bool = True,
        keep: bool = False,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        super().__init__(keep=keep)
        self._decimals = decimals
        self._texts = texts
        self._low, self._high = low, high

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a number."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        number: int | None = None
        if isinstance(node, Scalar):
            if kind is Kind.INT:
                number = whole(node.text)
            elif kind is Kind.FLOAT and (self._decimals or decimal(node.text).is_integer()):
                number = int(decimal(node.text)) if isfinite(decimal(node.text)) else None
            elif kind is Kind.TEXT and self._texts and _INT.fullmatch(node.text):
                number = int(node.text)
        if number is None:
            notes.mistyped(node, "a whole number", kind)
            return None
        if (self._low is not None and number < self._low) or (self._high is not None and number > self._high):
            fix = f"write at least {self._low}" if self._high is None else f"write {self._low} to {self._high}"
            notes.error(node, f"{number} is out of range", fix)
            return None
        return plain_node(str(number), node)

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave zero out, unless it says more than nothing."""
        return None if not self.keep and isinstance(node, Scalar) and node.text == "0" else node


class Real(Whole):
    """A number with a fraction, also as a text."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a number."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        number: float | None = None
        if isinstance(node, Scalar):
            if kind in (Kind.INT, Kind.FLOAT):
                number = decimal(node.text)
            elif kind is Kind.TEXT and _REAL.fullmatch(node.text):
                number = float(node.text)
        if number is None:
            notes.mistyped(node, "a number", kind)
            return None
        return plain_node(format_decimal(number), node)


class Size(Shape):
    """A size in bytes, printed as a text; -1 is allowed as a number."""

    def __init__(self, *, numbers: bool = True) -> None:
        super().__init__()
        self._numbers = numbers

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a size."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if (
            not isinstance(node, Scalar)
            or kind not in (Kind.TEXT, Kind.INT)
            or (kind is Kind.INT and not self._numbers)
        ):
            notes.mistyped(node, "a size such as 512m", kind)
            return None
        if kind is Kind.INT:
            return text_node(str(whole(node.text)), node)
        try:
            if node.text != node.text.strip():
                raise ValueError(f"{values.shown(node.text)} has blanks around it; delete them")
            return text_node(str(values.parse_size(node.text)), node)
        except ValueError as problem:
            notes.refuse(node, problem)
            return None

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave zero out: it is no limit."""
        return None if isinstance(node, Scalar) and node.text == "0" else node


class Period(Shape):
    """A duration, printed as Go prints it."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a duration."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar) or kind is not Kind.TEXT:
            notes.mistyped(node, "a duration such as 30s", kind)
            return None
        try:
            return text_node(go_duration(values.parse_duration(node.text)), node)
        except ValueError as problem:
            notes.refuse(node, problem)
            return None


def go_duration(duration: int) -> str:
    """Write nanoseconds with all the parts below the largest: `1h0m0s`, `1m30s`, `500ms`, `100µs`."""
    short = values.format_duration(duration)
    if "h" not in short and ("m" not in short or short.endswith("ms")):
        return short.replace("us", "µs")
    hours, _, rest = short.partition("h") if "h" in short else ("", "", short)
    minutes, _, seconds = rest.partition("m") if "m" in rest else ("0", "", rest)
    return (f"{hours}h" if hours else "") + f"{minutes}m{seconds or '0s'}"
