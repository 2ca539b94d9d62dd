"""Styled text: what a piece of text means, and how meanings become colours.

Callers: the text renderers build lines of pieces; `paint` turns them into one string at the very end, so that no
renderer deals with escape sequences and every width is counted without them. Whether there is colour, and how wide
the page is, are arguments: nothing here asks a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a piece of text means to its reader."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    KEEP = "keep"
    DANGER = "danger"
    WARNING = "warning"
    GOOD = "good"


# Colours of the basic palette only: a terminal's own theme then keeps them readable on light and dark grounds.
_CODES = {
    Role.STRONG: "1",
    Role.FAINT: "2",
    Role.CREATE: "32",
    Role.UPDATE: "33",
    Role.REPLACE: "35",
    Role.DELETE: "31",
    Role.KEEP: "36",
    Role.DANGER: "1;31",
    Role.WARNING: "33",
    Role.GOOD: "32",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How text is laid out.

    Attributes:
        colour: whether roles become colours.
        width: the columns that a line should keep to; at least 60 are used.
    """

    colour: bool = False
    width: int = 100

    @property
    def columns(self) -> int:
        """The width in use: below 60 columns a table is worse than a wrapped line."""
        return max(self.width, 60)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text of one role. The text is already safe to print."""

    text: str
    role: Role = Role.PLAIN


Line = tuple[Piece, ...]
"""One line of output, without its end."""


def measure(text: str) -> int:
    """How many columns a text takes: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    import unicodedata  # its tables are large, and most texts are ASCII

    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, columns: int) -> str:
    """Fill a text with spaces up to a width."""
    return text + " " * (columns - measure(text))


def line_width(line: Line) -> int:
    """How many columns a line takes."""
    return sum(measure(piece.text) for piece in line)


def paint(lines: Iterable[Line], style: Style) -> str:
    """Join lines to the final text, each ended by a newline and free of trailing spaces."""
    return "".join(f"{_paint_line(line, style.colour)}\n" for line in lines)


def _paint_line(line: Line, colour: bool) -> str:
    pieces = list(line)
    while pieces and not pieces[-1].text.strip():
        pieces.pop()
    if pieces:
        pieces[-1] = Piece(pieces[-1].text.rstrip(), pieces[-1].role)
    if not colour:
        return "".join(piece.text for piece in pieces)
    return "".join(_paint_piece(piece) for piece in pieces)


def _paint_piece(piece: Piece) -> str:
    code = _CODES.get(piece.role)
    return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text else piece.text
