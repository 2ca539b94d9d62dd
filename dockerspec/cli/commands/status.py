"""`dockerspec status`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import engine_options, json_option, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print
from dockerspec.cli.views import print_status


@click.command()
@spec_options
@json_option
@engine_options
@click.pass_obj
def status(session: Session, source: SpecSource, as_json: bool) -> int:
    """Show the stack's objects and what differs from the spec.

    One line per object: its state and health, for how long, its image and its published ports; below it the fields
    that are not as the spec says.

    \b
    Examples:
      dockerspec status
      dockerspec status shop.yaml --json
    """
    spec = load_or_print(session, source, as_json=as_json)
    if spec is None:
        return exits.FAILED
    with session.docker() as docker:
        print_status(session, docker.status(spec), as_json=as_json)
    return exits.OK
