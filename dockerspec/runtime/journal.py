"""The file of the history: an SQLite database of runs, one row each, written at a run's beginning and at its end.

Caller: api. Nothing else depends on it: what can't be read or written is a `HistoryError`, which the caller turns into
a word. Several processes may use it at once: each change is one short transaction, and waits for others. A file that is
no database, or somebody else's, is set aside and a new one begun; one of a newer version is left alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from dockerspec.core.history.entry import (
    Details,
    Entry,
    Fate,
    images_from_json,
    images_to_json,
    spec_from_json,
    spec_to_json,
)
from dockerspec.errors import HistoryError
from dockerspec.runtime.holder import Holder, has_ended, myself

T = TypeVar("T")

NAME = "history.db"
KEPT = 200
"""How many runs are kept per stack and engine."""

APPLICATION = 0x64737063
"""What SQLite's `application_id` says of our files: `dspc`."""
VERSION = 1
_PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
_ENTRY = (
    "number, stack, engine, endpoint, who, holder, command, began, seconds, fate, tally, partial, destroys, digest,"
    " files"
)
_TABLES = """
CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  stack TEXT NOT NULL, engine TEXT NOT NULL, endpoint TEXT NOT NULL, who TEXT NOT NULL, holder TEXT NOT NULL,
  command TEXT NOT NULL, began REAL NOT NULL, seconds REAL, fate TEXT NOT NULL, tally TEXT NOT NULL,
  partial INTEGER NOT NULL, destroys INTEGER NOT NULL, digest TEXT NOT NULL, files TEXT NOT NULL,
  spec TEXT NOT NULL, unkept TEXT NOT NULL, images TEXT NOT NULL,
  plan TEXT NOT NULL, plan_text TEXT NOT NULL, report TEXT NOT NULL, report_text TEXT NOT NULL
);
CREATE INDEX runs_of_a_stack ON runs (stack, engine, number);
"""


class _Foreign(Exception):
    """The file is no database of ours."""


