"""The render cases: tests/cases/render/NAME holds a value (case.py) and the page that it must become.

A new case is a folder with a case.py that sets VALUE and, if wanted, OPTIONS; run once with
DOCKERSPEC_WRITE_CASES=1 to write the pages, and read them before they are committed.
"""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.drift import DriftReport
from dockerspec.core.report.outcome import Report
from dockerspec.core.report.status import StackStatus
from dockerspec.render import json as documents
from dockerspec.render.drift import drift_markdown
from dockerspec.render.markdown import plan_markdown
from dockerspec.render.style import Style
from dockerspec.render.text import render_diagnostics, render_drift, render_plan, render_report, render_status

ROOT = Path(__file__).parents[3]
CASES = sorted(path.parent for path in (ROOT / "tests/cases/render").glob("*/case.py"))
TEXTS = {
    Plan: render_plan,
    Report: render_report,
    StackStatus: render_status,
    DriftReport: render_drift,
    tuple: render_diagnostics,
}
DOCUMENTS = {
    Plan: documents.plan_json,
    Report: documents.report_json,
    StackStatus: documents.status_json,
    DriftReport: documents.drift_json,
    tuple: documents.diagnostics_json,
}

each_case = pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)


def load(folder: Path) -> tuple[Any, dict[str, Any]]:
    names = runpy.run_path(str(folder / "case.py"))
    return names["VALUE"], names.get("OPTIONS", {})


def check(path: Path, text: str) -> None:
    if os.environ.get("DOCKERSPEC_WRITE_CASES"):
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert text == path.read_text(encoding="utf-8")


@each_case
def test_text(folder: Path) -> None:
    value, options = load(folder)
    check(folder / "expected.txt", TEXTS[type(value)](value, **options))


@each_case
def test_text_has_no_loose_ends(folder: Path) -> None:
    value, options = load(folder)
    style = options.pop("style", Style())
    text = TEXTS[type(value)](value, Style(width=style.width), **options)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@each_case
def test_colours_change_no_character(folder: Path) -> None:
    value, options = load(folder)
    width = options.pop("style", Style()).width
    plain = TEXTS[type(value)](value, Style(width=width), **options)
    coloured = TEXTS[type(value)](value, Style(colour=True, width=width), **options)
    for code in range(100):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured.replace("\x1b[1;31m", "") == plain


@pytest.mark.parametrize("folder", [path for path in CASES if path.name.startswith("plan-")], ids=lambda p: p.name)
def test_markdown(folder: Path) -> None:
    value, options = load(folder)
    kept = {key: options[key] for key in ("mask", "where") if key in options}
    check(folder / "expected.md", plan_markdown(value, **kept))


@pytest.mark.parametrize("folder", [path for path in CASES if path.name.startswith("drift-")], ids=lambda p: p.name)
def test_drift_markdown(folder: Path) -> None:
    value, options = load(folder)
    check(folder / "expected.md", drift_markdown(value, **options))


@each_case
def test_json_keeps_to_its_schema(folder: Path) -> None:
    value, options = load(folder)
    document = json.loads(DOCUMENTS[type(value)](value, mask=options.get("mask", frozenset())))
    name, version = document["format"].removeprefix("dockerspec.").split("/")
    assert version == "1"
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
