"""The structure of the code: layers, purity, documentation and size. What a reviewer would have to watch otherwise."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import dockerspec

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dockerspec"
MODULES = sorted(PACKAGE.rglob("*.py"))
PURE = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in ("core", "render")]
WRITTEN = [path for folder in ("dockerspec", "tests", "benchmarks", "specs") for path in (ROOT / folder).rglob("*.py")]

MOST_LINES = 450
LONGEST_FUNCTION = 60

IMPURE_CALLS = {"breakpoint", "eval", "exec", "input", "open", "print"}
IMPURE_METHODS = {"now", "today", "utcnow", "read_bytes", "read_text", "write_bytes", "write_text"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def impure(module: ast.AST) -> Iterator[tuple[int, str]]:
    """Calls by which a module would reach outside: line and name."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield node.lineno, node.func.id
        elif isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE_METHODS:
            yield node.lineno, node.func.attr


def is_stub(node: Function) -> bool:
    """Whether a function only states a protocol's signature."""
    body = node.body
    return len(body) == 1 and isinstance(body[0], ast.Expr) and getattr(body[0].value, "value", None) is ...


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """The public functions, classes and methods of a module's or class's body, stubs apart."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        if not isinstance(node, ast.ClassDef) and is_stub(node):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public(node.body, f"{node.name}.")


def undocumented(module: ast.Module) -> list[str]:
    names = [] if ast.get_docstring(module) else ["the module"]
    return names + [name for name, node in public(module.body) if not ast.get_docstring(node)]


def functions(module: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(module) if isinstance(node, Function))


def length(node: Function) -> int:
    """A function's lines without its docstring: a page of explanation makes no function long."""
    doc = node.body[0] if ast.get_docstring(node) else None
    return (node.end_lineno or 0) - node.lineno + 1 - ((doc.end_lineno or 0) - doc.lineno + 1 if doc else 0)


def test_imports_keep_to_the_contracts() -> None:
    """The contracts stand in pyproject.toml; a package that is new needs a place in them."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


def test_core_and_render_reach_for_nothing() -> None:
    found = {name_of(path): list(impure(tree(path))) for path in PURE}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_everything_public_is_documented() -> None:
    found = {name_of(path): undocumented(tree(path)) for path in MODULES}
    assert {name: names for name, names in found.items() if names} == {}


def test_no_file_is_too_long() -> None:
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in WRITTEN}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_no_function_is_too_long() -> None:
    sizes = {f"{name_of(path)}:{node.name}": length(node) for path in MODULES for node in functions(tree(path))}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}


def _lazy_names() -> dict[str, str]:
    """What `dockerspec/__init__.py` shows to type checkers: home module by name."""
    module = tree(PACKAGE / "__init__.py")
    guarded = [node for node in module.body if isinstance(node, ast.If)]
    imports = [node for guard in guarded for node in guard.body if isinstance(node, ast.ImportFrom)]
    return {item.asname or item.name: str(node.module) for node in imports for item in node.names}


def test_the_public_names_are_sorted_and_complete() -> None:
    assert list(dockerspec.__all__) == sorted({*_lazy_names(), "__version__"})


@pytest.mark.parametrize(("name", "home"), sorted(_lazy_names().items()))
def test_a_public_name_comes_from_where_type_checkers_see_it(name: str, home: str) -> None:
    __import__(home)
    assert getattr(dockerspec, name) is getattr(sys.modules[home], name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f(): open('x')", ["open"]),
        ("when = datetime.now(UTC)", ["now"]),
        ("lambda: print()", ["print"]),
        ("Path(x).read_text()", ["read_text"]),
        ("reopen(); self.opened", []),
    ],
)
def test_the_purity_check_sees(text: str, found: list[str]) -> None:
    assert [name for _, name in impure(ast.parse(text))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["the module"]),
        ("'m'\ndef f(): pass", ["f"]),
        ("'m'\ndef _f(): pass", []),
        ("'m'\nclass A:\n  'a'\n  def g(self): return 1\n  def __h__(self): pass", ["A.g"]),
        ("'m'\nclass P:\n  'p'\n  def g(self): ...", []),
        ("'m'\nclass A: x = 1", ["A"]),
    ],
)
def test_the_documentation_check_sees(text: str, found: list[str]) -> None:
    assert undocumented(ast.parse(text)) == found
