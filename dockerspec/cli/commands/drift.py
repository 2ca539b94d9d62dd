"""`dockerspec drift`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import engine_options, json_option, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print
from dockerspec.cli.views import print_drift


@click.command()
@spec_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How to print the report; markdown is meant for an issue or a chat.",
)
@json_option
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 if nothing drifted, 2 if something did, 1 on an error.",
)
@engine_options
@click.pass_obj
def drift(session: Session, source: SpecSource, form: str, as_json: bool, detailed_exitcode: bool) -> int:
    """Report what was changed on the host behind dockerspec's back.

    Lists objects that were changed, are missing, that the spec does not know though they have the stack's labels, and
    containers that are unhealthy or keep restarting. What only differs since the spec was edited is listed apart and is
    no drift. Only looks: takes no lock, changes nothing. Meant for a job that runs at night.

    \b
    Examples:
      dockerspec drift
      dockerspec drift shop.yaml --detailed-exitcode
      dockerspec drift --format markdown > drift.md
    """
    form = "json" if as_json else form
    spec = load_or_print(session, source, as_json=form == "json")
    if spec is None:
        return exits.FAILED
    with session.docker() as docker:
        report = docker.drift(spec)
    print_drift(session, report, form)
    if report.drifted:
        return exits.CHANGES if detailed_exitcode else exits.OK
    return exits.FAILED if report.diagnostics else exits.OK
