"""Runs that die: a process that carries a spec out and is killed at a chosen engine call.

    python -m tests.engine.killing HOST

It reads one JSON object per line: `spec` (path), `at` (the number of the engine call that changes something, from 1),
`when` (`before` the call is sent, or `during`: it is sent and nobody waits for its answer), `parallelism`, `destroy`.
Each is carried out in a child of its own that sends itself SIGKILL there. The answer is `killed`, `done` or `failed`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dockerspec.api import Docker, load
from dockerspec.core.plan.consent import Consent
from dockerspec.engine.gateway import connect

READS = {
    "api_version",
    "close",
    "container",
    "container_logs",
    "containers",
    "distribution",
    "endpoint",
    "events",
    "image",
    "images",
    "info",
    "inspect_exec",
    "inspect_containers",
    "network",
    "networks",
    "version",
    "volume",
    "volume_usage",
    "volumes",
}
UNDER_WAY = 0.002
"""Seconds between sending a call and the stroke: the engine has it, and has rarely answered."""

Strike = Callable[[Callable[[], Any]], Any]


class Struck:
    """An engine to which something happens at a chosen call that changes something.

    Attributes:
        calls: how many such calls were made.
    """

    def __init__(self, engine: Any, at: int, strike: Strike) -> None:
        """Prepare.

        Args:
            engine: the engine.
            at: the number of the call, from 1.
            strike: gets the call, to make it or not, and answers in its place.
        """
        self._engine = engine
        self._at = at
        self._strike = strike
        self._lock = threading.Lock()
        self.calls = 0

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._engine, verb)
        if verb in READS:
            return found

        def call(*args: Any, **options: Any) -> Any:
            with self._lock:
                self.calls += 1
                struck = self.calls == self._at
            return self._strike(lambda: found(*args, **options)) if struck else found(*args, **options)

        return call


def _die(call: Callable[[], Any], when: str) -> None:
    if when == "during":
        threading.Thread(target=call, daemon=True).start()
        time.sleep(UNDER_WAY)
    os.kill(os.getpid(), signal.SIGKILL)


def _live_and_die(host: str, order: dict[str, Any]) -> None:
    engine = Struck(connect(host), order["at"], lambda call: _die(call, order["when"]))
    with Docker(engine=engine) as docker:  # type: ignore[arg-type]
        spec = load([Path(order["spec"])])
        plan = docker.plan_destroy(spec) if order["destroy"] else docker.plan(spec)
        docker.apply(plan, allow=tuple(Consent), parallelism=order["parallelism"])


def main() -> None:
    """Serve orders until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _live_and_die(sys.argv[1], json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else "failed", flush=True)


class Killer:
    """The caller's end: `run` gives an order and returns `killed`, `done` or `failed`."""

    def __init__(self, host: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.killing", host],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, spec: Path, at: int, *, when: str, parallelism: int, destroy: bool) -> str:
        """Carry the spec out until the process dies."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        message = {"spec": str(spec), "at": at, "when": when, "parallelism": parallelism, "destroy": destroy}
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        assert self._process.stdout is not None
        self._process.stdout.close()


if __name__ == "__main__":
    main()
