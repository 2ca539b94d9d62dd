"""The `variables:` section: names with a type, a default and the mark `sensitive`.

    variables:
      tag: "1.4"                        # short: a default
      workers: {type: int, default: 2}
      token: {sensitive: true, description: "for the registry"}   # no default: must be given

Callers: `load`, before interpolation. Limits: defaults are literal texts, no variables in them; the section is taken
out of the document here, so that the model never sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Values
from collections.abc import Sequence as List
from dataclasses import dataclass, field

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.nearest import nearest
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, is_null, span_of
from dockerspec.core.spec.template import NAME

SECTION = "variables"
_KEYS = ("type", "default", "sensitive", "description")
_TYPES: dict[str, tuple[re.Pattern[str], str]] = {
    "string": (re.compile(r".*", re.DOTALL), ""),
    "int": (re.compile(r"[-+]?[0-9]+"), "a whole number, such as 3"),
    "number": (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), "a number, such as 1.5"),
    "bool": (re.compile(r"true|false"), "true or false"),
}


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variable.

    Attributes:
        name: the variable.
        span: where its name stands.
        type: string, int, number or bool.
        default: the text it has when nothing else is given; None makes it required.
        default_span: where the default stands.
        sensitive: whether its value is a secret.
    """

    name: str
    span: Span
    type: str = "string"
    default: str | None = None
    default_span: Span | None = None
    sensitive: bool = False


@dataclass(slots=True)
class Declarations:
    """What the `variables:` sections of all files say; a later file replaces a declaration as a whole.

    Attributes:
        by_name: the declarations.
        broken: names without a usable value.
        faults: what is wrong with declarations and values.
    """

    by_name: dict[str, Declaration] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    faults: list[Diagnostic] = field(default_factory=list)

    def take(self, document: Document) -> Document:
        """Read the section of one document and return the document without it."""
        section = document.root.values.get(SECTION)
        if section is None:
            return document
        if isinstance(section, Mapping):
            for name, node in section.values.items():
                self._declare(name, section.keys[name], node)
        elif not is_null(section):
            fix = "write 'variables: {NAME: default}'"
            self.faults.append(error(SECTION, "variables are a mapping of names", fix, span_of(section)))
        values = {key: value for key, value in document.root.values.items() if key != SECTION}
        return Document(document.root._replace(values=values))

    def _declare(self, name: str, key: Scalar, node: Node) -> None:
        path = f"{SECTION}.{name}"
        if not NAME.fullmatch(name):
            fix = "use letters, digits and _, not starting with a digit"
            self.faults.append(error(path, f"'{name}' is no variable's name", fix, span_of(key)))
        elif isinstance(node, Sequence):
            fix = "write its default as one value, or {type: ..., default: ...}"
            self.faults.append(error(path, "a variable can't be a list", fix, span_of(node)))
        elif isinstance(node, Scalar):
            default = None if is_null(node) else node.text
            self.by_name[name] = Declaration(name, span_of(key), "string", default, span_of(node))
        else:
            self.by_name[name] = self._long(path, name, key, node)

    def _long(self, path: str, name: str, key: Scalar, node: Mapping) -> Declaration:
        texts: dict[str, str] = {}
        for word, value in node.values.items():
            if word.startswith("x-"):
                continue
            if word not in _KEYS:
                close = nearest(word, _KEYS)
                fix = f"did you mean '{close}'?" if close else f"write one of {', '.join(_KEYS)}"
                self.faults.append(error(f"{path}.{word}", f"unknown key '{word}'", fix, span_of(node.keys[word])))
            elif not isinstance(value, Scalar):
                self.faults.append(error(f"{path}.{word}", "one value is wanted here", "", span_of(value)))
            elif not is_null(value):
                texts[word] = value.text
        kind = self._one_of(path, node, texts, "type", tuple(_TYPES), "string")
        sensitive = self._one_of(path, node, texts, "sensitive", ("true", "false"), "false") == "true"
        default = texts.get("default")
        place = span_of(node.values["default"]) if default is not None else None
        return Declaration(name, span_of(key), kind, default, place, sensitive)

    def _one_of(
        self, path: str, node: Mapping, texts: Values[str, str], word: str, allowed: List[str], default: str
    ) -> str:
        text = texts.get(word, default)
        if text in allowed:
            return text
        span = span_of(node.values[word])
        self.faults.append(error(f"{path}.{word}", f"'{text}' is none of {', '.join(allowed)}", "", span))
        return default

    def settle(self, given: Values[str, str]) -> dict[str, str]:
        """Return all values: those given, and the defaults of declared variables that were not.

        Missing and mistyped values are added to `faults`; they get an empty text, so that the check goes on.
        """
        values = dict(given)
        for item in self.by_name.values():
            value, place = given.get(item.name), item.span
            if value is None:
                value, place = item.default, item.default_span or item.span
            if value is None:
                fix = f"give a default, or set it in the environment, in .env or with --var {item.name}=VALUE"
                self._fault(item, f"the variable {item.name} has no value", fix, item.span)
            elif not _TYPES[item.type][0].fullmatch(value):
                shown = "its value" if item.sensitive else f"'{value}'"
                wanted = f"give {_TYPES[item.type][1]}"
                self._fault(item, f"{shown} doesn't fit the type {item.type}", wanted, place)
            values[item.name] = value or ""
        return values

    def _fault(self, item: Declaration, summary: str, fix: str, span: Span) -> None:
        self.broken.add(item.name)
        self.faults.append(error(f"{SECTION}.{item.name}", summary, fix, span))

    def sensitive(self, values: Values[str, str]) -> frozenset[str]:
        """Return the values that must never be shown."""
        names = (item.name for item in self.by_name.values() if item.sensitive)
        return frozenset(values[name] for name in names if values.get(name))
