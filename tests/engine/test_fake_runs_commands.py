"""The fake engine against real ones: commands in containers, and logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dockerspec.engine.gateway import Gateway
from dockerspec.engine.protocol import Engine
from dockerspec.testing import FakeEngine
from tests.engine.test_fake_is_honest import Names, Step, transcript

Json = Any


def ran(engine: Engine, container: str, command: list[str]) -> Json:
    """How a command ended, and what it wrote."""
    ident = engine.create_exec(container, {"Cmd": command, "AttachStdout": True, "AttachStderr": True})["Id"]
    before = engine.inspect_exec(ident)
    output = b"".join(engine.start_exec(ident)).decode()
    after = engine.inspect_exec(ident)
    return [(item["Running"], item["ExitCode"]) for item in (before, after)], output


def paused(engine: Engine, names: Names) -> Json:
    engine.pause_container(names.one)
    try:
        return engine.create_exec(names.one, {"Cmd": ["true"]})
    finally:
        engine.unpause_container(names.one)


SCRIPT: list[Step] = [
    ("create", lambda e, n: sorted(e.create_container(n.one, n.body()))),
    ("logs before the start", lambda e, n: e.container_logs(n.one, tail=None, stamped=True)),
    ("a command in what does not run", lambda e, n: e.create_exec(n.one, {"Cmd": ["true"]})),
    ("start", lambda e, n: e.start_container(n.one)),
    ("a command in what is not there", lambda e, n: e.create_exec(n.nowhere, {"Cmd": ["true"]})),
    ("no command", lambda e, n: e.create_exec(n.one, {"Cmd": []})),
    ("a command", lambda e, n: ran(e, n.one, ["true"])),
    ("a command in what is paused", lambda e, n: paused(e, n)),
    ("run a command that is not there", lambda e, n: list(e.start_exec(n.nowhere))),
    ("look at a command that is not there", lambda e, n: e.inspect_exec(n.nowhere)["Running"]),
    ("a command that its container outlives", lambda e, n: e.stop_container(n.one, 0)),
    ("a command in what has ended", lambda e, n: e.create_exec(n.one, {"Cmd": ["true"]})),
    ("logs of what says nothing", lambda e, n: e.container_logs(n.one, tail=None, since="1700000000.000000001")),
    ("remove", lambda e, n: e.remove_container(n.one)),
]


def test_the_same_answers_and_refusals(
    gateway: Gateway, stack_name: str, busybox: str, free_port: Callable[[], int]
) -> None:
    fake = FakeEngine()
    fake.add_image(busybox, gateway.image(busybox)["Config"])
    expected = transcript(gateway, Names(stack_name, busybox, free_port()), SCRIPT)
    answered = transcript(fake, Names("fake", busybox, 8080), SCRIPT)
    assert [(label, result) for label, _, result in answered] == [(label, result) for label, _, result in expected]
    if gateway.api_version >= (1, 48):  # older engines word some refusals otherwise
        assert answered == expected


def test_lines_since_a_moment(gateway: Gateway, stack_name: str, busybox: str) -> None:
    """A moment is in what is read since it, to the nanosecond."""
    fake = FakeEngine()
    fake.add_image(busybox, {"Cmd": ["x"]})
    fake.on_start = lambda name: [fake.write_log(name, f"{line}\n") for line in ("one", "two", "three")] and None
    for engine in (gateway, fake):
        name = f"{stack_name}-log"
        engine.create_container(
            name, {"Image": busybox, "Cmd": ["sh", "-c", "for n in one two three; do echo $n; done"]}
        )
        engine.start_container(name)
        _until_said(engine, name, "three")
        lines = engine.container_logs(name, tail=None, stamped=True).splitlines()
        assert [line.partition(" ")[2] for line in lines] == ["one", "two", "three"]
        since = f"{_seconds(lines[1])}.{lines[1].partition('.')[2].partition('Z')[0].ljust(9, '0')}"
        assert engine.container_logs(name, tail=None, since=since) == "two\nthree\n"
        assert engine.container_logs(name, tail=1, since=since) == "three\n"


def _seconds(line: str) -> int:
    return int(datetime.fromisoformat(line.partition(" ")[0]).timestamp())


def _until_said(engine: Engine, name: str, word: str) -> None:
    end = time.monotonic() + 20
    while word not in engine.container_logs(name):
        assert time.monotonic() < end
        time.sleep(0.01)
