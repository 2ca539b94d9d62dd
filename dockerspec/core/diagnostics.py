"""Faults as data: where, what, and what to write instead.

Stages return diagnostics beside their result and never raise for a user's fault; the edge sorts and shows them.
How the sentences are worded: docs/diagnostics-style.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops the run before anything is changed; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a source file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault.

    Attributes:
        severity: whether the run can go on.
        path: the spec path at fault, as `containers.web.ports[0]`; empty where the file as a whole is meant.
        summary: what is wrong, in one sentence without a full stop.
        fix: what to write or do instead; empty only where nothing useful can be said.
        span: the place in the file, or None for a fault that has none (the engine's state, say).
    """

    severity: Severity
    path: str
    summary: str
    fix: str = ""
    span: Span | None = None

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span else ""
        mark = "" if self.severity is Severity.ERROR else "warning: "
        path = f"{self.path}: " if self.path else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{place}{mark}{path}{self.summary}{fix}"

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File order first, so that a reader goes through the file once."""
        span = self.span or Span("", 0, 0)
        return (span.file, span.line, span.column, self.path, self.summary)


def error(path: str, summary: str, fix: str = "", span: Span | None = None) -> Diagnostic:
    """Make a diagnostic that stops the run."""
    return Diagnostic(Severity.ERROR, path, summary, fix, span)


def warning(path: str, summary: str, fix: str = "", span: Span | None = None) -> Diagnostic:
    """Make a diagnostic that only informs."""
    return Diagnostic(Severity.WARNING, path, summary, fix, span)
