"""Variables in documents: values, places of faults, types afterwards."""

from __future__ import annotations

import pytest

from dockerspec.core.spec.document import Document, parse
from dockerspec.core.spec.interpolate import Interpolator
from dockerspec.core.spec.source import SourceFile

VALUES = {"A": "a", "N": "3", "T": "true", "NULL": "null", "EMPTY": "", "X": "0x10"}


def run(text: str) -> tuple[Document, Document, Interpolator]:
    source = SourceFile("f.yaml", text, "/x")
    document, faults = parse(source)
    assert document is not None
    assert faults == []
    interpolator = Interpolator(VALUES)
    return document, interpolator.document(document, source), interpolator


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a: ${A}", {"a": "a"}),
        ("a: [x, $A, {b: '<$A>'}]", {"a": ["x", "a", {"b": "<a>"}]}),
        ("$A: $A", {"$A": "a"}),
        ("a: $$A", {"a": "$A"}),
        ("a: |\n  x $A\n  $$y\n", {"a": "x a\n$y\n"}),
        ("a: $N", {"a": 3}),
        ("a: '$N'", {"a": "3"}),
        ("a: 1$N", {"a": 13}),
        ("a: $T", {"a": True}),
        ("a: $X", {"a": 16}),
        ("a: $EMPTY", {"a": ""}),
        ("a: $NULL", {"a": "null"}),
        ("a: ${NONE-}", {"a": ""}),
        (
            "containers: {w: {environment: {V: $N, W: $EMPTY}}}",
            {"containers": {"w": {"environment": {"V": "3", "W": ""}}}},
        ),
        ("a: &x $A\nb: *x", {"a": "a", "b": "a"}),
    ],
)
def test_values_are_put_in_and_resolved_again(text, plain):
    _, document, interpolator = run(text)
    assert document.plain() == plain
    assert interpolator.faults == []


def test_branches_without_variables_are_shared():
    before, after, _ = run("a: {b: [1]}\nc: $A\n")
    assert after.root.values["a"] is before.root.values["a"]
    assert after.span(("c",)) == before.span(("c",))


@pytest.mark.parametrize("text", ["a: 1", "a: 1 # $A", "$A: 1"])
def test_a_document_without_variables_is_the_same_object(text):
    before, after, _ = run(text)
    assert after is before


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: ${1}", 1, 4),
        ("a: xy${1}", 1, 6),
        ("a: '${1}'", 1, 5),
        ('a: "\\t\\u0041 ${1}"', 1, 14),
        ("a: 'it''s ${1}'", 1, 11),
        ("a: |\n  x\n  $A y ${1}\n", 3, 8),
        ("a: >-\n  x\n  ${1}\n", 3, 3),
        ("a: x\n  y ${1}", 2, 5),
        ("a: $$ $A ${1}", 1, 10),
        ("a: {b: [0, $A, x$1]}", 1, 17),
        ("\ufeffa: ${1}", 1, 4),
        ("a: ${NONE:-${1}}", 1, 12),
        ("a: &x ${1}", 1, 7),
    ],
)
def test_faults_point_to_the_dollar_sign(text, line, column):
    _, _, interpolator = run(text)
    [fault] = interpolator.faults
    assert fault.span is not None
    assert (fault.span.line, fault.span.column) == (line, column)


def test_a_faulty_value_stays_and_the_others_go_on():
    _, document, interpolator = run("a: [$A, '${1}', $N]\n")
    assert document.plain() == {"a": ["a", "${1}", 3]}
    assert [str(fault) for fault in interpolator.faults] == [
        "f.yaml:1:10: a[1]: '${1}' names no variable;"
        " write ${NAME} with a name of letters, digits and _, or $$ for a dollar sign"
    ]
    assert {(span.line, span.column) for span in interpolator.failed} == {(1, 9)}


def test_an_unset_variable_is_reported_once():
    _, document, interpolator = run("a: $NONE\nb: x${NONE}\nc: $OTHER\n")
    assert document.plain() == {"a": "", "b": "x", "c": ""}
    assert [str(fault) for fault in interpolator.faults] == [
        f"f.yaml:{line}:4: warning: {path}: the variable {name} isn't set, so an empty text is put in;"
        f" set {name}, or write ${{{name}:-default}}; for a dollar sign write $$"
        for line, path, name in [(1, "a", "NONE"), (3, "c", "OTHER")]
    ]
