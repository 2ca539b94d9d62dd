"""The fake's verbs for commands in containers. Caller: `FakeEngine`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dockerspec.errors import BadRequest, Conflict, NotFound
from dockerspec.testing.containers import FakeContainers

Json = Any


@dataclass(slots=True)
class _Exec:
    container: str
    body: Json
    running: bool = False
    code: int | None = None


class FakeExecs(FakeContainers):
    """`/exec`.

    Attributes:
        on_exec: is called with a container's name and a command, and says how it ends: its exit code and its output.
            Without it every command ends well and silently.
        executed: the exec bodies so far, with the containers' names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_exec: Callable[[str, list[str]], tuple[int, str]] | None = None
        self.executed: list[tuple[str, Json]] = []
        self._execs: dict[str, _Exec] = {}

    def create_exec(self, container: str, body: Mapping[str, Json]) -> Json:
        """Prepare a command."""
        with self._call("create_exec", container):
            found = self._container(container)
            if not found["State"]["Running"]:
                raise Conflict(f"container {found['Id']} is not running", status=409)
            if found["State"]["Paused"]:
                raise Conflict(f"Container {container} is paused, unpause the container before exec", status=409)
            if not body.get("Cmd"):
                raise BadRequest("No exec command specified", status=400)
            ident = self._new_id()
            self._execs[ident] = _Exec(found["Id"], dict(body))
            return {"Id": ident}

    def start_exec(self, ident: str) -> Iterator[bytes]:
        """Run it, as the test says."""
        with self._call("start_exec", ident):
            item = self._exec(ident)
            name = self._container(item.container)["Name"][1:]
            self.executed.append((name, item.body))
            item.running = True
        code, output = self.on_exec(name, list(item.body["Cmd"])) if self.on_exec is not None else (0, "")
        with self._lock:
            item.running, item.code = False, code
        return iter([output.encode()] if output else [])

    def inspect_exec(self, ident: str) -> Json:
        """How it is."""
        with self._call("inspect_exec", ident):
            item = self._exec(ident)
            return {"ID": ident, "Running": item.running, "ExitCode": item.code, "ContainerID": item.container}

    def _exec(self, ident: str) -> _Exec:
        if ident not in self._execs:
            raise NotFound(f"No such exec instance: {ident}", status=404)
        return self._execs[ident]
