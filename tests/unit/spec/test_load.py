"""The pipeline as a whole: order, the reader, masking, names. Spec texts with their outcome are in tests/cases/load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dockerspec.core.diagnostics import Diagnostic, Severity, Span
from dockerspec.core.spec.load import PHASES, LoadResult, load
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.errors import SpecError

ROOT = Path(__file__).parents[3]


def read_nothing(path: str) -> str | FileFault:
    raise AssertionError(f"{path} was read")


def run(*texts: str, reader=read_nothing, folder: str = "/srv/shop", **sources) -> LoadResult:
    files = [SourceFile(f"{number}.yaml", text, folder) for number, text in enumerate(texts)]
    return load(files, Variables(**sources), reader)


WEB = "containers: {web: {image: nginx}}\n"


def test_the_phases_are_those_of_the_page():
    page = (ROOT / "docs" / "phases.md").read_text()
    listed = re.findall(r"^\| (\d+) \| (\w+) \|", page, re.MULTILINE)
    assert listed == [(str(number), phase.name) for number, phase in enumerate(PHASES, 1)]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/srv/shop", "shop"),
        ("/srv/My Shop.v2", "myshopv2"),
        ("/srv/__x-y_z", "x-y_z"),
        ("/srv/7up", "7up"),
    ],
)
def test_the_folder_gives_the_stack_its_name(folder, name):
    assert run(WEB, folder=folder).require().stack == name


@pytest.mark.parametrize("folder", ["/", "/srv/..", "/srv/___", "/srv/日本"])
def test_a_folder_that_gives_no_name(folder):
    [fault] = run(WEB, folder=folder).diagnostics
    assert str(fault) == (
        "0.yaml:1:1: stack: the stack has no name and its folder gives none; write 'stack: NAME' at the top of the spec"
    )


def test_files_are_read_once_from_the_first_files_folder():
    read: list[str] = []

    def reader(path: str) -> str:
        read.append(path)
        return "A=1\n"

    result = run(
        "containers: {web: {image: x, env_file: a.env}, db: {image: x, env_file: [./a.env, ../b.env, /c.env]}}",
        reader=reader,
    )
    assert result.require().containers["web"].environment == {"A": "1"}
    assert read == ["/srv/shop/a.env", "/srv/b.env", "/c.env"]


def test_places_are_found_by_path():
    result = run("stack: a\ncontainers:\n  web:\n    image: nginx\n", "containers: {web: {tty: true}}")
    assert result.span_of(("containers", "web", "image")) == Span("0.yaml", 4, 12)
    assert result.span_of(("containers", "web", "tty")) == Span("1.yaml", 1, 25)
    assert result.span_of(("containers", "web", "init")) == Span("0.yaml", 3, 3)


def test_no_place_without_a_document():
    assert run("a: [").span_of(()) is None


def test_require_raises_all_diagnostics():
    result = run("a: 1\nb: 2\n")
    with pytest.raises(SpecError) as caught:
        result.require()
    assert caught.value.diagnostics == result.diagnostics
    assert len(result.diagnostics) == 2


def test_warnings_alone_leave_the_stack():
    result = run("containers: {web: {image: nginx, environment: {A: $NONE}}}")
    assert result.stack is not None
    assert [fault.severity for fault in result.diagnostics] == [Severity.WARNING]


def test_what_the_model_says_of_a_failed_value_is_left_out():
    result = run("containers: {web: {image: nginx, replicas: '${', tty: maybe}}")
    assert [fault.path for fault in result.diagnostics] == ["containers.web.replicas", "containers.web.tty"]


def test_errors_of_all_phases_that_can_run_come_together():
    result = run("a: 1\na: 2\nvariables: {v: }\ncontainers: {web: {image: '$1', tty: x}}\n")
    assert [fault.path for fault in result.diagnostics] == [
        "a",
        "a",
        "variables.v",
        "containers.web.image",
        "containers.web.tty",
    ]


def test_secret_values_are_in_no_sentence():
    text = (
        "variables: {t: {sensitive: true}}\n"
        "containers: {web: {image: x, state: $t, restart: 'x $t y', environment: {A: '${B:?see $t}'}}}"
    )
    result = run(text, given={"t": "hunter2"})
    shown = "\n".join(str(fault) for fault in result.diagnostics)
    assert "hunter2" not in shown
    assert shown.count("***") == 3
    assert "hunter2" not in repr(LoadResult(None, secrets={"a": "hunter2"}))


def test_the_environment_of_the_run_comes_from_all_sources():
    result = run(
        "containers: {web: {image: x, environment: [A, B, C, D]}}",
        given={"A": "given"},
        environment={"A": "environment", "B": "environment"},
        dotenv={"A": "dotenv", "B": "dotenv", "C": "dotenv"},
    )
    expected = {"A": "given", "B": "environment", "C": "dotenv", "D": None}
    assert result.require().containers["web"].environment == expected


def test_an_unused_given_variable_is_worth_a_word():
    assert [str(fault) for fault in run(WEB, given={"TGA": "1"}).diagnostics] == [
        "warning: the spec doesn't use the variable TGA given with --var; check its name"
    ]


def test_loading_twice_gives_the_same():
    text = "containers: {web: {image: $A, tty: x, foo: 1, bar: 2}, db: {imgae: y}}\n"
    first, second = run(text), run(text)
    assert first.diagnostics == second.diagnostics
    assert all(isinstance(fault, Diagnostic) for fault in first.diagnostics)
