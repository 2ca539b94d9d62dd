"""`import` on real engines: the spec that is written has an empty plan, whatever was set on the objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.takein.choose import Selection
from dockerspec.core.takein.importing import Imported
from dockerspec.runtime.files import load_files
from tests.engine.field_bench import Bench, Case, states, unsettled
from tests.engine.stage import Stage, told
from tests.engine.strangers import make
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any


def read_back(found: Imported, folder: Path) -> LoadResult:
    """The written text through the loader, as a user has it who did as the notes say."""
    file = folder / "imported.yaml"
    file.write_text(found.text, encoding="utf-8")
    loaded = load_files([file], environ=found.written.values)
    assert loaded.stack is not None, "\n".join([found.text, *map(str, loaded.diagnostics)])
    return loaded


def adopted(docker: Docker, spec: LoadResult) -> None:
    """Take over all foreign objects of a spec."""
    adoption = docker.plan_adopt(spec)
    assert not adoption.plan.errors, "\n".join(map(str, adoption.plan.errors))
    report = docker.apply(adoption.plan)
    assert report.ok, told(report)


@pytest.mark.timeout(600)
def test_every_case_of_the_field_suite_comes_back(bench: Bench, tmp_path: Path) -> None:
    """A stack of ours: all fields that the suite knows, at their values a and at their values b."""
    for state in ("a", "b"):
        bench.settle(bench.known(), state)
        found = bench.docker.import_spec(Selection(labels=(f"dockerspec.stack={bench.stack}",)))
        assert found.left == (), state
        assert found.written.stack == bench.stack
        assert unsettled(bench.docker.plan(read_back(found, tmp_path)), f"imported at {state}") == []


@pytest.mark.timeout(600)
def test_every_case_made_by_others_comes_back_and_is_adopted(bench: Bench, tmp_path: Path, raw: RawEngine) -> None:
    """The same objects without our labels, so without what was recorded at their creation."""
    cases = bench.known()
    make(raw, bench.plan(states(cases, "a")))
    names = tuple(f"{bench.stack}-{name}-1" for name in ("target", *(case.name for case in cases)))
    before = {name: raw.container(name)["Id"] for name in names}
    found = bench.docker.import_spec(Selection(names), stack=bench.stack)
    assert found.left == ()
    spec = read_back(found, tmp_path)
    adopted(bench.docker, spec)
    assert unsettled(bench.docker.plan(spec), "adopted") == []
    assert {name: raw.container(name)["Id"] for name in names} == before
