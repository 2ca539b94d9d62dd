"""The door to disk, standard input and environment."""

from __future__ import annotations

import io
import os

import pytest

from dockerspec.core.spec.load import LoadResult
from dockerspec.runtime.files import DEFAULT_NAMES, load_files, read_text

WEB = "stack: shop\ncontainers: {web: {image: 'nginx:${TAG:-none}'}}\n"


def image(result: LoadResult) -> str | None:
    source = result.require().containers["web"].image
    return source.ref if source else None


def lines(result: LoadResult) -> list[str]:
    return [str(fault) for fault in result.diagnostics]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spec.yaml").write_text(WEB)
    return tmp_path


@pytest.mark.parametrize("number", range(len(DEFAULT_NAMES)))
def test_default_names_in_order(tmp_path, number):
    for later, name in enumerate(DEFAULT_NAMES[number:]):
        (tmp_path / name).write_text(f"stack: s{number + later}\n")
    assert load_files(cwd=tmp_path, environ={}).require().stack == f"s{number}"


def test_no_default_file(tmp_path):
    [line] = lines(load_files(cwd=tmp_path, environ={}))
    assert line.startswith(f"no spec in {tmp_path}: none of dockerspec.yaml, ")
    assert line.endswith("; write dockerspec.yaml, or give a file with -f")


def test_the_process_gives_folder_and_environment(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TAG", "own")
    assert image(load_files(["spec.yaml"])) == "nginx:own"


@pytest.mark.parametrize(
    ("dotenv", "env_files", "environ", "variables", "tag"),
    [
        ("", [], {}, {}, "none"),
        ("TAG=dotenv", [], {}, {}, "dotenv"),
        ("TAG=dotenv", ["a.env"], {}, {}, "a"),
        ("TAG=dotenv", ["a.env", "b.env"], {}, {}, "b"),
        ("OTHER=1", ["empty.env"], {}, {}, "none"),
        ("TAG=dotenv", ["a.env"], {"TAG": "environ"}, {}, "environ"),
        ("TAG=dotenv", ["a.env"], {"TAG": "environ"}, {"TAG": "given"}, "given"),
        ("", [], {}, ["TAG=x=y"], "x=y"),
        ("", [], {}, ["TAG=first", "TAG=second"], "second"),
        ("TAG", [], {"TAG": "inherited"}, {}, "inherited"),
        ("TAG=${X}", [], {"X": "x"}, {}, "x"),
        ("", ["x.env", "y.env"], {}, {}, "xy"),
    ],
)
def test_precedence(folder, dotenv, env_files, environ, variables, tag):
    files = {"a.env": "TAG=a", "b.env": "TAG=b", "empty.env": "", "x.env": "X=x", "y.env": "TAG=${X}y"}
    for name, text in {**files, ".env": dotenv}.items():
        (folder / name).write_text(text)
    result = load_files(["spec.yaml"], env_files, variables, folder, environ)
    if tag == "x=y":
        assert lines(result)
    else:
        assert image(result) == f"nginx:{tag}"


def test_dotenv_lies_beside_the_first_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "spec.yaml").write_text(WEB)
    (tmp_path / "sub" / ".env").write_text("TAG=sub")
    (tmp_path / ".env").write_text("TAG=top")
    assert image(load_files(["sub/spec.yaml"], cwd=tmp_path, environ={})) == "nginx:sub"


def test_relative_paths_start_at_the_first_file(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "web.env").write_text(f"FROM={name}")
    (tmp_path / "one" / "spec.yaml").write_text("containers: {web: {image: x}}")
    (tmp_path / "two" / "spec.yaml").write_text("containers: {web: {env_file: web.env, volumes: ['./d:/d']}}")
    stack = load_files(["one/spec.yaml", "two/spec.yaml"], cwd=tmp_path, environ={}).require()
    assert stack.stack == "one"
    assert stack.containers["web"].environment == {"FROM": "one"}
    assert stack.containers["web"].volumes[0].source == str(tmp_path / "one" / "d")


def test_standard_input(tmp_path, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"stack: piped\nfoo: 1\n")

    monkeypatch.setattr("sys.stdin", Stdin())
    assert lines(load_files(["-"], cwd=tmp_path, environ={})) == [
        "<stdin>:2:1: foo: unknown key 'foo'; write one of configs, containers, dockerspec, images, networks,"
        " secrets, stack, volumes"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "the spec file doesn't exist; check the name given with -f"),
        ("folder", "the spec file is a folder; give a file"),
        (b"\x7fELF\0\0", "the spec file is a binary file; give a UTF-8 text file"),
        (b"a: 1\nb: \xff\n", "the spec file isn't UTF-8 (byte 0xff at offset 8, line 2); save it as UTF-8"),
        (b"a: \xe4", "the spec file isn't UTF-8 (byte 0xe4 at offset 3, line 1); save it as UTF-8"),
    ],
    ids=["missing", "folder", "binary", "latin-1", "cut"],
)
def test_faults_of_spec_files(tmp_path, content, expected):
    path = tmp_path / "spec.yaml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    line = 2 if "line 2" in expected else 1
    assert lines(load_files(["spec.yaml"], cwd=tmp_path, environ={})) == [f"spec.yaml:{line}:1: {expected}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(folder):
    (folder / "spec.yaml").chmod(0)
    [line] = lines(load_files(["spec.yaml"], cwd=folder, environ={}))
    assert "can't be read by this user" in line


def test_an_impossible_name_and_a_loop_are_faults(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for name in ("a\0b", "loop", "x" * 5000):
        [line] = lines(load_files([name], cwd=tmp_path, environ={}))
        assert "can't be read (" in line


def test_all_faults_of_the_door_come_together(tmp_path):
    (tmp_path / "bad.env").write_text("OK=1\nnot good=1\n")
    result = load_files(["a.yaml", "b.yaml"], ["bad.env", "none.env"], ["1A=x", "novalue"], tmp_path, {})
    assert lines(result) == [
        "'1A' is no variable with a value; write --var NAME=VALUE",
        "'novalue' is no variable with a value; write --var NAME=VALUE",
        "a.yaml:1:1: the spec file doesn't exist; check the name given with -f",
        "b.yaml:1:1: the spec file doesn't exist; check the name given with -f",
        "bad.env:2:1: no '=' after 'not'; write not=value",
        "none.env:1:1: the env file doesn't exist; check the name given with --env-file",
    ]
    assert result.stack is None


def test_reading_text_follows_pipes(tmp_path):
    read, write = os.pipe()
    os.write(write, b"hello")
    os.close(write)
    assert read_text(f"/dev/fd/{read}") == "hello"
    os.close(read)
