"""Where the rules put what they find.

Called by every rule of this package. A rule names the spec path at fault; text and place follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from dockerspec.core.diagnostics import Diagnostic, Span, error, warning
from dockerspec.core.spec.paths import Path, format_path

SpanOf = Callable[[Path], Span | None]


class Findings:
    """The diagnostics of one run over the rules."""

    def __init__(self, span_of: SpanOf) -> None:
        self._span_of = span_of
        self.diagnostics: list[Diagnostic] = []

    def error(self, path: Path, summary: str, fix: str) -> None:
        """Note a fault that stops the run."""
        self.diagnostics.append(error(format_path(path), summary, fix, self._span_of(path)))

    def warning(self, path: Path, summary: str, fix: str) -> None:
        """Note something that a user should look at."""
        self.diagnostics.append(warning(format_path(path), summary, fix, self._span_of(path)))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)
