"""`dockerspec config`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from dockerspec.cli import exits
from dockerspec.cli.options import look_options, spec_options
from dockerspec.cli.session import Session, SpecSource


def _listing(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(f"--{name}", "listing", flag_value=name, help=text)


@click.command()
@spec_options
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", help="How to print it.")
@_listing("services", "Only the names of the services, one a line.")
@_listing("volumes", "Only the names of the volumes.")
@_listing("networks", "Only the names of the networks.")
@_listing("images", "Only the images that services use.")
@_listing("profiles", "Only the profiles that services name.")
@click.option("--all-resources", is_flag=True, help="Keep networks, volumes, secrets and configs that nothing uses.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; only tell by the exit status.")
@look_options
@click.pass_obj
def config(
    session: Session,
    source: SpecSource,
    form: str,
    listing: str | None,
    all_resources: bool,
    quiet: bool,
) -> int:
    """Show what a Compose file comes to.

    Prints the project as `docker compose config` does: values put in, files merged, includes and extends taken in,
    every short form made long, paths absolute. Keys that dockerspec passes over or refuses are named on standard
    error; `dockerspec validate` checks the whole. Exit status: 0, or 1 if the files can't be used.

    \b
    Examples:
      dockerspec config
      dockerspec config -f compose.yaml -f prod.yaml --profile debug
      dockerspec config --format json | jq .services.web.ports
      dockerspec config --services
    """
    result = session.load(source, all_resources=all_resources, only_shown=True)
    console = session.console
    if result.diagnostics:
        from dockerspec.render.text import render_diagnostics

        console.err(render_diagnostics(result.diagnostics, console.err_style, mask=session.mask))
    if result.compose is None:
        if result.stack is not None:
            console.err("error: this is no Compose file; `dockerspec validate` checks a spec of dockerspec's own\n")
        return exits.FAILED
    if quiet:
        return exits.OK
    from dockerspec.core.spec.compose.show import listed, shown
    from dockerspec.render.project import tree_json, tree_yaml

    if listing is not None:
        console.out("".join(f"{line}\n" for line in listed(result.compose, listing)))
    elif form == "json":
        console.out(tree_json(shown(result.compose), mask=session.mask))
    else:
        console.out(tree_yaml(shown(result.compose, escape=False), mask=session.mask))
    return exits.OK
