"""Exit statuses, and what goes to which stream."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dockerspec.core.address import Address
from dockerspec.core.diagnostics import error
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.consent import Consent, Guard, Guarded
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.drift import Drift, DriftReport, DriftRow
from dockerspec.core.report.outcome import Report
from dockerspec.errors import Cancelled, DockerspecError, EngineUnreachable, Refused
from tests.unit.cli.conftest import SPEC, Run, Script
from tests.unit.render.samples import change, create, done, failed, outcomes, plan

MAKE = create("container.web", "shop-web-1")
WORK = plan(change("container.web", "create", "not on the host"), actions=(MAKE,))
BARRED = plan(change("container.web", "create", "not on the host"), diagnostics=(error("", "it is foreign"),))
DONE = Report("shop", outcomes(done(MAKE)), seconds=1.0)
FAILED = Report("shop", outcomes(failed(MAKE, "no space left")), seconds=1.0)

CALM = DriftReport("shop", EngineFacts("28.5.2"), "unix:///s", unchanged=3)
ROW = DriftRow(Address.parse("container.web"), "", Drift.MISSING, "not on the host")
DUE = replace(CALM, pending=(replace(ROW, kind=None),))
OFF = replace(CALM, drifted=(ROW,), diagnostics=BARRED.diagnostics)
BAD = replace(DUE, diagnostics=BARRED.diagnostics)


@pytest.mark.parametrize(
    ("found", "args", "status"),
    [
        (Plan("shop"), (), 0),
        (WORK, (), 0),
        (Plan("shop"), ("--detailed-exitcode",), 0),
        (WORK, ("--detailed-exitcode",), 2),
        (BARRED, (), 1),
        (BARRED, ("--detailed-exitcode",), 1),
        (WORK, ("--detailed-exitcode", "--json"), 2),
        (WORK, ("--no-such-option",), 1),
        (WORK, ("no-such-file.yaml", "--detailed-exitcode"), 1),
        (WORK, ("dockerspec.yaml", "-f", "dockerspec.yaml"), 1),
    ],
)
def test_plan(run: Run, script: Script, found: Plan, args: tuple[str, ...], status: int) -> None:
    script.plan = found
    assert run("plan", *args).status == status
    assert [name for name, _ in script.calls if name == "apply"] == []


@pytest.mark.parametrize("command", ["apply", "destroy"])
@pytest.mark.parametrize(
    ("found", "report", "status"),
    [
        (Plan("shop"), DONE, 0),
        (WORK, DONE, 0),
        (WORK, FAILED, 1),
        (WORK, Report("shop", cancelled=True), 130),
        (WORK, Report("shop", remaining=WORK.changes), 1),
        (BARRED, DONE, 1),
    ],
)
def test_apply(run: Run, script: Script, command: str, found: Plan, report: Report, status: int) -> None:
    script.plan, script.report = found, report
    assert run(command, "--yes").status == status
    assert script.calls[-1] == ("close", {})


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_barred_plan_is_not_carried_out(run: Run, script: Script, command: str) -> None:
    script.plan = BARRED
    ran = run(command, "--yes")
    assert "it is foreign" in ran.out
    assert "apply" not in dict(script.calls)


@pytest.mark.parametrize("command", ["apply", "destroy"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_a_yes_is_needed(run: Run, script: Script, command: str, form: tuple[str, ...]) -> None:
    script.plan = WORK
    ran = run(command, *form, stdin="y\n")
    assert ran.status == 3
    assert ran.err.startswith("refused: nothing was changed")
    assert "--yes" in ran.err
    assert "apply" not in dict(script.calls)


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 3), ("\n", 3), ("", 3)])
def test_the_question(run: Run, script: Script, monkeypatch: pytest.MonkeyPatch, answer: str, status: int) -> None:
    monkeypatch.setattr("dockerspec.cli.console.Console.can_ask", True)
    script.plan, script.report = plan(change("volume.tmp", "delete", "gone", data_loss=True), actions=(MAKE,)), DONE
    ran = run("apply", stdin=answer)
    assert ran.status == status
    assert "Data will be lost for good: volume.tmp.\nApply this plan? [y/N]" in ran.err
    assert "Apply this plan?" not in ran.out
    assert ("apply" in dict(script.calls)) is (status == 0)


OLD = Guarded(Address.parse("container.old"), "shop-old-1")
TOOL = Guarded(Address.parse("container.tool"), "tool", "it was adopted")
GUARDED = replace(WORK, guards=(Guard(Consent.SERVICE_DOWN, (OLD,)), Guard(Consent.FOREIGN, (TOOL,))))
DEMAND = """\
  --allow service-down: these run, and nothing takes their place:
      container.old (shop-old-1)
  --allow foreign: these go, and were not made by dockerspec:
      container.tool (tool): it was adopted
