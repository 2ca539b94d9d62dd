"""Measuring: whole processes and functions, in rounds, and the few statistics that the tables show.

Callers: cases. Contenders take turns within each round, so that what else the machine does meets all of them, and a
ratio is taken within a round before the rounds are summed up.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_TAIL = 15
"""How many lines of a failed process's output its error shows."""


class BenchmarkError(RuntimeError):
    """The measurement would be worthless; the text says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement.

    Attributes:
        seconds: wall time.
        peak: the most memory that the process had resident, in bytes; 0 where that is not known.
        cpu: the processor time of the process, in seconds; 0 where that is not known.
    """

    seconds: float
    peak: int = 0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """The measurements of one contender, one a round."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def median(self) -> float:
        """The middle time, in seconds."""
        return median(sample.seconds for sample in self.samples)

    @property
    def low(self) -> float:
        """The shortest time, in seconds."""
        return min(sample.seconds for sample in self.samples)

    @property
    def peak(self) -> int:
        """The most memory in any round, in bytes; 0 where that is not known."""
        return max(sample.peak for sample in self.samples)


def processor_time(series: Series) -> Series:
    """The same rounds, but the processor time instead of the time that passed."""
    return Series(series.name, tuple(Sample(sample.cpu) for sample in series.samples))


def ratios(series: Series, base: Series) -> tuple[float, ...]:
    """How many times as long as `base` a series takes, in each round.

    Raises:
        ValueError: the two have not the same number of rounds.
    """
    pairs = zip(series.samples, base.samples, strict=True)
    return tuple(one.seconds / other.seconds for one, other in pairs)


def rounds(
    count: int, contenders: Mapping[str, Callable[[], Sample]], after: Callable[[str], None] = lambda _: None
) -> tuple[Series, ...]:
    """Measure contenders by turns; each round begins with another one.

    Args:
        count: how many rounds, 1 or more.
        contenders: what to measure, by name.
        after: called after each measurement with the contender's name, to check and to clean up; not measured.
    """
    names = list(contenders)
    found: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(count):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(contenders[name]())
            after(name)
    return tuple(Series(name, tuple(samples)) for name, samples in found.items())


def timed(function: Callable[[], object]) -> Sample:
    """The time that a call takes."""
    begin = time.perf_counter()
    function()
    return Sample(time.perf_counter() - begin)


def process(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> Sample:
    """The time and memory of a whole process, from its start to its end. Its output goes to a file, as in a CI job.

    Args:
        command: the program and its arguments.
        environ: its whole environment.
        folder: its working directory.

    Raises:
        BenchmarkError: it ended with another status than 0.
    """
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        child = subprocess.Popen(
            command, env=dict(environ), cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            output.seek(0)
            tail = "\n".join(output.read().decode(errors="replace").splitlines()[-_TAIL:])
            raise BenchmarkError(f"{' '.join(command)} ended with {child.returncode}:\n{tail}")
    # A process begins with the memory mark of the one that started it: below our own, the figure is not its own.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * 1024 if usage.ru_maxrss > ours else 0
    return Sample(seconds, peak, usage.ru_utime + usage.ru_stime)
