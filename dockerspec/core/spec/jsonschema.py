"""The JSON schema of a spec, made from the model, for editors and for checks without dockerspec.

Called by the command `schema` and by the test that keeps `schemas/stack.schema.json` fresh. The schema judges a file as
written, so a text with a `$` passes wherever a variable may stand; it knows each key alone, not the rules between keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dockerspec.core.spec.forms import TEXT, VARIABLE, AlsoForm, Form, Schema, SpecModel, either
from dockerspec.core.spec.model import Stack

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "stack.schema.json"

_NULL: Schema = {"type": "null"}
_VALUE: Schema = {"type": ["string", "number", "boolean", "null"]}
_VARIABLES: Schema = {
    "description": "Variables that the spec may use as ${NAME}: a default, or a mapping for more.",
    "examples": [{"tag": "1.4", "workers": {"type": "int", "default": 2}}],
    "type": ["object", "null"],
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": either(
        _VALUE,
        {
            "type": "object",
            "properties": {
                "type": {"description": "The type; string by default.", "enum": ["string", "int", "number", "bool"]},
                "default": {"description": "The value when no other is given; required without it.", **_VALUE},
                "sensitive": {"description": "Whether the value is hidden in all output.", "type": "boolean"},
                "description": {"description": "What the variable is for.", "type": "string"},
            },
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
    ),
}


def build_schema() -> Schema:
    """The schema of a whole spec, draft 2020-12, as plain data."""
    stack = _object(Stack)
    # The loader takes a missing name from the folder, and takes the variables out before the model sees the rest.
    stack.pop("required")
    stack["properties"]["variables"] = _VARIABLES
    definitions = {model.__name__: _object(model) for model in models(Stack) if model is not Stack}
    return {
        "$schema": DIALECT,
        "$id": ID,
        "title": "dockerspec stack",
        **stack,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as the JSON text that is committed and shipped."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def models(root: type[SpecModel]) -> Iterator[type[SpecModel]]:
    """A model and every model below it, each once, parents first."""
    waiting, seen = [root], {root}
    while waiting:
        model = waiting.pop(0)
        yield model
        for info in model.model_fields.values():
            for part in parts(info.annotation):
                if part not in seen:
                    seen.add(part)
                    waiting.append(part)


def parts(annotation: Any) -> Iterator[type[SpecModel]]:
    """The models that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        yield annotation
    for argument in get_args(annotation):
        yield from parts(argument)


def form_of(metadata: Any) -> Form | None:
    """The mark among an annotation's metadata that says what a value may look like, or None."""
    return next((item for item in metadata if isinstance(item, Form)), None)


def _object(model: type[SpecModel]) -> Schema:
    properties = {info.alias or name: _property(info) for name, info in model.model_fields.items()}
    for second, first in model.SECOND_NAMES.items():
        properties[second] = {**properties[first], "description": f"The same as {first}."}
    required = [info.alias or name for name, info in model.model_fields.items() if info.is_required()]
    return {
        "description": (model.__doc__ or "").strip(),
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": True},
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **model.RULE,
    }


def _property(info: FieldInfo) -> Schema:
    form = form_of(info.metadata)
    schema = form.schema if form else _of(info.annotation)
    for also in info.metadata:
        if isinstance(also, AlsoForm):
            schema = either(also.schema, schema)
    default = _default(info)
    return {
        "description": info.description,
        **({} if default is None else {"default": default}),
        **({"examples": info.examples} if info.examples else {}),
        **(schema if info.is_required() else _nullable(schema)),
    }


def _default(info: FieldInfo) -> Any:
    """The default where it says something: silence, an empty list or mapping, is none."""
    if info.is_required() or info.default_factory is not None:
        return None
    return None if info.default in (None, ()) else info.default


def _nullable(schema: Schema) -> Schema:
    """A key without a value counts as absent, so each one may be null."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], _NULL]}
    kind = schema.get("type")
    if kind is not None and "enum" not in schema:
        return {**schema, "type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    return either(schema, _NULL)


def _of(annotation: Any) -> Schema:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        form = form_of(annotation.__metadata__)
        return form.schema if form else _of(arguments[0])
    if origin in (Union, UnionType):
        (only,) = (item for item in arguments if item is not NoneType)
        return _of(only)
    if origin is Literal:
        return _choice(arguments)
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0])}
    if origin is dict:
        return _mapping(*arguments)
    if isinstance(annotation, type) and issubclass(annotation, SpecModel):
        reference = {"$ref": f"#/$defs/{annotation.__name__}"}
        return either(*annotation.SHORT_FORMS, reference) if annotation.SHORT_FORMS else reference
    return TEXT


def _choice(values: tuple[Any, ...]) -> Schema:
    choice = {"enum": list(values)}
    return either(choice, VARIABLE) if all(isinstance(value, str) for value in values) else choice


def _mapping(name: Any, value: Any) -> Schema:
    form = form_of(getattr(name, "__metadata__", ()))
    return {
        "type": "object",
        **({"propertyNames": form.schema} if form else {}),
        "additionalProperties": _nullable(_of(value)),
    }
