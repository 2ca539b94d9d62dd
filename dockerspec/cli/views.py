"""Choosing the view: a plan, report or status as text, JSON or Markdown on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerspec.cli.session import Session
from dockerspec.render.text import render_drift, render_plan, render_report, render_status

if TYPE_CHECKING:
    from dockerspec.api import Docker
    from dockerspec.core.plan.plan import Plan
    from dockerspec.core.report.drift import DriftReport
    from dockerspec.core.report.outcome import Report
    from dockerspec.core.report.status import StackStatus


def where(docker: Docker, plan: Plan) -> str:
    """The engine in words: `Docker 28.5.2 (unix:///var/run/docker.sock)`."""
    return f"Docker {plan.engine.version} ({docker.endpoint})"


def print_plan(session: Session, docker: Docker, plan: Plan, form: str) -> None:
    """Print a plan as `text`, `json` or `markdown`."""
    console = session.console
    if form == "json":
        from dockerspec.render.json import plan_json

        console.out(plan_json(plan, mask=session.mask))
    elif form == "markdown":
        from dockerspec.render.markdown import plan_markdown

        console.out(plan_markdown(plan, mask=session.mask, where=where(docker, plan)))
    else:
        style = console.out_style
        text = render_plan(plan, style, mask=session.mask, where=where(docker, plan), verbose=session.verbose)
        console.out(text)


def print_report(session: Session, report: Report, plan: Plan, *, as_json: bool) -> None:
    """Print the report of a run of a plan."""
    console = session.console
    if as_json:
        from dockerspec.render.json import report_json

        console.out(report_json(report, mask=session.mask))
        return
    style = console.out_style
    text = render_report(report, style, mask=session.mask, summary=plan.summary, verbose=session.verbose)
    console.out(f"\n{text}")


def print_status(session: Session, status: StackStatus, *, as_json: bool) -> None:
    """Print a stack's state."""
    console = session.console
    if as_json:
        from dockerspec.render.json import status_json

        console.out(status_json(status, mask=session.mask))
    else:
        console.out(render_status(status, console.out_style, mask=session.mask))


def print_drift(session: Session, report: DriftReport, form: str) -> None:
    """Print a drift report as `text`, `json` or `markdown`."""
    console = session.console
    if form == "json":
        from dockerspec.render.json import drift_json

        console.out(drift_json(report, mask=session.mask))
    elif form == "markdown":
        from dockerspec.render.drift import drift_markdown

        console.out(drift_markdown(report, mask=session.mask))
    else:
        console.out(render_drift(report, console.out_style, mask=session.mask))
