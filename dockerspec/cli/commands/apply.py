"""`dockerspec apply`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.carry_out import Wishes, carry_out
from dockerspec.cli.options import asked_options, carry_out_options, engine_options, json_option, spec_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print
from dockerspec.core.plan.asked import Asked
from dockerspec.core.plan.saved import SavedPlan


@click.command()
@spec_options
@asked_options
@carry_out_options
@json_option
@engine_options
@click.pass_obj
def apply(
    session: Session,
    source: SpecSource,
    asked: Asked,
    yes: bool,
    parallelism: int | None,
    lock_timeout: float,
    as_json: bool,
) -> int:
    """Make the host as the spec says.

    Shows the plan, asks, and carries it out in order and in parallel. A container that is replaced stays until the new
    one is ready, and is back if that fails. Ctrl-C ends the run after the calls that are under way, a second one at
    once; the next run goes on from there. What deletes data, takes a service down or removes what others made is asked
    for, or takes --allow: --yes alone is not enough. Exit status: 0 done, 1 failed, 3 refused, 130 stopped.

    FILE may also be a plan that `dockerspec plan -o` kept. Then just that is done, without a question, or nothing at
    all if anything is different by now.

    \b
    Examples:
      dockerspec apply
      dockerspec apply shop.yaml --yes
      dockerspec apply --target container.web --delete-volume cache
      dockerspec apply --yes --allow service-down
      dockerspec apply --replace web
      dockerspec apply shop.plan
    """
    from dockerspec.cli.saved import find

    saved = find(source)
    if saved is not None:
        if any(value for key, value in asked.wishes.items() if key != "allow"):
            raise click.UsageError(
                f"{source.paths[0]} is a saved plan, made for what was asked for then; give it alone"
            )
        return _apply_saved(
            session, saved, source, Wishes("", True, parallelism, as_json, lock_timeout, allow=asked.allow)
        )
    spec = load_or_print(session, source, as_json=as_json)
    if spec is None:
        return exits.FAILED
    with session.docker() as docker:
        return carry_out(
            session,
            docker,
            spec,
            lambda: docker.plan(spec, **asked.wishes),
            Wishes("Apply this plan?", yes, parallelism, as_json, lock_timeout, allow=asked.allow),
        )


def _apply_saved(session: Session, saved: SavedPlan, given: SpecSource, wishes: Wishes) -> int:
    from dockerspec.cli.saved import spec_source

    spec = load_or_print(session, spec_source(saved, given), as_json=wishes.as_json)
    if spec is None:
        return exits.FAILED
    with session.docker() as docker:
        return carry_out(session, docker, spec, lambda: docker.plan_again(saved, spec), wishes)
