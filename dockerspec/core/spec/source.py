"""What the pipeline reads: spec texts, variable values, and the door to further files.

Callers: `runtime.files` makes these values from disk and environment; `load` and the phases read them.
Limits: nothing here touches a file; `Reader` is the only way from the pure code to the outside.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

STDIN_NAME = "<stdin>"
"""How diagnostics name standard input."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One spec text.

    Attributes:
        name: how diagnostics name the file, usually the path as the user gave it.
        text: the whole text, decoded; a byte order mark at the start is allowed.
        folder: the absolute folder that relative paths of the spec start from.
    """

    name: str
    text: str
    folder: str

    @property
    def is_named_for_compose(self) -> bool:
        """Whether its name says that it is a Compose file, so that what it lacks is said in Compose's words."""
        return "compose" in posixpath.basename(self.name)


@dataclass(frozen=True, slots=True)
class FileFault:
    """Why a file could not be read.

    Attributes:
        summary: what is wrong, as "doesn't exist" or "is a folder": the path goes before it.
        fix: what the user can do about it, or an empty text.
        missing: whether the file is simply not there, which an optional `env_file` allows.
        line: the line that is at fault, from 1.
    """

    summary: str
    fix: str = ""
    missing: bool = False
    line: int = 1


# An absolute path in, the file's text or the fault out; never raises.
Reader: TypeAlias = Callable[[str], str | FileFault]


@dataclass(frozen=True, slots=True)
class Variables:
    """The values that `${NAME}` and `environment: [NAME]` can take, by where they come from.

    Attributes:
        given: `--var NAME=VALUE` of this run; wins over all else.
        environment: the environment of the process.
        dotenv: the values of the `--env-file`s, or of `.env`; loses to the environment.
        paths: the absolute paths of the files that `dotenv` comes from.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    dotenv: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()

    def merged(self) -> dict[str, str]:
        """Return one mapping in which the stronger source has won."""
        return {**self.dotenv, **self.environment, **self.given}
