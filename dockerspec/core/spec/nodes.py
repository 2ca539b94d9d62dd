"""The tree that a spec text becomes: scalars, sequences and mappings, each with its place in a file.

Callers: `document` builds trees, `interpolate` and `merge` make new ones from old ones, `faults` asks for places.
Nodes are named tuples: as immutable as a frozen dataclass, and made in a third of the time, which counts when
every scalar of a large spec is one. Branches that a phase does not change are shared, never copied.

Scalars keep the text of the file. What type a plain scalar has is decided as late as possible, when the tree
becomes plain data (`plain`), by two rules: where the model wants a text (`TextRule`) it gets the text as
written, so that `1.10`, `0755` and `1e3` stay what they are; everywhere else the YAML 1.2 core schema decides.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple, TypeAlias

from dockerspec.core.diagnostics import Span
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.texts import ANY, ITEM, OCTAL, SCALAR, TextRule

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"


class Style(Enum):
    """How a scalar was written, which decides what it may be resolved to."""

    PLAIN = "plain"
    """Without quotes: may be null, a bool, a number or a text."""
    QUOTED = "quoted"
    """In quotes, as a block, or tagged `!!str`: always a text."""
    EXPANDED = "expanded"
    """Without quotes, after variables were put in: as PLAIN, but never null, since an empty variable is an
    empty text and not a missing value."""


class Scalar(NamedTuple):
    """A leaf: its text, and where it starts (lines and columns from 1)."""

    text: str
    style: Style
    file: str
    line: int
    column: int


class Sequence(NamedTuple):
    """A list of nodes."""

    items: tuple[Node, ...]
    file: str
    line: int
    column: int


class Mapping(NamedTuple):
    """Nodes by key, in the order of the file; `keys` has the scalar of each key, for its place."""

    values: dict[str, Node]
    keys: dict[str, Scalar]
    file: str
    line: int
    column: int


Node: TypeAlias = Scalar | Sequence | Mapping

# Longer digit strings are no quantity that any field means, and Python refuses to convert the longest ones.
_MAX_DIGITS = 64
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o(?P<octal>[0-7]+)|0x(?P<hexadecimal>[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OLD_OCTAL = re.compile(r"0[0-7]+")


def span_of(node: Node) -> Span:
    """Return where the node starts."""
    return Span(node.file, node.line, node.column)


def is_null(node: Node) -> bool:
    """Tell whether the node is a scalar without a value, as `pgdata:` has."""
    return (
        isinstance(node, Scalar)
        and node.style is Style.PLAIN
        and node.text in _WORDS
        and not node.text.strip("~nulNUL")
    )


def resolve(scalar: Scalar) -> bool | int | float | str | None:
    """Return the scalar's value by the YAML 1.2 core schema; `yes`, `on`, `12:30` and dates are texts."""
    text = scalar.text
    if scalar.style is Style.QUOTED:
        return text
    if text in _WORDS:
        word = _WORDS[text]
        return text if word is None and scalar.style is Style.EXPANDED else word
    if text[0] not in _NUMBER_STARTS or len(text) > _MAX_DIGITS:
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if based := _BASED.fullmatch(text):
        return int(based["octal"], 8) if based["octal"] else int(based["hexadecimal"], 16)
    if special := _SPECIAL_FLOAT.fullmatch(text):
        return float("nan") if special["sign"] is None else float(f"{special['sign']}inf")
    return text


def _leaf(scalar: Scalar, rule: TextRule | None) -> bool | int | float | str | None:
    if rule is None or SCALAR not in rule:
        return resolve(scalar)
    if is_null(scalar):
        return None
    if OCTAL in rule:
        return int(scalar.text, 8) if _OLD_OCTAL.fullmatch(scalar.text) else resolve(scalar)
    return scalar.text


def plain(node: Node, rule: TextRule | None = None) -> Plain:
    """Return the tree as dicts, lists and Python scalars, for the model.

    Args:
        node: the tree.
        rule: which of its scalars are texts whatever they look like (`texts.TEXT_RULE` for a whole spec).
    """
    if isinstance(node, Scalar):
        return _leaf(node, rule)
    if isinstance(node, Sequence):
        below = rule.get(ITEM) if rule else None
        return [plain(item, below) for item in node.items]
    if not rule:
        return {key: plain(value) for key, value in node.values.items()}
    other = rule.get(ANY)
    return {key: plain(value, rule.get(key, other)) for key, value in node.values.items()}


def find(root: Node, path: Path) -> tuple[Node, Scalar | None, bool]:
    """Walk a path as far as the tree goes.

    List forms count as their mapping forms (`environment: [A=1]` has `A`), since the model knows only those.

    Returns:
        The nearest existing node, the scalar of its key (None in a sequence and at the root), and whether the
        whole path exists.
    """
    node, key = root, None
    for step in path:
        below: tuple[Node, Scalar | None] | None = None
        if isinstance(node, Mapping) and step in node.values:
            below = node.values[str(step)], node.keys[str(step)]
        elif isinstance(node, Sequence):
            item = _item(node, step)
            below = (item, None) if item else None
        if below is None:
            return node, key, False
        node, key = below
    return node, key, True


def _item(node: Sequence, step: str | int) -> Node | None:
    if isinstance(step, int):
        return node.items[step] if 0 <= step < len(node.items) else None
    for item in node.items:
        if isinstance(item, Scalar) and re.split("[=:]", item.text, maxsplit=1)[0].strip() == step:
            return item
    return None
