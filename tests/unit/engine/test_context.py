"""Build contexts: selection, bytes, digest."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerspec.engine.context import ADDED_DOCKERFILE, archived_dockerfile, pack_context, read_context
from dockerspec.errors import SpecError


def _fill(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _fill(
        tmp_path / "web",
        {"Dockerfile": "FROM scratch\n", "a/b.txt": "b", "a/c.log": "c", "z.txt": "z", ".git/config": "g"},
    )


def _names(folder: Path, dockerfile: str = "Dockerfile", ignore: list[str] | None = None) -> list[str]:
    with pack_context(folder, dockerfile, ignore) as file, tarfile.open(fileobj=file) as archive:
        return archive.getnames()


_ALL = [".git", ".git/config", "Dockerfile", "a", "a/b.txt", "a/c.log", "z.txt"]


@pytest.mark.parametrize(
    ("ignore", "names"),
    [
        pytest.param("", _ALL, id="nothing"),
        pytest.param("# only a comment\n\n", _ALL, id="comments"),
        pytest.param(".git\n**/*.log\n", ["Dockerfile", "a", "a/b.txt", "z.txt"], id="patterns"),
        pytest.param("*\n!a/b.txt\n", ["Dockerfile", "a/b.txt"], id="exception"),
        pytest.param("Dockerfile\n.dockerignore\n", _ALL, id="dockerfile-always"),
        pytest.param("  a/  \r\n.git\r\n", ["Dockerfile", "z.txt"], id="blanks-and-slash"),
        pytest.param("\ufeff.git\n", ["Dockerfile", "a", "a/b.txt", "a/c.log", "z.txt"], id="byte-order-mark"),
    ],
)
def test_the_ignore_file_selects(folder: Path, ignore: str, names: list[str]) -> None:
    (folder / ".dockerignore").write_text(ignore)
    assert _names(folder) == sorted([*names, ".dockerignore"])


def test_without_an_ignore_file_all_is_in(folder: Path) -> None:
    assert _names(folder) == _ALL


def test_the_dockerfiles_own_ignore_file_wins(folder: Path) -> None:
    (folder / ".dockerignore").write_text("a\n")
    (folder / "Dockerfile.dockerignore").write_text(".git\nz.txt\n")
    names = _names(folder)
    assert "a/b.txt" in names
    assert "z.txt" not in names


def test_patterns_given_by_the_caller_replace_the_file(folder: Path) -> None:
    (folder / ".dockerignore").write_text("a\n")
    patterns = ["z.txt", ".git"]
    assert _names(folder, ignore=patterns) == [".dockerignore", "Dockerfile", "a", "a/b.txt", "a/c.log"]
    assert patterns == ["z.txt", ".git"]


def test_selection_is_the_sdks_own(folder: Path) -> None:
    from docker.utils.build import tar

    patterns = ["**/*.log", ".git", "!.git/config"]
    with tar(str(folder), exclude=list(patterns)) as file, tarfile.open(fileobj=file) as archive:
        theirs = archive.getnames()
    assert _names(folder, ignore=patterns) == sorted(theirs)


def test_the_tar_is_the_same_wherever_the_folder_lies(folder: Path, tmp_path: Path) -> None:
    os.utime(folder / "z.txt", (1, 1))
    copy = _fill(
        tmp_path / "elsewhere" / "copy",
        {".git/config": "g", "z.txt": "z", "a/c.log": "c", "a/b.txt": "b", "Dockerfile": "FROM scratch\n"},
    )
    with pack_context(folder) as one, pack_context(copy) as other:
        assert one.read() == other.read()
    assert read_context(folder) == read_context(copy)


def test_owners_and_times_of_this_machine_stay_out(folder: Path) -> None:
    with pack_context(folder) as file, tarfile.open(fileobj=file) as archive:
        members = archive.getmembers()
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert len({member.mtime for member in members}) == 1


def _edit(folder: Path) -> None:
    (folder / "z.txt").write_text("Z")


def _swap(folder: Path) -> None:
    (folder / "a/b.txt").write_text("c")
    (folder / "a/c.log").write_text("b")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_edit, id="same-size-edit"),
        pytest.param(_swap, id="swapped-contents"),
        pytest.param(lambda folder: (folder / "z.txt").chmod(0o755), id="mode"),
        pytest.param(lambda folder: (folder / "z.txt").rename(folder / "y.txt"), id="name"),
        pytest.param(lambda folder: (folder / "z.txt").unlink(), id="removed"),
        pytest.param(lambda folder: (folder / "new").mkdir(), id="empty-folder"),
        pytest.param(lambda folder: (folder / "link").symlink_to("z.txt"), id="link"),
        pytest.param(lambda folder: (folder / "Dockerfile").write_text("FROM x\n"), id="dockerfile"),
    ],
)
def test_every_change_that_a_build_sees_changes_digest_and_time(folder: Path, change: Callable[[Path], object]) -> None:
    def moment() -> float:
        with pack_context(folder) as file, tarfile.open(fileobj=file) as archive:
            return archive.getmembers()[0].mtime

    before, then = read_context(folder), moment()
    change(folder)
    assert read_context(folder) != before
    assert moment() != then


def test_what_a_build_does_not_see_changes_nothing(folder: Path) -> None:
    (folder / ".dockerignore").write_text(".git\n")
    before = read_context(folder)
    (folder / ".git/config").write_text("changed")
    os.utime(folder / "z.txt", (5, 5))
    assert read_context(folder) == before


def test_a_different_dockerfile_is_a_change(folder: Path) -> None:
    (folder / "Other").write_text("FROM scratch\n")
    assert read_context(folder, "Dockerfile") != read_context(folder, "Other")
    assert read_context(folder, inline="FROM a") != read_context(folder, inline="FROM b")


def test_links_are_kept_as_links(folder: Path) -> None:
    (folder / "inside").symlink_to("a/b.txt")
    (folder / "outside").symlink_to("/etc/passwd")
    (folder / "broken").symlink_to("nowhere")
    (folder / "loop").symlink_to(".")
    with pack_context(folder) as file, tarfile.open(fileobj=file) as archive:
        links = {member.name: member.linkname for member in archive if member.issym()}
    assert links == {"inside": "a/b.txt", "outside": "/etc/passwd", "broken": "nowhere", "loop": "."}


def test_hard_links_and_odd_names_and_big_files(folder: Path) -> None:
    os.link(folder / "z.txt", folder / "y.txt")
    long = "ü" * 60 + "/" + "n" * 150
    _fill(folder, {long: "long"})
    (folder / "big").write_bytes(bytes(range(256)) * 20_000)
    with pack_context(folder) as file, tarfile.open(fileobj=file) as archive:
        assert all(member.isreg() or member.isdir() for member in archive)
        contents = {name: archive.extractfile(name).read() for name in ("y.txt", "z.txt", long, "big")}  # type: ignore[union-attr]
    assert contents["y.txt"] == contents["z.txt"] == b"z"
    assert contents[long] == b"long"
    assert contents["big"] == bytes(range(256)) * 20_000


def test_sockets_and_pipes_are_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        assert _names(folder) == _ALL


@pytest.mark.parametrize(
    ("dockerfile", "inline", "name", "text"),
    [
        pytest.param("Dockerfile", None, "Dockerfile", b"FROM scratch\n", id="inside"),
        pytest.param("./Dockerfile", None, "Dockerfile", b"FROM scratch\n", id="dotted"),
        pytest.param("a/../Dockerfile", None, "Dockerfile", b"FROM scratch\n", id="roundabout"),
        pytest.param("../Outside", None, ADDED_DOCKERFILE, b"FROM outside\n", id="outside"),
        pytest.param("Dockerfile", "FROM inline\n", ADDED_DOCKERFILE, b"FROM inline\n", id="inline"),
    ],
)
def test_where_the_dockerfile_goes(folder: Path, dockerfile: str, inline: str | None, name: str, text: bytes) -> None:
    (folder.parent / "Outside").write_text("FROM outside\n")
    assert archived_dockerfile(folder, dockerfile, inline) == name
    (folder / ".dockerignore").write_text("*\n")
    with (
        pack_context(folder, dockerfile, inline=inline) as file,
        tarfile.open(fileobj=file) as archive,
    ):
        content = archive.extractfile(name)
        assert content is not None
        assert content.read() == text


def test_an_absolute_dockerfile_inside(folder: Path) -> None:
    assert archived_dockerfile(folder, str(folder / "a" / "D")) == "a/D"


@pytest.mark.parametrize(
    ("change", "dockerfile", "words"),
    [
        pytest.param(lambda folder: None, "Missing", "no Dockerfile 'Missing'", id="no-dockerfile"),
        pytest.param(lambda folder: None, "a", "no Dockerfile 'a'", id="dockerfile-is-a-folder"),
        pytest.param(lambda folder: None, "../Missing", "can't read the Dockerfile", id="none-outside"),
        pytest.param(
            lambda folder: (folder / ".dockerignore").write_bytes(b"\xff"), "Dockerfile", "not UTF-8", id="ignore-file"
        ),
    ],
)
@pytest.mark.parametrize("verb", [pack_context, read_context])
def test_faults_say_what_to_do(
    folder: Path, verb: Callable[..., object], change: Callable[[Path], object], dockerfile: str, words: str
) -> None:
    change(folder)
    with pytest.raises(SpecError, match=words) as caught:
        verb(folder, dockerfile)
    assert caught.value.diagnostics[0].fix


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is no folder"):
        read_context(tmp_path / "none")


def test_a_file_that_shrinks_while_it_is_packed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dockerspec.engine import context

    monkeypatch.setattr(context._Entry, "open", lambda self: io.BytesIO(b""))
    with pytest.raises(SpecError, match="can't read"):
        pack_context(folder)
