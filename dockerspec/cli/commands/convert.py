"""`dockerspec convert`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dockerspec.cli import exits
from dockerspec.cli.options import look_options, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.core.diagnostics import Severity

if TYPE_CHECKING:
    from dockerspec.core.diagnostics import Diagnostic
    from dockerspec.core.spec.load import LoadResult

_OWN, _COMPOSE = "dockerspec", "compose"


@click.command()
@spec_options
@click.option("--to", type=click.Choice([_OWN, _COMPOSE]), help="The format to write. Default: the other one.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="A new file for the result; repeated: one for each file that is read.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@click.option("--resolve", is_flag=True, help="Put in values, overlays, includes and extends first; comments are lost.")
@look_options
@click.pass_obj
def convert(
    session: Session,
    source: SpecSource,
    to: str | None,
    outputs: tuple[str, ...],
    force: bool,
    resolve: bool,
) -> int:
    """Turn a Compose file into a spec of dockerspec's own, or back.

    Comments, order, anchors, quotes and ${VARIABLES} stay; only what the other format says otherwise is changed. What
    it can't say is left as a comment, and told with its line. The result is loaded and compared: if it would mean
    something else, nothing is written. Exit status: 0, or 1 if it can't be converted.

    \b
    Examples:
      dockerspec convert compose.yaml -o dockerspec.yaml
      dockerspec convert dockerspec.yaml --to compose
      dockerspec convert -f compose.yaml -f prod.yaml -o dockerspec.yaml -o dockerspec.prod.yaml
      dockerspec convert --resolve --profile debug > dockerspec.yaml
    """
    taken = [name for name in outputs if Path(name).exists()]
    if taken and not force:
        raise click.UsageError(f"{taken[0]} is already there; give another name, or --force to overwrite it")
    from dockerspec.api import convert as converted
    from dockerspec.render.text import render_diagnostics

    loaded = session.load(source)
    console = session.console
    _check_direction(loaded, to)
    found = converted(loaded, resolve=resolve)
    diagnostics = _joined(loaded, [fault for item in found for fault in item.diagnostics])
    console.err(render_diagnostics(diagnostics, console.err_style, mask=session.mask))
    if any(fault.severity is Severity.ERROR for fault in diagnostics):
        return exits.FAILED
    if len(outputs or ("-",)) != len(found):
        count = f"{len(found)} file{'s' if len(found) > 1 else ''}"
        raise click.UsageError(f"{count} would be written: give -o for each, or --resolve to make one of all")
    for name, item in zip(outputs, found, strict=False):
        _write(name, item.text)
        console.err(f"Wrote {name}.\n")
    if not outputs:
        console.out(found[0].text)
    _warn_of_paths(session, loaded, outputs, resolve=resolve)
    return exits.OK


def _check_direction(loaded: LoadResult, to: str | None) -> None:
    if loaded.stack is None or to is None:
        return
    if (to == _COMPOSE) == (loaded.compose is not None):
        kind = "a Compose file" if to == _COMPOSE else "a spec of dockerspec's own"
        raise click.UsageError(f"{loaded.files[0]} is {kind} already")


def _joined(loaded: LoadResult, found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What the conversion says, and of what the load says that which is not the same once more."""
    told = {fault.path for fault in found if fault.path}
    others = [fault for fault in loaded.diagnostics if fault not in found and fault.path not in told]
    return tuple(sorted([*others, *found], key=lambda fault: fault.sort_key))


def _write(name: str, text: str) -> None:
    """Write a file whole or not at all."""
    part = f"{name}.part"
    try:
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(part, name)
    except OSError as fault:
        Path(part).unlink(missing_ok=True)
        raise click.UsageError(f"{name} can't be written: {fault.strerror}") from None


def _warn_of_paths(session: Session, loaded: LoadResult, outputs: tuple[str, ...], *, resolve: bool) -> None:
    if resolve or loaded.origin is None:
        return
    for name, file in zip(outputs, loaded.origin.files, strict=False):
        if os.path.realpath(Path(name).absolute().parent) != os.path.realpath(file.folder):
            fix = f"move it beside {file.name}"
            session.console.err(f"warning: {name}: relative paths start from the folder of the spec; {fix}\n")
