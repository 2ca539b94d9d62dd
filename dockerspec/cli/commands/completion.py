"""`dockerspec completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dockerspec.cli.options import look_options
from dockerspec.cli.session import Session

_PROGRAM = "dockerspec"
_VARIABLE = "_DOCKERSPEC_COMPLETE"
_INSTALL = {
    "bash": 'put  eval "$(dockerspec completion bash)"  into ~/.bashrc',
    "zsh": 'put  eval "$(dockerspec completion zsh)"  into ~/.zshrc, after compinit',
    "fish": "dockerspec completion fish > ~/.config/fish/completions/dockerspec.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_INSTALL)))
@look_options
@click.pass_obj
def completion(session: Session, shell: str) -> None:
    """Print a shell's completion script.

    Its first line says how to install it. Commands, options and file names are then completed with the tab key.

    \b
    Examples:
      eval "$(dockerspec completion bash)"
      dockerspec completion fish > ~/.config/fish/completions/dockerspec.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click can't complete for {shell}")
    script = kind(click.Command(_PROGRAM), {}, _PROGRAM, _VARIABLE).source()
    session.console.out(f"# To install: {_INSTALL[shell]}\n{script.strip()}\n")
