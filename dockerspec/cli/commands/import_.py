"""`dockerspec import`."""

from __future__ import annotations

from pathlib import Path

import click

from dockerspec.cli import exits
from dockerspec.cli.options import engine_options
from dockerspec.cli.session import Session


@click.command("import")
@click.argument("names", nargs=-1, metavar="[CONTAINER]...")
@click.option(
    "--label", "labels", multiple=True, metavar="KEY[=VALUE]", help="Containers with this label; repeated: with all."
)
@click.option("--all", "everything", is_flag=True, help="Every container of the engine.")
@click.option("--stack", default="", metavar="NAME", help="The stack's name. Default: its own, or the folder's.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE", help="A new file for the spec.")
@click.option("--show-secrets", is_flag=True, help="Write secret values in clear, instead of references to them.")
@engine_options
@click.pass_obj
def import_(
    session: Session,
    names: tuple[str, ...],
    labels: tuple[str, ...],
    everything: bool,
    stack: str,
    output: str | None,
    show_secrets: bool,
) -> int:
    """Write a spec from live objects.

    Containers are given by name, by ID or by label; the networks and volumes that they use come along. Values that are
    the image's or the engine's own are left out. A plan of the spec is empty once foreign objects are adopted; what
    can't be said is a comment. Secret values are not written: they become references to variables.

    \b
    Examples:
      dockerspec import web db -o dockerspec.yaml
      dockerspec import --label com.docker.compose.project=shop
      dockerspec import --all --stack host
    """
    if not (names or labels or everything):
        raise click.UsageError("say which containers: give names, --label KEY=VALUE, or --all")
    if stack:
        _check_stack(stack)
    if output and Path(output).exists():
        raise click.UsageError(f"{output} is already there, and import overwrites nothing; give another name")
    from dockerspec.cli.written import report_written
    from dockerspec.core.takein.choose import Selection

    with session.docker() as docker:
        selection = Selection(names, labels, everything)
        found = docker.import_spec(selection, stack=stack, folder=Path.cwd().name, show_secrets=show_secrets)
    if output:
        with open(output, "x", encoding="utf-8") as file:
            file.write(found.text)
    else:
        session.console.out(found.text)
    report_written(session.console, found, output or "")
    return exits.OK


def _check_stack(name: str) -> None:
    from dockerspec.core.values import check_stack_name

    try:
        check_stack_name(name)
    except ValueError as fault:
        raise click.UsageError(str(fault)) from None
