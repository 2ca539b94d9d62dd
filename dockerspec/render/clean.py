"""Text from outside made fit to be shown: secrets masked, control characters escaped.

Every word that comes from a spec, an engine or a container passes here before it reaches a page: a label must not
be able to repaint the terminal, and an engine that quotes a password in its error must not publish it. Masking comes
before shortening and quoting, which would break a secret into parts that no longer match.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from dockerspec.core.diff.change import HIDDEN

SHORTEST_SECRET = 4
"""Shorter secrets are not masked: they occur by chance, and each masked chance occurrence would give them away."""


class Cleaner:
    """Cleans texts for one output. Cheap to make without secrets; calls keep no state."""

    __slots__ = ("_secrets",)

    def __init__(self, mask: Iterable[str] = ()) -> None:
        """Take the secret values to mask; those shorter than four characters are left out."""
        forms = {form for secret in mask for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        # The longest first: a secret that contains another must vanish whole.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._secrets = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def mask(self, text: str) -> str:
        """Replace every occurrence of a secret."""
        return self._secrets.sub(HIDDEN, text) if self._secrets else text

    def __call__(self, text: str) -> str:
        """Make a text safe for one line of output: masked, and nothing in it but printable characters."""
        return escape(self.mask(text))

    def lines(self, text: str) -> list[str]:
        """Make a longer text safe, line by line; tabs become spaces."""
        return [escape(line.expandtabs(4)) for line in self.mask(text).splitlines()]


def _forms(secret: str) -> Iterator[str]:
    """The shapes in which a secret may turn up: as it is, as JSON or Go would quote it, and line by line."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    stripped = secret.strip()
    yield stripped
    if "\n" in stripped:
        yield from (line.strip() for line in stripped.splitlines())


def escape(text: str) -> str:
    """Write characters that a terminal would act upon, or that would not show, as `\\n`, `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
