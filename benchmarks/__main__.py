"""`python -m benchmarks`: measure on a private engine, print the tables, and keep them if told to."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import page
from benchmarks.bench import FULL, QUICK, opened
from benchmarks.cases import GROUPS
from benchmarks.measure import BenchmarkError
from benchmarks.peers import compose_program
from tests.kit import engines
from tests.kit.daemon import Daemon
from tests.kit.engines import EngineBinaries
from tests.kit.errors import KitError


def main(words: list[str]) -> int:
    """Run the benchmarks; the exit status. A figure that misses its aim is no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--engine", choices=("old", "new"), default="new", help="the distribution's, or a newer one")
    parser.add_argument("--quick", action="store_true", help="few containers and rounds, to see whether it works")
    parser.add_argument("--only", choices=tuple(GROUPS), help="one group of cases, for work on it")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every single measurement to this file")
    parser.add_argument("--write", metavar="PAGE", type=Path, help="put the tables between the marks of this page")
    options = parser.parse_args(words)
    if options.write and options.only:
        parser.error("--write takes the whole run; leave out --only")
    try:
        return _run(options)
    except (KitError, BenchmarkError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    compose_program()
    if options.write:
        # Minutes of measuring must not end at a page that has no place for the figures.
        _insert(options.write, options.engine, None)
    with Daemon(_binaries(options.engine)) as daemon:
        facts = page.machine(daemon.version)
        with opened(daemon, QUICK if options.quick else FULL, _say) as bench:
            cases = [case for name, group in GROUPS.items() if options.only in (None, name) for case in group(bench)]
    found = page.block(facts, cases)
    print(found)
    if options.json:
        options.json.write_text(json.dumps(page.document(facts, cases), indent=1) + "\n", encoding="utf-8")
    if options.write:
        _insert(options.write, options.engine, found)
    return 0


def _insert(path: Path, engine: str, text: str | None) -> None:
    """Put the tables into a page; without a text only look whether they could be. Raises BenchmarkError if not."""
    try:
        found = page.inserted(path.read_text(encoding="utf-8"), engine, text or "")
    except OSError as error:
        raise BenchmarkError(f"{path} can't be read: {error.strerror}") from None
    if text is not None:
        path.write_text(found, encoding="utf-8")


def _binaries(name: str) -> EngineBinaries:
    found = engines.distribution_engine() if name == "old" else engines.newer_engine()
    if found is None:
        raise KitError("there is no newer engine to be had here; pass --engine old")
    return found


def _say(text: str) -> None:
    print(f"measuring: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
