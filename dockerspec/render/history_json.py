"""The history as JSON: `dockerspec.history/1` and `dockerspec.history-entry/1`. Caller: the command line.

All texts were masked before they were kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dockerspec.core.history.entry import Details, Entry
from dockerspec.render.json import as_text

Json = Any


def history_json(entries: Iterable[Entry]) -> str:
    """Runs, the newest first."""
    return as_text({"format": "dockerspec.history/1", "runs": [_entry(entry) for entry in entries]})


def entry_json(entry: Entry, details: Details) -> str:
    """One run, with its plan, report, images and spec."""
    return as_text(
        {
            "format": "dockerspec.history-entry/1",
            **_entry(entry),
            "plan": details.plan,
            "report": details.report,
            "images": {name: {"id": pin.id, "digests": list(pin.digests)} for name, pin in details.images.items()},
            "spec": details.spec.text if details.spec else None,
            "unkept": details.unkept,
        }
    )


def _entry(entry: Entry) -> Json:
    return {
        "number": entry.number,
        "stack": entry.stack,
        "engine": entry.engine,
        "endpoint": entry.endpoint,
        "who": entry.who,
        "command": entry.command,
        "began": round(entry.began, 3),
        "seconds": round(entry.seconds, 3) if entry.seconds is not None else None,
        "outcome": entry.fate.value,
        "tally": entry.tally,
        "partial": entry.partial,
        "destroys": entry.destroys,
        "good": entry.is_good,
        "digest": entry.digest,
        "files": list(entry.files),
    }
