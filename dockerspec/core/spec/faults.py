"""Model errors -> diagnostics: our words, the place in the file, and what to write.

Callers: `load`. The sentences of the validation library are never shown, only the codes of its errors are read.
Limits: one diagnostic a path, since a field with several forms fails once for each of them.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.spec import hints, nodes
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.paths import Path, format_path

# Steps that name a branch of a union or a validator instead of a place: `str`, `dict[str,...]`, `SecretRef`.
_INTERNAL = re.compile(r".*[\[\]()-].*|str|int|float|bool|list|dict|tuple|none|[A-Z]\w*")
_QUOTED = re.compile(r"'([^']*)'")
_MAX_SHOWN = 60

_WANTED = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "dataclass": "a mapping",
    "none": "nothing",
    "finite_number": "a finite number",
}
_INSTEAD = {"a mapping": "write 'KEY: VALUE' lines below it", "a list": "write '- ITEM' lines below it"}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_LENGTHS = {
    "too_short": ("at least", "min_length", "entries"),
    "too_long": ("at most", "max_length", "entries"),
    "string_too_short": ("at least", "min_length", "characters"),
    "string_too_long": ("at most", "max_length", "characters"),
}


def explain(problem: ValidationError, document: Document, model: type[BaseModel]) -> list[Diagnostic]:
    """Translate all errors of one validation.

    Args:
        problem: what the model raised.
        document: where the data came from, for the places.
        model: the model, for the names of its keys and its examples.
    """
    found: dict[Path, Diagnostic] = {}
    # Where one form of a field got as far as the keys inside, that the value is none of the other forms is no news.
    mistyped: set[Path] = set()
    for item in problem.errors(include_url=False):
        path = _path(item["loc"], document, item["type"])
        if path not in found:
            found[path] = _explain(item, path, document, model)
            if item["type"].endswith("_type"):
                mistyped.add(path)
    inner = {path[:length] for path in found for length in range(len(path))}
    return [fault for path, fault in found.items() if not (path in inner and path in mistyped)]


def _path(location: tuple[str | int, ...], document: Document, code: str) -> Path:
    """Drop the steps that are no places."""
    path: Path = ()
    for number, step in enumerate(location):
        last = number == len(location) - 1
        exists = nodes.find(document.root, (*path, step))[2]
        named = last and code in ("extra_forbidden", "missing")
        if exists or named or not (isinstance(step, str) and _INTERNAL.fullmatch(step)):
            path = (*path, step)
    return document.without_short_form(path)


def _explain(item: Any, path: Path, document: Document, model: type[BaseModel]) -> Diagnostic:
    code: str = item["type"]
    shown = format_path(path)
    if code == "extra_forbidden":
        allowed = {name for kind in models_at(model, path[:-1]) for name in keys_of(kind)}
        fix = hints.for_unknown_key(path[:-1], str(path[-1]), allowed)
        return error(shown, f"unknown key '{path[-1]}'", fix, document.span(path, key=True))
    if code == "missing":
        example = _example(model, path)
        fix = f"add '{path[-1]}: {example or '...'}'"
        return error(shown, f"the key '{path[-1]}' is missing", fix, document.span(path[:-1]))
    summary, fix = _sentences(code, item, path, model)
    return error(shown, summary, fix, document.span(path))


def _sentences(code: str, item: Any, path: Path, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong with a value and what to write instead."""
    context: dict[str, Any] = item.get("ctx") or {}
    if code in ("value_error", "assertion_error"):
        summary, _, fix = str(context.get("error", item["msg"])).partition("; ")
        return summary.rstrip("."), fix
    given = describe(item["input"])
    if code in ("literal_error", "enum"):
        expected = str(context.get("expected", ""))
        words = _QUOTED.findall(expected) or [expected]
        return f"{given} isn't allowed here", hints.did_you_mean(str(item["input"]), words)
    if code in _BOUNDS:
        wanted, name = _BOUNDS[code]
        return f"{given} is out of range", f"write {wanted} {context.get(name)}"
    if code in _LENGTHS:
        wanted, name, unit = _LENGTHS[code]
        return f"{given} has the wrong length", f"give {wanted} {context.get(name)} {unit}"
    example = _example(model, path)
    instead = f"write for example {example}" if example else ""
    if code == "string_pattern_mismatch":
        return f"{given} has characters that aren't allowed here", instead or "use letters, digits, _ and -"
    if code == "int_from_float":
        return f"{given} isn't a whole number", instead or "write it without a fraction"
    for start, wanted in _WANTED.items():
        if code.startswith(start):
            return f"{given} is given where {wanted} is wanted", instead or _INSTEAD.get(wanted, f"write {wanted}")
    return f"{given} isn't allowed here", instead


def describe(value: object) -> str:
    """Name a value the way a user would: its kind, and itself where it is short."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return f"'{str(value).lower()}'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    shown = text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
    return f"the number {shown}" if isinstance(value, (int, float)) else f"'{shown}'"


def keys_of(kind: type[BaseModel]) -> set[str]:
    """Return the keys of a model as users write them."""
    return {info.alias or name for name, info in kind.model_fields.items()}


def models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """Return the models that can stand at a path; several where a field has several forms."""
    kinds: list[Any] = [model]
    for step in path:
        kinds = [below for kind in kinds for below in _step(kind, step)]
    return [kind for kind in kinds if _is_model(kind)]


def _example(model: type[BaseModel], path: Path) -> str:
    """Return the field's first example, or an empty text."""
    for kind in models_at(model, path[:-1]):
        info = _field(kind, path[-1]) if path else None
        if info is not None and info.examples:
            return _write(info.examples[0])
    return ""


def _write(value: object) -> str:
    """Write an example in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_write, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    plain = not isinstance(value, str) or re.fullmatch(r"[A-Za-z_./][\w./-]*", text)
    return text if plain else f'"{text}"'


def _field(kind: type[BaseModel], step: str | int) -> FieldInfo | None:
    for name, info in kind.model_fields.items():
        if step in (name, info.alias):
            return info
    return None


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _step(kind: Any, step: str | int) -> Iterator[Any]:
    """Yield the types one step below a type."""
    if _is_model(kind):
        info = _field(kind, step)
        if info is not None:
            yield from _unfold(info.annotation)
        return
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        yield from _unfold(arguments[1])
    elif get_origin(kind) in (tuple, list) and arguments:
        yield from _unfold(arguments[0])


def _unfold(annotation: Any) -> Iterator[Any]:
    """Yield the alternatives of an annotation."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _unfold(part)
    elif origin is Annotated:
        yield from _unfold(get_args(annotation)[0])
    else:
        yield annotation
