"""What an unquoted scalar is to Compose's YAML reader, and how it prints numbers where it wants a text.

Compose reads YAML 1.2 with a few habits of 1.1: `017` and `0b11` are numbers, `1_000` is one, a date is a date. What
is read so is printed anew where a text is wanted: `1.10` as a label is `1.1`. dockerspec's own specs keep the text.

Callers: the shapes. Limits: one scalar at a time; where a text is allowed is the shapes' business.
"""

from __future__ import annotations

import re
from enum import Enum

from dockerspec.core.spec.nodes import Scalar, Style


class Kind(Enum):
    """The YAML type of a scalar, by the name that users know."""

    TEXT = "a text"
    INT = "a whole number"
    FLOAT = "a decimal number"
    BOOL = "a truth value"
    NULL = "no value"
    DATE = "a date"


_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), Kind.NULL),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), Kind.BOOL),
}
_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)|[-+]?0[bB][01_]+|[-+]?0[oO]?[0-7_]+|[-+]?0[xX][0-9a-fA-F_]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9_]+(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?.*)?")
_LARGEST = 2**64 - 1
_SMALLEST = -(2**63)
_PLAIN_EXPONENT = 6  # from here on numbers are printed as 1e+06
_SMALL_EXPONENT = -4


def kind_of(scalar: Scalar) -> Kind:
    """Return what Compose's reader takes a scalar for; what variables were put into is a text."""
    if scalar.style is not Style.PLAIN:
        return Kind.TEXT
    text = scalar.text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS:
        return Kind.TEXT
    if _INT.fullmatch(text):
        return Kind.INT if _SMALLEST <= whole(text) <= _LARGEST else Kind.FLOAT
    if _FLOAT.fullmatch(text):
        return Kind.FLOAT
    return Kind.DATE if _DATE.fullmatch(text) else Kind.TEXT


def whole(text: str) -> int:
    """Return the value of a whole number in any notation."""
    bare = text.replace("_", "")
    sign, digits = ("-", bare[1:]) if bare[:1] == "-" else ("", bare.removeprefix("+"))
    if digits[:2].lower() in ("0x", "0b", "0o"):
        base = {"x": 16, "b": 2, "o": 8}[digits[1].lower()]
        return int(sign + digits[2:], base)
    if len(digits) > 1 and digits[0] == "0":
        return int(sign + digits, 8)
    return int(sign + digits)


def decimal(text: str) -> float:
    """Return the value of a decimal number, `.inf` and `.nan` included."""
    bare = text.replace("_", "").lower()
    if bare.lstrip("+-") in (".inf", ".nan"):
        return float(bare.replace(".", "", 1))
    if _INT.fullmatch(bare):
        return float(whole(bare))
    return float(bare)


def format_decimal(value: float) -> str:
    """Print a number as Compose does where it wants a text: the fewest digits, an exponent only where it is far out."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, point = _split(repr(value))
    if not digits:
        return f"{sign}0"
    power = point - 1
    if not _SMALL_EXPONENT <= power < _PLAIN_EXPONENT:
        mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
        return f"{sign}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    left, right = digits[:point].ljust(point, "0"), digits[point:]
    return f"{sign}{left}.{right}" if right else f"{sign}{left}"


def _split(number: str) -> tuple[str, str, int]:
    """Return sign, significant digits, and the place of the point among them."""
    sign, bare = ("-", number[1:]) if number.startswith("-") else ("", number)
    head, _, exponent = bare.partition("e")
    left, _, right = head.partition(".")
    digits, point = left + right, len(left) + int(exponent or 0)
    stripped = digits.lstrip("0")
    return sign, stripped.rstrip("0"), point - (len(digits) - len(stripped))


def as_text(scalar: Scalar, kind: Kind) -> str:
    """Return the text that Compose makes of a scalar of any kind but null."""
    if kind is Kind.INT:
        return str(whole(scalar.text))
    if kind is Kind.FLOAT:
        return format_decimal(decimal(scalar.text))
    if kind is Kind.BOOL:
        return scalar.text.lower()
    return scalar.text
