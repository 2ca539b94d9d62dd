"""The history's file: shared, killed, corrupt, foreign, out of reach. Nothing of it may fail a run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dockerspec.api.history import History
from dockerspec.core.history.entry import Details, Entry, Fate, Pin, last_good
from dockerspec.core.history.kept import KeptSpec, Withheld
from dockerspec.errors import HistoryError
from dockerspec.runtime.journal import NAME, Journal
from dockerspec.runtime.state_folder import history_folder

ROOT = Path(__file__).parents[3]
SPEC = KeptSpec("stack: shop\n", ("/srv/.env",), {"X": Withheld("web", "KEY", "ab12cd")}, {"web": {"": "1a"}}, "5a17")
FULL = Details(SPEC, "", {"a:1": Pin("sha256:1", ("a@sha256:2",))}, {"format": "p"}, "plan\n", {"format": "r"}, "rep\n")


def entry(stack: str = "shop", engine: str = "E", command: str = "apply") -> Entry:
    return Entry(0, stack, engine, "unix:///s", "", command, began=1000.0, tally="1 to create", files=("/srv/s.yaml",))


def test_a_run_is_written_and_completed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state")
    assert journal.entries() == ()
    assert journal.entry(1) is None
    number = journal.begin(entry(), Details(SPEC, plan={"format": "p"}))
    (begun,) = journal.entries()
    assert (begun.number, begun.fate, begun.seconds, begun.command) == (number, Fate.RUNNING, None, "apply")
    assert begun.files == ("/srv/s.yaml",)
    assert "@" in begun.who
    journal.finish(number, Fate.DONE, 2.5, "d1", FULL)
    found = journal.entry(number)
    assert found is not None
    done, details = found
    assert (done.fate, done.seconds, done.digest, done.is_good) == (Fate.DONE, 2.5, "d1", True)
    assert details == FULL
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()} == {0o600}


def test_runs_are_found_by_stack_and_engine(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    numbers = [journal.begin(entry(*names), Details()) for names in (("a", "E"), ("b", "E"), ("a", "F"), ("a", "E"))]
    assert [item.number for item in journal.entries("a", "E")] == [numbers[3], numbers[0]]
    assert [item.number for item in journal.entries("a")] == [numbers[3], numbers[2], numbers[0]]
    assert [item.number for item in journal.entries(limit=2)] == [numbers[3], numbers[2]]


def test_the_number_of_runs_kept_is_bounded(tmp_path: Path) -> None:
    journal = Journal(tmp_path, kept=3)
    other = journal.begin(entry("other"), Details())
    numbers = [journal.begin(entry(), Details()) for _ in range(5)]
    assert [item.number for item in journal.entries()] == [*numbers[:1:-1], other]


CHILD = """
import sys, time
from pathlib import Path
from dockerspec.core.history.entry import Details, Entry, Fate
from dockerspec.runtime.journal import Journal

