"""`dockerspec adopt`."""

from __future__ import annotations

import click

from dockerspec.cli import exits
from dockerspec.cli.options import carry_out_options, engine_options, spec_file_options
from dockerspec.cli.session import Session, SpecSource
from dockerspec.cli.spec_faults import load_or_print


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME|KIND.NAME]...")
@spec_file_options
@carry_out_options
@engine_options
@click.pass_obj
def adopt(
    session: Session,
    source: SpecSource,
    names: tuple[str, ...],
    yes: bool,
    parallelism: int | None,
    lock_timeout: float,
) -> int:
    """Take over objects that others made.

    Where the spec wants an object and one that dockerspec did not make has its name, that one becomes the stack's.
    The object itself is not touched: nothing restarts, no data moves. Shows first what the next apply would change on
    it, and asks. Without names, every such object is taken over. Exit status: 0 done, 1 failed, 3 refused.

    \b
    Examples:
      dockerspec adopt
      dockerspec adopt container.web volume.data
      dockerspec adopt -f shop.yaml --yes
    """
    spec = load_or_print(session, source, as_json=False)
    if spec is None:
        return exits.FAILED
    from dockerspec.cli.take_over import take_over

    with session.docker() as docker, docker.lock(spec.owner, lock_timeout):
        return take_over(session, docker, docker.plan_adopt(spec, names), yes=yes, parallelism=parallelism)
