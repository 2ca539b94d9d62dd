"""A report as text: what failed and why, what was left out because of it, what was taken back, what stands."""

from __future__ import annotations

from collections.abc import Iterator

from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.plan.plan import Summary
from dockerspec.core.report.outcome import Outcome, Report, Stand, Status
from dockerspec.render.clean import Cleaner
from dockerspec.render.style import Line, Piece, Role
from dockerspec.render.values import sides
from dockerspec.render.words import plural, tally

_INDENT = " " * 6


def report_lines(report: Report, clean: Cleaner, summary: Summary | None = None, verbose: int = 0) -> Iterator[Line]:
    """The whole report.

    Args:
        report: the report.
        clean: makes outside text safe.
        summary: the counts of the plan that was carried out, for the last line of a success.
        verbose: from 1 on the actions that were done are listed too.
    """
    outcomes = list(report.outcomes.values())
    blocks = [
        list(_done(outcomes, clean)) if verbose else [],
        list(_warnings(outcomes, clean)),
        [line for item in outcomes if item.status is Status.FAILED for line in _failure(item, clean)],
        list(_idle(outcomes, clean)),
        list(_undone(report.undone, clean)),
        list(_remaining(report.remaining, clean)),
        list(_unproven(report.unproven, clean)),
        list(_standing(report, clean)),
    ]
    for block in blocks:
        if block:
            yield from block
            yield ()
    yield from _verdict(report, summary)
    yield from _next(report, clean)


def _done(outcomes: list[Outcome], clean: Cleaner) -> Iterator[Line]:
    for item in outcomes:
        if item.status is Status.DONE:
            yield (
                Piece("  done       ", Role.GOOD),
                Piece(clean(item.action.key)),
                Piece(f"  {seconds(item.seconds)}", Role.FAINT),
            )
            for line in clean.lines(item.logs.strip("\n")):
                yield (Piece(f"{_INDENT}| ", Role.FAINT), Piece(line))


def _warnings(outcomes: list[Outcome], clean: Cleaner) -> Iterator[Line]:
    for item in outcomes:
        for text in item.warnings:
            yield (Piece("  warning    ", Role.WARNING), Piece(f"{clean(item.action.key)}: {clean(text)}"))


def _failure(item: Outcome, clean: Cleaner) -> Iterator[Line]:
    yield (
        Piece("  failed     ", Role.DANGER),
        Piece(clean(item.action.key), Role.STRONG),
        Piece(f"  after {seconds(item.seconds)}", Role.FAINT),
    )
    for line in clean.lines(item.message):
        yield (Piece(f"{_INDENT}{line}"),)
    if item.path:
        place = f"{clean(str(item.span))} " if item.span else ""
        yield (Piece(f"{_INDENT}spec: ", Role.FAINT), Piece(place, Role.STRONG), Piece(clean(item.path), Role.KEEP))
    for line in clean.lines(item.hint):
        yield (Piece(f"{_INDENT}hint: ", Role.FAINT), Piece(line, Role.KEEP))
    logs = clean.lines(item.logs.strip("\n"))
    if logs:
        yield (Piece(f"{_INDENT}last log lines:", Role.FAINT),)
        yield from ((Piece(f"{_INDENT}| ", Role.FAINT), Piece(line)) for line in logs)
    if item.checks:
        yield (Piece(f"{_INDENT}last health checks:", Role.FAINT),)
    for check in item.checks:
        first, *rest = clean.lines(check.output) or ["(no output)"]
        yield (Piece(f"{_INDENT}| ", Role.FAINT), Piece(f"exit status {check.exit_code}: {first}"))
        yield from ((Piece(f"{_INDENT}| ", Role.FAINT), Piece(f"  {line}")) for line in rest)


def _idle(outcomes: list[Outcome], clean: Cleaner) -> Iterator[Line]:
    """What never began. Skipped actions are grouped by the failure that they wait for."""
    causes: dict[str, list[str]] = {}
    for item in outcomes:
        if item.status is Status.SKIPPED:
            causes.setdefault(item.message, []).append(item.action.key)
    for cause, keys in causes.items():
        yield (Piece("  skipped    ", Role.WARNING), Piece(f"because of: {clean(cause)}", Role.FAINT))
        yield from ((Piece(f"{_INDENT}{clean(key)}"),) for key in keys)
    cancelled = [item.action.key for item in outcomes if item.status is Status.CANCELLED]
    if cancelled:
        yield (Piece("  not begun  ", Role.WARNING), Piece("the run was stopped before", Role.FAINT))
        yield from ((Piece(f"{_INDENT}{clean(key)}"),) for key in cancelled)


