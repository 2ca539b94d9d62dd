"""`python -m tests.kit`: private engines for people, to try things on.

up [old|new]   start one that stays until `down`, with the kit's images in it; prints its DOCKER_HOST
down           stop the engines that `up` started from this folder, and remove them
sweep          remove what killed test runs left behind
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.kit import engines, images, slots, sweep
from tests.kit.daemon import Daemon
from tests.kit.errors import KitError

HOLDER = "holder"
"""File in the folder of an engine that `up` started: the ID of the process that holds it."""
SECONDS = 60.0


def main(words: list[str]) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.kit", description="Private Docker engines to try things on.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start an engine that stays"), ("hold", "the process behind 'up'")):
        command = commands.add_parser(name, help=text)
        command.add_argument("engine", nargs="?", choices=("old", "new"), default="new")
    commands.add_parser("down", help="stop the engines that 'up' started from this folder")
    commands.add_parser("sweep", help="remove what killed runs left behind")
    options = parser.parse_args(words)
    try:
        if options.command == "up":
            return _up(options.engine)
        if options.command == "hold":
            return _hold(options.engine)
        return _down() if options.command == "down" else _sweep()
    except KitError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _up(engine: str) -> int:
    """Leave a process behind that owns the engine, so that it outlives this command."""
    words = [sys.executable, "-m", "tests.kit", "hold", engine]
    holder = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    host = holder.stdout.readline().decode().strip() if holder.stdout else ""
    if not host:
        return holder.wait() or 1
    print(f"export DOCKER_HOST={host}")
    print(f"# images: {', '.join(images.reference(name) for name in images.RECIPES)}; stop: python -m tests.kit down")
    return 0


def _hold(engine: str) -> int:
    """Own an engine until told to end; the first line on stdout is its address."""
    binaries = engines.newer_engine() if engine == "new" else engines.distribution_engine()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with Daemon(binaries or engines.distribution_engine()) as daemon:
        for name in images.RECIPES:
            images.ensure(daemon.raw, name)
        (daemon.folder / HOLDER).write_text(str(os.getpid()), encoding="ascii")
        print(daemon.host, flush=True)
        os.close(sys.stdout.fileno())
        signal.sigwait(ends)
    os._exit(0)


def _down() -> int:
    holders = [path for path in slots.PARENT.glob(f"d*/{HOLDER}") if _is_holder(_pid(path))]
    for path in holders:
        os.kill(_pid(path), signal.SIGTERM)
    deadline = time.monotonic() + SECONDS
    while any(path.exists() for path in holders):
        if time.monotonic() > deadline:
            raise KitError("an engine did not stop in time")
        time.sleep(0.1)
    print(f"stopped: {len(holders)}")
    return _sweep()


def _sweep() -> int:
    print(f"swept: {len(sweep.sweep_abandoned())}")
    return 0


def _pid(path: Path) -> int:
    return int(path.read_text(encoding="ascii") or 0)


def _is_holder(pid: int) -> bool:
    """Whether a process holds an engine for this checkout; other checkouts have engines of their own."""
    try:
        if os.readlink(f"/proc/{pid}/cwd") != os.getcwd():
            return False
        return "hold" in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
