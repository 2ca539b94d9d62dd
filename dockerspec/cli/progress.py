"""Progress on standard error while a plan is carried out: plain lines, or a live display on a terminal.

All events come on the thread that called `apply`, one after another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dockerspec.cli.console import Console
from dockerspec.cli.tally import Show, Tally
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Status
from dockerspec.core.report.progress import (
    ActionFinished,
    ActionNote,
    ActionStarted,
    Progress,
    UndoFinished,
    UndoStarted,
)
from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Line, paint

_SLOW = ("pull", "build", "push", "await")
"""Verbs that can take long: their beginning is worth a line."""


@contextmanager
def progress(console: Console, plan: Plan, clean: Cleaner, verbose: int, stop: threading.Event) -> Iterator[Show]:
    """Show a run's progress while the block lasts; the value is what to call with each event."""
    tally = Tally(plan, clean)
    if console.is_live:
        from dockerspec.cli.live import live

        with live(console, tally, stop) as show:
            yield show
    else:
        yield plain(console, tally, verbose)


def plain(console: Console, tally: Tally, verbose: int) -> Show:
    """One line per object that is ready, per failure, and per slow action that begins; with -v per action."""

    def say(line: Line | None) -> None:
        if line is not None:
            console.err(paint([line], console.err_style))

    def show(event: Progress) -> None:
        match event:
            case ActionStarted(action) if verbose or action.verb in _SLOW:
                say(tally.begin(action))
            case ActionNote(action, text) if verbose:
                say(tally.note(action, text))
            case ActionFinished(outcome):
                say(tally.finish(outcome))
            case UndoStarted(action):
                say(tally.begin(action, undo=True))
            case UndoFinished(outcome) if outcome.status is Status.FAILED:
                say(tally.note(outcome.action, f"could not be taken back: {outcome.message}"))
            case _:
                pass

    return show
