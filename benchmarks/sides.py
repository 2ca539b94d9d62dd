"""A stage on the engine, brought there and changed by dockerspec or by Compose.

Callers: chains, updates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.measure import BenchmarkError, Sample
from benchmarks.peers import compose_program, dockerspec
from benchmarks.stages import Stage
from tests.kit.cleanup import remove_stack


@dataclass(frozen=True, slots=True)
class Side:
    """One who manages containers.

    Attributes:
        name: the stack's or project's name, and that of the file.
        ours: whether it is dockerspec.
    """

    name: str
    ours: bool

    def up(self, bench: Bench, stage: Stage) -> Sample:
        """Make the engine hold what the stage says."""
        return bench.run(*self.command(bench, stage, *(("apply", "--yes") if self.ours else ("up", "-d"))))

    def down(self, bench: Bench, stage: Stage) -> Sample:
        """Remove it all."""
        return bench.run(*self.command(bench, stage, *(("destroy", "--yes") if self.ours else ("down",))))

    def command(self, bench: Bench, stage: Stage, *words: str) -> list[str]:
        """A command on the stage's file, which is written for it."""
        path = bench.file(f"{self.name}.yaml", stage.spec() if self.ours else stage.compose())
        return dockerspec(*words, path) if self.ours else [compose_program(), "-f", path, *words]


OURS, THEIRS = Side("ours", ours=True), Side("peer", ours=False)
SIDES = {"dockerspec": OURS, "docker compose": THEIRS}


@contextmanager
def cleared(bench: Bench) -> Iterator[None]:
    """Whatever happens in between, nothing of either side is left."""
    try:
        yield
    finally:
        for side in SIDES.values():
            remove_stack(bench.engine, side.name)


def replaced(bench: Bench, side: Side, before: str) -> str:
    """The ID of the side's container `web`, which is not `before`.

    Raises:
        BenchmarkError: it is the same one, or not running.
    """
    found = bench.engine.container(f"{side.name}-web-1")
    if not found or found["Id"] == before or not found["State"]["Running"]:
        raise BenchmarkError(f"{side.name} was not updated")
    return str(found["Id"])
