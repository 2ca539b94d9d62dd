"""How a wrong value is quoted in an error: short, on one line, told apart from the words around it.

Called by every grammar of this package. Values may be secrets by mistake; callers that read `KEY=VALUE` texts
therefore quote the key only.
"""

from __future__ import annotations

_LIMIT = 60


def shown(value: object) -> str:
    """The value as a quoted text of at most 60 characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= _LIMIT else f"{text[: _LIMIT - 4]}...{text[-1]}"
