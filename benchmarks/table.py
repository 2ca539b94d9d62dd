"""Cases as Markdown: a table each, and below it what came of its aim. Pure.

Callers: the command line. What was measured is in `Case`; the rest of a page is written by hand around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.measure import Series, ratios

_UNKNOWN = "-"
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Aim:
    """What was hoped for: the contender `subject` takes at most `limit` times as long as the case's base."""

    subject: str
    limit: float


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was measured.

    Attributes:
        title: what was done.
        series: the contenders, in the order of the table.
        base: the name of the contender with which the others are compared; empty for no comparison.
        aim: what was hoped for.
    """

    title: str
    series: tuple[Series, ...]
    base: str = ""
    aim: Aim | None = None

    def ratios(self, name: str) -> tuple[float, ...]:
        """How many times as long as the base a contender takes, in each round.

        Raises:
            KeyError: there is no such contender, or no base.
        """
        by_name = {item.name: item for item in self.series}
        return ratios(by_name[name], by_name[self.base])


@dataclass(frozen=True, slots=True)
class Toll:
    """What a client saw in one round.

    Attributes:
        requests: how many it made.
        failed: how many of them failed.
        slowest: the longest time that an answer took, in seconds.
        faults: how often it saw each fault.
    """

    requests: int
    failed: int
    slowest: float
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tolls:
    """Requests counted while something happened.

    Attributes:
        title: what happened.
        rows: the rounds of each contender, in the order of the table.
    """

    title: str
    rows: Mapping[str, tuple[Toll, ...]]


def markdown(cases: Sequence[Case | Tolls]) -> str:
    """All cases, each under a heading of the third level."""
    return "\n\n".join(_tolls(case) if isinstance(case, Tolls) else _section(case) for case in cases) + "\n"


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right, padded for reading as text."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([line(head), line(rule), *(line(row) for row in rows)])


def seconds(value: float) -> str:
    """A time for reading: `12.3 s`, `1.23 s`, `123 ms`, `4.56 ms`."""
    if value >= 1:
        return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"


def verdict(case: Case) -> str:
    """One sentence on the case's aim; empty without one."""
    if case.aim is None:
        return ""
    found = case.ratios(case.aim.subject)
    word = "met" if median(found) <= case.aim.limit else "missed"
    spread = f"{median(found):.2f} ({min(found):.2f} to {max(found):.2f} in single rounds)"
    return f"Aim: {case.aim.subject} at most {case.aim.limit:g} times {case.base}: {spread}, {word}."


def _section(case: Case) -> str:
    with_memory = any(item.peak for item in case.series)
    head = ["", "median", "best"]
    head += ["peak memory"] if with_memory else []
    head += [f"against {case.base}"] if case.base else []
    rows = [_row(case, item, with_memory=with_memory) for item in case.series]
    parts = [
        f"### {case.title}",
        grid(head, rows),
        f"{_rounds(len(case.series[0].samples))}. {verdict(case)}".strip(),
    ]
    return "\n\n".join(parts)


def _tolls(case: Tolls) -> str:
    rows = []
    for name, found in case.rows.items():
        requests, failed = sum(item.requests for item in found), [item.failed for item in found]
        spread = f"{min(failed)} to {max(failed)}"
        slowest = seconds(max(item.slowest for item in found))
        rows.append([name, f"{requests}", f"{sum(failed)}", spread, slowest])
    head = ["", "requests", "failed", "failed in a round", "slowest answer"]
    return "\n\n".join([f"### {case.title}", grid(head, rows), f"{_rounds(len(next(iter(case.rows.values()))))}."])


def _rounds(count: int) -> str:
    return f"{count} round{'s' if count != 1 else ''}"


def _row(case: Case, item: Series, *, with_memory: bool) -> list[str]:
    cells = [item.name, seconds(item.median), seconds(item.low)]
    if with_memory:
        cells.append(f"{item.peak / _MIB:.0f} MiB" if item.peak else _UNKNOWN)
    if case.base:
        cells.append(f"{median(case.ratios(item.name)):.2f}")
    return cells