class Journal:
    """The history in one folder. Opens the file anew for each call, so that it can be kept, shared and forgotten."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        """Name the folder; nothing is touched before the first call."""
        self._folder = folder
        self._path = folder / NAME
        self._kept = kept
        self.words: list[str] = []

    # --- writing --------------------------------------------------------------------------------------------------

    def begin(self, entry: Entry, details: Details) -> int:
        """Write a run that begins now, by this process; its number.

        Raises:
            HistoryError: it can't be written.
        """
        holder = myself(entry.began)
        row = {
            **{name: getattr(entry, name) for name in ("stack", "engine", "endpoint", "command", "began", "tally")},
            "who": entry.who or f"{holder.user}@{holder.host}",
            "holder": holder.to_text(),
            "fate": Fate.RUNNING.value,
            "partial": int(entry.partial),
            "destroys": int(entry.destroys),
            "digest": "",
            "files": json.dumps(entry.files),
            **_stored(details),
        }
        return self._change(lambda database: self._insert(database, row))

    def _insert(self, database: sqlite3.Connection, row: dict[str, Any]) -> int:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        cursor = database.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", row)  # noqa: S608 - our own names
        database.execute(
            "DELETE FROM runs WHERE stack = :stack AND engine = :engine AND number NOT IN (SELECT number FROM runs"
            " WHERE stack = :stack AND engine = :engine ORDER BY number DESC LIMIT :kept)",
            {"stack": row["stack"], "engine": row["engine"], "kept": self._kept},
        )
        return int(cursor.lastrowid or 0)

    def finish(self, number: int, fate: Fate, seconds: float, digest: str, details: Details) -> None:
        """Complete a run.

        Raises:
            HistoryError: it can't be written.
        """
        row = {"number": number, "fate": fate.value, "seconds": seconds, "digest": digest, **_stored(details)}
        names = ", ".join(f"{name} = :{name}" for name in row if name != "number")
        statement = f"UPDATE runs SET {names} WHERE number = :number"  # noqa: S608 - our own names
        self._change(lambda database: database.execute(statement, row))

    def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _told(self._path):
            self._prepare(_judge)
            try:
                return self._transact(work)
            except sqlite3.DatabaseError as fault:
                if not _is_broken(fault):
                    raise
                self._prepare(_examine)
                return self._transact(work)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with closing(self._open()) as database:
            database.execute("BEGIN IMMEDIATE")
            result = work(database)
            database.execute("COMMIT")
            return result

    def _prepare(self, judge: Callable[[sqlite3.Connection, Path], None]) -> None:
        """Have a sound file of ours; set aside what is none.

        One process at a time, and each looks for itself, so that none sets aside what another has just begun.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / f"{NAME}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._check(judge)
            except (_Foreign, sqlite3.DatabaseError) as fault:
                if not isinstance(fault, _Foreign) and not _is_broken(fault):
                    raise
                self._set_aside()
                self._check(judge)
        finally:
            os.close(lock)

    def _check(self, judge: Callable[[sqlite3.Connection, Path], None]) -> None:
        """Make the tables where there are none.

        Raises:
            _Foreign: there are others.
            HistoryError: the file is of a newer version.
        """
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(self._open()) as database:
            if _is_empty(database):
                database.executescript(
                    f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {APPLICATION};"
                    f" PRAGMA user_version = {VERSION}; COMMIT;"
                )
            judge(database, self._path)

    def _set_aside(self) -> None:
        number = 1
        while (goal := self._path.with_name(f"{NAME}.aside-{number}")).exists():
            number += 1
        os.replace(self._path, goal)
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        self.words.append(f"the history in {self._path} could not be read; it is now {goal.name}, and a new one begun")

    def _open(self) -> sqlite3.Connection:
        # Reading may have to undo what a killed writer left half done; without the right to write it is read as it is.
        place = f"{self._path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(place, uri=True, timeout=_PATIENCE, isolation_level=None)

    # --- reading --------------------------------------------------------------------------------------------------

    def entries(self, stack: str = "", engine: str = "", limit: int = 0) -> tuple[Entry, ...]:
        """Runs, the newest first.

        Args:
            stack: only those on this stack.
            engine: only those on the daemon with this ID.
            limit: how many; 0 for all.

        Raises:
            HistoryError: the history can't be read.
        """
        statement = (
            f"SELECT {_ENTRY} FROM runs WHERE (:stack = '' OR stack = :stack)"  # noqa: S608 - our own names
            " AND (:engine = '' OR engine = :engine) ORDER BY number DESC LIMIT :limit"
        )
        row = {"stack": stack, "engine": engine, "limit": limit or -1}
        return self._read(lambda database: tuple(_entry(item) for item in database.execute(statement, row)), ())

    def entry(self, number: int) -> tuple[Entry, Details] | None:
        """One run, or None where there is none of that number.

        Raises:
            HistoryError: the history can't be read.
        """
        more = "spec, unkept, images, plan, plan_text, report, report_text"
        statement = f"SELECT {_ENTRY}, {more} FROM runs WHERE number = ?"  # noqa: S608 - our own names

        def look(database: sqlite3.Connection) -> tuple[Entry, Details] | None:
            found = database.execute(statement, (number,)).fetchone()
            return (_entry(found), _details(found)) if found is not None else None

        return self._read(look, None)

    def _read(self, work: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        with _told(self._path):
            if not self._path.exists():
                return nothing
            with closing(self._open()) as database:
                database.row_factory = sqlite3.Row
                try:
                    _judge(database, self._path)
                except _Foreign:
                    raise HistoryError(f"{self._path} is no history of dockerspec's") from None
                return work(database)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what can go wrong into a `HistoryError`."""
    try:
        yield
    except (OSError, sqlite3.Error, ValueError, KeyError, TypeError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise HistoryError(f"the history in {path} can't be used: {reason}") from fault


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def _is_broken(fault: sqlite3.DatabaseError) -> bool:
    """Whether a fault is about the file's content; what may pass, and what is of our own making, has its own class."""
    return type(fault) is sqlite3.DatabaseError


def _tables(database: sqlite3.Connection) -> set[str]:
    cursor = database.cursor()
    cursor.row_factory = None
    return {name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _is_empty(database: sqlite3.Connection) -> bool:
    marked = _pragma(database, "application_id") or _pragma(database, "user_version")
    return not marked and not _tables(database)


def _judge(database: sqlite3.Connection, path: Path) -> None:
    """Let our own files pass.

    Raises:
        _Foreign: it is another program's, or holds no tables of ours.
        HistoryError: it is of a newer version.
    """
    if _pragma(database, "application_id") != APPLICATION or "runs" not in _tables(database):
        raise _Foreign
    version = _pragma(database, "user_version")
    if version > VERSION:
        raise HistoryError(f"the history in {path} is of a newer dockerspec (version {version}); it is left as it is")


def _examine(database: sqlite3.Connection, path: Path) -> None:
    """The same, for a file in which something was found to be broken: every page is read.

    Raises:
        _Foreign: it is, or is none of ours.
    """
    _judge(database, path)
    if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _Foreign


def _stored(details: Details) -> dict[str, str]:
    return {
        "spec": spec_to_json(details.spec),
        "unkept": details.unkept,
        "images": images_to_json(details.images),
        "plan": json.dumps(details.plan),
        "plan_text": details.plan_text,
        "report": json.dumps(details.report),
        "report_text": details.report_text,
    }


def _entry(row: sqlite3.Row) -> Entry:
    entry = Entry(
        **{name: row[name] for name in ("number", "stack", "engine", "endpoint", "who", "command", "began", "seconds")},
        **{name: row[name] for name in ("tally", "digest")},
        fate=Fate(row["fate"]),
        partial=bool(row["partial"]),
        destroys=bool(row["destroys"]),
        files=tuple(json.loads(row["files"])),
    )
    holder = Holder.from_text(row["holder"])
    if entry.fate is Fate.RUNNING and (holder is None or has_ended(holder)):
        return replace(entry, fate=Fate.INTERRUPTED)
    return entry


def _details(row: sqlite3.Row) -> Details:
    return Details(
        spec=spec_from_json(row["spec"]),
        unkept=row["unkept"],
        images=images_from_json(row["images"]),
        plan=json.loads(row["plan"]),
        plan_text=row["plan_text"],
        report=json.loads(row["report"]),
        report_text=row["report_text"],
    )
