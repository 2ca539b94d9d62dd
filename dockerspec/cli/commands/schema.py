"""`dockerspec schema`."""

from __future__ import annotations

import click

from dockerspec.cli.options import look_options
from dockerspec.cli.session import Session


@click.command()
@look_options
@click.pass_obj
def schema(session: Session) -> None:
    """Print the JSON schema of spec files.

    An editor with a YAML language server completes and checks spec files with it: put
    `# yaml-language-server: $schema=stack.schema.json` on their first line.

    \b
    Examples:
      dockerspec schema > stack.schema.json
    """
    from dockerspec.core.spec.jsonschema import schema_text

    session.console.out(schema_text())
