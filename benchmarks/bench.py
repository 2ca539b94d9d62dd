"""Where a run takes place: the engine, the files, the environment of the processes, how much effort.

Callers: cases, the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import BenchmarkError, Sample, process
from benchmarks.peers import ROOT, RawCalls
from tests.kit import images
from tests.kit.daemon import Daemon
from tests.kit.raw import RawEngine


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        applied: how many containers are created at once.
        planned: for how many standing containers a plan with nothing to do is made, smallest first.
        threads: the numbers of threads that the bare calls are tried with.
        searches: rounds in which the best of them is looked for.
        applies: rounds of creating containers.
        plans: rounds of planning.
        starts: rounds of everything shorter.
        depth: how long a chain of dependencies is.
        grace: the seconds that each container of a chain takes to stop.
        chains: rounds of bringing up and taking down a chain.
        updates: rounds of updating a server.
        load: for how many seconds a server is under load while it is updated.
        loads: rounds of that.
    """

    applied: int
    planned: tuple[int, ...]
    threads: tuple[int, ...]
    searches: int
    applies: int
    plans: int
    starts: int
    depth: int
    grace: int
    chains: int
    updates: int
    load: float
    loads: int


FULL = Effort(
    applied=50,
    planned=(50, 200),
    threads=(1, 2, 4, 8, 16),
    searches=3,
    applies=5,
    plans=11,
    starts=15,
    depth=5,
    grace=1,
    chains=5,
    updates=7,
    load=10.0,
    loads=3,
)
QUICK = Effort(
    applied=8,
    planned=(8, 16),
    threads=(2, 8),
    searches=1,
    applies=2,
    plans=3,
    starts=3,
    depth=3,
    grace=1,
    chains=1,
    updates=2,
    load=3.0,
    loads=1,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """One run's surroundings.

    Attributes:
        host: the engine's address.
        raw: bare calls to it.
        engine: calls to it for looking and for clearing up.
        image: the reference of a small image on it.
        server: the reference of an image with nginx on it.
        folder: a folder for files, gone after the run.
        effort: how much is measured.
        say: told what comes next.
    """

    host: str
    raw: RawCalls
    engine: RawEngine
    image: str
    server: str
    folder: Path
    effort: Effort
    say: Callable[[str], None]

    def file(self, name: str, text: str) -> str:
        """Write a file; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(self, *command: str) -> Sample:
        """Run and measure a whole process. Nothing of the caller's environment but the path gets in."""
        return process(command, _environ(self.host, self.folder), ROOT)

    def check(self, workload: str, expected: int) -> None:
        """Make sure that a workload runs in full.

        Raises:
            BenchmarkError: it does not, so that the time measured means nothing.
        """
        found = len(self.raw.running(workload))
        if found != expected:
            raise BenchmarkError(f"{found} containers of {workload} run where {expected} should")


@contextmanager
def opened(daemon: Daemon, effort: Effort, say: Callable[[str], None]) -> Iterator[Bench]:
    """Get a running engine ready for measurements."""
    image, server = (images.ensure(daemon.raw, name) for name in ("busybox", "nginx"))
    with TemporaryDirectory(prefix="dockerspec-bench-") as folder:
        # As after an installation: every module has its bytecode before anything is measured.
        words = [sys.executable, "-m", "compileall", "-q", "dockerspec"]
        subprocess.run(words, cwd=ROOT, env=_environ(daemon.host, Path(folder)), check=True)
        yield Bench(daemon.host, RawCalls(daemon.socket), daemon.raw, image, server, Path(folder), effort, say)


def _environ(host: str, home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", "DOCKER_HOST": host}
