"""Where the figures go: the measured part of a Markdown page, and a JSON document.

Callers: the command line. A page is written by hand; only what stands between its two marks for an engine is replaced.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import BenchmarkError
from benchmarks.peers import compose_version
from benchmarks.table import Case, Tolls, markdown
from dockerspec._version import __version__

JSON_VERSION = 1


def machine(engine: str) -> dict[str, str]:
    """What the figures depend on, in words; nothing that names the machine.

    Args:
        engine: the engine's version.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return {
        "dockerspec": __version__,
        "Docker Engine": engine,
        "Docker Compose": compose_version(),
        "Python": platform.python_version(),
        "system": f"{_system()}, cgroup v{2 if unified else 1}",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB of memory",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def block(facts: Mapping[str, str], cases: Sequence[Case | Tolls]) -> str:
    """The measured part of a page: what it depends on, and the tables."""
    words = "; ".join(
        f"{name} {value}" if name not in ("system", "machine") else value for name, value in facts.items()
    )
    return f"{words}.\n\n{markdown(cases)}"


def inserted(page: str, engine: str, text: str) -> str:
    """A page with `text` between the marks `<!-- measured: ENGINE -->` and `<!-- end: ENGINE -->`.

    Raises:
        BenchmarkError: the page lacks the marks.
    """
    first, last = f"<!-- measured: {engine} -->", f"<!-- end: {engine} -->"
    head, start, rest = page.partition(first)
    _, end, tail = rest.partition(last)
    if not start or not end:
        raise BenchmarkError(f"the page has no place for these figures; put '{first}' and '{last}' into it")
    return f"{head}{first}\n{text.strip()}\n{last}{tail}"


def document(facts: Mapping[str, str], cases: Sequence[Case | Tolls]) -> dict[str, Any]:
    """Every single measurement, as plain data for a JSON file; times in seconds, memory in bytes."""
    return {
        "version": JSON_VERSION,
        "facts": dict(facts),
        "cases": [_tolls(case) if isinstance(case, Tolls) else _times(case) for case in cases],
    }


def _times(case: Case) -> dict[str, Any]:
    return {
        "title": case.title,
        "base": case.base or None,
        "series": {
            item.name: [{"seconds": sample.seconds, "peak": sample.peak or None} for sample in item.samples]
            for item in case.series
        },
    }


def _tolls(case: Tolls) -> dict[str, Any]:
    return {
        "title": case.title,
        "requests": {name: [asdict(toll) for toll in found] for name, found in case.rows.items()},
    }


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
