"""Exceptions in words, for standard error."""

from __future__ import annotations

import os
import traceback

from dockerspec.cli import exits
from dockerspec.cli.session import Session
from dockerspec.errors import Cancelled, DockerspecError, EngineError, Refused, SpecError
from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Line, Piece, Role, paint
from dockerspec.render.text import render_diagnostics

DEBUG = "DOCKERSPEC_DEBUG"


def foreseen(session: Session, fault: DockerspecError) -> int:
    """Explain an error of ours on standard error; the answer is the exit status."""
    clean = Cleaner(session.mask)
    if isinstance(fault, SpecError):
        session.console.err(render_diagnostics(fault.diagnostics, session.console.err_style, mask=session.mask))
        return exits.FAILED
    if isinstance(fault, Cancelled):
        _say(session, _message("stopped", str(fault), clean))
        return exits.INTERRUPTED
    if isinstance(fault, Refused):
        _say(session, _message("refused", str(fault), clean))
        return exits.REFUSED
    if isinstance(fault, EngineError):
        hint = [(Piece(line, Role.KEEP),) for line in clean.lines(fault.hint)]
        _say(session, [*_message("error", fault.message, clean), *hint])
        return exits.FAILED
    _say(session, _message("error", str(fault), clean))
    return exits.FAILED


def unforeseen(session: Session, fault: Exception) -> int:
    """Own up to a bug of ours in a line or two, with the traceback only where it is asked for."""
    clean = Cleaner(session.mask)
    what = f"{type(fault).__name__}: {fault}".partition("\n")[0]
    lines = _message("internal error", f"{what}; please report this as a bug of dockerspec", clean)
    if os.environ.get(DEBUG):
        lines += [(Piece(line),) for line in clean.lines("".join(traceback.format_exception(fault)))]
    else:
        lines.append((Piece(f"Set {DEBUG}=1 to see where it happened.", Role.FAINT),))
    _say(session, lines)
    return exits.FAILED


def _message(kind: str, text: str, clean: Cleaner) -> list[Line]:
    first, *rest = clean.lines(text) or [""]
    return [(Piece(f"{kind}: ", Role.DANGER), Piece(first)), *((Piece(line),) for line in rest)]


def _say(session: Session, lines: list[Line]) -> None:
    session.console.err(paint(lines, session.console.err_style))
