"""What `adopt` shows, asks and does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerspec.cli import exits
from dockerspec.cli.interrupt import stoppable
from dockerspec.cli.session import Session
from dockerspec.cli.views import print_plan, print_report
from dockerspec.core.owner import called
from dockerspec.errors import Refused
from dockerspec.render.clean import Cleaner
from dockerspec.render.words import plural

if TYPE_CHECKING:
    from dockerspec.api import Docker
    from dockerspec.core.takein.adopt import Adoption


def take_over(
    session: Session, docker: Docker, adoption: Adoption, *, yes: bool, parallelism: int | None = None
) -> int:
    """Show what is taken over and what would follow, get a yes, do it, and answer with the exit status.

    Raises:
        Refused: nobody said yes; nothing was changed.
    """
    if adoption.plan.errors:
        print_plan(session, docker, adoption.plan, "text")
        return exits.FAILED
    clean, console = Cleaner(session.mask), session.console
    if not adoption.taken:
        console.out(f"Nothing to adopt: no foreign object has a name that the {clean(called(adoption.stack))} wants.\n")
        return exits.OK
    console.out("Taken over as they are; nothing restarts, no data moves:\n")
    width = max(len(clean(str(item.address))) for item in adoption.taken)
    for item in adoption.taken:
        console.out(f"  {clean(str(item.address)):<{width}}  {clean(item.name)}\n")
    console.out("\nThe plan after that:\n\n")
    print_plan(session, docker, adoption.afterwards, "text")
    _confirm(session, yes)
    from dockerspec.api import PARALLELISM

    with stoppable(announce=not console.is_live) as stop:
        report = docker.apply(adoption.plan, parallelism=parallelism or PARALLELISM, cancel=stop)
    if report.cancelled or not report.ok:
        print_report(session, report, adoption.plan, as_json=False)
        return exits.INTERRUPTED if report.cancelled else exits.FAILED
    console.out(f"\nAdopted {plural(len(adoption.taken), 'object')}. `dockerspec plan` shows what differs.\n")
    return exits.OK


def _confirm(session: Session, yes: bool) -> None:
    if yes:
        return
    if not session.console.can_ask:
        raise Refused("nothing was changed, since there is no terminal to ask on; pass --yes to adopt without asking")
    session.console.err("\n")
    if not session.console.ask("Take these over?"):
        raise Refused("nothing was changed, since the answer was no")
