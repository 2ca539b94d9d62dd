"""A folder of things that are slow to get, each made once and shared by all processes.

Callers: apt (extracted packages), images (rootfs archives). Limits: entries are never renewed; delete the folder to
start afresh.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = ".complete"
"""Written last into an entry: an entry without it is the rest of a run that was cut short."""


def root() -> Path:
    """The cache folder: `$DOCKERSPEC_CACHE`, or `.cache` in the repository."""
    chosen = os.environ.get("DOCKERSPEC_CACHE")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parents[2] / ".cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone among processes; waits as long as it takes another to finish."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def entry(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache; `fill` makes it, into an empty folder, when it isn't there yet.

    Several processes may ask at once: one fills, the others wait. A `fill` that raises leaves nothing behind.
    """
    folder = root() / name
    if (folder / MARKER).exists():
        return folder
    with locked(root() / "locks" / f"{name.replace('/', '.')}.lock"):
        if (folder / MARKER).exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            fill(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        (folder / MARKER).touch()
    return folder
