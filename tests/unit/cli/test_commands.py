"""Options on their way to the api, formats, colours, help, and the small commands."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from dockerspec._version import __version__
from dockerspec.cli.console import wants_colour
from dockerspec.cli.main import COMMANDS, program
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.saved import SavedPlan, Source, to_json
from dockerspec.core.plan.seal import Seal
from dockerspec.core.report.outcome import Report
from dockerspec.core.report.status import StackStatus
from tests.unit.cli.conftest import SPEC, Run, Script
from tests.unit.render.samples import change, create, done, outcomes, plan, row

MAKE = create("container.web", "shop-web-1")
WORK = plan(change("container.web", "create", "not on the host"), actions=(MAKE,))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Run, script: Script, command: str) -> None:
    ran = run(command, "--help")
    assert ran.status == 0
    assert ran.err == ""
    assert "Examples:\n" in ran.out
    assert ran.out.count(f"dockerspec {command}") >= 2


def test_the_short_texts_are_those_of_the_commands() -> None:
    for name, text in COMMANDS.items():
        command = program.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert (command.help or "").startswith(text)


@pytest.mark.parametrize(
    ("args", "host", "context"),
    [
        (("plan",), None, None),
        (("--host", "unix:///a", "plan"), "unix:///a", None),
        (("plan", "-H", "unix:///a"), "unix:///a", None),
        (("-H", "unix:///a", "plan", "-H", "unix:///b"), "unix:///b", None),
        (("-c", "prod", "plan"), None, "prod"),
        (("plan", "--context", "prod"), None, "prod"),
    ],
)
def test_the_engine_is_named_on_either_side(
    run: Run, script: Script, args: tuple[str, ...], host: str | None, context: str | None
) -> None:
    assert run(*args).status == 0
    assert script.asked("connect") == {"host": host, "context": context}


ASKED: dict[str, tuple[str, ...]] = {
    "targets": ("web", "db"),
    "excludes": ("web[2]",),
    "replaces": ("db",),
    "delete_volumes": ("data",),
    "allow": ("service-down", "foreign"),
}
FLAGS = {"targets": "--target", "excludes": "--exclude", "delete_volumes": "--delete-volume", "allow": "--allow"}


@pytest.mark.parametrize("command", ["plan", "apply", "destroy"])
def test_options_reach_the_plan(run: Run, script: Script, command: str) -> None:
    flags = FLAGS if command == "destroy" else {**FLAGS, "replaces": "--replace"}
    args = [part for key, flag in flags.items() for value in ASKED[key] for part in (flag, value)]
    assert run(command, *args).status == 0
    asked = script.asked("plan_destroy" if command == "destroy" else "plan")
    assert asked == {key: ASKED[key] for key in flags}


def test_a_consent_that_is_none(run: Run, script: Script) -> None:
    ran = run("plan", "--allow", "everything")
    assert (ran.status, script.calls) == (1, [])
    assert "'everything' is not one of 'volume-delete', 'service-down', 'foreign', 'stack-takeover'" in ran.err


@pytest.mark.parametrize("flag", ["--target", "--exclude", "--replace", "--delete-volume"])
def test_a_saved_plan_is_not_asked_for_anything_else(run: Run, script: Script, tmp_path: Path, flag: str) -> None:
    saved = SavedPlan("shop", "now", "unix:///s", Source(), Seal("00", "", {}, {}, "", ""), "", {})
    (tmp_path / "shop.plan").write_text(to_json(saved), encoding="utf-8")
    ran = run("apply", "shop.plan", flag, "web")
    assert (ran.status, script.calls) == (1, [])
    assert "shop.plan is a saved plan, made for what was asked for then; give it alone" in ran.err


def test_nothing_is_made_anew_where_all_goes(run: Run, script: Script) -> None:
    assert run("destroy", "--replace", "web").status == 1
    ran = run("plan", "--destroy", "--replace", "web")
    assert (ran.status, script.calls) == (1, [])
    assert "--replace and --destroy exclude each other" in ran.err


def test_options_reach_the_run(run: Run, script: Script) -> None:
    script.plan = WORK
    assert run("apply", "-y", "--parallelism", "3").status == 0
    assert script.asked("apply")["parallelism"] == 3
    assert not script.asked("apply")["cancel"].is_set()


@pytest.mark.parametrize("number", ["0", "65", "many"])
def test_parallelism_is_bounded(run: Run, script: Script, number: str) -> None:
    assert run("apply", "-y", "--parallelism", number).status == 1
    assert script.calls == []


@pytest.mark.parametrize(
    ("args", "start"),
    [
        ((), "stack shop on"),
        (("--json",), "{"),
        (("--format", "json"), "{"),
        (("--format", "markdown"), "### dockerspec plan: stack `shop`"),
    ],
)
def test_formats(run: Run, script: Script, args: tuple[str, ...], start: str) -> None:
    script.plan = WORK
    assert run("plan", *args).out.startswith(start)


@pytest.mark.parametrize(("args", "calls"), [((), False), (("-v",), True), (("-vv",), True)])
def test_verbose_lists_the_calls(run: Run, script: Script, args: tuple[str, ...], calls: bool) -> None:
    script.plan = WORK
    assert ("Engine calls, in order:" in run(*args, "plan").out) is calls
    assert ("Engine calls, in order:" in run("plan", *args).out) is calls


@pytest.mark.parametrize(("args", "logged"), [(("-v",), False), (("-vv",), True), (("-v", "-v"), True)])
def test_the_log_masks_secrets(
    run: Run, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], logged: bool
) -> None:
    logger = logging.getLogger("dockerspec")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.WARNING)
    (tmp_path / "dockerspec.yaml").write_text(SPEC + "variables:\n  word: {sensitive: true}\n", encoding="utf-8")
    script.report = Report("shop")
    script.plan = WORK
    script.on_apply = lambda: logging.getLogger("dockerspec.engine").debug("it was hunter22")
    ran = run("apply", "-y", "--var", "word=hunter22", *args)
    assert ("it was (sensitive)" in ran.err) is logged
    assert "hunter22" not in ran.err


@pytest.mark.parametrize(
    ("terminal", "environ", "expected"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "0"}, False),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_when_there_is_colour(terminal: bool, environ: dict[str, str], expected: bool) -> None:
    assert wants_colour(terminal, environ) is expected


@pytest.mark.parametrize(
    ("force", "args", "coloured"), [("", (), False), ("1", (), True), ("1", ("--no-color",), False)]
)
def test_colour_reaches_the_page(
    run: Run, script: Script, monkeypatch: pytest.MonkeyPatch, force: str, args: tuple[str, ...], coloured: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", force)
    script.plan = WORK
    assert ("\x1b[" in run("plan", *args).out) is coloured
    assert ("\x1b[" in run(*args, "plan").out) is coloured


def test_columns_set_the_width(run: Run, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script.status = StackStatus(
        "shop", EngineFacts("28.5.2"), "unix:///s", (row("container.web", "running", image="x" * 200),)
    )
    monkeypatch.setenv("COLUMNS", "70")
    assert max(map(len, run("status").out.splitlines())) <= 70


def test_status_as_json(run: Run, script: Script) -> None:
    assert json.loads(run("status", "--json").out)["format"] == "dockerspec.status/1"


@pytest.mark.parametrize("args", [(), ("dockerspec.yaml",), ("-f", "dockerspec.yaml"), ("-",)])
def test_validate(run: Run, script: Script, args: tuple[str, ...]) -> None:
    ran = run("validate", *args, stdin=SPEC)
    assert (ran.status, ran.out, ran.err) == (0, "Stack shop is valid.\n", "")
    assert script.calls == []


def test_validate_as_json(run: Run, script: Script) -> None:
    assert json.loads(run("validate", "--json").out) == {
        "format": "dockerspec.diagnostics/1",
        "ok": True,
        "errors": 0,
        "warnings": 0,
        "diagnostics": [],
    }


def test_warnings_go_to_standard_error(run: Run, script: Script, tmp_path: Path) -> None:
    (tmp_path / "dockerspec.yaml").write_text(SPEC.replace("1.27", "1.27${NO_SUCH_TAG}"), encoding="utf-8")
    ran = run("plan", "--json")
    assert "NO_SUCH_TAG" in ran.err
    assert json.loads(ran.out)["format"] == "dockerspec.plan/1"


def test_version(run: Run, script: Script) -> None:
    assert run("--version").out == f"dockerspec {__version__}\n"
    assert run("version").out.startswith(f"dockerspec  {__version__}\n")
    assert script.calls == []
    assert "Docker API  1.51\n" in run("version", "--engine").out


def test_schema(run: Run, script: Script) -> None:
    assert json.loads(run("schema").out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(run: Run, script: Script, shell: str) -> None:
    ran = run("completion", shell)
    assert ran.status == 0
    assert ran.out.startswith("# To install: ")
    assert "_DOCKERSPEC_COMPLETE" in ran.out


def test_completion_knows_the_commands(run: Run, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_DOCKERSPEC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dockerspec va")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert "plain,validate" in run().out


@pytest.mark.parametrize(("args", "lines"), [((), 1), (("-v",), 2)])
def test_progress_lines(run: Run, script: Script, args: tuple[str, ...], lines: int) -> None:
    script.plan, script.report = WORK, Report("shop", outcomes(done(MAKE)))
    assert len(run("apply", "-y", *args).err.splitlines()) == lines
