"""The table of text places agrees with the model: what is a text there, is a text here, and the other way round."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.texts import ANY, ITEM, SCALAR, TEXT_RULE, TextRule, compile_rule


def alternatives(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from alternatives(part)
    elif origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    else:
        yield annotation


def leaves(annotation: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and type of every scalar in the model's canonical form."""
    for kind in alternatives(annotation):
        origin = get_origin(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, info in kind.model_fields.items():
                yield from leaves(info.annotation, (*path, info.alias or name))
        elif origin is dict:
            yield from leaves(get_args(kind)[1], (*path, ANY))
        elif origin is tuple:
            yield from leaves(get_args(kind)[0], (*path, ITEM))
        elif kind is not type(None):
            yield path, str if origin is Literal and isinstance(get_args(kind)[0], str) else kind


def is_text(path: tuple[str, ...]) -> bool:
    rule: TextRule | None = TEXT_RULE
    for step in path:
        rule = rule.get(step, rule.get(ANY)) if rule else None
    return bool(rule) and SCALAR in rule


# Texts that the model makes out of other forms, or words for which no other type makes sense.
CANONICAL_ONLY = {("containers", ANY, "restart", "name")}
# Numbers whose leading zero means something.
OCTAL = {
    ("containers", ANY, "volumes", ITEM, "tmpfs", "mode"),
    ("containers", ANY, "umask"),
    ("containers", ANY, "configs", ITEM, "mode"),
    ("containers", ANY, "secrets", ITEM, "mode"),
}


def test_every_text_of_the_model_is_in_the_table():
    missing = {
        path for path, kind in leaves(Stack, ()) if kind is str and not is_text(path) and path not in CANONICAL_ONLY
    }
    assert missing == set()


def test_no_other_scalar_of_the_model_is_in_the_table():
    extra = {path for path, kind in leaves(Stack, ()) if kind in (int, float, bool) and is_text(path)}
    assert extra == OCTAL


def test_patterns():
    rule = compile_rule(("a.*.b", "c.**", "d.[]", "d.[].e"))
    assert SCALAR in rule["a"][ANY]["b"]
    assert SCALAR not in rule["a"][ANY]
    assert SCALAR in rule["c"][ANY][ITEM][ANY]
    assert SCALAR in rule["d"][ITEM]
    assert SCALAR in rule["d"][ITEM]["e"]
    assert SCALAR not in rule["d"]
