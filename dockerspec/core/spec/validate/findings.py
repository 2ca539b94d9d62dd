"""Where the rules put what they find.

Called by every rule of this package. A rule names the spec path at fault; text and place follow from it.
"""

from __future__ import annotations

from collections.abc import Callable

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
