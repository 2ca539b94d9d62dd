"""Runs the folders under tests/cases/convert, which anybody can add to: see the README.md there.

Run with DOCKERSPEC_UPDATE_CASES=1 to write what is now the outcome, and read the difference before keeping it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.spec.convert.common import Converted
from dockerspec.core.spec.convert.convert import convert
from dockerspec.core.spec.convert.layout import Layout
from dockerspec.core.spec.load import LoadResult
from dockerspec.runtime.files import load_files

CASES = Path(__file__).parents[1] / "cases" / "convert"
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())
UPDATE = "DOCKERSPEC_UPDATE_CASES" in os.environ
OUTCOMES = ("expected.yaml", "expected.2.yaml", "back.yaml", "said.txt")
SPECS = ("compose.yaml", "dockerspec.yaml", "1-compose.yaml", "2-prod.yaml")


def read(folder: Path, names: list[str]) -> LoadResult:
    return load_files(names, cwd=folder, environ={"HOME": "/home/user"})


def errors(found: tuple[Converted, ...]) -> list[Diagnostic]:
    return [fault for item in found for fault in item.diagnostics if fault.severity is Severity.ERROR]


def check(path: Path, text: str | None) -> None:
    """Compare with what the case has; None where there must be no such file."""
    if UPDATE:
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text.encode())
    assert (path.read_bytes().decode() if path.exists() else None) == text


def comments(name: str, text: str) -> list[str]:
    """Every comment of a text, without its signs, in order."""
    layout = Layout(name, text.removeprefix("\ufeff"))
    return [comment.text.strip("# ") for comment in layout.comments]


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_case(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / folder.name
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns(*OUTCOMES))
    names = [name for name in SPECS if (place / name).exists()]
    loaded = read(place, names)
    assert loaded.stack is not None, loaded.diagnostics

    found = convert(loaded)
    failed = bool(errors(found))
    texts = [None if failed else item.text for item in found] + [None]
    check(folder / "said.txt", "".join(f"{fault}\n" for item in found for fault in item.diagnostics) or None)
    check(folder / "expected.yaml", texts[0])
    check(folder / "expected.2.yaml", texts[1])
    if failed:
        check(folder / "back.yaml", None)
        return

    for file, text in zip(loaded.origin.files if loaded.origin else (), texts, strict=False):
        left = comments("new", text or "")
        for comment in comments(file.name, file.text):
            assert any(comment in other for other in left), f"the comment {comment!r} is lost"

    if len(found) > 1:
        return
    name = "dockerspec.yaml" if loaded.compose else "compose.yaml"
    (place / "there").mkdir()
    shutil.copytree(place, place.parent / "there" / folder.name)
    there = place.parent / "there" / folder.name
    (there / names[0]).unlink()
    (there / name).write_bytes((texts[0] or "").encode())
    converted = read(there, [name])
    back = convert(converted)
    check(folder / "back.yaml", None if errors(back) else back[0].text)


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_case_is_well_formed(folder: Path) -> None:
    names = [path.name for path in folder.iterdir()]
    assert any(name in SPECS for name in names)
    assert ("expected.yaml" in names) or "error" not in (folder / "said.txt").read_text().split(": warning:")[0]
