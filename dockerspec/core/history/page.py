"""A spec tree back to the text of a spec, in block style; what is read from it is the same tree.

Scalars keep what the model can see of how they were written: a text in quotes stays a text, a number stays as it was
typed. Dollar signs are doubled, since the loader puts variables into values; only marked variables stay open.

Caller: kept. Unlike `takein.page`, which writes plain data, this knows the styles of a file's scalars.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from dockerspec.core.spec import nodes
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Style

_INDENT = "  "
_BARE = re.compile(r"[A-Za-z_./][A-Za-z0-9_./@+=-]*(?::[A-Za-z0-9_./@+=-]+)*")
_OTHER_WORDS = re.compile(r"(?i)yes|no|on|off|y|n")
# What the loader refuses unless it is escaped.
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_MARK = re.compile("\x00([A-Za-z_][A-Za-z0-9_]*)\x01")


def mark(name: str) -> str:
    """What stands for a variable's value until it is written; no spec can hold it, since it has a NUL."""
    return f"\x00{name}\x01"


def marked(text: str) -> list[str]:
    """The names of the variables marked in a text."""
    return _MARK.findall(text)


def write(root: Mapping) -> str:
    """The text of a spec."""
    return "\n".join(_mapping(root, "")) + "\n"


def _mapping(node: Mapping, indent: str) -> Iterator[str]:
    for name, value in node.values.items():
        yield from _entry(f"{indent}{_key(name)}:", value, indent)


def _entry(head: str, value: Node, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value.values:
        yield head
        yield from _mapping(value, indent + _INDENT)
    elif isinstance(value, nodes.Sequence) and value.items:
        yield head
        yield from _items(value, indent + _INDENT)
    else:
        yield f"{head} {_leaf(value)}"


def _items(node: nodes.Sequence, indent: str) -> Iterator[str]:
    for item in node.items:
        if isinstance(item, Scalar) or not (item.values if isinstance(item, Mapping) else item.items):
            yield f"{indent}- {_leaf(item)}"
            continue
        below = _mapping if isinstance(item, Mapping) else _items
        first, *rest = below(item, indent + _INDENT)  # type: ignore[arg-type]
        yield f"{indent}- {first.lstrip()}"
        yield from rest


def _leaf(node: Node) -> str:
    if isinstance(node, Mapping):
        return "{}"
    if isinstance(node, nodes.Sequence):
        return "[]"
    if node.style is Style.QUOTED:
        return _quoted(node.text)
    whole = _MARK.fullmatch(node.text)
    if whole is not None:
        return f"${{{whole[1]}}}"
    if node.style is Style.PLAIN and nodes.is_null(node):
        return "null"
    value = nodes.resolve(node)
    return node.text if not isinstance(value, str) or _is_bare(node.text) else _quoted(node.text)


def _is_bare(text: str) -> bool:
    """Whether a text is safe without quotes, and a text to every reader of YAML."""
    plain = Scalar(text, Style.PLAIN, "", 1, 1)
    return bool(_BARE.fullmatch(text)) and not _OTHER_WORDS.fullmatch(text) and isinstance(nodes.resolve(plain), str)


def _key(name: str) -> str:
    # Keys are not expanded by the loader, so that their dollar signs stay single.
    return name if _is_bare(name) and ":" not in name else _escaped(name)


def _quoted(text: str) -> str:
    return _MARK.sub(lambda found: f"${{{found[1]}}}", _escaped(text.replace("$", "$$")))


def _escaped(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    for name in marked(text):
        quoted = quoted.replace(f"\\u0000{name}\\u0001", mark(name))
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
