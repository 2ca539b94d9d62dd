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
from dockerspec.core.plan.consent import Consent, Guard, demands, lacking, refusal
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from dockerspec.errors import Refused
from dockerspec.render.clean import Cleaner

if TYPE_CHECKING:
    from dockerspec.api.history import History
    from dockerspec.core.history.entry import Entry

_WARNINGS = {
    Consent.VOLUME_DELETE: "Data will be lost for good",
    Consent.SERVICE_DOWN: "Taken down, with nothing in its place",
    Consent.FOREIGN: "Removed, though not made by dockerspec",
    Consent.STACK_TAKEOVER: "Removed, though made from another spec",
}


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
        allow: consents on top of those that the plan was made with.
    """

    question: str
    yes: bool = False
    parallelism: int | None = None
    as_json: bool = False
    lock_timeout: float = 0.0
    again: Entry | None = None
    allow: tuple[str, ...] = ()


def carry_out(session: Session, docker: Docker, spec: LoadResult, make: Callable[[], Plan], wishes: Wishes) -> int:
    """Carry out a plan of a spec, asking first, and answer with the exit status.

    Args:
        session: the run.
        docker: the engine.
        spec: the spec.
        make: makes the plan; asked again if time went by until the stack was ours alone.
        wishes: how.

    Raises:
        Refused: nobody said yes, or gave a consent that the plan needs, or another run is at work on the stack; nothing
            was changed.
    """
    plan = make()
    if plan.errors:
        print_plan(session, docker, plan, "json" if wishes.as_json else "text")
        return exits.FAILED
    if not wishes.as_json:
        print_plan(session, docker, plan, "text")
    asked, allow = False, wishes.allow
    if not plan.is_empty:
        asked = _confirm(session, plan, wishes)
        if asked:
            allow = tuple(guard.consent for guard in plan.guards)
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
                allow=allow,
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
    """Get a yes; whether somebody had to be asked for it.

    One question, and a yes to it is consent to all that it names: data can be lost only where a flag or the spec says
    so already, so that a second question would ask what was just answered.
    """
    missing = lacking(plan.guards, wishes.allow)
    clean = Cleaner(session.mask)
    if wishes.yes and missing:
        raise Refused(refusal(missing))
    if wishes.yes:
        return False
    if wishes.as_json or not session.console.can_ask:
        flags = "".join(f" --allow {guard.consent}" for guard in missing)
        what = "nothing was changed, since there is no terminal to ask on"
        why = f"\n{demands(missing)}" if missing else ""
        raise Refused(f"{what}; pass --yes{flags} to apply without asking{why}")
    session.console.err("\n")
    if not session.console.ask(f"{_warnings(plan, missing, clean)}{wishes.question}"):
        raise Refused("nothing was changed, since the answer was no")
    return True


def remembering() -> History:
    """The history of this machine; loaded by runs that change something."""
    from dockerspec.api.history import History

    return History()


def _warnings(plan: Plan, missing: tuple[Guard, ...], clean: Cleaner) -> str:
    """What a yes means beyond the plan, a line each: lost data always, the rest where no flag agreed to it."""
    told = {"Data will be lost for good": [change.address for change in plan.changes if change.data_loss]}
    told.update({_WARNINGS[guard.consent]: [item.address for item in guard.objects] for guard in missing})
    listed = ((words, ", ".join(clean(str(item)) for item in items)) for words, items in told.items() if items)
    return "".join(f"{words}: {objects}.\n" for words, objects in listed)
