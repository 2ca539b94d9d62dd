"""The reference of all keys as Markdown, made from the model: `docs/spec-reference.md`.

Called by the test that keeps that file fresh. Whoever changes the model writes the result there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dockerspec.core.spec.forms import AlsoForm, SpecModel
from dockerspec.core.spec.jsonschema import form_of, models
from dockerspec.core.spec.model import Stack

_INTRODUCTION = """\
# Reference of the spec

Made from the model by `dockerspec.core.spec.reference`; edit the model, not this file.

- A key without a value counts as absent. Keys that start with `x-` are free in every mapping below.
- Where a default is empty, the engine's or the image's own holds.
- Sizes are bytes or have a unit that counts in 1024s: `b`, `k`, `m`, `g`, `t`, also as `kb` or `KiB`: `512m`, `1.5g`.
- Durations need a unit: `ns`, `us`, `ms`, `s`, `m`, `h`, `d`, `w`: `500ms`, `1m30s`.
- `${VARIABLE}` may stand in every value.
"""


def reference() -> str:
    """The whole document."""
    return "\n".join([_INTRODUCTION, *(_section(model) for model in models(Stack))])


def _section(model: type[SpecModel]) -> str:
    lines = [f"## {model.__name__}", "", (model.__doc__ or "").strip(), ""]
    lines += ["| Key | Type | Default | Meaning | Example |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(info.alias or name, info) for name, info in model.model_fields.items()]
    return "\n".join(lines) + "\n"


def _row(name: str, info: FieldInfo) -> str:
    default = "needed" if info.is_required() else _default(info)
    examples = "<br>".join(_code(_yaml(example)) for example in info.examples or ())
    return f"| `{name}` | {_type(info)} | {default} | {_cell(info.description or '')} | {examples} |"


def _default(info: FieldInfo) -> str:
    if info.default_factory is not None or info.default in (None, ()):
        return ""
    return _code(_yaml(info.default))


def _type(info: FieldInfo) -> str:
    words = [describe(info.annotation, info.metadata)]
    words += [also.word for also in info.metadata if isinstance(also, AlsoForm)]
    return " or ".join(words)


def describe(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """The name of a type, such as `list of [Port](#port)`."""
    form = form_of(metadata)
    if form:
        return form.word
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return describe(arguments[0], annotation.__metadata__)
    if origin in (Union, UnionType):
        return describe(next(item for item in arguments if item is not NoneType))
    if origin is Literal:
        return ", ".join(_code(_yaml(value)) for value in arguments)
    if origin is tuple:
        return f"list of {describe(arguments[0])}"
    if origin is dict:
        return f"mapping of {describe(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        link = f"[{annotation.__name__}](#{annotation.__name__.lower()})"
        return f"short form or {link}" if annotation.SHORT_FORMS else link
    return "text"


def _yaml(value: Any) -> str:
    """A value in YAML's flow style; texts are quoted where YAML would read something else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if _must_quote(value) else value
    return str(value).lower()


def _must_quote(text: str) -> bool:
    special = any(letter in text for letter in ",{}[]#&*!|>'\"%@`\n") or ": " in text or text.endswith(":")
    return special or not text or text[0] in "-? " or text[0].isdigit() or text in ("true", "false", "null", "no")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


__all__ = ["describe", "reference"]
