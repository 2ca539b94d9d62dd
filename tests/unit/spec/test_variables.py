"""The `variables:` section."""

from __future__ import annotations

import pytest

from dockerspec.core.spec.document import parse
from dockerspec.core.spec.source import SourceFile, Variables
from dockerspec.core.spec.variables import Declarations


def run(*texts: str, given: dict[str, str] | None = None) -> tuple[Declarations, dict[str, str]]:
    declarations = Declarations()
    for text in texts:
        document, faults = parse(SourceFile("f.yaml", text, "/x"))
        assert document is not None
        assert faults == []
        assert "variables" not in declarations.take(document).root.values
    return declarations, declarations.settle(given or {})


@pytest.mark.parametrize(
    ("section", "given", "values"),
    [
        ("{tag: 1.10}", {}, {"tag": "1.10"}),
        ("{tag: ''}", {}, {"tag": ""}),
        ("{tag: 1.10}", {"tag": "2"}, {"tag": "2"}),
        ("{tag: '1'}", {"other": "2"}, {"tag": "1", "other": "2"}),
        ("{n: {type: int, default: 3}}", {}, {"n": "3"}),
        ("{n: {type: int}}", {"n": "-4"}, {"n": "-4"}),
        ("{n: {type: number, default: 1.50}}", {}, {"n": "1.50"}),
        ("{n: {type: bool, default: true, x-note: 1, description: d}}", {}, {"n": "true"}),
        ("{n: {default: a$b}}", {}, {"n": "a$b"}),
        ("", {"a": "b"}, {"a": "b"}),
    ],
)
def test_values(section, given, values):
    declarations, result = run(f"variables: {section}", given=given)
    assert result == values
    assert declarations.faults == []
    assert declarations.sensitive(result) == frozenset()


def test_later_files_replace_declarations():
    declarations, values = run("variables: {a: {type: int, default: 1}, b: 1}", "variables: {a: x}")
    assert values == {"a": "x", "b": "1"}
    assert declarations.faults == []


def test_sensitive_values_are_collected():
    declarations, values = run(
        "variables: {a: {sensitive: true}, b: {sensitive: false, default: open}, c: {sensitive: true, default: ''}}",
        given={"a": "hush"},
    )
    assert declarations.sensitive(values) == {"hush"}


@pytest.mark.parametrize(
    ("section", "given", "expected"),
    [
        (
            "{a: }",
            {},
            "1:13: variables.a: the variable a has no value; give a default, or set it in the environment,"
            " in .env or with --var a=VALUE",
        ),
        (
            "{a: {type: int, default: x}}",
            {},
            "1:37: variables.a: 'x' doesn't fit the type int; give a whole number, such as 3",
        ),
        ("{a: {type: bool}}", {"a": "yes"}, "1:13: variables.a: 'yes' doesn't fit the type bool; give true or false"),
        (
            "{a: {type: int, sensitive: true}}",
            {"a": "hush"},
            "1:13: variables.a: its value doesn't fit the type int; give a whole number, such as 3",
        ),
        ("{a: {type: text, default: x}}", {}, "1:23: variables.a.type: 'text' is none of string, int, number, bool"),
        ("{a: {sensitive: maybe, default: x}}", {}, "1:28: variables.a.sensitive: 'maybe' is none of true, false"),
        (
            "{a: {defualt: x, type: string, default: y}}",
            {},
            "1:17: variables.a.defualt: unknown key 'defualt'; did you mean 'default'?",
        ),
        (
            "{a: {zzz: x, default: y}}",
            {},
            "1:17: variables.a.zzz: unknown key 'zzz'; write one of type, default, sensitive, description",
        ),
        ("{a: {default: [x]}}", {"a": "1"}, "1:26: variables.a.default: one value is wanted here"),
        (
            "{a: [x]}",
            {},
            "1:16: variables.a: a variable can't be a list; write its default as one value,"
            " or {type: ..., default: ...}",
        ),
        (
            "{a-b: x}",
            {},
            "1:13: variables.a-b: 'a-b' is no variable's name; use letters, digits and _, not starting with a digit",
        ),
        ("[a]", {}, "1:12: variables: variables are a mapping of names; write 'variables: {NAME: default}'"),
    ],
)
def test_faults(section, given, expected):
    declarations, _ = run(f"variables: {section}", given=given)
    assert [str(fault) for fault in declarations.faults] == [f"f.yaml:{expected}"]


def test_precedence_of_the_sources():
    names = {"given", "environment", "dotenv"}
    variables = Variables(
        given={"a": "given"},
        environment={"a": "environment", "b": "environment"},
        dotenv=dict.fromkeys("abc", "dotenv"),
    )
    assert variables.merged() == {"a": "given", "b": "environment", "c": "dotenv"}
    assert set(variables.merged().values()) == names
