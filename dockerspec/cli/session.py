"""What one run of the command line knows: the global options, and the secrets that no output may show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dockerspec.cli.console import Console
from dockerspec.core.diagnostics import Severity
from dockerspec.errors import SpecError

if TYPE_CHECKING:
    from dockerspec.api import Docker
    from dockerspec.core.plan.asked import Asked
    from dockerspec.core.plan.saved import Source
    from dockerspec.core.spec.load import LoadResult


LOGGING = 2
"""How often -v must be given for the log."""


@dataclass(frozen=True, slots=True)
class SpecSource:
    """Where the spec comes from, and the choices of a Compose project, as the command line has them."""

    paths: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    project_name: str = ""
    profiles: tuple[str, ...] = ()
    project_directory: str | None = None

    def saved(self, asked: Asked, *, destroys: bool) -> Source:
        """The same as a saved plan keeps it, with the options that the plan was made with."""
        from dockerspec.core.plan.saved import Source

        variables = dict(text.split("=", 1) for text in self.variables)
        return Source(
            self.paths,
            self.env_files,
            variables,
            destroys=destroys,
            project_name=self.project_name,
            profiles=self.profiles,
            project_directory=self.project_directory or "",
            **asked.wishes,
        )


@dataclass
class Session:
    """The state of one run. Options may stand before or after the command's name, so it is filled in two steps.

    Attributes:
        host: `--host`, or None.
        context: `--context`, or None.
        verbose: how often `-v` was given.
        colour: False after `--no-color`.
        mask: secret values known so far.
    """

    host: str | None = None
    context: str | None = None
    verbose: int = 0
    colour: bool = True
    mask: frozenset[str] = frozenset()

    @cached_property
    def console(self) -> Console:
        """The terminal; made after the options were read."""
        return Console(colour=self.colour)

    def load(self, source: SpecSource, *, all_resources: bool = False, only_shown: bool = False) -> LoadResult:
        """Load the spec, whatever its faults, and learn its secrets."""
        from dockerspec.api.files import load

        result = load(
            source.paths,
            env_files=source.env_files,
            variables=source.variables,
            project_name=source.project_name,
            profiles=source.profiles,
            project_directory=source.project_directory,
            all_resources=all_resources,
            only_shown=only_shown,
        )
        self.mask |= result.sensitive
        return result

    def load_sound(self, source: SpecSource) -> LoadResult:
        """Load a spec that is fit for use; its warnings go to standard error.

        Raises:
            SpecError: the spec has errors.
        """
        from dockerspec.render.text import render_diagnostics

        result = self.load(source)
        if any(item.severity is Severity.ERROR for item in result.diagnostics):
            raise SpecError(result.diagnostics)
        self.console.err(render_diagnostics(result.diagnostics, self.console.err_style, mask=self.mask))
        return result

    def docker(self) -> Docker:
        """Reach for the engine that the options name; nothing is asked of it yet."""
        from dockerspec.api import Docker

        if self.verbose >= LOGGING:
            from dockerspec.cli.logs import log_to_stderr

            log_to_stderr(lambda: self.mask)
        return Docker(host=self.host, context=self.context)
