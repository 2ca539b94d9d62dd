"""The grammar of `.env` and `env_file`, as Compose reads them.

    KEY=value     blanks around are cut; ` #` starts a comment
    KEY: value    the same
    export KEY=v  the same
    KEY           without a value: taken from the environment of the run (None in the result)
    'text'        as it stands, over several lines too
    "text"        with escapes (\\n \\t \\r \\" \\\\ \\$) and variables, over several lines too
    # comment     and blank lines, are skipped

Unquoted and double-quoted values may hold variables (see `template`); they see the values given and the keys above.

Callers: `runtime.files` for `.env`, `resolve` for `env_file`. Limits: text in, values out; no file is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dockerspec.core.spec.template import TemplateFault, Usage, expand

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[^\s=:#'\"]+)[ \t]*(?P<rest>[=:][^\n]*)?")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-\[\]]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# An unknown escape stays as it is; `\\$` becomes what the template grammar reads as a dollar sign.
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}
_COMMENT = re.compile(r"[ \t]+#.*")
_CLOSING = {"'": re.compile(r"'"), '"': re.compile(r'(?<!\\)(?:\\\\)*(?P<quote>")')}


class DotenvFault(ValueError):
    """A line can't be read.

    Attributes:
        line: its number, from 1.
        summary: what is wrong.
        fix: what to write instead.
    """

    def __init__(self, line: int, summary: str, fix: str) -> None:
        self.line = line
        self.summary = summary
        self.fix = fix
        super().__init__(f"line {line}: {summary}; {fix}")


def parse_dotenv(text: str, values: Mapping[str, str]) -> dict[str, str | None]:
    """Read a whole file.

    Args:
        text: the file; a byte order mark at its start and all line ends are allowed.
        values: what variables in the values can take, before the keys of the file itself.

    Returns:
        The value by key, in order; None for a key that stands alone. A later line wins.

    Raises:
        DotenvFault: at the first line that can't be read.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    result: dict[str, str | None] = {}
    known = dict(values)
    at, line = 0, 1
    while at < len(text):
        end = _line_end(text, at)
        stripped = text[at:end].strip()
        if stripped and not stripped.startswith("#"):
            key, value, end = _entry(text, at, line, known)
            result[key] = value
            if value is not None and key not in values:
                known[key] = value
        line += text.count("\n", at, end + 1)
        at = end + 1
    return result


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _entry(text: str, at: int, line: int, values: Mapping[str, str]) -> tuple[str, str | None, int]:
    """Read the entry that starts at an offset; return key, value and the offset of its last line's end."""
    found = _LINE.match(text, at)
    if found is None or not _KEY.fullmatch(found["key"]):
        shown = text[at : _line_end(text, at)].strip().split("=", 1)[0][:40]
        fix = "write KEY=value, with a key of letters, digits and _, or # before a comment"
        raise DotenvFault(line, f"'{shown}' is no variable's name", fix)
    key, end = found["key"], _line_end(text, at)
    if found["rest"] is None:
        tail = text[found.end() : end].strip()
        if tail and not tail.startswith("#"):
            raise DotenvFault(line, f"no '=' after '{key}'", f"write {key}=value")
        return key, None, end
    start = found.start("rest") + 1
    while start < end and text[start] in " \t":
        start += 1
    quote = text[start] if start < end else ""
    try:
        if quote in _CLOSING:
            value, end = _quoted(text, start, line, key, values)
        else:
            value = expand(_COMMENT.sub("", text[start:end]).rstrip(), values, Usage())
    except TemplateFault as fault:
        raise DotenvFault(line, f"{key}: {fault.summary}", fault.fix) from None
    return key, value, end


def _quoted(text: str, start: int, line: int, key: str, values: Mapping[str, str]) -> tuple[str, int]:
    quote = text[start]
    closing = _CLOSING[quote].search(text, start + 1)
    if closing is None:
        raise DotenvFault(line, f"the quoted value of '{key}' isn't closed", f"write {quote} at its end")
    stop = closing.end() - 1
    end = _line_end(text, stop)
    tail = text[stop + 1 : end].strip()
    if tail and not tail.startswith("#"):
        fix = f"escape a quote inside as \\{quote}" if quote == '"' else "use double quotes around single ones"
        raise DotenvFault(line, f"text after the closing quote of '{key}'", fix)
    inner = text[start + 1 : stop]
    return (inner if quote == "'" else _double(inner, values)), end


def _double(inner: str, values: Mapping[str, str]) -> str:
    """Resolve escapes, then variables: in that order, so that a variable's own backslashes stay."""
    return expand(_ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), inner), values, Usage())
