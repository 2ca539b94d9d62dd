"""What the demo plays on: an engine to use, a prompt that shows what is run, and checks that stop at a surprise.

Callers: demo.py. Limits: engines on a unix socket or plain TCP.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.daemon import Daemon
from tests.kit.engines import distribution_engine, installed_engine
from tests.kit.errors import KitError
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

BOLD, DIM, PLAIN = (
    ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("",) * 3
)


STOP_SECONDS = 20.0


class DemoError(RuntimeError):
    """Something differs from what the demo promises."""


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n{BOLD}== {text}{PLAIN}", flush=True)


def note(text: str) -> None:
    """A line on the side."""
    print(f"{DIM}{text}{PLAIN}", flush=True)


def prompt(text: str) -> None:
    """A command, as one would type it."""
    print(f"\n{BOLD}$ {text}{PLAIN}", flush=True)


def expect(holds: bool, what: str) -> None:
    """Stop the demo when something that it promises isn't so."""
    if not holds:
        raise DemoError(what)


@contextmanager
def engine(*, keep: bool) -> Iterator[RawEngine]:
    """An engine to play on: the one that the docker command would use, or a private one for the time being."""
    host = _running_engine()
    if host:
        given = GivenEngine(host)
        note(f"Using Docker {given.version} at {host}; only objects of the stack dockerspec-demo are made or removed.")
        yield given.raw
        return
    if not installed_engine():
        note("No Docker engine answers here, and none is installed: installing Debian's docker.io (no service starts).")
    binaries = distribution_engine()
    note(f"No Docker engine answers here: starting a private Docker {binaries.version} for as long as this demo runs.")
    with Daemon(binaries) as daemon:
        note(f"It listens at {daemon.host}; it is removed at the end with all that it holds.")
        yield daemon.raw
        if keep:
            _wait_for_enter(daemon.host)


class Cli:
    """Runs the real command line as a subprocess, and shows each command as one would type it."""

    def __init__(self, host: str, folder: Path) -> None:
        self._environ = os.environ | {"DOCKER_HOST": host, "PYTHONPATH": str(folder)}
        self._environ.pop("DOCKER_CONTEXT", None)
        self._folder = folder

    def run(self, line: str, *, status: int = 0, shows: tuple[str, ...] = ()) -> str:
        """Run `dockerspec LINE`; its stdout. Stops the demo on another exit status, or a missing text."""
        prompt(f"dockerspec {line}")
        words = [sys.executable, "-m", "dockerspec", *shlex.split(line)]
        started = time.monotonic()
        # A process group of its own: Ctrl-C at the terminal then reaches it once, handed on by `_end`.
        process = subprocess.Popen(
            words, cwd=self._folder, env=self._environ, stdout=subprocess.PIPE, text=True, process_group=0
        )
        printed = ""
        try:
            for chunk in process.stdout or ():
                print(chunk, end="", flush=True)
                printed += chunk
            process.wait()
        except BaseException:
            _end(process)
            raise
        note(f"[exit status {process.returncode}, {time.monotonic() - started:.1f} s]")
        expect(process.returncode == status, f"exit status {status} was expected, not {process.returncode}")
        for text in shows:
            expect(text in printed, f"the output should name {text!r}, and doesn't")
        return printed


def _end(process: subprocess.Popen[str]) -> None:
    """Stop a command as Ctrl-C would and wait for it, so that nothing is made after the demo has cleaned up."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def fetch(port: int, path: str, seconds: float = 15.0) -> str:
    """GET from the loopback address, shown as a command; tries again while nothing listens yet."""
    url = f"http://127.0.0.1:{port}{path}"
    prompt(f"curl {url}")
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                text = answer.read().decode()
                print(f"{text.strip()}   (served by {answer.headers['X-Served-By']})", flush=True)
                return str(text)
        except (OSError, urllib.error.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _wait_for_enter(host: str) -> None:
    say(f"Left running. In another terminal: export DOCKER_HOST={host}")
    try:
        input("Press Enter to stop and remove it. ")
    except EOFError:
        note("No terminal to wait at: removing it.")


def _running_engine() -> str:
    """The address of an engine that answers, looked for where the docker command looks; empty if there is none."""
    for host in (os.environ.get("DOCKER_HOST", ""), _context_host(), "unix:///var/run/docker.sock"):
        if host and _answers(host):
            return host
        if host and host == os.environ.get("DOCKER_HOST"):
            raise KitError(f"DOCKER_HOST is {host}, but no engine answers there (unix:// and tcp:// without TLS work)")
    return ""


def _answers(host: str) -> bool:
    try:
        return host.startswith(("unix://", "tcp://")) and RawEngine(host).answers()
    except RuntimeError:
        return False


def _context_host() -> str:
    """The address in the docker command's current context, or an empty text."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        name = os.environ.get("DOCKER_CONTEXT") or json.loads((folder / "config.json").read_text())["currentContext"]
        for meta in folder.glob("contexts/meta/*/meta.json"):
            content = json.loads(meta.read_text())
            if content["Name"] == name:
                return str(content["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError):
        return ""
    return ""
