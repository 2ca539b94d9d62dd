"""A plan as Markdown, for a comment on a pull request: the counts, a table of objects, the fields folded away.

Texts from outside stand in code spans or in a fenced block, so that nothing in them becomes markup, a link or a
mention of somebody.
"""

from __future__ import annotations

from collections.abc import Iterator

from dockerspec.core.diff.change import ObjectChange
from dockerspec.core.owner import named
from dockerspec.core.plan.consent import MEANINGS, Guard, lacking
from dockerspec.core.plan.plan import Plan
from dockerspec.render.clean import Cleaner
from dockerspec.render.diagnostics_text import diagnostic_lines
from dockerspec.render.plan_text import action_word
from dockerspec.render.style import Style, paint
from dockerspec.render.values import itemised
from dockerspec.render.words import FATES, mark, nothing_to_do, order_note, plural, tally, why

_WIDTH = 160


def plan_markdown(plan: Plan, *, mask: frozenset[str] = frozenset(), where: str = "") -> str:
    """A plan as Markdown.

    Args:
        plan: the plan.
        mask: secret values that must not be shown, wherever they occur.
        where: the engine, as `Docker 28.5.2 (unix:///var/run/docker.sock)`; empty to leave it out.
    """
    clean, (kind, name) = Cleaner(mask), named(plan.stack)
    blocks = [f"### dockerspec plan: {kind} {code_span(clean(name))}", _verdict(plan, clean)]
    if where:
        blocks.append(f"On {code_span(clean(where))}.")
    if plan.diagnostics:
        blocks.append(_fence("text", paint(diagnostic_lines(plan.diagnostics, clean), Style()).splitlines()))
    if needed := lacking(plan.guards, ()):
        blocks.append("\n".join(_consents(needed, clean)))
    if plan.changes:
        blocks.append("\n".join(_table(plan, clean)))
    fields = sum(len(change.fields) for change in plan.changes)
    if fields:
        fence = _fence("diff", [line for change in plan.changes for line in _fields(change, clean)])
        summary = f"<summary>{plural(fields, 'differing field')}</summary>"
        blocks.append(f"<details>{summary}\n\n{fence}\n\n</details>")
    return "\n\n".join(blocks) + "\n"


def _verdict(plan: Plan, clean: Cleaner) -> str:
    if plan.errors:
        return f"**This plan can't be applied: {plural(len(plan.errors), 'error')}.**"
    if plan.is_empty:
        return plain_text(clean(nothing_to_do(plan)))
    return f"**Plan: {tally(plan.summary)}.**"


def _table(plan: Plan, clean: Cleaner) -> Iterator[str]:
    yield "| | Object | Action | Why |"
    yield "|:-:|---|---|---|"
    for change in plan.changes:
        cost = mark(change)
        shown = f" **({cost})**" if cost and cost not in ("live", "start-first") else f" ({cost})" if cost else ""
        sign, address = code_span(FATES[change.kind].sign), code_span(clean(str(change.address)))
        why_so = "; ".join(filter(None, (change.cause, order_note(change))))
        yield f"| {sign} | {address} | {action_word(plan, change)}{shown} | {plain_text(clean(why_so))} |"


def _consents(guards: tuple[Guard, ...], clean: Cleaner) -> Iterator[str]:
    yield "**This takes consent:**"
    yield ""
    for guard in guards:
        objects = ", ".join(code_span(clean(str(item.address))) for item in guard.objects)
        yield f"- {code_span(f'--allow {guard.consent}')}: {MEANINGS[guard.consent]}: {objects}"


def _fields(change: ObjectChange, clean: Cleaner) -> Iterator[str]:
    if change.fields:
        yield f"  {clean(str(change.address))}"
    for field in change.fields:
        yield f"    {clean(field.path)}: {clean(why(change, field))}"
        yield from (f"{sign}     {text}" for sign, text in itemised(field, clean, _WIDTH))


def _fence(language: str, lines: list[str]) -> str:
    """A fenced block; its fence is longer than any run of backticks inside."""
    longest = max((_longest_run(line) for line in lines), default=0)
    ticks = "`" * max(longest + 1, 3)
    return "\n".join([f"{ticks}{language}", *lines, ticks])


def code_span(text: str) -> str:
    """A code span that holds any text."""
    ticks = "`" * (_longest_run(text) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def plain_text(text: str) -> str:
    """Running text in which no character is markup, nor mentions anybody."""
    for char in "\\`*_[]<>#|~&":
        text = text.replace(char, f"\\{char}")
    return text.replace("@", "&#64;")


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
