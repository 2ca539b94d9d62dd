"""Files as people write them: each is read as Compose reads it, and what a user is told is what stands in the case.

tests/cases/compose-world/README.md explains the folders.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.core.diagnostics import Severity
from dockerspec.core.spec.load import LoadResult
from dockerspec.runtime.files import load_files
from tests import compose_cases as parity
from tests.compose_cases import Case

WORLD = Path(__file__).parents[2] / "cases" / "compose-world"
KEYS = frozenset({"args", "env", "paths", "refused_by", "why"})
UPDATE = os.environ.get("DOCKERSPEC_UPDATE_CASES") == "1"


@dataclass(frozen=True)
class Folder:
    """One case."""

    path: Path

    @cached_property
    def words(self) -> dict[str, Any]:
        """What run.yaml says."""
        run = self.path / "run.yaml"
        return YAML(typ="safe").load(run) if run.exists() else {}

    @property
    def case(self) -> Case:
        """The case as the corpus has it; its files lie there already."""
        env = {name: str(value) for name, value in self.words.get("env", {}).items()}
        return Case("world", self.path.name, {}, tuple(self.words.get("args", ())), env)

    def loaded(self) -> LoadResult:
        """The whole of it, as `validate` does."""
        return load_files(cwd=self.path, environ={"HOME": "/home/user", **self.case.env}, **parity.options(self.case))


FOLDERS = [pytest.param(Folder(path), id=path.name) for path in sorted(WORLD.iterdir()) if path.is_dir()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_the_user_is_told(folder: Folder) -> None:
    result = folder.loaded()
    says = "".join(f"{fault}\n" for fault in result.diagnostics)
    expected = folder.path / "expected.txt"
    if UPDATE:
        expected.write_text(says, encoding="utf-8") if says else expected.unlink(missing_ok=True)
    assert says == (expected.read_text(encoding="utf-8") if expected.exists() else "")
    assert (result.stack is None) is any(fault.severity is Severity.ERROR for fault in result.diagnostics)


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_read_as_compose_reads_it(folder: Folder) -> None:
    assert folder.words.keys() <= KEYS
    theirs = parity.theirs(parity.require_program(), folder.case, folder.path)
    ours = parity.ours(folder.case, folder.path)
    if theirs.tree is None or ours.tree is None:
        refused_by = {who for who, reading in (("compose", theirs), ("dockerspec", ours)) if reading.tree is None}
        wanted = {folder.words["refused_by"]} if "refused_by" in folder.words else {"compose", "dockerspec"}
        assert refused_by == wanted, theirs.says + ours.says
        return
    patterns = folder.words.get("paths", [])
    unlike = parity.unlike(theirs.tree, ours.tree)
    assert {path: both for path, both in unlike.items() if not any(fnmatchcase(path, each) for each in patterns)} == {}
    assert bool(patterns) is bool(unlike)


def test_each_difference_has_a_reason() -> None:
    for param in FOLDERS:
        words = param.values[0].words  # type: ignore[attr-defined]
        assert ("why" in words) is bool(words.keys() & {"paths", "refused_by"})
