"""`dockerspec rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dockerspec.cli.carry_out import Wishes, carry_out, remembering
from dockerspec.cli.options import allow_option, carry_out_options, engine_options, json_option, spec_file_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.errors import HistoryError, SpecError

if TYPE_CHECKING:
    from dockerspec.api.history import History


@click.command()
@click.argument("number", type=click.IntRange(1), metavar="[N]", required=False)
@click.option("--stack", metavar="NAME", default="", help="The stack, where neither N nor a spec file names it.")
@spec_file_options
@click.option(
    "--accept-env-files", is_flag=True, help="Go on although an env_file says something else than it did then."
)
@allow_option
@carry_out_options
@json_option
@engine_options
@click.pass_obj
def rollback(
    session: Session,
    number: int | None,
    stack: str,
    source: SpecSource,
    accept_env_files: bool,
    allow: tuple[str, ...],
    yes: bool,
    parallelism: int | None,
    lock_timeout: float,
    as_json: bool,
) -> int:
    """Go back to an earlier state.

    Applies the spec of run N of the history again, each container with the very image that it ran then. Without N it is
    the last run that succeeded and came to something else than is there now. Shows the plan, asks, and carries it out
    as `apply` does; a container that is replaced comes back if its successor fails. Secrets are read anew, and data in
    volumes stays as it is.

    The spec files are not changed: the next `plan` shows the way forward again.

    \b
    Examples:
      dockerspec rollback
      dockerspec rollback 12 --yes
      dockerspec rollback --stack shop --var TOKEN=...
    """
    history = remembering()
    with session.docker() as docker:
        engine = docker.version()
        if number is None:
            number = history.last_good(stack or _stack(session, source, history, engine.id), engine.id).number
        entry, details = history.entry(number)
        spec = docker.earlier_spec(
            entry,
            details,
            env_files=source.env_files,
            variables=source.variables,
            accept_env_files=accept_env_files,
        )
        session.mask |= spec.sensitive
        if spec.stack is None:
            raise SpecError(spec.diagnostics)
        if not as_json:
            session.console.err(f"Going back to run {number}; `dockerspec history show {number}` shows it.\n\n")
        wishes = Wishes("Go back to this?", yes, parallelism, as_json, lock_timeout, entry, allow)
        return carry_out(session, docker, spec, lambda: docker.plan(spec, allow=allow), wishes)


def _stack(session: Session, source: SpecSource, history: History, engine: str) -> str:
    """The stack that a rollback without a number is about: that of the spec here, or the only one on the engine.

    Raises:
        HistoryError: nothing says which.
    """
    spec = session.load(source)
    if spec.stack is not None:
        return spec.owner
    known = {entry.stack for entry in history.entries(engine=engine)}
    if len(known) == 1:
        return known.pop()
    raise HistoryError("no spec here says which stack is meant; name it with --stack, or the run by its number")
