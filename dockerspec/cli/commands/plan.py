"""`dockerspec plan`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import asked_options, engine_options, json_option, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print
from dockerspec.cli.views import print_plan
from dockerspec.core.plan.asked import Asked


@click.command()
@spec_options
@asked_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How to print the plan; markdown is meant for a pull request's comment.",
)
@json_option
@click.option("--destroy", is_flag=True, help="Plan what `destroy` would do.")
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Keep the plan in this file: `apply FILE` does exactly that, or refuses.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 if there is nothing to do, 2 if there are changes, 1 on an error.",
)
@engine_options
@click.pass_obj
def plan(
    session: Session,
    source: SpecSource,
    asked: Asked,
    form: str,
    as_json: bool,
    destroy: bool,
    out: str | None,
    detailed_exitcode: bool,
) -> int:
    """Show what would change, and why.

    Compares the spec field by field with what the engine really runs and prints every difference with its cause:
    an edit of the spec, or a change made behind our back. Nothing is changed. Changes marked (live) are made without
    a restart.

    \b
    Examples:
      dockerspec plan
      dockerspec plan -f shop.yaml -f prod.yaml --target web
      dockerspec plan --detailed-exitcode --format markdown > comment.md
      dockerspec plan -o shop.plan && dockerspec apply shop.plan
    """
    if destroy and asked.replaces:
        raise click.UsageError("--replace and --destroy exclude each other")
    form = "json" if as_json else form
    spec = load_or_print(session, source, as_json=form == "json")
    if spec is None:
        return exits.FAILED
    with session.docker() as docker:
        found = docker.plan_destroy(spec, **asked.to_destroy) if destroy else docker.plan(spec, **asked.wishes)
        print_plan(session, docker, found, form)
        if found.errors:
            return exits.FAILED
        if out is not None:
            from dockerspec.cli.saved import keep

            keep(session, docker, found, spec, source.saved(asked, destroys=destroy), out)
    return exits.CHANGES if detailed_exitcode and not found.is_empty else exits.OK
