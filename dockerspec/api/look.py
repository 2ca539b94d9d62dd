"""One look at the engine through a spec, and what is made of it: the pure stages joined.

Caller: docker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dockerspec.core.desired.build import World, build_desired
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diagnostics import Diagnostic, Span, warning
from dockerspec.core.diff.differ import diff, diff_destroy
from dockerspec.core.diff.host import check_host
from dockerspec.core.diff.reach import check_reach
from dockerspec.core.diff.resources import EVERY, as_typed
from dockerspec.core.diff.result import Diff
from dockerspec.core.diff.scope import NO_SCOPE, Scope
from dockerspec.core.live.parse import parse_live
from dockerspec.core.live.state import LiveState
from dockerspec.core.plan.asked import NOTHING_ASKED, Asked
from dockerspec.core.plan.consent import Consent, check_words
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult, in_compose_words
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.engine.protocol import Engine
from dockerspec.runtime.files import DEFAULT_NAMES
from dockerspec.runtime.needs import cli_builder, query_for, read_contexts
from dockerspec.runtime.place import engine_host
from dockerspec.runtime.snapshot import read_raw

if TYPE_CHECKING:
    from dockerspec.core.marks import Mark
    from dockerspec.core.plan.consent import Guard
    from dockerspec.core.report.outcome import Report


@dataclass(frozen=True, slots=True)
class View:
    """One look at the engine through one spec."""

    desired: DesiredState
    live: LiveState
    references: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    spec: LoadResult
    files: tuple[str, ...] = ()


def look(engine: Engine, spec: LoadResult, assumed: tuple[Mark, ...] = ()) -> View:
    """Read the engine as far as a spec is concerned with it.

    Args:
        engine: the engine.
        spec: the loaded spec.
        assumed: marks to go by as if they were there.

    Raises:
        SpecError: the spec has errors.
        EngineError: the engine can't be asked.
    """
    stack = spec.require()
    contexts = read_contexts(stack)
    query = query_for(stack, spec.owner, contexts, assumed)
    raw = read_raw(engine, query)
    live = parse_live(raw)
    world = World(
        engine=live.engine,
        images=live.images,
        ids={
            **{item.name: item.id for item in live.others},
            **{item.name: item.id for item in live.containers},
        },
        secrets=spec.secrets,
        contents=spec.contents,
        sensitive=spec.sensitive,
        contexts=contexts,
        builder=cli_builder(engine, stack),
        origin=spec.place,
        project=spec.compose,
    )
    desired, faults = build_desired(stack, world)
    findings = Findings(spec.span_of)
    check_host(stack, live, findings)
    check_reach(stack, live.images, engine_host(engine.endpoint), findings)
    notes = tuple(warning("", note) for note in raw.notes)
    files = () if spec.files in [(name,) for name in DEFAULT_NAMES] else spec.files
    said = (*faults, *findings.diagnostics, *notes)
    return View(desired, live, query.references, said, spec, files)


def planned(view: View, asked: Asked, *, destroys: bool = False) -> Plan:
    """The plan that a look comes to, given what the user asks for.

    Raises:
        ValueError: a consent is none.
    """
    check_words(asked.allow)
    scope, faults = NO_SCOPE, tuple[Diagnostic, ...]()
    if asked.excludes or asked.replaces:
        from dockerspec.core.plan.select import resolve

        scope, faults = resolve(asked, view.desired, view.live)
    consent = (*asked.delete_volumes, EVERY) if Consent.VOLUME_DELETE in asked.allow else asked.delete_volumes
    compare = diff_destroy if destroys else diff
    found = compare(view.desired, view.live, consent, scope)
    if destroys:
        view = replace(view, diagnostics=())
    plan = plan_of(replace(found, diagnostics=(*found.diagnostics, *faults)), view, asked, scope, destroys=destroys)
    return replace(plan, destroys=destroys)


def plan_of(
    found: Diff, view: View, asked: Asked = NOTHING_ASKED, scope: Scope = NO_SCOPE, *, destroys: bool = False
) -> Plan:
    """The plan that carries out what a look found to differ."""
    if asked.targets:
        from dockerspec.core.plan.select import select

        found = select(found, view.desired, asked.targets, scope)
    if scope.excluded:
        from dockerspec.core.plan.exclude import excluding

        found = excluding(found, view.desired, view.live, scope)
    diagnostics = (*view.diagnostics, *as_typed(found.diagnostics, view.files))
    guards: tuple[Guard, ...] = ()
    if found.findings or diagnostics:
        from dockerspec.core.plan.guards import guards_of
        from dockerspec.core.plan.planner import make_plan

        plan = make_plan(replace(found, diagnostics=diagnostics), view.live, view.desired.stack)
        guards = guards_of(found, view.desired, view.live, asked, destroys=destroys)
    else:
        plan = Plan(view.desired.stack, unchanged=len(found.unchanged))
    images = {item: view.live.images[item].id for item in view.references if item in view.live.images}
    said = placed(plan.diagnostics, view.spec)
    return replace(
        plan,
        partial=asked.narrows,
        engine=view.live.engine,
        images=images,
        diagnostics=said,
        guards=() if plan.errors else guards,
    )


def traced(report: Report, spec: LoadResult) -> Report:
    """The report with the place in the spec of each failure whose words tell it."""
    from dockerspec.core.report.blame import blame
    from dockerspec.core.report.outcome import Status
    from dockerspec.core.spec.paths import format_path

    stack, document = spec.stack, spec.document
    if stack is None:
        return report
    outcomes = dict(report.outcomes)
    for key, item in outcomes.items():
        path = blame(stack, item.action, item.message) if item.status is Status.FAILED else None
        if path is not None:
            shown = document.without_short_form(path) if document else path
            outcomes[key] = replace(item, path=format_path(shown), span=spec.span_of(path))
    return replace(report, outcomes=outcomes)


def placed(faults: Sequence[Diagnostic], spec: LoadResult) -> tuple[Diagnostic, ...]:
    """Diagnostics with their place in the spec file, where they are about something that is in the spec."""
    found = tuple(
        replace(fault, span=_span(fault, spec)) if fault.path and not fault.span else fault for fault in faults
    )
    return found if spec.compose is None else tuple(map(in_compose_words, found))


def _span(fault: Diagnostic, spec: LoadResult) -> Span | None:
    section, _, rest = fault.path.partition(".")
    objects = getattr(spec.stack, section, None)
    if isinstance(objects, Mapping) and rest.partition(".")[0] not in objects:
        return None  # an object that the spec has no more, or that nobody wrote down
    return spec.span_of(tuple(fault.path.split(".")))
