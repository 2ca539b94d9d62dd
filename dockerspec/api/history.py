"""The history of runs, and the way back to an earlier one.

from dockerspec import Docker, History, load

history = History()
with Docker() as docker:
    docker.apply(docker.plan(spec), spec=spec, history=history)
    entry = history.last_good(spec.owner, docker.version().id)
    earlier = docker.earlier_spec(history.details(entry.number), entry)
    docker.apply(docker.plan(earlier), spec=earlier, history=history, again=entry)
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dockerspec.core.history.discreet import discreet
from dockerspec.core.history.entry import Details, Entry, Fate, Pin, last_good, outcome_digest
from dockerspec.core.history.kept import KeptSpec, keep, masks
from dockerspec.core.history.pins import run_references
from dockerspec.core.owner import called
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError, HistoryError
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.plan_files import new_salt
from dockerspec.runtime.state_folder import history_folder

if TYPE_CHECKING:
    from dockerspec.core.report.outcome import Report
    from dockerspec.runtime.journal import Journal


class History:
    """The history of runs on this machine: an SQLite file in the folder of the user's, or the system's, state.

    It is a convenience: nothing depends on it, and what goes wrong with writing it is a line in `words`, never a
    failure of a run.

    Args:
        folder: the folder; by default that of `DOCKERSPEC_HISTORY`, `/var/lib/dockerspec` for root, and
            `$XDG_STATE_HOME/dockerspec` or `~/.local/state/dockerspec` for others. Nothing is touched before it is
            needed.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._folder = folder if folder is not None else history_folder()
        self._journal: Journal | None = None
        self._words: list[str] = []

    @property
    def words(self) -> tuple[str, ...]:
        """What went wrong with keeping the history, for the reader."""
        return (*self._words, *(self._journal.words if self._journal else ()))

    @property
    def is_on(self) -> bool:
        """Whether there is a place for it, and nobody switched it off."""
        return self._folder is not None

    def entries(self, stack: str = "", engine: str = "", limit: int = 0) -> tuple[Entry, ...]:
        """Runs that changed something, the newest first; none where the history is off.

        Args:
            stack: only those on the stack of this name.
            engine: only those on the daemon of this ID (`Docker.version().id`).
            limit: how many at most; 0 for all.

        Raises:
            HistoryError: the history can't be read.
        """
        return self._open().entries(stack, engine, limit) if self.is_on else ()

    def entry(self, number: int) -> tuple[Entry, Details]:
        """One run, with its plan, report and spec.

        Raises:
            HistoryError: there is none of that number, or the history can't be read.
        """
        found = self._open().entry(number) if self.is_on else None
        if found is None:
            raise HistoryError(f"the history has no run {number}; `dockerspec history` lists those it has")
        return found

    def last_good(self, stack: str, engine: str) -> Entry:
        """The run that a rollback goes back to: the last one that succeeded and came to something else than is now.

        Raises:
            HistoryError: there is none, or the history can't be read.
        """
        entry = last_good(self.entries(stack, engine))
        if entry is None:
            raise HistoryError(f"the history knows no earlier state of the {called(stack)} on this engine")
        return entry

    def _open(self) -> Journal:
        if self._journal is None:
            assert self._folder is not None
            try:
                from dockerspec.runtime.journal import Journal
            except ImportError as fault:  # a Python without SQLite
                raise HistoryError(f"the history can't be used: {fault}") from fault
            from pathlib import Path

            self._journal = Journal(Path(self._folder))
        return self._journal

    def begin(self, plan: Plan, spec: LoadResult, endpoint: str, clock: Clock, again: Entry | None) -> Run | None:
        """Write a run that begins now. `Docker.apply` calls this.

        Args:
            plan: the plan that is about to be carried out.
            spec: the spec that it is from.
            endpoint: the engine's address.
            clock: the time.
            again: the run whose spec this is.

        Returns:
            The run, to be finished; None where the history is off or can't be written.
        """
        if not self.is_on:
            return None
        try:
            return Run(
                self._open(), self._words, plan, spec, endpoint, clock, self.entry(again.number) if again else None
            )
        except HistoryError as fault:
            self._words.append(f"this run is not in the history: {fault}")
            return None


