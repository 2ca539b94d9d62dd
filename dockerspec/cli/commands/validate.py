"""`dockerspec validate`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import json_option, look_options, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.core.diagnostics import Severity
from dockerspec.core.owner import named
from dockerspec.render.text import render_diagnostics


@click.command()
@spec_options
@json_option
@look_options
@click.pass_obj
def validate(session: Session, source: SpecSource, as_json: bool) -> int:
    """Check spec files without an engine.

    Reads the files and their variables, and lists every fault with its place and what to write instead. Without FILE
    the first of dockerspec.yaml, stack.yaml and compose.yaml in the working folder is read. Exit status: 0 if the
    spec can be used, 1 if not.

    \b
    Examples:
      dockerspec validate
      dockerspec validate shop.yaml prod.yaml --var tag=1.5
      dockerspec validate --json - < shop.yaml
    """
    result = session.load(source)
    console = session.console
    failed = any(item.severity is Severity.ERROR for item in result.diagnostics)
    if as_json:
        from dockerspec.render.json import diagnostics_json

        console.out(diagnostics_json(result.diagnostics, mask=session.mask))
    else:
        console.out(render_diagnostics(result.diagnostics, console.out_style, mask=session.mask))
        if result.stack is not None and not failed:
            kind, name = named(result.owner)
            console.out(f"{kind.capitalize()} {name} is valid.\n")
    return exits.FAILED if failed else exits.OK