"""


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_yes_is_no_consent(run: Run, script: Script, command: str) -> None:
    script.plan, script.report = GUARDED, DONE
    ran = run(command, "--yes")
    assert ran.status == 3
    assert ran.err == f"refused: nothing was changed, since a yes is not enough for what this plan does:\n{DEMAND}"
    assert "apply" not in dict(script.calls)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_each_consent_is_named(run: Run, script: Script, form: tuple[str, ...]) -> None:
    script.plan = GUARDED
    ran = run("apply", *form)
    assert ran.status == 3
    assert "pass --yes --allow service-down --allow foreign to apply without asking\n" + DEMAND in ran.err


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_flags_are_consent(run: Run, script: Script, command: str) -> None:
    script.plan, script.report = GUARDED, DONE
    assert run(command, "--yes", "--allow", "foreign").status == 3
    assert run(command, "--yes", "--allow", "foreign", "--allow", "service-down").status == 0
    assert script.asked("apply")["allow"] == ("foreign", "service-down")


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 3), ("", 3)])
def test_one_question_for_all_consent(
    run: Run, script: Script, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    monkeypatch.setattr("dockerspec.cli.console.Console.can_ask", True)
    script.plan, script.report = GUARDED, DONE
    ran = run("apply", "--allow", "foreign", stdin=answer)
    assert ran.status == status
    assert "Taken down, with nothing in its place: container.old.\nApply this plan? [y/N]: " in ran.err
    assert "not made by dockerspec: container.tool" not in ran.err
    if status == 0:
        assert set(script.asked("apply")["allow"]) == {"service-down", "foreign"}
    else:
        assert "apply" not in dict(script.calls)


@pytest.mark.parametrize(
    ("report", "args", "status"),
    [
        (CALM, (), 0),
        (CALM, ("--detailed-exitcode",), 0),
        (DUE, ("--detailed-exitcode",), 0),
        (OFF, (), 0),
        (OFF, ("--detailed-exitcode",), 2),
        (OFF, ("--detailed-exitcode", "--json"), 2),
        (OFF, ("--detailed-exitcode", "--format", "markdown"), 2),
        (BAD, (), 1),
        (BAD, ("--detailed-exitcode",), 1),
    ],
)
def test_drift(run: Run, script: Script, report: DriftReport, args: tuple[str, ...], status: int) -> None:
    script.drift = report
    ran = run("drift", *args)
    assert ran.status == status
    assert ("--json" in args) is ran.out.startswith('{\n  "format": "dockerspec.drift/1"')
    assert ("markdown" in args) is ran.out.startswith("### dockerspec drift: stack `shop`\n")
    assert [name for name, _ in script.calls] == ["connect", "close"]


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (EngineUnreachable("nothing answers", hint="start it"), 1, "error: nothing answers\nstart it\n"),
        (Refused("the plan is stale"), 3, "refused: the plan is stale\n"),
        (Cancelled("the user stopped it"), 130, "stopped: the user stopped it\n"),
        (DockerspecError("odd"), 1, "error: odd\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
    ],
)
def test_foreseen_faults(run: Run, script: Script, fault: BaseException, status: int, text: str) -> None:
    script.plan = fault
    ran = run("plan")
    assert (ran.status, ran.out, ran.err.lstrip()) == (status, "", text.lstrip())


@pytest.mark.parametrize("fault", [ValueError("boom\nmore"), RecursionError("too deep"), OSError("disk")])
def test_bugs_of_ours_show_no_traceback(
    run: Run, script: Script, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    script.plan = fault
    ran = run("plan")
    assert ran.status == 1
    assert ran.err.startswith(f"internal error: {type(fault).__name__}: ")
    assert "report" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("DOCKERSPEC_DEBUG", "1")
    assert "Traceback (most recent call last)" in run("plan").err


def test_secrets_stay_out_of_faults(run: Run, script: Script, tmp_path: Path) -> None:
    text = SPEC + "variables:\n  password: {sensitive: true}\n"
    (tmp_path / "dockerspec.yaml").write_text(text, encoding="utf-8")
    script.plan = EngineUnreachable("the engine quotes hunter22", hint="not hunter22")
    ran = run("plan", "--var", "password=hunter22")
    assert "hunter22" not in ran.err
    assert "the engine quotes (sensitive)" in ran.err


def test_apply_keeps_results_and_progress_apart(run: Run, script: Script) -> None:
    script.plan, script.report = WORK, DONE
    ran = run("apply", "-y")
    assert ran.out.startswith("stack shop on Docker 28.5.2 (unix:///s)\n")
    assert ran.out.endswith("Done: 1 created, 7 unchanged, in 1.0 s.\n")
    assert ran.err == "  + container.web  created  0.2 s\n"


def test_apply_as_json_prints_one_document(run: Run, script: Script) -> None:
    script.plan, script.report = WORK, FAILED
    ran = run("apply", "-y", "--json")
    assert json.loads(ran.out)["summary"]["failed"] == 1
    assert ran.err == "  ! container.web  failed to create: no space left\n"


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "destroy", "status", "drift"])
def test_a_faulty_spec(run: Run, script: Script, tmp_path: Path, command: str) -> None:
    (tmp_path / "dockerspec.yaml").write_text(SPEC.replace("image", "imige"), encoding="utf-8")
    text, document = run(command), run(command, "--json")
    assert text.status == document.status == 1
    assert "dockerspec.yaml:4:9: error: containers.web" in (text.out if command == "validate" else text.err)
    assert json.loads(document.out)["diagnostics"][0]["line"] == 4
    assert script.calls == []
