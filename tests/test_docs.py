"""What the documentation says is true: its links lead somewhere, its specs load, its commands print what it shows.

Here run the commands that need no engine; tests/engine/test_docs.py runs whole pages on real ones.
DOCKERSPEC_UPDATE_CASES=1 writes the help texts of the commands into the pages.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from dockerspec._version import __version__
from dockerspec.cli import exits
from dockerspec.cli.main import COMMANDS, program
from dockerspec.core.diagnostics import Severity
from dockerspec.core.ownership import record
from dockerspec.core.spec.model import Stack
from dockerspec.core.table import container, network, volume
from dockerspec.core.table.base import Row
from dockerspec.runtime.files import load_files
from tests.doc_blocks import PAGES, ROOT, Block, Step, blocks, matches, steps, tidy

UPDATE = "DOCKERSPEC_UPDATE_CASES" in os.environ
FOLDERS = ("benchmarks", "docs", "dockerspec", "schemas", "specs", "tests")
LINKED = sorted({*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))})
HELP = re.compile(r"dockerspec( \w+)* --help")

# Two files side by side: the example of an overlay is no single spec.
NO_SPECS = {ROOT / "docs/phases.md"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _prose(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {text.strip().replace(" ", "-") for text in plain}


@pytest.mark.parametrize("page", LINKED, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        if not goal.exists() or (anchor and anchor not in _anchors(goal)):
            wrong.append(target)
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_modules_and_tests_named_are_there(page: Path) -> None:
    wrong = []
    for path, test in re.findall(r"`((?:\w+/)+[\w.-]+\.py)(?:::(\w+))?`", _prose(page)):
        places = [base / path for base in (ROOT, ROOT / "dockerspec", ROOT / "dockerspec/core/spec")]
        file = next((place for place in places if place.is_file()), None)
        if file is None or (test and f"def {test}(" not in file.read_text(encoding="utf-8")):
            wrong.append(f"{path}::{test}" if test else path)
    assert not wrong


YAML_BLOCKS = [
    block for page in PAGES if page not in NO_SPECS for block in blocks(page) if block.language in ("yaml", "yml")
]


def _spec(block: Block) -> str:
    """A block as a whole spec; empty where it is something else, such as a test case."""
    data: Any = YAML(typ="safe").load(block.text)
    if not isinstance(data, dict) or not set(data) <= {*Stack.model_fields, "variables"}:
        return ""
    head = "" if "dockerspec" in data else "dockerspec: 1\n"
    return head + ("" if "stack" in data else "stack: docs\n") + block.text


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=lambda block: block.place)
def test_specs_load(block: Block, tmp_path: Path) -> None:
    text = _spec(block)
    if text and "faulty" not in block.file:
        (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
        faults = load_files(["spec.yaml"], cwd=tmp_path, environ={}).diagnostics
        assert not [str(fault) for fault in faults if fault.severity is Severity.ERROR]


CONSOLE_PAGES = [page for page in PAGES if any(block.language == "console" for block in blocks(page))]


def _plain(line: str) -> str:
    return re.sub(r"^(Python +)[\d.]+\S*$", r"\1 VERSION", line.replace(__version__, "VERSION"))


def _renew(page: Path, step: Step, output: str) -> None:
    """Put a command's present output into its page."""
    old = "\n".join((f"$ {step.command}", *step.printed))
    text = page.read_text(encoding="utf-8")
    assert old in text, old
    page.write_text(text.replace(old, f"$ {step.command}\n{output.rstrip()}"), encoding="utf-8")


@pytest.mark.parametrize("page", CONSOLE_PAGES, ids=_name)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status: int | None = None
    for block in list(blocks(page)):
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        for step in steps(block) if block.language == "console" else ():
            if step.command == "echo $?":
                assert status is None or step.printed == (str(status),), block.place
                continue
            status = None
            if not step.is_offline:
                continue
            result = CliRunner().invoke(
                program, shlex.split(step.command)[1:], prog_name="dockerspec", env={"COLUMNS": "80"}
            )
            status = result.exit_code
            if HELP.fullmatch(step.command):
                _check_help(page, step, result.output)
            else:
                wanted, found = tidy(step.printed, _plain), tidy(result.output.splitlines(), _plain)
                assert matches(wanted, found), f"{block.place}: {step.command}\n{result.output}"


def _check_help(page: Path, step: Step, output: str) -> None:
    """Help texts are filled anew by each version of click, so that only their words must agree."""
    if UPDATE:
        _renew(page, step, output)
    else:
        assert " ".join(step.printed).split() == output.split(), f"{step.command}: renew it (see this file's head)"


def test_every_command_has_its_help_in_the_manual() -> None:
    manual = [
        step.command for block in blocks(ROOT / "docs/cli.md") if block.language == "console" for step in steps(block)
    ]
    assert {f"dockerspec {name} --help" for name in COMMANDS} <= set(manual)


@pytest.mark.parametrize("page", ["README.md", "docs/cli.md"])
def test_exit_codes_are_listed(page: str) -> None:
    listed = re.findall(r"^\| (\d+) \| ", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [int(code) for code in listed] == sorted(value for name, value in vars(exits).items() if name.isupper())


@pytest.mark.parametrize(("kind", "table"), [("containers", container), ("networks", network), ("volumes", volume)])
def test_recorded_fields_are_listed(kind: str, table: ModuleType) -> None:
    page = (ROOT / "docs/ownership.md").read_text(encoding="utf-8")
    (item,) = re.findall(rf"^- {kind}: (.*?)[;.]$", page, flags=re.MULTILINE | re.DOTALL)
    rows: Iterable[Row[Any]] = table.ROWS
    assert set(re.findall(r"`([\w.]+)`", item)) == set(record(rows, {row.key: "something" for row in rows}))
