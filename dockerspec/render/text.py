"""The text views: values of the core in, the final text out.

Callers: the command line, and programs that want the same pages. Pure: colour and width are arguments, and every
text from outside is masked and escaped (`render.clean`). Each function returns whole lines, each ended by a newline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Style, paint

# Each page is loaded by the command that prints it.
if TYPE_CHECKING:
    from dockerspec.core.diagnostics import Diagnostic
    from dockerspec.core.history.entry import Details, Entry
    from dockerspec.core.plan.plan import Plan, Summary
    from dockerspec.core.report.drift import DriftReport
    from dockerspec.core.report.outcome import Report
    from dockerspec.core.report.status import StackStatus

PLAIN = Style()


def render_plan(
    plan: Plan, style: Style = PLAIN, *, mask: frozenset[str] = frozenset(), where: str = "", verbose: int = 0
) -> str:
    """A plan: objects, fields, causes, and the counts.

    Args:
        plan: the plan.
        style: colour and width.
        mask: secret values that must not be shown, wherever they occur.
        where: the engine, as `Docker 28.5.2 (unix:///var/run/docker.sock)`; empty to leave it out.
        verbose: from 1 on the engine calls follow, in order.
    """
    from dockerspec.render.plan_text import plan_lines

    return paint(plan_lines(plan, Cleaner(mask), style.columns, where, verbose), style)


def render_report(
    report: Report,
    style: Style = PLAIN,
    *,
    mask: frozenset[str] = frozenset(),
    summary: Summary | None = None,
    verbose: int = 0,
) -> str:
    """A report: failures with hints and logs, what was skipped or taken back, and the counts.

    Args:
        report: the report.
        style: colour and width.
        mask: secret values that must not be shown, wherever they occur.
        summary: the counts of the plan that was carried out; the last line of a success names them.
        verbose: from 1 on the actions that were done are listed too.
    """
    from dockerspec.render.report_text import report_lines

    return paint(report_lines(report, Cleaner(mask), summary, verbose), style)


def render_status(status: StackStatus, style: Style = PLAIN, *, mask: frozenset[str] = frozenset()) -> str:
    """The table of a stack's objects."""
    from dockerspec.render.status_text import status_lines

    return paint(status_lines(status, Cleaner(mask), style.columns), style)


def render_drift(report: DriftReport, style: Style = PLAIN, *, mask: frozenset[str] = frozenset()) -> str:
    """What drifted, and what merely differs from the edited spec."""
    from dockerspec.render.drift import drift_lines

    return paint(drift_lines(report, Cleaner(mask), style.columns), style)


def render_diagnostics(items: Iterable[Diagnostic], style: Style = PLAIN, *, mask: frozenset[str] = frozenset()) -> str:
    """Diagnostics in file order, then how many there are; an empty text for none."""
    from dockerspec.render.diagnostics_text import count_line, diagnostic_lines

    found = tuple(items)
    if not found:
        return ""
    return paint([*diagnostic_lines(found, Cleaner(mask)), count_line(found)], style)


def render_history(entries: Sequence[Entry], when: Callable[[float], str], style: Style = PLAIN) -> str:
    """The table of runs; `when` puts a moment, in seconds since the epoch, into words."""
    from dockerspec.render.history_text import history_lines

    return paint(history_lines(entries, Cleaner(), when), style)


def render_entry(entry: Entry, details: Details, when: Callable[[float], str], style: Style = PLAIN) -> str:
    """One run: who, when and where, then its plan and its report as they read then."""
    from dockerspec.render.history_text import entry_head

    parts = [paint(entry_head(entry, Cleaner(), when), style), details.plan_text, details.report_text]
    return "\n".join(part for part in parts if part)
