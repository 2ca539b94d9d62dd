"""`dockerspec history` and `dockerspec history show`."""

from __future__ import annotations

from datetime import datetime

import click

from dockerspec.cli.options import json_option, look_options, spec_file_options
from dockerspec.cli.session import Session, SpecSource


@click.group(invoke_without_command=True)
@click.option("--stack", metavar="NAME", default="", help="Only runs on this stack.")
@spec_file_options
@click.option(
    "-n", "--number", "limit", type=click.IntRange(1), default=20, metavar="N", help="How many; 20 by default."
)
@json_option
@look_options
@click.pass_context
def history(ctx: click.Context, source: SpecSource, stack: str, limit: int, as_json: bool) -> None:
    """Show earlier runs.

    Lists the runs of apply, destroy and rollback on this machine that changed something, the newest first. With --file
    or --stack only those on one stack. The history is a convenience: nothing depends on it, and it can be deleted at
    any time (see docs/history.md).

    \b
    Examples:
      dockerspec history
      dockerspec history --stack shop -n 5
      dockerspec history show 12
      dockerspec history show 12 --spec > then.yaml
    """
    if ctx.invoked_subcommand is not None:
        return
    from dockerspec.cli.carry_out import remembering

    session = ctx.find_object(Session)
    assert session is not None
    if source.paths and not stack:
        stack = session.load_sound(source).owner
    found = remembering()
    entries = found.entries(stack, limit=limit)
    if as_json:
        from dockerspec.render.history_json import history_json

        session.console.out(history_json(entries))
        return
    from dockerspec.render.text import render_history

    session.console.out(render_history(entries, _when, session.console.out_style))
    if not found.is_on:
        session.console.err("note: no history is kept: DOCKERSPEC_HISTORY says off, or there is no home folder\n")


@history.command()
@click.argument("number", type=click.IntRange(1), metavar="N")
@click.option("--spec", "only_spec", is_flag=True, help="Print the spec alone, as it can be applied again.")
@json_option
@look_options
@click.pass_obj
def show(session: Session, number: int, only_spec: bool, as_json: bool) -> None:
    """Show one run: its plan and its report as they read then.

    \b
    Examples:
      dockerspec history show 12
      dockerspec history show 12 --json
    """
    from dockerspec.cli.carry_out import remembering
    from dockerspec.errors import HistoryError

    entry, details = remembering().entry(number)
    if as_json:
        from dockerspec.render.history_json import entry_json

        session.console.out(entry_json(entry, details))
    elif only_spec:
        if details.spec is None:
            raise HistoryError(f"the spec of run {number} was not kept: {details.unkept}")
        session.console.out(details.spec.text)
    else:
        from dockerspec.render.text import render_entry

        session.console.out(render_entry(entry, details, _when, session.console.out_style))


def _when(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
