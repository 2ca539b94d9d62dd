"""`dockerspec show`."""

from __future__ import annotations

import click

from dockerspec.cli.options import json_option, look_options
from dockerspec.cli.session import Session


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), metavar="FILE")
@json_option
@look_options
@click.pass_obj
def show(session: Session, file: str, as_json: bool) -> None:
    """Show a plan that was kept with `plan -o`.

    Reads nothing but the file. Whether the plan still holds is told by `apply FILE`, which refuses if not.

    \b
    Examples:
      dockerspec show shop.plan
      dockerspec show shop.plan --json
    """
    from dockerspec.api import open_plan

    saved = open_plan(file)
    if as_json:
        import json

        session.console.out(json.dumps(saved.document, indent=2, ensure_ascii=False) + "\n")
        return
    session.console.out(saved.text)
    session.console.err(f"\nMade {saved.made} for {saved.endpoint}.\n")