journal = Journal(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    number = journal.begin(Entry(0, "shop", "E", "unix:///s", "", sys.argv[3], began=1.0), Details())
    if sys.argv[3] == "die":
        print("begun", flush=True)
        time.sleep(60)
    journal.finish(number, Fate.DONE, 1.0, "d", Details())
print(*journal.words)
"""


def child(*args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), *args],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    writers = [child(str(tmp_path), "40", f"writer{number}") for number in range(2)]
    assert [writer.communicate(timeout=60)[0].strip() for writer in writers] == ["", ""]
    found = Journal(tmp_path).entries()
    assert sorted(item.command for item in found) == ["writer0"] * 40 + ["writer1"] * 40
    assert {item.fate for item in found} == {Fate.DONE}


def test_a_killed_run_is_interrupted(tmp_path: Path) -> None:
    with child(str(tmp_path), "1", "die") as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        assert [item.fate for item in Journal(tmp_path).entries()] == [Fate.RUNNING]
        writer.kill()
    assert [item.fate for item in Journal(tmp_path).entries()] == [Fate.INTERRUPTED]
    assert Journal(tmp_path).begin(entry(), Details()) == 2


def _text(path: Path) -> None:
    path.write_text("this is no database" * 100)


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE songs (name TEXT)")
    database.close()


def _holes(path: Path) -> None:
    """A file of ours whose inner pages are rubbish: it opens well."""
    journal = Journal(path.parent)
    for _ in range(30):
        journal.begin(entry(), Details(plan="x" * 2000))
    data = bytearray(path.read_bytes())
    data[2 * 4096 :] = b"\xff" * (len(data) - 2 * 4096)
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [_text, _foreign, _holes])
def test_a_file_that_is_none_is_set_aside(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / NAME
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes()
    writers = [child(str(tmp_path), "5", f"writer{number}") for number in range(2)]
    words = [writer.communicate(timeout=60)[0].strip() for writer in writers]
    assert sorted(map(bool, words)) == [False, True]
    assert "history.db.aside-1" in "".join(words)
    assert (tmp_path / f"{NAME}.aside-1").read_bytes() == before
    assert not (tmp_path / f"{NAME}.aside-2").exists()
    assert len(Journal(tmp_path).entries()) == 10


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(entry(), Details())
    with sqlite3.connect(tmp_path / NAME) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(HistoryError, match="newer dockerspec"):
        journal.begin(entry(), Details())
    with pytest.raises(HistoryError, match="newer dockerspec"):
        journal.entries()
    assert (tmp_path / NAME).read_bytes() == before


def test_no_place_to_write_is_a_word(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "state")
    with pytest.raises(HistoryError, match="can't be used"):
        journal.begin(entry(), Details())


def test_reading_makes_no_file(tmp_path: Path) -> None:
    assert History(tmp_path / "state").entries() == ()
    with pytest.raises(HistoryError, match="no run 3"):
        History(tmp_path / "state").entry(3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "root", "folder"),
    [
        ({"HOME": "/home/me"}, True, "/var/lib/dockerspec"),
        ({"HOME": "/home/me"}, False, "/home/me/.local/state/dockerspec"),
        ({"HOME": "/home/me", "XDG_STATE_HOME": "/state"}, False, "/state/dockerspec"),
        ({"HOME": "/home/me", "XDG_STATE_HOME": "relative"}, False, "/home/me/.local/state/dockerspec"),
        ({"DOCKERSPEC_HISTORY": "/elsewhere"}, True, "/elsewhere"),
        ({"DOCKERSPEC_HISTORY": "off"}, True, None),
        ({}, False, None),
    ],
)
def test_where_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], root: bool, folder: str | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    found = history_folder(environ)
    assert (str(found) if found else None) == folder


def _run(number: int, fate: Fate = Fate.DONE, digest: str = "", **more: bool) -> Entry:
    return Entry(number, "s", "E", "u", "w", "apply", 1.0, 1.0, fate, digest=digest, **more)


@pytest.mark.parametrize(
    ("runs", "goal"),
    [
        ([], None),
        ([_run(1, digest="a")], None),
        ([_run(2, digest="b"), _run(1, digest="a")], 1),
        ([_run(3, digest="b"), _run(2, digest="b"), _run(1, digest="a")], 1),
        ([_run(2, Fate.FAILED), _run(1, digest="a")], 1),
        ([_run(2, Fate.INTERRUPTED), _run(1, digest="a")], 1),
        ([_run(2, destroys=True), _run(1, digest="a")], 1),
        ([_run(3, digest="c"), _run(2, digest="b", partial=True), _run(1, digest="a")], 1),
        ([_run(3, digest="a"), _run(2, digest="b"), _run(1, digest="a")], 2),
    ],
)
def test_what_a_rollback_goes_back_to(runs: list[Entry], goal: int | None) -> None:
    found = last_good(runs)
    assert (found.number if found else None) == goal
