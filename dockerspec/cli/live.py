"""The live display: finished objects scroll up, actions under way stand below with a spinner and their time.

Imported only where standard error is a terminal: rich is slow to load.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from dockerspec.cli.console import Console
from dockerspec.cli.interrupt import STOPPING
from dockerspec.cli.tally import Show, Tally, doing
from dockerspec.core.plan.action import Action
from dockerspec.core.report.outcome import Status
from dockerspec.core.report.progress import (
    ActionFinished,
    ActionNote,
    ActionStarted,
    Progress,
    UndoFinished,
    UndoStarted,
)
from dockerspec.render.report_text import seconds
from dockerspec.render.style import Line, paint

_FRAMES_PER_SECOND = 10


class _Display:
    """What stands below the finished lines. Read by the display's own thread, so it is locked."""

    def __init__(self, tally: Tally, stop: threading.Event, *, ascii_only: bool) -> None:
        self._tally = tally
        self._stop = stop
        self._spinner = Spinner("line" if ascii_only else "dots", style="cyan")
        self._running: dict[str, tuple[Action, float]] = {}
        self._notes: dict[str, str] = {}
        self._lock = threading.Lock()

    def begin(self, action: Action) -> None:
        """An action is under way."""
        with self._lock:
            self._running[action.key] = (action, time.monotonic())

    def note(self, action: Action, text: str) -> None:
        """A word on an action under way."""
        with self._lock:
            self._notes[action.key] = self._tally.clean(text)

    def end(self, action: Action) -> None:
        """An action is over."""
        with self._lock:
            self._running.pop(action.key, None)
            self._notes.pop(action.key, None)

    def __call__(self) -> RenderableType:
        now = time.monotonic()
        with self._lock:
            rows = [
                (self._tally.clean(str(action.address)), doing(action), seconds(now - since), self._notes.get(key, ""))
                for key, (action, since) in self._running.items()
            ]
        frame = self._spinner.render(now)
        lines = [_row(frame, *row) for row in rows]
        lines.append(Text(f"    {self._tally.ended} of {self._tally.total} engine calls done", style="dim"))
        if self._stop.is_set():
            lines.append(Text(f"    {STOPPING}", style="yellow"))
        return Group(*lines)


def _row(frame: RenderableType, name: str, what: str, took: str, note: str) -> Text:
    text = Text("  ", no_wrap=True, overflow="ellipsis")
    text.append_text(frame if isinstance(frame, Text) else Text("*"))
    return text.append(f" {name}  ").append(what, style="cyan").append(f"  {took}  {note}", style="dim")


@contextmanager
def live(console: Console, tally: Tally, stop: threading.Event) -> Iterator[Show]:
    """Run the display while the block lasts; it leaves only the finished lines behind."""
    screen = RichConsole(stderr=True, highlight=False, soft_wrap=True)
    display = _Display(tally, stop, ascii_only=not screen.encoding.startswith("utf"))

    with Live(console=screen, get_renderable=display, refresh_per_second=_FRAMES_PER_SECOND, transient=True) as running:

        def say(line: Line | None) -> None:
            if line is not None:
                text = paint([line], console.err_style).removesuffix("\n")
                running.console.print(Text.from_ansi(text), soft_wrap=True)

        yield lambda event: _take(event, tally, display, say)


def _take(event: Progress, tally: Tally, display: _Display, say: Callable[[Line | None], None]) -> None:
    match event:
        case ActionStarted(action):
            display.begin(action)
        case ActionNote(action, text):
            display.note(action, text)
        case ActionFinished(outcome):
            display.end(outcome.action)
            say(tally.finish(outcome))
        case UndoStarted(action):
            say(tally.begin(action, undo=True))
            display.begin(action)
        case UndoFinished(outcome):
            display.end(outcome.action)
            if outcome.status is Status.FAILED:
                say(tally.note(outcome.action, f"could not be taken back: {outcome.message}"))
