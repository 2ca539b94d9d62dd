"""`dockerspec destroy`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import (
    asked_to_destroy_options,
    carry_out_options,
    engine_options,
    json_option,
    spec_options,
)
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print
from dockerspec.core.plan.asked import Asked


@click.command()
@spec_options
@asked_to_destroy_options
@carry_out_options
@json_option
@engine_options
@click.pass_obj
def destroy(
    session: Session,
    source: SpecSource,
    asked: Asked,
    yes: bool,
    parallelism: int | None,
    lock_timeout: float,
    as_json: bool,
) -> int:
    """Delete what belongs to the stack.

    Deletes the stack's containers and networks. Volumes stay, unless named with --delete-volume or all allowed with
    --allow volume-delete; so do images and whatever other stacks own. Shows the plan and asks first. Exit status: 0
    done, 1 failed, 3 refused, 130 stopped.

    \b
    Examples:
      dockerspec destroy
      dockerspec destroy shop.yaml --yes
      dockerspec destroy --delete-volume pgdata
    """
    spec = load_or_print(session, source, as_json=as_json)
    if spec is None:
        return exits.FAILED
    from dockerspec.cli.carry_out import Wishes, carry_out

    with session.docker() as docker:
        return carry_out(
            session,
            docker,
            spec,
            lambda: docker.plan_destroy(spec, **asked.to_destroy),
            Wishes("Delete all this?", yes, parallelism, as_json, lock_timeout, allow=asked.allow),
        )
