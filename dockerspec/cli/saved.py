"""Saved plans on the command line: keep one, find one among the arguments, make it again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from dockerspec.api import Docker, is_plan_file, open_plan
from dockerspec.cli.session import Session, SpecSource
from dockerspec.errors import Refused

if TYPE_CHECKING:
    from dockerspec.core.plan.plan import Plan
    from dockerspec.core.plan.saved import SavedPlan, Source
    from dockerspec.core.spec.load import LoadResult

_STDIN = "-"


def keep(session: Session, docker: Docker, plan: Plan, spec: LoadResult, source: Source, path: str) -> None:
    """Write a plan to a file and say what to do with it.

    Raises:
        Refused: the spec came from standard input, so that nobody can make the plan again.
        PlanFileError: the file can't be written.
    """
    if _STDIN in source.files:
        raise Refused("a plan can only be kept for a spec in files, since applying it reads the spec again")
    saved = docker.save_plan(path, plan, spec, source)
    again = "".join(f" --var {name}=..." for name in saved.source.withheld)
    session.console.err(
        f"\nThe plan is kept in {path}. To do exactly this: dockerspec apply {shlex.quote(path)}{again}\n"
    )


def find(source: SpecSource) -> SavedPlan | None:
    """The saved plan that the arguments name, or None where they name a spec.

    Raises:
        UsageError: there are other files or options of a spec beside it.
        PlanFileError: it can't be used.
    """
    plans = [path for path in source.paths if path != _STDIN and is_plan_file(path)]
    if not plans:
        return None
    if len(source.paths) > 1 or source != SpecSource(source.paths, variables=source.variables):
        raise click.UsageError(f"{plans[0]} is a saved plan, which knows its spec; give it alone")
    return open_plan(plans[0])


def spec_source(saved: SavedPlan, given: SpecSource) -> SpecSource:
    """Where the spec of a saved plan is, with the variables that had to be given again.

    Raises:
        UsageError: one of them is missing.
    """
    names = {text.partition("=")[0] for text in given.variables}
    missing = [name for name in saved.source.withheld if name not in names]
    if missing:
        raise click.UsageError(
            f"the value of {missing[0]} is secret and was not kept; give it again: --var {missing[0]}=..."
        )
    kept = (f"{name}={value}" for name, value in saved.source.variables.items())
    source = saved.source
    return SpecSource(
        source.files,
        source.env_files,
        (*kept, *given.variables),
        source.project_name,
        source.profiles,
        source.project_directory or None,
    )
