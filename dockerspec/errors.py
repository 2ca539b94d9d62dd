"""Every exception that dockerspec raises on purpose.

    DockerspecError
    ├── SpecError               the spec can't be used; carries the diagnostics
    ├── EngineError             the engine said no, or can't be asked
    │   ├── EngineUnreachable   nothing answers at the endpoint
    │   ├── EngineForbidden     the socket is there, but not for this user
    │   ├── EngineLost          the connection broke while a call was under way
    │   ├── EngineTimeout       no answer in time
    │   ├── EngineTooOld        the engine's API version lacks what is asked
    │   ├── NotFound            404: no such object
    │   ├── Conflict            409 (or 403 in use): the object's state forbids it
    │   ├── BadRequest          400: the engine refuses the values
    │   └── ServerError         any other status, 500 above all
    ├── PlanFileError           a saved plan can't be written, read or used
    ├── HistoryError            the history can't be read or written; nothing else depends on it
    ├── Refused                 nothing was done, since a rule forbids it (exit status 3 or 1)
    └── Cancelled               stopped on the user's wish (Ctrl-C)

Inside the pure core, faults of the user's are `Diagnostic` values; they become a `SpecError` only at the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dockerspec.core.diagnostics import Diagnostic


class DockerspecError(Exception):
    """The root of the tree: `except DockerspecError` catches all that is foreseen."""


class SpecError(DockerspecError):
    """The spec has faults; `diagnostics` lists all of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(item) for item in self.diagnostics))


class EngineError(DockerspecError):
    """A call to the engine failed.

    Attributes:
        message: what the engine said, or what kept us from asking it.
        status: the HTTP status, or None where no answer came.
        call: the call that failed, such as `POST /containers/create`.
        hint: what the user can do about it, or an empty text.
        passing: whether the cause may well be gone a little later, so that the call is worth another try. Whether the
            failed one was carried out is another question.
    """

    def __init__(
        self, message: str, *, status: int | None = None, call: str = "", hint: str = "", passing: bool = False
    ) -> None:
        self.message = message
        self.status = status
        self.call = call
        self.hint = hint
        self.passing = passing
        super().__init__(f"{message}\n{hint}" if hint else message)


class EngineUnreachable(EngineError):
    """Nothing answers at the endpoint."""


class EngineForbidden(EngineError):
    """The endpoint exists, but this user may not use it."""


class EngineLost(EngineError):
    """The connection broke while a call was under way: it may or may not have been carried out."""


class EngineTimeout(EngineError):
    """The engine did not answer in time."""


class EngineTooOld(EngineError):
    """The engine's API version lacks what is asked of it."""


class NotFound(EngineError):
    """The engine has no such object (404)."""


class Conflict(EngineError):
    """The object's present state, or another object's name, forbids the call (409; 403 where still in use)."""


class BadRequest(EngineError):
    """The engine refuses the values given (400)."""


class ServerError(EngineError):
    """The engine failed inside (500), or answered with a status that means nothing to us."""


class PlanFileError(DockerspecError):
    """A saved plan can't be written, read or used."""


class HistoryError(DockerspecError):
    """The history of runs can't be read or written, or has no such run."""


class Refused(DockerspecError):
    """A rule forbids what was asked; nothing was changed."""


class Cancelled(DockerspecError):
    """The user stopped the run."""
