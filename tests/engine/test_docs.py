"""Whole pages of the documentation on real engines: each command in turn, and what the page says that it prints.

What differs from one engine to the next is put in on the way in, and taken out of what is printed: stacks get a prefix
of the test's own, ports are free ones, nginx and redis come from a private registry. `docker` commands become calls of
the API, since the client is not on every machine. Commands that need no engine are left to tests/test_docs.py.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doc_blocks import ROOT, Block, Step, blocks, matches, steps, tidy
from tests.engine.commands import Commands
from tests.kit import images
from tests.kit.raw import RawEngine
from tests.kit.registry import Registry

PAGES = ("README.md", "docs/cli.md", "docs/ownership.md", "docs/import-and-adopt.md", "docs/compose.md")
PULLED = {"nginx:1.27": "nginx", "redis:7": "redis"}
"""Images that a page pulls, and those of the kit that stand for them."""
PORTS = ("8080", "8088")
SECONDS = 10.0

_TIMES = re.compile(r"\b\d+(\.\d+)? ?m?s\b")
_HEAD = re.compile(r"on Docker \S+ \(.*\)")
_ID = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass
class Stand:
    """One engine as a page's reader has it.

    Attributes:
        raw: the engine.
        folder: the reader's working folder.
        words: the page's words and what stands for them here, both as they are written.
        commands: the command line.
        status: the exit status of the last command; None if it was left out.
    """

    raw: RawEngine
    folder: Path
    words: dict[str, str]
    commands: Commands
    status: int | None = None

    def localise(self, text: str) -> str:
        """Put this engine's words in the place of the page's."""
        for word, here in self.words.items():
            text = re.sub(rf"(?<![\w./-]){re.escape(word)}(?![a-zA-Z0-9.])", here, text)
        return text

    def plain(self, line: str) -> str:
        """Put the page's words back, and take out what depends on time and machine."""
        for word, here in self.words.items():
            line = line.replace(here, word)
        line = _HEAD.sub("on Docker", line).replace(" (healthy)", "").replace(" (starting)", "")
        return _TIMES.sub("TIME", _ID.sub("ID", line))

    def run(self, command: str) -> str:
        """Run a command as the reader would; what it prints on both streams."""
        words = shlex.split(command)
        if words[0] == "docker":
            self.status = 0
            return _docker(self.raw, words[1:])
        if words[0] == "dockerspec":
            done = self.commands.run(*words[1:], folder=self.folder, environ=self._environ(), together=True)
            self.status = done.returncode
            return done.stdout
        assert words[0] == "sed", f"no way to run {command!r}"
        return self._process(words)

    def python(self, code: str) -> None:
        """Run an example of the Python package; it must not fail."""
        printed = self._process([sys.executable, "-c", code])
        assert self.status == 0, printed

    def _environ(self) -> dict[str, str]:
        environ = {**os.environ, "DOCKER_HOST": self.raw.host, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        environ.pop("DOCKER_CONTEXT", None)
        return environ

    def _process(self, words: list[str]) -> str:
        environ = self._environ()
        done = subprocess.run(
            words, cwd=self.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90
        )
        self.status = done.returncode
        return done.stdout


def _docker(raw: RawEngine, words: list[str]) -> str:
    """What a command of the docker client does and prints."""
    match words:
        case ["update", "--memory", memory, "--memory-swap", swap, name]:
            sizes = {"Memory": _bytes(memory), "MemorySwap": _bytes(swap)}
            raw.post(f"/containers/{name}/update", sizes)
            return name
        case ["network", "disconnect", network, name]:
            raw.post(f"/networks/{network}/disconnect", {"Container": name})
            return ""
        case ["kill", name]:
            raw.post(f"/containers/{name}/kill")
            _await(lambda: not raw.container(name)["State"]["Running"], f"{name} to end")
            return name
        case ["run", "-d", "--name", name, image, *command] if not image.startswith("-"):
            body: dict[str, Any] = {"Image": image, "Cmd": command, "HostConfig": {"NetworkMode": "none"}}
            return raw.run(name, body)
        case ["run", "-d", "--name", name, *options]:
            return raw.run(name, _run_body(options))
        case ["rm", "-f", name]:
            raw.delete(f"/containers/{name}", force=True)
            return name
    raise AssertionError(f"add this command to the test: docker {shlex.join(words)}")


def _run_body(words: list[str]) -> dict[str, Any]:
    """What `docker run` sends for the options that the pages use."""
    env: list[str] = []
    binds: list[str] = []
    host: dict[str, Any] = {"Binds": binds}
    while words[0].startswith("-"):
        option, value, *words = words
        match option:
            case "-v":
                binds.append(value)
            case "-e":
                env.append(value)
            case "-m":
                host["Memory"] = _bytes(value)
            case "--restart":
                host["RestartPolicy"] = {"Name": value}
            case _:
                raise AssertionError(f"add this option to the test: {option}")
    return {"Image": words[0], "Cmd": words[1:], "Env": env, "HostConfig": host}


def _bytes(size: str) -> int:
    assert size.endswith("m"), size
    return int(size.removesuffix("m")) << 20


def _await(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited {SECONDS} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def stand(commands: Commands, raw: RawEngine, busybox: str, free_port: Callable[[], int], tmp_path: Path) -> Stand:
    stand = Stand(raw, tmp_path, {"busybox:latest": busybox}, commands)
    stand.words |= {port: str(free_port()) for port in PORTS}
    return stand


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_on_an_engine(page: str, stand: Stand, stack_name: str) -> None:
    story = list(blocks(ROOT / page))
    stacks = {name for block in story for name in re.findall(r"^(?:stack|name): (\w+)$", block.text, re.MULTILINE)}
    text = "".join(block.text for block in story)
    if any(image in text for image in PULLED):
        with Registry() as registry:
            references = {name: f"{registry.address}/{stack_name}/{name}" for name in PULLED}
            _offer(stand.raw, references)
            stand.words = {**references, **stand.words, **{stack: f"{stack_name}-{stack}" for stack in stacks}}
            try:
                _follow(story, stand)
            finally:
                for reference in references.values():
                    if stand.raw.find(f"/images/{reference}/json"):
                        stand.raw.delete(f"/images/{reference}", force=True)
    else:
        stand.words |= {stack: f"{stack_name}-{stack}" for stack in stacks}
        _follow(story, stand)


def _offer(raw: RawEngine, references: dict[str, str]) -> None:
    """Put the images into the registry, and take them from the engine."""
    for name, reference in references.items():
        images.ensure(raw, PULLED[name], reference)
        raw.push(reference)
        raw.delete(f"/images/{reference}", force=True)


def _follow(story: list[Block], stand: Stand) -> None:
    for block in story:
        text = stand.localise(block.text)
        if block.file:
            (stand.folder / block.file).write_text(text, encoding="utf-8")
        elif block.language == "python":
            stand.python(text)
        elif block.language == "console":
            _take(list(steps(block)), stand, block.place)


def _take(todo: list[Step], stand: Stand, place: str) -> None:
    """Take the steps of one block; a command fails only where the page goes on to show its exit status."""
    for step, following in zip(todo, [*todo[1:], None], strict=True):
        where = f"{place}: $ {step.command}"
        if step.command == "echo $?":
            assert stand.status is None or step.printed == (str(stand.status),), where
            continue
        if step.is_offline:
            stand.status = None
            continue
        printed = stand.run(stand.localise(step.command))
        if following is None or following.command != "echo $?":
            assert stand.status == 0, f"{where}\n{printed}"
        wanted, found = tidy(step.printed, stand.plain), tidy(printed.splitlines(), stand.plain)
        if step.command.startswith(("dockerspec apply", "dockerspec destroy")) and "..." not in wanted:
            wanted, found = sorted(wanted), sorted(found)  # objects finish in any order
        assert matches(wanted, found), f"{where}\n{printed}\n\n{found}"
