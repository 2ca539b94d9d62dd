"""Runs the folders under tests/cases/load, which anybody can add to.

A folder holds
- `spec.yaml`, and `spec.2.yaml`, `spec.3.yaml` for overlays;
- `expected.txt`: the diagnostics, one a line; without it there must be none;
- `expected.json`: what the stack holds besides defaults; without it the stack isn't looked at;
- `environment` and `vars`, if wanted: NAME=VALUE lines for the environment and for --var;
- and whatever the spec refers to: `.env`, env files, secret files.

Run with DOCKERSPEC_UPDATE_CASES=1 to write what is now the outcome, and read the difference before keeping it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from dockerspec.core.spec.dotenv import parse_dotenv
from dockerspec.core.spec.load import LoadResult
from dockerspec.runtime.files import load_files

CASES = Path(__file__).parents[2] / "cases" / "load"
FOLDERS = sorted(path for path in CASES.iterdir() if path.is_dir())
UPDATE = "DOCKERSPEC_UPDATE_CASES" in os.environ


def values(path: Path) -> dict[str, str]:
    text = path.read_text() if path.exists() else ""
    return {key: value or "" for key, value in parse_dotenv(text, {}).items()}


def run(folder: Path) -> LoadResult:
    specs = sorted(path.name for path in folder.glob("spec*.yaml"))
    specs.sort(key=lambda name: name != "spec.yaml")
    return load_files(specs, variables=values(folder / "vars"), cwd=folder, environ=values(folder / "environment"))


def dump(value: object) -> object:
    """Return a model as JSON data without what is at its default."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        kept = {info.alias or name: (getattr(value, name), info) for name, info in fields}
        return {
            name: dump(item)
            for name, (item, info) in kept.items()
            if item != info.get_default(call_default_factory=True)
        }
    if isinstance(value, dict):
        return {key: dump(item) for key, item in value.items()}
    return [dump(item) for item in value] if isinstance(value, tuple) else value


def outcome(result: LoadResult, folder: Path) -> tuple[str, str]:
    """Return the diagnostics and the stack as the expected files have them."""
    lines = "".join(f"{fault}\n" for fault in result.diagnostics)
    data = {"stack": dump(result.stack), "secrets": dict(result.secrets), "sensitive": sorted(result.sensitive)}
    shown = json.dumps({key: value for key, value in data.items() if value}, indent=2, ensure_ascii=False)
    return lines, shown.replace(str(folder), "FOLDER").replace(str(folder.parent), "PARENT") + "\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_case(folder):
    result = run(folder)
    lines, shown = outcome(result, folder)
    text, data = folder / "expected.txt", folder / "expected.json"
    if UPDATE:
        text.write_text(lines) if lines else text.unlink(missing_ok=True)
        data.write_text(shown) if result.stack else data.unlink(missing_ok=True)
    assert lines == (text.read_text() if text.exists() else "")
    assert text.exists() or data.exists()
    if data.exists():
        assert shown == data.read_text()


def test_there_are_cases():
    assert len(FOLDERS) >= 30
