"""What the YAML parsers say -> what the user should hear.

Callers: `document`. The C and the pure parser word the same fault differently; both wordings are in the table, and
both lead to one sentence. Limits: a parser stops at its first fault, so there is one diagnostic a file.
"""

from __future__ import annotations

import re
from typing import Any

from dockerspec.core.diagnostics import Diagnostic, Span, error

# (pattern on "problem | context", what is wrong, what to write); the first match wins.
_TABLE: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), summary, fix)
    for pattern, summary, fix in (
        (
            r"mapping values are not allowed",
            "a colon isn't allowed here",
            "indent keys of one mapping alike, and quote texts that contain ': '",
        ),
        (
            r"expected ',' or '\]'",
            "the list that starts with '[' isn't closed",
            "write a comma between its items and ']' at its end",
        ),
        (
            r"expected ',' or '\}'",
            "the mapping that starts with '{' isn't closed",
            "write a comma between its entries and '}' at its end",
        ),
        (
            r"unexpected end of stream.*quoted|unexpected document separator.*quoted",
            "the quoted text isn't closed",
            "write the same quote character at its end",
        ),
        (
            r"unknown escape character",
            "this escape isn't known in double quotes",
            r"write \\ for a backslash, or use single quotes",
        ),
        (
            r"escape sequence|hexa?decimal number|invalid Unicode character",
            "this escape isn't complete",
            r"write as \x41, \u0041 or \U00000041, or use single quotes",
        ),
        (
            r"undefined tag handle|tag|'!'",
            "this tag can't be read",
            "delete it, or quote a text that starts with '!'",
        ),
        (
            r"(?<!<)anchor|(?<!<)alias",
            "this anchor or alias can't be read",
            "give it a name of letters and digits, or quote a text that starts with '&' or '*'",
        ),
        (
            r"sequence entries are not allowed",
            "a list item '- ' isn't allowed here",
            "start the list on its own line, below its key",
        ),
        (
            r"could not find expected ':'|expected ':'",
            "a key without a colon",
            "write 'key: value', with a space after the colon",
        ),
        (
            r"expected '-' indicator|block collection|block sequence",
            "this line fits neither the list above nor the level before it",
            "start it with '- ' like the other items, or indent it to its own level",
        ),
        (
            r"expected key|block mapping|block end",
            "this line fits no level of the text above it",
            "indent it like the other keys of its mapping",
        ),
        (
            r"block scalar|chomping|indentation indicator",
            "this block text can't be read",
            "write '|' or '>' alone on the line and indent the text below it with spaces",
        ),
        (
            r"node content",
            "a value is missing here",
            "write a value, or quote a text that starts with a special character",
        ),
        (
            r"document start",
            "text after the end of the document",
            "delete the line '...' or what follows it",
        ),
        (
            r"directive",
            "YAML directives aren't read",
            "delete the line that starts with '%'",
        ),
    )
)
# Here the opening bracket or quote is the place to look at; the parser stops wherever it gave up.
_UNCLOSED = re.compile(r"expected ',' or|unexpected (?:end of stream|document separator).*quoted")
_COLON = re.compile(r"mapping values are not allowed")
# A key and its value without the blank between them: to YAML one word, which goes on in the next line.
_GLUED = re.compile(r"\s*(?:- )?(?P<key>[A-Za-z_][A-Za-z0-9_-]*):(?P<value>[^\s/:].*)")
_STRAY = re.compile(r"cannot start any token")


def explain(
    file: str, text: str, problem: str, context: str | None = None, mark: Any = None, start: Any = None
) -> Diagnostic:
    """Word a parser's complaint.

    Args:
        file: the name of the file.
        text: what was parsed.
        problem: the parser's sentence.
        context: what it was doing.
        mark: where it stopped (line and column from 0), or None.
        start: where that which it was reading begins, or None.
    """
    said = f"{problem} | {context or ''}"
    if start is not None and _UNCLOSED.search(said):
        mark = start
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    span = Span(file, line + 1, column + 1)
    stray = _character(text, line, column)
    if stray == "\t":
        return error("", "a tab can't indent YAML", "write spaces instead", span)
    if _STRAY.search(said) and stray:
        fix = f'quote the value: "{stray}..."'
        return error("", f"a value can't start with the character {stray}", fix, span)
    if _COLON.search(said) and (glued := _GLUED.fullmatch(_line(text, line - 1))):
        fix = f"write '{glued['key']}: {glued['value'].strip()}'"
        place = Span(file, line, glued.start("key") + 1)
        return error("", f"there is no space behind the colon of '{glued['key']}:'", fix, place)
    for pattern, summary, fix in _TABLE:
        if pattern.search(said):
            return error("", summary, fix, span)
    return error("", f"this can't be read as YAML ({problem})", "quote the value", span)


def _character(text: str, line: int, column: int) -> str:
    return _line(text, line)[column : column + 1]


def _line(text: str, number: int) -> str:
    lines = re.split("\r\n|\r|\n", text)
    return lines[number] if 0 <= number < len(lines) else ""
