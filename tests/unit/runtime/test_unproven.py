"""The look at the end of a run: it is had with patience, and its lack costs no report."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerspec.api import Docker, load
from dockerspec.errors import EngineLost
from dockerspec.runtime.retry import RUN
from dockerspec.testing import FakeEngine
from tests.unit.runtime.plans import IMAGE

SPEC = f"""
dockerspec: 1
stack: shop
volumes: {{data: {{}}}}
containers: {{web: {{image: "{IMAGE}", state: stopped}}}}
"""


@pytest.mark.parametrize(("times", "proven"), [(1, True), (RUN.tries, False)])
def test_the_last_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, proven: bool) -> None:
    monkeypatch.setattr("dockerspec.api.docker.time.sleep", lambda _seconds: None)
    (tmp_path / "stack.yaml").write_text(SPEC)
    spec = load([tmp_path / "stack.yaml"])
    engine = FakeEngine()
    engine.add_image(IMAGE)
    docker = Docker(engine=engine)
    plan = docker.plan(spec)
    engine.fail("containers", EngineLost("the connection broke", passing=True), times=times)
    report = docker.apply(plan, spec=spec)
    assert report.unproven == ("" if proven else "the connection broke")
    assert report.ok is proven
    assert len(engine.containers()) == 1
