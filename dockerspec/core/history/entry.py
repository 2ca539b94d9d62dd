"""Entries of the history: what is remembered of a run, and which run a rollback goes back to.

Callers: runtime.journal stores them, api and render read them. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from dockerspec.core.history.kept import KeptSpec, Withheld

Json = Any


class Fate(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # by the user
    INTERRUPTED = "interrupted"  # its process ended before it could say


@dataclass(frozen=True, slots=True)
class Pin:
    """The image that a reference meant.

    Attributes:
        id: the image's ID.
        digests: the registry digests known for it, `name@sha256:...`, by which it can be had again.
    """

    id: str
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One run that changed something.

    Attributes:
        number: its number, given by the history.
        stack: the stack's name.
        engine: the daemon's ID.
        endpoint: the engine's address.
        who: `user@host` of the process that did it.
        command: the command in words: `apply`, `destroy`, `rollback 12`.
        began: when, in seconds since the epoch.
        seconds: how long it took; None while it is under way, and where nobody could say any more.
        fate: what became of it.
        tally: what it set out to do, in words: `1 to replace`.
        partial: whether it was about a part of the stack only.
        destroys: whether it removed the stack.
        digest: what tells the outcome from that of another run: the spec's and the images'; empty where there is none.
        files: the spec files, as absolute paths.
    """

    number: int
    stack: str
    engine: str
    endpoint: str
    who: str
    command: str
    began: float
    seconds: float | None = None
    fate: Fate = Fate.RUNNING
    tally: str = ""
    partial: bool = False
    destroys: bool = False
    digest: str = ""
    files: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the stack was as its whole spec says when the run ended."""
        return self.fate is Fate.DONE and not self.partial and not self.destroys and bool(self.digest)


@dataclass(frozen=True, slots=True)
class Details:
    """What else is kept of a run.

    Attributes:
        spec: the spec, or None where it could not be kept.
        unkept: why it was not.
        images: the image of each reference that a container runs, as it was at the end.
        plan: the plan as a `dockerspec.plan/1` document.
        plan_text: the plan as it reads.
        report: the report as a `dockerspec.report/1` document; None where the run did not come to its end.
        report_text: the report as it reads.
    """

    spec: KeptSpec | None = None
    unkept: str = ""
    images: Mapping[str, Pin] = field(default_factory=dict)
    plan: Json = None
    plan_text: str = ""
    report: Json = None
    report_text: str = ""


def outcome_digest(spec: KeptSpec | None, images: Mapping[str, Pin]) -> str:
    """What tells the outcome of a run from another's; empty where there is nothing to go back to."""
    if spec is None:
        return ""
    text = json.dumps([spec.digest, {name: pin.id for name, pin in sorted(images.items())}])
    return hashlib.sha256(text.encode()).hexdigest()


def last_good(entries: Iterable[Entry]) -> Entry | None:
    """The run that a rollback goes back to: the last good one that came to something else than the present state.

    Args:
        entries: the runs on one stack of one engine, the newest first.
    """
    present = ""
    for number, entry in enumerate(entries):
        if number == 0 and entry.is_good:
            present = entry.digest
        elif entry.is_good and entry.digest != present:
            return entry
    return None


def spec_to_json(spec: KeptSpec | None) -> str:
    """A kept spec as text; empty for none."""
    return json.dumps(asdict(spec)) if spec is not None else ""


def spec_from_json(text: str) -> KeptSpec | None:
    """A kept spec from its text."""
    if not text:
        return None
    found = json.loads(text)
    withheld = {name: Withheld(**item) for name, item in found["withheld"].items()}
    return KeptSpec(found["text"], tuple(found["env_files"]), withheld, found["files"], found["salt"])


def images_to_json(images: Mapping[str, Pin]) -> str:
    """Pins as text."""
    return json.dumps({name: asdict(pin) for name, pin in images.items()})


def images_from_json(text: str) -> dict[str, Pin]:
    """Pins from their text."""
    found = json.loads(text or "{}")
    return {name: Pin(item["id"], tuple(item["digests"])) for name, item in found.items()}
