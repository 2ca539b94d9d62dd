"""What a command loads: start-up time is a feature. And the process as a whole: pipes, signals, narrow encodings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = ("deepdiff", "docker", "pydantic", "requests", "rich", "ruamel", "asyncio", "difflib", "sqlite3")


def python(code: str, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        timeout=60,
        check=False,
    )


LOADED = """
import sys
sys.argv[0] = "dockerspec"
from dockerspec.__main__ import run
try:
    run()
finally:
    print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("args", "allowed"),
    [
        (("version",), ()),
        (("--version",), ()),
        (("--help",), ()),
        (("plan", "--help"), ("difflib",)),
        (("completion", "fish"), ()),
        (("no-such-command",), ("difflib",)),  # for the suggestion
        (("version", "--engine", "--host", "unix:///nonexistent/docker.sock"), ()),
        (("validate", "specs/minimal.yaml"), ("pydantic", "ruamel", "difflib", "asyncio")),
        (("config", "--quiet", "tests/cases/compose-world/postgres/compose.yaml"), ("ruamel",)),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(args: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    loaded = python(LOADED, *args).stderr.splitlines()[-1].split()
    assert loaded[0] == "loaded:"
    assert [name for name in HEAVY if name in loaded and name not in allowed] == []


def test_the_package_itself_is_free() -> None:
    code = "import sys, dockerspec; print(*sorted(name for name in sys.modules if name.startswith('dockerspec')))"
    assert python(code).stdout.split() == ["dockerspec", "dockerspec._version"]


def test_a_closed_pipe_is_no_traceback() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m dockerspec schema | head -c 1 >/dev/null"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr


def test_a_narrow_encoding_gets_escapes(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text("stack: shop\ncontainers:\n  web: {image: a, \u4e2d: 1}\n", encoding="utf-8")
    done = python(
        "from dockerspec.__main__ import run; run()", "validate", str(spec), PYTHONIOENCODING="latin-1", PYTHONUTF8="0"
    )
    assert done.returncode == 1
    assert "\\u4e2d" in done.stdout
    assert "Traceback" not in done.stderr
