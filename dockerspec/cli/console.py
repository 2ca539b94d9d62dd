"""The terminal: colour, width, the two output streams, and the yes/no question.

Results go to standard output, all else to standard error, so that a pipe gets the result alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import IO

import click

from dockerspec.render.style import Style

_PIPE_WIDTH = 100
"""The width of a page that goes into a file or a pipe, unless COLUMNS says otherwise."""


def wants_colour(is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """Whether a stream gets colours: NO_COLOR, then FORCE_COLOR, then whether a terminal reads it."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR", "")
    if forced:
        return forced != "0"
    return is_terminal and environ.get("TERM") != "dumb"


class Console:
    """Where the command line writes and asks. Streams are looked up on each use, since tests swap them."""

    def __init__(self, *, colour: bool = True) -> None:
        """Make a console; without `colour` nothing is coloured, whatever the environment says."""
        self._colour = colour

    @property
    def out_style(self) -> Style:
        """The layout of standard output."""
        return self._style(sys.stdout)

    @property
    def err_style(self) -> Style:
        """The layout of standard error."""
        return self._style(sys.stderr)

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def is_live(self) -> bool:
        """Whether standard error gets a display that redraws itself: on a terminal, unless colours are unwanted."""
        return sys.stderr.isatty() and self.err_style.colour

    def out(self, text: str) -> None:
        """Write to standard output as it is, line ends included."""
        click.echo(text, nl=False, color=self.out_style.colour)

    def err(self, text: str) -> None:
        """Write to standard error as it is, line ends included."""
        click.echo(text, nl=False, err=True, color=self.err_style.colour)

    def ask(self, question: str) -> bool:
        """Ask for a yes; anything else, an ended input included, is a no."""
        try:
            return click.confirm(question, err=True)
        except click.Abort as stop:
            if isinstance(stop.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            self.err("\n")
            return False

    def _style(self, stream: IO[str]) -> Style:
        colour = self._colour and wants_colour(stream.isatty(), os.environ)
        return Style(colour, _width(stream))


def _width(stream: IO[str]) -> int:
    """The columns of a stream's page: COLUMNS, else the terminal's, else a fixed width."""
    wish = os.environ.get("COLUMNS", "")
    if wish.isdecimal() and int(wish):
        return int(wish)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _PIPE_WIDTH
    except (OSError, ValueError):  # no terminal, or a stream that is no file at all
        return _PIPE_WIDTH


def tolerate_any_text() -> None:
    """Let streams of a narrow encoding write what they can't encode as an escape, instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
