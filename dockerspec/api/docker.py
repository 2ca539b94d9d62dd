"""A Docker engine and the stacks on it.

Every method reads the engine anew; nothing is cached between calls.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from dockerspec.core.facts import EngineFacts
from dockerspec.core.live.engine import parse_engine
from dockerspec.core.plan.asked import NOTHING_ASKED, Asked
from dockerspec.core.plan.consent import check_words, lacking, refusal
from dockerspec.engine.gateway import connect
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError, Refused, SpecError
from dockerspec.runtime.clock import SYSTEM_CLOCK, Clock
from dockerspec.runtime.execute import PARALLELISM
from dockerspec.runtime.retry import RUN, Retries, persist

# Most plans find nothing to do: what only others need is loaded by them. And who asks for the engine's version needs
# none of the model.
if TYPE_CHECKING:
    from dockerspec.api.history import History
    from dockerspec.core.history.entry import Details, Entry
    from dockerspec.core.plan.plan import Plan
    from dockerspec.core.plan.saved import SavedPlan, Source
    from dockerspec.core.report.drift import DriftReport
    from dockerspec.core.report.outcome import Report
    from dockerspec.core.report.progress import Progress
    from dockerspec.core.report.status import StackStatus
    from dockerspec.core.spec.load import LoadResult
    from dockerspec.core.takein.adopt import Adoption
    from dockerspec.core.takein.choose import Selection
    from dockerspec.core.takein.importing import Imported


class Docker:
    """A Docker engine.

    Args:
        host: the engine's address, as `unix:///var/run/docker.sock` or `ssh://user@host`. By default the one that the
            Docker CLI would use: `DOCKER_HOST`, the current context, the default socket.
        context: the name of a Docker CLI context, instead of `host`.
        engine: an engine to use instead of connecting to one.
        clock: the time.
        patience: seconds for which a run waits for an engine that went away, as on a restart.

    Raises:
        EngineError: `host` or `context` can't be used. Nothing is sent before the first method that needs the engine.
    """

    def __init__(
        self,
        host: str | None = None,
        context: str | None = None,
        *,
        engine: Engine | None = None,
        clock: Clock = SYSTEM_CLOCK,
        patience: float = RUN.patience,
    ) -> None:
        self._engine: Engine = engine if engine is not None else connect(host, context)
        self._clock = clock
        self._policy = replace(RUN, patience=patience)
        self._locked: set[str] = set()

    def __enter__(self) -> Docker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.close()

    @property
    def endpoint(self) -> str:
        """The engine's address."""
        return self._engine.endpoint

    @contextmanager
    def lock(self, stack: str, timeout: float = 0.0) -> Iterator[bool]:
        """Be the only one at work on a stack of this engine, from whatever machine others come.

        `apply` takes the lock by itself; hold it around `plan` and `apply` to be sure that nothing comes in between.

        Args:
            stack: the stack's name.
            timeout: seconds to wait for another run to end.

        Yields:
            Whether it had to wait: a plan made before may then be out of date.

        Raises:
            Refused: another run is at work on it.
            EngineError: the engine can't be asked.
        """
        from dockerspec.runtime.lock import stack_lock

        if stack in self._locked:
            yield False
            return
        with stack_lock(self._engine, stack, self._clock, timeout, policy=self._policy) as waited:
            self._locked.add(stack)
            try:
                yield waited
            finally:
                self._locked.discard(stack)

    def version(self) -> EngineFacts:
        """Facts about the engine.

        Raises:
            EngineError: the engine can't be asked.
        """
        return parse_engine(self._engine.version(), self._engine.info(), self._engine.api_version)

    def plan(
        self,
        spec: LoadResult,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        replaces: Sequence[str] = (),
        delete_volumes: Sequence[str] = (),
        allow: Sequence[str] = (),
    ) -> Plan:
        """What must be done for the engine to be as the spec says. Changes nothing.

        Args:
            spec: the loaded spec.
            targets: addresses or names; only these and what they need are planned. Empty for everything.
            excludes: addresses or names that are left alone, with what only they need.
            replaces: addresses or names that are made anew although nothing differs.
            delete_volumes: volumes, by key or name, whose data may be lost.
            allow: the consents that are given: `volume-delete`, `service-down`, `foreign`, `stack-takeover`.

        Returns:
            The plan; `plan.errors` holds what forbids to carry it out, `plan.guards` what takes a consent.

        Raises:
            SpecError: the spec has errors.
            EngineError: the engine can't be asked.
            ValueError: a consent is none of these words.
        """
        from dockerspec.api.look import look, planned

        asked = Asked(tuple(targets), tuple(excludes), tuple(replaces), tuple(delete_volumes), tuple(allow))
        return planned(look(self._engine, spec), asked)

    def plan_destroy(
        self,
        spec: LoadResult,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        delete_volumes: Sequence[str] = (),
        allow: Sequence[str] = (),
    ) -> Plan:
        """What must be done to remove the stack. The arguments and errors are those of `plan`."""
        from dockerspec.api.look import look, planned

        asked = Asked(tuple(targets), tuple(excludes), (), tuple(delete_volumes), tuple(allow))
        return planned(look(self._engine, spec), asked, destroys=True)

    def save_plan(self, path: str | os.PathLike[str], plan: Plan, spec: LoadResult, source: Source) -> SavedPlan:
        """Keep a plan in a file, to be carried out later by `plan_again` and `apply`.

        The file holds the plan as it reads, where the spec came from, and digests; no secret value, no body of a call.

        Args:
            path: the file; an older one is replaced.
            plan: the plan, made by this object from `spec`.
            spec: the spec.
            source: the files and options that both came from. Variables among them that are secret are left out.

        Raises:
            SpecError: the plan holds errors.
            PlanFileError: the file can't be written.
        """
        from datetime import UTC, datetime

        from dockerspec.core.plan.saved import SavedPlan
        from dockerspec.core.plan.seal import seal
        from dockerspec.render.json import plan_json
        from dockerspec.render.text import render_plan
        from dockerspec.runtime.plan_files import new_salt, write_plan

        if plan.errors:
            raise SpecError(plan.errors)
        where = f"Docker {plan.engine.version} ({self.endpoint})"
        saved = SavedPlan(
            stack=plan.stack,
            made=datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="seconds"),
            endpoint=self.endpoint,
            source=_without_secrets(source, spec.sensitive),
            seal=seal(plan, spec.sensitive, new_salt()),
            text=render_plan(plan, mask=spec.sensitive, where=where),
            document=json.loads(plan_json(plan, mask=spec.sensitive)),
        )
        write_plan(path, saved)
        return saved

    def plan_again(self, saved: SavedPlan, spec: LoadResult) -> Plan:
        """Make a saved plan again, to carry it out; nothing else than what was saved comes back.

        Args:
            saved: the saved plan; see `open_plan`.
            spec: the spec, loaded from the files that `saved.source` names.

        Raises:
            Refused: the plan would be another one by now; the message says where.
            SpecError: the spec has errors.
            EngineError: the engine can't be asked.
        """
        from dockerspec.api.look import look, planned
        from dockerspec.core.plan.seal import broken, seal

        plan = planned(look(self._engine, spec), saved.source.asked, destroys=saved.source.destroys)
        reasons = broken(saved.seal, seal(plan, spec.sensitive, bytes.fromhex(saved.seal.salt)))
        reasons += tuple(str(item) for item in plan.errors)
        if reasons:
            listed = "".join(f"\n  - {reason}" for reason in reasons)
            raise Refused(f"the saved plan is out of date; nothing was changed. Make a new one:{listed}")
        return plan

    def apply(
        self,
        plan: Plan,
        *,
        spec: LoadResult | None = None,
        allow: Collection[str] = (),
        parallelism: int = PARALLELISM,
        on_event: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
        history: History | None = None,
        again: Entry | None = None,
    ) -> Report:
        """Carry a plan out.

        Args:
            plan: the plan.
            spec: the spec that it was made from. With it a failure names the place in the spec, and the engine is read
                once more at the end: what then still differs is in `Report.remaining`, the proof that the plan kept its
                promise.
            allow: consents that come on top of those that `plan` was given; see `plan.guards`.
            parallelism: the most calls under way at once.
            on_event: told what happens, from the calling thread.
            cancel: once set, nothing new is begun.
            history: where the run is remembered, if it has anything to do and `spec` is given.
            again: the run of the history that the spec is from; see `earlier_spec`.

        Returns:
            The fate of every action. A failed action is no exception.

        Raises:
            SpecError: the plan holds errors.
            Refused: the plan needs a consent that nobody gave, or another run is at work on the stack.
            ValueError: a consent is none.
        """
        from dockerspec.runtime.execute.walker import execute

        if plan.errors:
            raise SpecError(plan.errors)
        check_words(allow)
        if missing := lacking(plan.guards, allow):
            raise Refused(refusal(missing))
        run = None
        with nullcontext() if plan.is_empty else self.lock(plan.stack):
            if spec is not None and history is not None and not plan.is_empty:
                run = history.begin(plan, spec, self.endpoint, self._clock, again)
            report = execute(
                plan,
                self._engine,
                on_event=on_event,
                cancel=cancel,
                parallelism=parallelism,
                clock=self._clock,
                policy=self._policy,
            )
        if spec is not None and any(item.message for item in report.outcomes.values()):
            from dockerspec.api.look import traced

            report = traced(report, spec)
        if spec is not None and report.ok and not plan.partial and not plan.destroys:
            report = self._proven(report, spec)
        if not plan.is_empty:
            from dockerspec.core.report.standing import concluded

            command = f"dockerspec rollback {again.number}" if again is not None else ""
            back = 0 if run is None or report.ok or again is not None else run.last_good()
            report = concluded(report, plan, command, back)
        if run is not None:
            run.finish(report, self._engine)
        return report

    def _proven(self, report: Report, spec: LoadResult) -> Report:
        """The report with what still differs now; the engine may be in a passing plight."""
        try:
            left = persist(lambda: self.plan(spec).changes, Retries(self._clock, self._policy), time.sleep)
        except EngineError as fault:
            # What was done stands all the same, and is what the user must hear of.
            return replace(report, unproven=fault.message)
        return replace(report, remaining=left)

    def earlier_spec(
        self,
        entry: Entry,
        details: Details,
        *,
        env_files: Sequence[str | os.PathLike[str]] = (),
        variables: Mapping[str, str] | Sequence[str] = (),
        accept_env_files: bool = False,
    ) -> LoadResult:
        """The spec of an earlier run, its images pinned to those that it ran with: for `plan` and `apply`.

        Secrets are read again from their sources. Values that the history did not keep, since they may be secret, are
        taken from `variables`, the environment, the files that gave them then, or a container that still has them.

        Args:
            entry: the run; see `History.entry`.
            details: what the history has of it.
            env_files: files with variable values, instead of those of then.
            variables: values that win over all others.
            accept_env_files: whether an `env_file` may say something else by now.

        Raises:
            Refused: it was another engine, its spec was not kept, an image is gone, or an `env_file` has changed.
            EngineError: the engine can't be asked.
        """
        from dockerspec.api.back import earlier_spec

        return earlier_spec(self._engine, self.version(), entry, details, env_files, variables, accept_env_files)

    def plan_adopt(self, spec: LoadResult, names: Sequence[str] = ()) -> Adoption:
        """What taking over the foreign objects that stand where the spec wants its own comes to. Changes nothing.

        Args:
            spec: the loaded spec.
            names: addresses, keys or engine names of the objects to take over; empty for all.

        Returns:
            The objects, the plan that takes them over (hand it to `apply`), and the plan that would come next.

        Raises:
            SpecError: the spec has errors.
            EngineError: the engine can't be asked.
        """
        from dockerspec.api.look import look, placed, planned
        from dockerspec.core.takein.adopt import Adoption, adoptable, adopting

        view = look(self._engine, spec)
        taken, faults = adoptable(view.desired, view.live, names)
        plan = replace(adopting(view.desired.stack, taken, placed(faults, spec)), engine=view.live.engine)
        then = look(self._engine, spec, tuple(item.mark for item in taken)) if taken else view
        afterwards = planned(then, NOTHING_ASKED)
        return Adoption(view.desired.stack, taken, replace(plan, partial=True), afterwards)

    def import_spec(
        self, selection: Selection, *, stack: str = "", folder: str = "", show_secrets: bool = False
    ) -> Imported:
        """Write a spec from live containers, and look at the engine through it. Changes nothing.

        Args:
            selection: which containers.
            stack: the stack's name; by default that of the containers' own stack or Compose project.
            folder: the name to take where they have neither.
            show_secrets: write secret values in clear, instead of leaving them to the environment of the run.

        Returns:
            The text, and what a plan of it would still change: nothing, unless a live object can't be said in a spec.

        Raises:
            EngineError: the selection means no container, or the engine can't be asked.
        """
        from dockerspec.core.takein.choose import choose
        from dockerspec.core.takein.importing import Imported, differences, import_spec, read_back
        from dockerspec.runtime.snapshot import read_chosen

        raw = read_chosen(self._engine, lambda listing: choose(listing, selection))
        written = import_spec(raw, stack=stack, folder=folder, show_secrets=show_secrets)
        loaded = read_back(written)
        if loaded.stack is None:
            faults = tuple(f"{fault.path}: {fault.summary}" for fault in loaded.diagnostics)
            return Imported(written, written.text(faults), faults)
        adoption = self.plan_adopt(loaded)
        left = differences(adoption)
        return Imported(written, written.text(left), left, foreign=bool(adoption.taken))

    def status(self, spec: LoadResult) -> StackStatus:
        """How the objects of a stack fare.

        Raises:
            SpecError: the spec has errors.
            EngineError: the engine can't be asked.
        """
        from dockerspec.api.look import look
        from dockerspec.core.diff.differ import diff
        from dockerspec.core.report.survey import survey

        view = look(self._engine, spec)
        return survey(view.desired, view.live, diff(view.desired, view.live), self._engine.endpoint, self._clock.time())

    def drift(self, spec: LoadResult) -> DriftReport:
        """What was changed on the host behind our back, told apart from what the spec wants by now. Changes nothing.

        Raises:
            SpecError: the spec has errors.
            EngineError: the engine can't be asked.
        """
        from dockerspec.api.look import look, placed
        from dockerspec.core.diff.differ import diff
        from dockerspec.core.report.drift import drift_of

        view = look(self._engine, spec)
        found = diff(view.desired, view.live)
        faults = placed((*view.diagnostics, *found.diagnostics), spec)
        return drift_of(view.desired, view.live, found, self._engine.endpoint, faults)


def _without_secrets(source: Source, sensitive: Collection[str]) -> Source:
    kept = {name: value for name, value in source.variables.items() if value not in sensitive}
    withheld = tuple(sorted(source.variables.keys() - kept.keys()))
    return replace(source, variables=kept, withheld=withheld)
