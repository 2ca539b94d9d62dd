"""Small grammars of what counts as ready: expressions, HTTP probes, statuses, exit codes, commands without a shell.

Called by the spec model.
"""

from __future__ import annotations

import re
import shlex

from dockerspec.core.values.process import parse_int
from dockerspec.core.values.shown import shown

STATUS = r"[1-5][0-9]{2}(?:-[1-5][0-9]{2})?"
HTTP_TEXT = r"(?::[0-9]{1,5})?/\S*|:[0-9]{1,5}"
"""The short form of an HTTP probe."""

_LAST_PORT = 65535
_LAST_CODE = 255
_SHELL = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<"})


def check_expression(text: str) -> str:
    """Accept a regular expression.

    Raises:
        ValueError: it is none, or matches anything.
    """
    try:
        found = re.compile(text).search("")
    except re.error as fault:
        place = f" at position {fault.pos}" if fault.pos is not None else ""
        raise ValueError(
            f"{shown(text)} is no regular expression: {fault.msg}{place}; "
            "put a backslash before characters that are meant as they are"
        ) from None
    if found is not None:
        raise ValueError(f"{shown(text)} matches an empty line too; write words that the log says once it is ready")
    return text


def parse_http_probe(value: object) -> object:
    """Read the short form of an HTTP probe, `/health`, `:8080/health` or `:8080`; what is no text is left as it is.

    Raises:
        ValueError: the text is neither.
    """
    if not isinstance(value, str):
        return value
    if not re.fullmatch(HTTP_TEXT, value):
        hint = "write {path: /health, port: 8080, scheme: https}" if "://" in value else "write /health or :8080/health"
        raise ValueError(f"{shown(value)} is no path of an HTTP probe; {hint}")
    place, slash, path = value.partition("/")
    form: dict[str, object] = {"path": f"/{path}"} if slash else {}
    return {**form, "port": place[1:]} if place else form


def parse_statuses(value: object) -> tuple[tuple[int, int], ...]:
    """Read HTTP statuses: a number, a text such as "200-399" or "200,204", or a list of both.

    Raises:
        ValueError: a part is no status and no range of them.
    """
    parts = value if isinstance(value, (list, tuple)) else [value]
    texts = [text.strip() for part in parts for text in str(part).split(",")]
    ranges = []
    for text in texts:
        first, _, last = text.partition("-")
        if not re.fullmatch(STATUS, text) or int(last or first) < int(first):
            raise ValueError(f'{shown(text)} is no HTTP status; write one such as 204, or a range such as "200-399"')
        ranges.append((int(first), int(last or first)))
    if not ranges:
        raise ValueError('the list of statuses is empty; write one such as 204, or a range such as "200-399"')
    return tuple(ranges)


def parse_exit_codes(value: object) -> tuple[int, ...]:
    """Read an exit code, or a list of them.

    Raises:
        ValueError: a code is none, or the list is empty.
    """
    codes = tuple(map(parse_int, value if isinstance(value, (list, tuple)) else [value]))
    if not codes or any(not 0 <= code <= _LAST_CODE for code in codes):
        raise ValueError(f"{shown(value)} is no exit code; write a number from 0 to {_LAST_CODE}, or a list of them")
    return tuple(sorted(set(codes)))


def parse_ports(value: object) -> tuple[int, ...]:
    """Read a port of the container's, or a list of them.

    Raises:
        ValueError: one is no port, or the list is empty.
    """
    items = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(item, str) and re.fullmatch("[0-9]+:[0-9]+", item) for item in items):
        raise ValueError("a port within the container is meant, not a published one; write one number such as 5432")
    ports = tuple(map(parse_int, items))
    if not ports or any(not 1 <= port <= _LAST_PORT for port in ports):
        raise ValueError(f"{shown(value)} is no port; write a number from 1 to {_LAST_PORT}, or a list of them")
    return ports


def parse_words(value: object) -> object:
    """Split a command line into its words; a list is left as it is.

    Raises:
        ValueError: a quote is open, the command is empty, or it needs a shell.
    """
    words = value
    if isinstance(value, str):
        try:
            words = shlex.split(value)
        except ValueError:
            raise ValueError("a quote in the command is not closed; close it, or write a list: [CMD, ARG]") from None
        used = sorted(_SHELL & set(words))
        if used:
            raise ValueError(
                f"no shell reads the command, so {used[0]!r} is a mere word; write [sh, -c, {shown(value)}]"
            )
    if isinstance(words, (list, tuple)) and (not words or not words[0]):
        raise ValueError("the command is empty; write a program and its arguments")
    return words
