"""The `dockerspec` program: its commands by name, each loaded only when it is used or asked for help."""

from __future__ import annotations

import keyword
import sys
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any, NoReturn

import click

from dockerspec._version import __version__
from dockerspec.cli.console import tolerate_any_text
from dockerspec.cli.faults import guarded
from dockerspec.cli.options import engine_options
from dockerspec.cli.session import Session

COMMANDS = {
    "validate": "Check spec files without an engine.",
    "config": "Show what a Compose file comes to.",
    "convert": "Turn a Compose file into a spec of dockerspec's own, or back.",
    "plan": "Show what would change, and why.",
    "apply": "Make the host as the spec says.",
    "show": "Show a plan that was kept with `plan -o`.",
    "destroy": "Delete what belongs to the stack.",
    "history": "Show earlier runs.",
    "rollback": "Go back to an earlier state.",
    "import": "Write a spec from live objects.",
    "adopt": "Take over objects that others made.",
    "status": "Show the stack's objects and what differs from the spec.",
    "drift": "Report what was changed on the host behind dockerspec's back.",
    "schema": "Print the JSON schema of spec files.",
    "version": "Print the versions in use.",
    "completion": "Print a shell's completion script.",
}
"""The commands in the order of the help page; the texts stand here so that help loads none of them."""


class Program(click.Group):
    """A group that loads its commands on use and turns every exception into a message and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names, in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Load one command's module; it holds a function of the command's name."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"dockerspec.cli.commands.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the program and exit with its status (see `dockerspec.cli.exits`)."""
        tolerate_any_text()
        session = Session()
        extra.update(standalone_mode=False, obj=session)
        call = super().main
        sys.exit(guarded(session, lambda: call(*args, **extra)))


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"dockerspec {__version__}")
        ctx.exit()


_CONTEXT: MutableMapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Program, context_settings=_CONTEXT, no_args_is_help=True)
@engine_options
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print it.")
def program() -> None:
    """Describe containers, images, networks and volumes in YAML; see what differs; apply it.

    \b
    Examples:
      dockerspec validate
      dockerspec plan shop.yaml
      dockerspec --context prod apply -f shop.yaml -f prod.yaml
    """
