"""The grammar of `.env` and `env_file`."""

from __future__ import annotations

import pytest

from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv

VALUES = {"HOME": "/root", "A": "outer"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", {}),
        ("\n \n# c\n  # d\n", {}),
        ("K=v", {"K": "v"}),
        ("K=v\n", {"K": "v"}),
        ("\ufeffK=v\r\nL=w\r\n", {"K": "v", "L": "w"}),
        ("K = v ", {"K": "v"}),
        ("K: v", {"K": "v"}),
        ("K:v", {"K": "v"}),
        ("  export K=v", {"K": "v"}),
        ("export=v", {"export": "v"}),
        ("K=", {"K": ""}),
        ("K=  ", {"K": ""}),
        ("K", {"K": None}),
        ("export K", {"K": None}),
        ("K # c", {"K": None}),
        ("K=a=b", {"K": "a=b"}),
        ("K=a b", {"K": "a b"}),
        ("K=a # c", {"K": "a"}),
        ("K=a#b", {"K": "a#b"}),
        ("K=# c", {"K": "# c"}),  # as Compose has it: a comment follows a value and a blank
        ("K='a # $A \\n'", {"K": "a # $A \\n"}),
        ("K='a' # c", {"K": "a"}),
        ("K='a\nb'\nL=1", {"K": "a\nb", "L": "1"}),
        ('K="a\nb"\nL=1', {"K": "a\nb", "L": "1"}),
        (r'K="a\nb\t\"q\" \\ \z"', {"K": 'a\nb\t"q" \\ \\z'}),
        (r'K="\$A"', {"K": "$A"}),
        (r'K="\\"' + "\nL=1", {"K": "\\", "L": "1"}),
        ('K=""', {"K": ""}),
        ('K="$HOME/x"', {"K": "/root/x"}),
        ("K=${HOME}/x", {"K": "/root/x"}),
        ("K=${NONE:-d}", {"K": "d"}),
        ("K=1\nL=$K", {"K": "1", "L": "1"}),
        ("A=inner\nL=$A", {"A": "inner", "L": "outer"}),
        ("K=1\nK=2", {"K": "2"}),
        ("a.b-c=1", {"a.b-c": "1"}),
        ("K=it's", {"K": "it's"}),
        ('K=a"b', {"K": 'a"b'}),
    ],
)
def test_reads(text, result):
    assert parse_dotenv(text, VALUES) == result


def test_a_value_put_in_keeps_its_backslashes():
    assert parse_dotenv('K="$A"', {"A": r"c:\new"}) == {"K": r"c:\new"}


@pytest.mark.parametrize(
    ("text", "line", "summary"),
    [
        ("=v", 1, "'' is no variable's name"),
        ("K=1\n1K=v", 2, "'1K' is no variable's name"),
        ("a b=1", 1, "no '=' after 'a'"),
        ("K='a\nb'\n\nL M", 4, "no '=' after 'L'"),
        ("\nK='a\nb", 2, "the quoted value of 'K' isn't closed"),
        ('K="a\\"', 1, "the quoted value of 'K' isn't closed"),
        ("K='a'b", 1, "text after the closing quote of 'K'"),
        ("K=1\nL=${K", 2, "L: '${' isn't closed with '}'"),
        ("L=${K:?must}", 1, "L: the variable K isn't set: must"),
    ],
)
def test_faults(text, line, summary):
    with pytest.raises(DotenvFault) as caught:
        parse_dotenv(text, VALUES)
    assert (caught.value.line, caught.value.summary) == (line, summary)
    assert caught.value.fix
