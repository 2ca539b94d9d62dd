"""Model errors -> diagnostics, with a small model for every kind of error that a model can have."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dockerspec.core.spec import hints
from dockerspec.core.spec.document import parse
from dockerspec.core.spec.faults import explain, keys_of, models_at
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.source import SourceFile


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    needed: int = Field(examples=[5])
    from_: str | None = Field(default=None, alias="from")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(default=None, examples=["a b"])
    whole: int | None = None
    part: float | None = None
    flag: bool | None = Field(default=None, examples=[True])
    items: tuple[int, ...] = ()
    table: dict[str, int] = Field(default={}, examples=[{"a": 1, "b": [1, "x"]}])
    inner: Inner | None = None
    inners: dict[str, Inner] = {}
    word: Literal["running", "stopped"] | None = None
    small: Annotated[int, Field(gt=0, le=5, multiple_of=2)] | None = None
    short: Annotated[str, Field(min_length=2, max_length=3)] | None = None
    few: Annotated[tuple[int, ...], Field(min_length=1, max_length=2)] | None = None
    name: Annotated[str, Field(pattern="^[a-z]+$")] | None = None
    finite: Annotated[float, Field(allow_inf_nan=False)] | None = None
    either: int | Inner | None = None
    strict: Annotated[int, Field(strict=True)] | None = None
    ruled: str | None = None

    @field_validator("ruled")
    @classmethod
    def _rule(cls, value: str | None) -> str | None:
        raise ValueError("'x' is no rule; write y; or z.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text: [1]", '1:7: text: a list is given where a text is wanted; write for example "a b"'),
        ("text: {a: 1}", '1:7: text: a mapping is given where a text is wanted; write for example "a b"'),
        ("text: true", "1:7: text: 'true' is given where a text is wanted; write for example \"a b\""),
        ("whole: x", "1:8: whole: 'x' is given where a whole number is wanted; write a whole number"),
        ("whole: 1.5", "1:8: whole: the number 1.5 isn't a whole number; write it without a fraction"),
        ("whole: {}", "1:8: whole: a mapping is given where a whole number is wanted; write a whole number"),
        ("part: x", "1:7: part: 'x' is given where a number is wanted; write a number"),
        ("flag: x", "1:7: flag: 'x' is given where true or false is wanted; write for example true"),
        ("items: x", "1:8: items: 'x' is given where a list is wanted; write '- ITEM' lines below it"),
        ("items: [1, x]", "1:12: items[1]: 'x' is given where a whole number is wanted; write a whole number"),
        (
            "table: x",
            "1:8: table: 'x' is given where a mapping is wanted; write for example {a: 1, b: [1, x]}",
        ),
        ("inner: x", "1:8: inner: 'x' is given where a mapping is wanted; write 'KEY: VALUE' lines below it"),
        ("inner: {}", "1:8: inner.needed: the key 'needed' is missing; add 'needed: 5'"),
        ("inners: {a: {}}", "1:13: inners.a.needed: the key 'needed' is missing; add 'needed: 5'"),
        ("inner: {needed: 1, form: x}", "1:20: inner.form: unknown key 'form'; did you mean 'from'?"),
        ("inner: {needed: 1, zz: x}", "1:20: inner.zz: unknown key 'zz'; write one of from, needed"),
        ("zzzzzz: 1", "1:1: zzzzzz: unknown key 'zzzzzz'; delete it, or start its name with 'x-'"),
        ("items: ~", "1:8: items: an empty value is given where a list is wanted; write '- ITEM' lines below it"),
        ("word: runing", "1:7: word: 'runing' isn't allowed here; did you mean 'running'?"),
        ("word: 5", "1:7: word: the number 5 isn't allowed here; write one of running, stopped"),
        ("small: 0", "1:8: small: the number 0 is out of range; write more than 0"),
        ("small: 6", "1:8: small: the number 6 is out of range; write at most 5"),
        ("small: 3", "1:8: small: the number 3 is out of range; write a multiple of 2"),
        ("short: x", "1:8: short: 'x' has the wrong length; give at least 2 characters"),
        ("short: xxxx", "1:8: short: 'xxxx' has the wrong length; give at most 3 characters"),
        ("few: []", "1:6: few: a list has the wrong length; give at least 1 entries"),
        ("name: A", "1:7: name: 'A' has characters that aren't allowed here; use letters, digits, _ and -"),
        ("finite: .inf", "1:9: finite: the number inf is given where a finite number is wanted; write a finite number"),
        ("either: x", "1:9: either: 'x' is given where a whole number is wanted; write a whole number"),
        (
            "either: {needed: x}",
            "1:18: either.needed: 'x' is given where a whole number is wanted; write for example 5",
        ),
        ("strict: '1'", "1:9: strict: '1' is given where a whole number is wanted; write a whole number"),
        ("ruled: x", "1:8: ruled: 'x' is no rule; write y; or z."),
        (
            "whole: " + "y" * 80,
            f"1:8: whole: '{'y' * 57}...' is given where a whole number is wanted; write a whole number",
        ),
    ],
)
def test_sentences(text, expected):
    document, _ = parse(SourceFile("f.yaml", text, "/x"))
    assert document is not None
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(document.plain())
    lines = [str(fault) for fault in explain(caught.value, document, Outer)]
    assert lines == [f"f.yaml:{expected}"]


WORDS_OF_THE_LIBRARY = ("pydantic", "NoneType", "tuple", "dict", "Input should", "Value error", "validation", "type=")


@pytest.mark.parametrize("section", ["containers", "images", "networks", "volumes", "secrets"])
@pytest.mark.parametrize(
    "value", ["x", "[x]", "5", "{x: 1}", "true", "[[x]]", "{x: {x: 1}}", "1.5", "[{x: 1}]", "'  '"]
)
def test_no_word_of_the_library_reaches_the_user(section, value):
    [kind] = models_at(Stack, (section, "it"))
    keys = sorted(keys_of(kind))
    lines = "".join(f"    {key}: {value}\n" for key in keys)
    text = f"stack: a\n{section}:\n  it:\n{lines}"
    document, _ = parse(SourceFile("f.yaml", text, "/x"))
    assert document is not None
    with pytest.raises(ValidationError) as caught:
        Stack.model_validate(document.plain())
    found = explain(caught.value, document, Stack)
    assert found
    for fault in found:
        assert fault.span is not None
        assert not [word for word in WORDS_OF_THE_LIBRARY if word in str(fault)], str(fault)
        assert len({f"{fault.path}" for fault in found}) == len(found)


def walk(model: type[BaseModel], pattern: tuple[str, ...]) -> Any:
    return {
        key
        for kind in models_at(model, tuple("x" if step == "*" else step for step in pattern))
        for key in keys_of(kind)
    }


@pytest.mark.parametrize("pattern", hints.TABLE, ids=[".".join(pattern) or "top" for pattern in hints.TABLE])
def test_hints_are_for_keys_that_do_not_exist(pattern):
    assert not set(hints.TABLE[pattern]) & walk(Stack, pattern)


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("build", "write it under 'images: {NAME: {build: ...}}' and 'image: {from: NAME}' here"),
        ("port", "did you mean 'ports'?"),
        ("mem-limit", "did you mean 'mem_limit'?"),
        ("depend_on", "did you mean 'depends_on'?"),
        ("zzzzzz", "delete it, or start its name with 'x-'"),
    ],
)
def test_fixes_for_unknown_keys_of_a_container(key, fix):
    assert hints.for_unknown_key(("containers", "web"), key, keys_of(ContainerSpec)) == fix