def _undone(steps: tuple[Outcome, ...], clean: Cleaner) -> Iterator[Line]:
    if steps:
        yield (Piece("  taken back ", Role.REPLACE), Piece("the way back to what was there before", Role.FAINT))
    for step in steps:
        if step.status is Status.DONE:
            yield (Piece(f"{_INDENT}{clean(step.action.key)}"),)
        else:
            yield (Piece(f"{_INDENT}{clean(step.action.key)}  failed: ", Role.DANGER), Piece(clean(step.message)))


def _remaining(changes: tuple[ObjectChange, ...], clean: Cleaner) -> Iterator[Line]:
    """What differs from the spec although its actions were done."""
    left = [change for change in changes if change.kind is not ChangeKind.KEEP]
    if left:
        yield (
            Piece("  remaining  ", Role.WARNING),
            Piece("still not as the spec says, after a second look", Role.FAINT),
        )
    for change in left:
        yield (Piece(f"{_INDENT}{clean(str(change.address))}  "), Piece(clean(change.cause), Role.FAINT))
        for field in change.fields:
            old, new = sides(field, clean)
            yield (Piece(f"{_INDENT}  {clean(field.path)}  is {old}, the spec says {new}"),)


def _unproven(reason: str, clean: Cleaner) -> Iterator[Line]:
    if reason:
        yield (Piece("  not proven ", Role.WARNING), Piece("the engine could not be read again at the end", Role.FAINT))
        yield from ((Piece(f"{_INDENT}{line}"),) for line in clean.lines(reason))


def _verdict(report: Report, summary: Summary | None) -> Iterator[Line]:
    took = seconds(report.seconds)
    if report.ok:
        what = tally(summary, done=True) if summary else plural(len(report.outcomes), "action")
        yield (Piece("Done: ", Role.GOOD), Piece(f"{what}, in {took}."))
        return
    counts = [(report.count(Status.DONE), "done")]
    counts += [(report.count(status), status.value) for status in (Status.FAILED, Status.SKIPPED)]
    counts.append((report.count(Status.CANCELLED), "not begun"))
    parts = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing done"
    word = "Stopped" if report.cancelled else "Failed"
    if report.remaining and not report.cancelled and report.count(Status.DONE) == len(report.outcomes):
        word = "Not converged"
    if report.unproven:
        word = "Not proven"
    yield (Piece(f"{word}: ", Role.DANGER), Piece(f"{plural(len(report.outcomes), 'action')}: {parts}, in {took}."))
    if not report.next:
        yield (Piece("What was done stands. Run `dockerspec plan` to see what is left.", Role.FAINT),)


_STANDS = {
    Stand.DONE: Role.GOOD,
    Stand.AS_BEFORE: Role.REPLACE,
    Stand.HALF_DONE: Role.DANGER,
    Stand.UNTOUCHED: Role.FAINT,
}


def _standing(report: Report, clean: Cleaner) -> Iterator[Line]:
    """How each object stands; a run that went well needs no such list."""
    if report.ok or not report.standing:
        return
    yield (Piece("  what stands", Role.STRONG),)
    rows = [(clean(str(item.address)), item) for item in report.standing]
    width = max(len(address) for address, _ in rows)
    for address, item in rows:
        note = (Piece(f"  {clean(item.note)}", Role.FAINT),) if item.note else ()
        stand = Piece(item.stand.value.ljust(9) if item.note else item.stand.value, _STANDS[item.stand])
        yield (Piece(f"{_INDENT}{address:<{width}}  "), stand, *note)


def _next(report: Report, clean: Cleaner) -> Iterator[Line]:
    if report.ok or not report.next:
        return
    yield (Piece("Next:", Role.STRONG),)
    rows = [(clean(item.command), clean(item.why)) for item in report.next]
    width = max(len(command) for command, _ in rows)
    yield from ((Piece(f"  {command:<{width}}", Role.KEEP), Piece(f"  {why}", Role.FAINT)) for command, why in rows)


def seconds(value: float) -> str:
    """A duration for people: `0.3 s`, `12 s`, `2 min 5 s`."""
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
