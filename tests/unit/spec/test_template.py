"""The `${...}` grammar."""

from __future__ import annotations

import pytest

from dockerspec.core.spec.template import MAX_NESTING, TemplateFault, Usage, expand

VALUES = {"A": "a", "EMPTY": "", "_x1": "u", "REF": "${A}"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$A", "a"),
        ("${A}", "a"),
        ("<$A>", "<a>"),
        ("$A$A", "aa"),
        ("$A-b", "a-b"),
        ("$_x1", "u"),
        ("$$A", "$A"),
        ("$$$A", "$a"),
        ("$$", "$"),
        ("${A:-d}", "a"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NONE:-d}", "d"),
        ("${NONE-d}", "d"),
        ("${NONE:-}", ""),
        ("${A:+r}", "r"),
        ("${EMPTY:+r}", ""),
        ("${EMPTY+r}", "r"),
        ("${NONE+r}", ""),
        ("${A:?e}", "a"),
        ("${EMPTY?e}", ""),
        ("${NONE:-${A}}", "a"),
        ("${NONE:-x$A-${NONE2:-y}}", "xa-y"),
        ("${NONE:-$$}", "$"),
        ('${NONE:-{"k": [1]}}', '{"k": [1]}'),
        ("${NONE:-a:b}", "a:b"),
        ("${NONE:-a-b}", "a-b"),
        ("${REF}", "${A}"),
        ("}{", "}{"),
    ],
)
def test_expands(text, result):
    usage = Usage()
    assert expand(text, VALUES, usage) == result
    assert usage.unset == []


@pytest.mark.parametrize(
    ("text", "offset", "summary"),
    [
        ("$", 0, "a dollar sign without a variable's name after it"),
        ("ab $1", 3, "a dollar sign without a variable's name after it"),
        ("a$ b", 1, "a dollar sign without a variable's name after it"),
        ("x${A", 1, "'${' isn't closed with '}'"),
        ("${A:-${}", 0, "'${' isn't closed with '}'"),
        ("${}", 0, "'${}' names no variable"),
        ("${1A}", 0, "'${1A}' names no variable"),
        ("${ A}", 0, "'${ A}' names no variable"),
        ("${A B}", 0, "' B' after the name A means nothing"),
        ("${A:b}", 0, "':b' after the name A means nothing"),
        ("${A/b/c}", 0, "'/b/c' after the name A means nothing"),
        ("é${NONE:?no}", 1, "the variable NONE isn't set: no"),
        ("${NONE?}", 0, "the variable NONE isn't set"),
        ("${EMPTY:?need $A}", 0, "the variable EMPTY is empty: need a"),
        ("${NONE:-${B:?x}}", 8, "the variable B isn't set: x"),
        ("${NONE:-a$1}", 9, "a dollar sign without a variable's name after it"),
    ],
)
def test_faults(text, offset, summary):
    with pytest.raises(TemplateFault) as caught:
        expand(text, VALUES, Usage())
    assert (caught.value.offset, caught.value.summary) == (offset, summary)
    assert caught.value.fix


def test_usage_counts_only_what_is_looked_at():
    usage = Usage()
    assert expand("$A ${NONE} ${A:-$UNSEEN} ${B:+$UNSEEN} $NONE", VALUES, usage) == "a  a  "
    assert usage.used == {"A", "B", "NONE"}
    assert usage.unset == ["NONE", "NONE"]


def test_nesting_is_bounded():
    def nested(levels):
        return "${N:-" * levels + "x" + "}" * levels

    assert expand(nested(MAX_NESTING), {}, Usage()) == "x"
    with pytest.raises(TemplateFault, match="nested too deep"):
        expand(nested(MAX_NESTING + 1), {}, Usage())
