"""What `apply` and `destroy` share: show the plan, get a yes, carry it out, report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerspec.api import PARALLELISM, Docker
from dockerspec.cli import exits
from dockerspec.cli.interrupt import stoppable
from dockerspec.cli.progress import progress
from dockerspec.cli.session import Session
from dockerspec.cli.views import print_plan, print_report
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from dockerspec.errors import Refused
from dockerspec.render.clean import Cleaner

if TYPE_CHECKING:
    from dockerspec.api.history import History
    from dockerspec.core.history.entry import Entry


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a plan is to be carried out.

    Attributes:
        question: what is asked before anything is changed.
        yes: whether the answer was given on the command line.
        parallelism: engine calls at once; None for the default.
        as_json: whether the report is a JSON document; the plan is then not shown.
        lock_timeout: seconds to wait for another run on the stack.
        again: the run of the history that the spec is from.
    """

    question: str
    yes: bool = False
    parallelism: int | None = None
    as_json: bool = False
    lock_timeout: float = 0.0
    again: Entry | None = None


def carry_out(session: Session, docker: Docker, spec: LoadResult, make: Callable[[], Plan], wishes: Wishes) -> int:
    """Carry out a plan of a spec, asking first, and answer with the exit status.

    Args:
        session: the run.
        docker: the engine.
        spec: the spec.
        make: makes the plan; asked again if time went by until the stack was ours alone.
        wishes: how.

    Raises:
        Refused: nobody said yes, or another run is at work on the stack; nothing was changed.
    """
    plan = make()
    if plan.errors:
        print_plan(session, docker, plan, "json" if wishes.as_json else "text")
        return exits.FAILED
    if not wishes.as_json:
        print_plan(session, docker, plan, "text")
    asked = False
    if not plan.is_empty:
        asked = _confirm(session, plan, wishes)
    elif not wishes.as_json:
        return exits.OK
    clean, console = Cleaner(session.mask), session.console
    with nullcontext(False) if plan.is_empty else docker.lock(plan.stack, wishes.lock_timeout) as waited:
        if (asked or waited) and make() != plan:
            raise Refused("nothing was changed: the engine or the spec changed since this plan was made; run again")
        with (
            stoppable(announce=not console.is_live) as stop,
            progress(console, plan, clean, session.verbose, stop) as show,
        ):
            history = None if plan.is_empty else remembering()
            report = docker.apply(
                plan,
                spec=spec,
                parallelism=wishes.parallelism or PARALLELISM,
                on_event=show,
                cancel=stop,
                history=history,
                again=wishes.again,
            )
    for word in history.words if history is not None else ():
        console.err(f"note: {clean(word)}\n")
    print_report(session, report, plan, as_json=wishes.as_json)
    if report.cancelled:
        return exits.INTERRUPTED
    return exits.OK if report.ok else exits.FAILED


def _confirm(session: Session, plan: Plan, wishes: Wishes) -> bool:
    """Get a yes; whether somebody had to be asked for it."""
    if wishes.yes:
        return False
    if wishes.as_json or not session.console.can_ask:
        raise Refused("nothing was changed, since there is no terminal to ask on; pass --yes to apply without asking")
    clean = Cleaner(session.mask)
    lost = [clean(str(change.address)) for change in plan.changes if change.data_loss]
    warning = f"Data will be lost for good: {', '.join(lost)}.\n" if lost else ""
    session.console.err("\n")
    if not session.console.ask(f"{warning}{wishes.question}"):
        raise Refused("nothing was changed, since the answer was no")
    return True


def remembering() -> History:
    """The history of this machine; loaded by runs that change something."""
    from dockerspec.api.history import History

    return History()
