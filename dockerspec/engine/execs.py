"""The verbs for commands in running containers. Callers: gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockerspec.engine.caller import Caller, segment
from dockerspec.engine.protocol import Json
from dockerspec.engine.transport import SLOW_TIMEOUT


class ExecVerbs(Caller):
    """`/exec`."""

    def create_exec(self, container: str, body: Mapping[str, Json]) -> Json:
        """Prepare a command in a container; answers its `Id`.

        Raises:
            NotFound: there is no such container.
            Conflict: it does not run, or is paused.
        """
        return self._post(f"/containers/{segment(container)}/exec", body=body)

    def start_exec(self, ident: str) -> Iterator[bytes]:
        """Run a prepared command and follow what it writes, to standard output and error together.

        An empty piece comes for each tenth of a second in which nothing was written. Giving the iterator up leaves the
        command running: the engine can't end it.

        Raises:
            BadRequest: there is no such program, as newer engines say; older ones write so to the output.
            EngineLost: the connection broke; the command may go on.
        """
        body = {"Detach": False, "Tty": False}
        return self._listen("POST", f"/exec/{segment(ident)}/start", body, timeout=SLOW_TIMEOUT)

    def inspect_exec(self, ident: str) -> Json:
        """A prepared command: whether it is `Running`, and its `ExitCode`."""
        return self._get(f"/exec/{segment(ident)}/json")
