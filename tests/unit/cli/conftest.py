"""A command line whose engine is a stand-in: it answers with prepared plans and notes what it is asked."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from dockerspec.cli.main import program
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.drift import DriftReport
from dockerspec.core.report.outcome import Report
from dockerspec.core.report.progress import ActionFinished, ActionStarted
from dockerspec.core.report.status import StackStatus
from dockerspec.core.takein.adopt import Adoption
from dockerspec.core.takein.choose import Selection
from dockerspec.core.takein.importing import Imported, Written

SPEC = """\
dockerspec: 1
stack: shop
containers:
  web: {image: "nginx:1.27"}
"""


@dataclass
class Script:
    """What the stand-in answers, and what it was asked."""

    plan: Plan | BaseException = field(default_factory=lambda: Plan("shop"))
    report: Report | Exception = field(default_factory=lambda: Report("shop"))
    status: StackStatus = field(default_factory=lambda: StackStatus("shop", EngineFacts("28.5.2"), "unix:///s"))
    drift: DriftReport = field(default_factory=lambda: DriftReport("shop", EngineFacts("28.5.2"), "unix:///s"))
    on_apply: Callable[[], None] = lambda: None
    adoption: Adoption = field(default_factory=lambda: Adoption("shop", (), Plan("shop"), Plan("shop")))
    imported: Imported | Exception = field(default_factory=lambda: Imported(Written("shop", {}), "stack: shop\n"))
    waited: bool = False
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def asked(self, name: str) -> dict[str, Any]:
        """The arguments of the one call of that name."""
        [arguments] = [arguments for called, arguments in self.calls if called == name]
        return arguments


@dataclass
class Ran:
    """What a run of the command line left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


def stand_in(script: Script) -> type:
    """A class with the face of `dockerspec.api.Docker`."""

    class Docker(_taker_in(script)):  # type: ignore[misc]
        endpoint = "unix:///s"

        def __init__(self, host: str | None = None, context: str | None = None) -> None:
            script.calls.append(("connect", {"host": host, "context": context}))

        def __enter__(self) -> Docker:
            return self

        def __exit__(self, *_: object) -> None:
            script.calls.append(("close", {}))

        def version(self) -> EngineFacts:
            return EngineFacts("28.5.2", (1, 51), arch="amd64")

        @contextmanager
        def lock(self, stack: str, timeout: float = 0.0) -> Iterator[bool]:
            script.calls.append(("lock", {"stack": stack, "timeout": timeout}))
            yield script.waited

        def plan(self, _spec: object, **options: Any) -> Plan:
            script.calls.append(("plan", options))
            return replace(_answer(script.plan), engine=self.version())

        def plan_destroy(self, _spec: object, **options: Any) -> Plan:
            script.calls.append(("plan_destroy", options))
            return replace(_answer(script.plan), engine=self.version())

        def apply(self, plan: Plan, *, on_event: Any = lambda _: None, **options: Any) -> Report:
            script.calls.append(("apply", options))
            script.on_apply()
            report: Report = _answer(script.report)
            for action in plan.actions.values():
                on_event(ActionStarted(action))
                if action.key in report.outcomes:
                    on_event(ActionFinished(report.outcomes[action.key]))
            return report

        def status(self, _spec: object) -> StackStatus:
            return script.status

    return Docker


def _taker_in(script: Script) -> type:
    """The part of the stand-in that imports, adopts and looks."""

    class TakerIn:
        def drift(self, _spec: object) -> DriftReport:
            return script.drift

        def plan_adopt(self, _spec: object, names: tuple[str, ...]) -> Adoption:
            script.calls.append(("plan_adopt", {"names": names}))
            return script.adoption

        def import_spec(self, selection: Selection, **options: Any) -> Imported:
            script.calls.append(("import_spec", {"selection": selection, **options}))
            imported: Imported = _answer(script.imported)
            return imported

    return TakerIn


def _answer(value: Any) -> Any:
    if isinstance(value, BaseException):
        raise value
    return value


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Script:
    """The stand-in, put in place; the working folder holds a sound spec."""
    script = Script()
    monkeypatch.setattr("dockerspec.api.Docker", stand_in(script))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "DOCKERSPEC_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dockerspec.yaml").write_text(SPEC, encoding="utf-8")
    return script


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line in this process."""

    def call(*args: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as stop:
            program.main(args, "dockerspec")
        captured = capfd.readouterr()
        assert isinstance(stop.value.code, int)
        return Ran(stop.value.code, captured.out, captured.err)

    return call
