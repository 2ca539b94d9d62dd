"""`dockerspec version`."""

from __future__ import annotations

import platform

import click

from dockerspec._version import __version__
from dockerspec.cli.options import engine_options
from dockerspec.cli.session import Session


@click.command()
@click.option("--engine", is_flag=True, help="Ask the engine for its version too.")
@engine_options
@click.pass_obj
def version(session: Session, engine: bool) -> None:
    """Print the versions in use.

    Prints the version of dockerspec and of the Python below it, and with --engine those of the Docker engine and of
    its API. This is what a bug report should start with.

    \b
    Examples:
      dockerspec version
      dockerspec version --engine --host unix:///run/user/1000/docker.sock
    """
    rows = [("dockerspec", __version__), ("Python", platform.python_version())]
    if engine:
        from dockerspec.render.clean import Cleaner

        clean = Cleaner(session.mask)
        with session.docker() as docker:
            facts = docker.version()
            rows += [
                ("Docker", clean(f"{facts.version} ({facts.os}/{facts.arch})")),
                ("Docker API", ".".join(map(str, facts.api))),
                ("endpoint", clean(docker.endpoint)),
            ]
    session.console.out("".join(f"{name:<11} {value}\n" for name, value in rows))
