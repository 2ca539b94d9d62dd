"""Papers that are made from the code are those that the code makes. DOCKERSPEC_UPDATE_CASES=1 writes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerspec.core.spec.jsonschema import schema_text
from dockerspec.core.spec.reference import reference
from dockerspec.core.table.reference import fields_page

ROOT = Path(__file__).parents[1]
PAPERS: dict[str, Callable[[], str]] = {
    "schemas/stack.schema.json": schema_text,
    "docs/spec-reference.md": reference,
    "docs/fields.md": fields_page,
}


@pytest.mark.parametrize("path", PAPERS)
def test_the_paper_is_what_the_code_says(path: str) -> None:
    text = PAPERS[path]()
    if "DOCKERSPEC_UPDATE_CASES" in os.environ:
        (ROOT / path).write_text(text, encoding="utf-8")
    assert (ROOT / path).read_text(encoding="utf-8") == text
