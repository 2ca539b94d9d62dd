"""The `${...}` grammar: one text with variables in, one text with their values out.

    $V  ${V}      the value; unset counts as empty and is reported
    ${V:-d} ${V-d}  d where V is unset or empty (`:-`), or only where unset (`-`)
    ${V:?e} ${V?e}  an error with the text e under the same conditions
    ${V:+r} ${V+r}  r where V is set and not empty (`:+`), or where it is set (`+`)
    $$            a dollar sign

d, e and r may hold further variables; only the one that is taken is looked at. Names are a letter or `_`, then
letters, digits and `_`, as in Compose and the shell.

Callers: `interpolate` and `dotenv`. Limits: values put in are not expanded again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_NESTING = 32

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACE = re.compile("[{}]")
_OPERATOR = re.compile(r":?[-?+]")


class TemplateFault(ValueError):
    """The text can't be expanded.

    Attributes:
        offset: the index of the dollar sign at fault.
        fix: what to write instead.
    """

    def __init__(self, offset: int, summary: str, fix: str) -> None:
        self.offset = offset
        self.summary = summary
        self.fix = fix
        super().__init__(f"{summary}; {fix}")


@dataclass(slots=True)
class Usage:
    """What expanding has met: names that were looked up, and those without a value, in order."""

    used: set[str] = field(default_factory=set)
    unset: list[str] = field(default_factory=list)


def expand(text: str, values: Mapping[str, str], usage: Usage, *, lenient: bool = False) -> str:
    """Put values into a text.

    Args:
        text: the text with variables.
        values: the value of each variable that is set.
        usage: where the names met are noted.
        lenient: whether a dollar sign without a name after it stays, as in Compose, instead of being a fault.

    Raises:
        TemplateFault: a malformed form, or a required variable that is missing.
    """
    return _Expansion(text, values, usage, lenient=lenient).until(0, len(text), 0)


class _Expansion:
    """One text being expanded; offsets always count from its start, so that faults point to the right column."""

    __slots__ = ("_lenient", "_text", "_usage", "_values")

    def __init__(self, text: str, values: Mapping[str, str], usage: Usage, *, lenient: bool) -> None:
        self._lenient = lenient
        self._text = text
        self._values = values
        self._usage = usage

    def until(self, start: int, end: int, depth: int) -> str:
        """Expand the part between two offsets."""
        text, parts, at = self._text, [], start
        while True:
            dollar = text.find("$", at, end)
            if dollar < 0:
                parts.append(text[at:end])
                return "".join(parts)
            parts.append(text[at:dollar])
            value, at = self._form(dollar, end, depth)
            parts.append(value)

    def _form(self, dollar: int, end: int, depth: int) -> tuple[str, int]:
        """Expand the form at a dollar sign; return its value and the offset behind it."""
        text, after = self._text, dollar + 1
        following = text[after] if after < end else ""
        if following == "$":
            return "$", after + 1
        if following == "{":
            return self._braces(dollar, end, depth)
        name = NAME.match(text, after, end)
        if name is None and self._lenient:
            return "$", after
        if name is None:
            fix = "write $$ for a dollar sign, or ${NAME} for a variable"
            raise TemplateFault(dollar, "a dollar sign without a variable's name after it", fix)
        return self._plain(name[0]), name.end()

    def _braces(self, dollar: int, end: int, depth: int) -> tuple[str, int]:
        close = self._closing(dollar, end)
        name = NAME.match(self._text, dollar + 2, close)
        if name is None:
            fix = "write ${NAME} with a name of letters, digits and _, or $$ for a dollar sign"
            raise TemplateFault(dollar, f"'{self._text[dollar : close + 1]}' names no variable", fix)
        if name.end() == close:
            return self._plain(name[0]), close + 1
        operator = _OPERATOR.match(self._text, name.end(), close)
        if operator is None:
            summary = f"'{self._text[name.end() : close]}' after the name {name[0]} means nothing"
            fix = "write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${NAME:+other}"
            raise TemplateFault(dollar, summary, fix)
        if depth >= MAX_NESTING:
            raise TemplateFault(dollar, "variables are nested too deep", "use fewer defaults inside defaults")
        return self._operate(name[0], operator[0], (operator.end(), close), depth), close + 1

    def _operate(self, name: str, operator: str, body: tuple[int, int], depth: int) -> str:
        self._usage.used.add(name)
        value = self._values.get(name)
        present = bool(value) if operator[0] == ":" else value is not None
        if operator[-1] == "+":
            return self.until(*body, depth + 1) if present else ""
        if present and value is not None:
            return value
        text = self.until(*body, depth + 1)
        if operator[-1] == "-":
            return text
        state = "isn't set" if value is None else "is empty"
        summary = f"the variable {name} {state}" + (f": {text}" if text else "")
        fix = f"set {name} in the environment, in .env or with --var {name}=VALUE"
        raise TemplateFault(body[0] - len(operator) - len(name) - 2, summary, fix)

    def _plain(self, name: str) -> str:
        self._usage.used.add(name)
        value = self._values.get(name)
        if value is None:
            self._usage.unset.append(name)
            return ""
        return value

    def _closing(self, dollar: int, end: int) -> int:
        """Return the offset of the brace that ends the form; braces inside it come in pairs, as in JSON."""
        depth = 0
        for brace in _BRACE.finditer(self._text, dollar, end):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return brace.start()
        fix = "close it as ${NAME}, or write $$ for a dollar sign"
        raise TemplateFault(dollar, "'${' isn't closed with '}'", fix)
