"""Laws of every page: rendering never fails, shows no secret, and lets no text act on the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerspec.core.address import Address, Kind
from dockerspec.core.diagnostics import Diagnostic, Severity, Span
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.action import RemoveContainer
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Outcome, Report, Status
from dockerspec.core.report.status import StackStatus, StatusRow
from dockerspec.core.way import Way
from dockerspec.render.json import diagnostics_json, plan_json, report_json, status_json
from dockerspec.render.markdown import plan_markdown
from dockerspec.render.style import Style, measure
from dockerspec.render.text import render_diagnostics, render_plan, render_report, render_status
from dockerspec.render.values import shorten

SECRET = 'Zq9-s3cret-\u00fc"\\'
"""No page contains it of itself; quote and backslash change its looks in JSON."""

texts = st.one_of(st.text(max_size=40), st.text(max_size=10).map(lambda text: f"{text}{SECRET}{text}"))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4).map(tuple), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
addresses = st.builds(Address, st.sampled_from(Kind), texts, st.integers(0, 12))
fields = st.builds(
    FieldChange,
    texts,
    values,
    values,
    st.sampled_from(Way),
    st.sampled_from(Cause),
    st.sampled_from(["", "bytes", "ns"]),
    texts,
)
changes = st.builds(
    ObjectChange,
    addresses,
    st.sampled_from(ChangeKind),
    texts,
    texts,
    st.lists(fields, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
)
spans = st.builds(Span, texts, st.integers(1, 99), st.integers(1, 99))
diagnostics = st.builds(Diagnostic, st.sampled_from(Severity), texts, texts, texts, st.none() | spans)
actions = st.builds(RemoveContainer, address=addresses, cause=texts, container=texts, name=texts)


def _plan(changed: list[ObjectChange], calls: list[RemoveContainer], faults: list[Diagnostic]) -> Plan:
    by_key = {call.key: call for call in calls}
    return Plan("shop", tuple(changed), by_key, Graph.of(by_key, ()), (), tuple(faults), 3)


def _report(items: list[Outcome], undone: list[Outcome], left: list[ObjectChange], cancelled: bool) -> Report:
    return Report("shop", {item.action.key: item for item in items}, tuple(undone), cancelled, tuple(left), 1.0)


plans = st.builds(
    _plan, st.lists(changes, max_size=3), st.lists(actions, max_size=3), st.lists(diagnostics, max_size=2)
)
outcomes = st.builds(
    Outcome,
    actions,
    st.sampled_from(Status),
    texts,
    texts,
    st.lists(texts, max_size=2).map(tuple),
    texts,
    st.floats(0, 1e6),
    path=texts,
    span=st.none() | st.builds(Span, texts, st.just(12), st.just(5)),
)
reports = st.builds(
    _report,
    st.lists(outcomes, max_size=3),
    st.lists(outcomes, max_size=2),
    st.lists(changes, max_size=2),
    st.booleans(),
)
rows = st.builds(
    StatusRow,
    addresses,
    texts,
    texts,
    texts,
    texts,
    texts,
    st.lists(texts, max_size=2).map(tuple),
    texts,
    st.lists(fields, max_size=2).map(tuple),
    texts,
)
states = st.builds(
    StackStatus, st.just("shop"), st.builds(EngineFacts, texts), texts, st.lists(rows, max_size=3).map(tuple)
)
Page = tuple[Callable[..., str], Any]
pages = st.one_of(
    st.tuples(st.just(render_plan), plans),
    st.tuples(st.just(render_report), reports),
    st.tuples(st.just(render_status), states),
    st.tuples(st.just(render_diagnostics), st.lists(diagnostics, max_size=3)),
    st.tuples(st.just(plan_markdown), plans),
)
documents = st.one_of(
    st.tuples(st.just(plan_json), plans),
    st.tuples(st.just(report_json), reports),
    st.tuples(st.just(status_json), states),
    st.tuples(st.just(diagnostics_json), st.lists(diagnostics, max_size=3)),
)
MASK = frozenset({SECRET})


def _assert_secret_is_gone(text: str) -> None:
    assert SECRET not in text
    assert json.dumps(SECRET)[1:-1] not in text


@given(pages, st.integers(0, 140))
@settings(max_examples=150, deadline=None)
def test_a_page_is_printable_and_keeps_secrets(page: Page, width: int) -> None:
    render, value = page
    options = {} if render is plan_markdown else {"style": Style(width=width)}
    text = render(value, mask=MASK, **options)
    assert all(line.isprintable() for line in text.split("\n"))
    _assert_secret_is_gone(text)


@given(pages)
@settings(max_examples=50, deadline=None)
def test_a_page_is_the_same_every_time(page: Page) -> None:
    render, value = page
    assert render(value) == render(value)


@given(documents)
@settings(max_examples=100, deadline=None)
def test_a_document_is_valid_and_keeps_secrets(document: Page) -> None:
    render, value = document
    text = render(value, mask=MASK)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    text.encode("utf-8")
    _assert_secret_is_gone(text)


@given(st.text(max_size=80), st.integers(8, 60))
def test_a_shortened_text_fits(text: str, columns: int) -> None:
    assert measure(shorten(text, columns)) <= max(columns, measure("..."))
