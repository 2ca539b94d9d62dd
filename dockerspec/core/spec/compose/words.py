"""How Compose splits a command line into words.

Nearly as a shell does, but no shell runs: variables and `$(...)` stay as they stand, and the line ends where a shell
would pipe, redirect or start another command.

Callers: `shorts`.
"""

from __future__ import annotations

import re

# One step each: an escaped character, a quoted stretch, one that stays with its marks, a run of plain characters.
_STEP = re.compile(
    r"(?P<blank>[ \t\r\n]+)"
    r"|\\(?P<escaped>.)"
    r"|'(?P<single>[^']*)'"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|(?P<back>`[^`]*`)"
    r"|(?P<call>\$\([^)]*\))"
    r"|(?P<end>[;&|<>])"
    r"|(?P<plain>[^\s\\'\"`;&|<>($]+|\$(?!\())",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def split_words(line: str) -> list[str]:
    """Split a command line.

    Raises:
        ValueError: a quote or bracket is not closed, or a bracket opens outside quotes.
    """
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        step = _STEP.match(line, at)
        if step is None:
            raise ValueError("a quote or bracket is not closed")
        at = step.end()
        kind = step.lastgroup
        if kind == "end":
            # The number before `>` is that of an output, and no word.
            if step["end"] == ">" and word is not None and word[:1].isdigit():
                word = None
            break
        if kind == "blank":
            if word is not None:
                words.append(word)
            word = None
            continue
        text = step[kind or "plain"]
        word = (word or "") + (_ESCAPE.sub(r"\1", text) if kind == "double" else text)
    return words if word is None else [*words, word]
