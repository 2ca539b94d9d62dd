"""The command line without its start: a process that has everything loaded and forks for each command.

    python -m tests.engine.commands

It reads one JSON object per line: `words`, `folder`, `environ`, and the files `out` and `err` for the two streams. Each
command is carried out in a child of its own, with its folder, environment and streams, as `dockerspec` would, and its
exit status is answered. What is spared is the start of Python and the imports, most of what a command costs; that the
program starts by itself is what test_startup, test_package, test_lock and the demo show.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dockerspec


def _load_all() -> None:
    for module in pkgutil.walk_packages(dockerspec.__path__, "dockerspec."):
        if module.name != "dockerspec.__main__":
            import_module(module.name)


def _become(order: dict[str, Any]) -> None:
    """Take on the folder, the environment and the streams of a command."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    modes = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_APPEND, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream, (path, mode) in enumerate(zip((os.devnull, order["out"], order["err"]), modes, strict=True)):
        opened = os.open(path, mode, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    sys.stdin = os.fdopen(0)
    sys.argv = ["dockerspec", *order["words"]]


def _carry_out(order: dict[str, Any]) -> int:
    from dockerspec.__main__ import run

    _become(order)
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Serve orders until the input ends."""
    _load_all()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                status = _carry_out(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


class Commands:
    """The caller's end. The process is started on first use; where a command is given up, it goes too."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, *words: str, folder: Path, environ: Mapping[str, str], together: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Carry out `dockerspec WORDS`, with nobody at a terminal.

        Args:
            words: the command's words.
            folder: its working folder.
            environ: its whole environment.
            together: whether stderr goes into stdout.

        Returns:
            As of `subprocess.run`.
        """
        with TemporaryDirectory() as place:
            out = Path(place) / "out"
            err = out if together else Path(place) / "err"
            order = {"words": words, "folder": str(folder), "environ": dict(environ), "out": str(out), "err": str(err)}
            status = self._ask(json.dumps(order))
            return subprocess.CompletedProcess(words, status, out.read_text(), "" if together else err.read_text())

    def close(self, *, at_once: bool = False) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        if at_once:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)

    def _ask(self, order: str) -> int:
        if self._process is None:
            words = [sys.executable, "-m", "tests.engine.commands"]
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
                start_new_session=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(order + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())
        except BaseException:
            self.close(at_once=True)
            raise


if __name__ == "__main__":
    main()