class Run:
    """A run that is under way, as the history has it. Made by `History.begin`."""

    def __init__(
        self,
        journal: Journal,
        words: list[str],
        plan: Plan,
        spec: LoadResult,
        endpoint: str,
        clock: Clock,
        again: tuple[Entry, Details] | None,
    ) -> None:
        from dockerspec.render.json import plan_json
        from dockerspec.render.text import render_plan
        from dockerspec.render.words import tally

        self._journal, self._words, self._clock = journal, words, clock
        self._spec, self._again = spec, again[1] if again else None
        self._mask = masks(spec)
        self._plan = plan = replace(plan, changes=discreet(plan.changes, spec.require()))
        began = clock.time()
        self._begin = clock.monotonic()
        kept, unkept = self._kept(again[1] if again else None)
        where = f"Docker {plan.engine.version} ({endpoint})"
        self._details = Details(
            spec=kept,
            unkept=unkept,
            plan=json.loads(plan_json(plan, mask=self._mask)),
            plan_text=render_plan(plan, mask=self._mask, where=where),
        )
        command = f"rollback {again[0].number}" if again else "destroy" if plan.destroys else "apply"
        entry = Entry(
            number=0,
            stack=plan.stack,
            engine=plan.engine.id,
            endpoint=endpoint,
            who="",
            command=command,
            began=began,
            tally=tally(plan.summary),
            partial=plan.partial,
            destroys=plan.destroys,
            files=_files(spec, again[0].files if again else ()),
        )
        self.number = journal.begin(entry, self._details)

    def _kept(self, again: Details | None) -> tuple[KeptSpec | None, str]:
        if again is not None:
            return again.spec, again.unkept
        if self._plan.destroys:
            return None, "the run removed the stack"
        kept = keep(self._spec, new_salt().hex())
        return (kept, "") if isinstance(kept, KeptSpec) else (None, kept)

    def last_good(self) -> int:
        """The number of the last run on the stack that succeeded; 0 for none."""
        try:
            entry = last_good(self._journal.entries(self._plan.stack, self._plan.engine.id))
        except HistoryError:
            return 0
        return entry.number if entry is not None else 0

    def finish(self, report: Report, engine: Engine) -> None:
        """Complete the run with what became of it.

        Args:
            report: the report.
            engine: asked for the images that the stack runs now.
        """
        from dockerspec.render.json import report_json
        from dockerspec.render.text import render_report

        report = replace(report, remaining=discreet(report.remaining, self._spec.require()))
        fate = Fate.STOPPED if report.cancelled else Fate.DONE if report.ok else Fate.FAILED
        details = replace(
            self._details,
            images=self._images(engine) if fate is Fate.DONE and self._details.spec else {},
            report=json.loads(report_json(report, mask=self._mask)),
            report_text=render_report(report, mask=self._mask, summary=self._plan.summary, verbose=1),
        )
        digest = outcome_digest(details.spec, details.images) if fate is Fate.DONE else ""
        try:
            self._journal.finish(self.number, fate, self._clock.monotonic() - self._begin, digest, details)
        except HistoryError as fault:
            self._words.append(f"the end of this run is not in the history: {fault}")

    def _images(self, engine: Engine) -> Mapping[str, Pin]:
        if self._again is not None:
            return self._again.images
        found: dict[str, Pin] = {}
        for reference in run_references(self._spec.require()):
            with suppress(EngineError):
                image = engine.image(reference)
                found[reference] = Pin(str(image["Id"]), tuple(image.get("RepoDigests") or ()))
        return found


def _files(spec: LoadResult, before: Sequence[str]) -> tuple[str, ...]:
    if before or spec.origin is None:
        return tuple(before)
    return tuple(os.path.join(item.folder, os.path.basename(item.name)) for item in spec.origin.files)
