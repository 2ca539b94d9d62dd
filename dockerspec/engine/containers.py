"""The container verbs. Callers: gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dockerspec.engine.caller import Caller, filter_query, segment
from dockerspec.engine.logs import demultiplex
from dockerspec.engine.protocol import Filters, Json
from dockerspec.engine.transport import SLOW_TIMEOUT
from dockerspec.errors import Conflict, NotFound

_GRACE = 10
"""Seconds that the engine gives a container which sets none."""
_MARGIN = 30.0
"""Seconds beyond the grace period: the kill, the unmounting, a busy engine."""


class ContainerVerbs(Caller):
    """`/containers`."""

    def containers(self, filters: Filters | None = None) -> list[Json]:
        """All containers, running or not, as the listing has them."""
        return list(self._get("/containers/json", {"all": True, **filter_query(filters)}) or ())

    def container(self, ident: str) -> Json:
        """One container in full."""
        return self._get(f"/containers/{segment(ident)}/json")

    def inspect_containers(self, idents: Sequence[str]) -> list[Json]:
        """Several containers in full, in order; those that are gone by now are left out."""
        answers = self._get_each(f"/containers/{segment(ident)}/json" for ident in idents)
        return [answer for answer in answers if answer is not None]

    def create_container(self, name: str, body: Mapping[str, Json], platform: str = "") -> Json:
        """Make a container; answers its `Id` and the engine's `Warnings`.

        Raises:
            Conflict: the name is taken.
            NotFound: the image is not on the host.
            BadRequest: the engine refuses a value.
        """
        query = {"name": name, "platform": platform}
        return self._post("/containers/create", query, body, timeout=SLOW_TIMEOUT)

    def put_archive(self, ident: str, folder: str, archive: bytes) -> None:
        """Unpack a tar archive in it, whether it runs or not; owners and permission bits are those of the archive.

        Args:
            ident: the container.
            folder: a folder in it that is there.
            archive: the archive; folders that it doesn't name are made.

        Raises:
            NotFound: there is no such container or folder.
            EngineError: the place is read-only.
        """
        path = f"/containers/{segment(ident)}/archive"
        headers = {"Content-Type": "application/x-tar"}
        self._ask("PUT", path, {"path": folder}, data=archive, headers=headers, timeout=SLOW_TIMEOUT)

    def start_container(self, ident: str) -> None:
        """Start it; nothing happens if it runs already."""
        self._post(f"/containers/{segment(ident)}/start", timeout=SLOW_TIMEOUT)

    def stop_container(self, ident: str, timeout: int | None = None) -> None:
        """Stop it; nothing happens if it does not run.

        Args:
            ident: the container.
            timeout: seconds until it is killed, -1 for never; None means the container's own setting.
        """
        self._end("stop", ident, timeout)

    def restart_container(self, ident: str, timeout: int | None = None) -> None:
        """Stop it as `stop_container` does, then start it."""
        self._end("restart", ident, timeout)

    def kill_container(self, ident: str, signal: str = "KILL") -> None:
        """Send it a signal, by name or number.

        Raises:
            Conflict: it does not run.
        """
        self._post(f"/containers/{segment(ident)}/kill", {"signal": signal})

    def pause_container(self, ident: str) -> None:
        """Freeze its processes."""
        self._post(f"/containers/{segment(ident)}/pause")

    def unpause_container(self, ident: str) -> None:
        """Let its processes go on."""
        self._post(f"/containers/{segment(ident)}/unpause")

    def rename_container(self, ident: str, name: str) -> None:
        """Give it another name.

        Raises:
            Conflict: the name is taken.
        """
        self._post(f"/containers/{segment(ident)}/rename", {"name": name})

    def update_container(self, ident: str, body: Mapping[str, Json]) -> Json:
        """Change resources or the restart policy live; keys that can't be changed so are ignored without a word."""
        return self._post(f"/containers/{segment(ident)}/update", body=body)

    def remove_container(self, ident: str, *, force: bool = False, volumes: bool = False) -> None:
        """Remove it. If a removal is under way already, wait until it is done.

        Args:
            ident: the container.
            force: kill it first if it runs.
            volumes: delete its anonymous volumes too.
        """
        path = f"/containers/{segment(ident)}"
        try:
            self._ask("DELETE", path, {"force": force, "v": volumes}, timeout=SLOW_TIMEOUT)
        except Conflict as fault:
            if "already in progress" not in fault.message:
                raise
            self._await_removal(path)

    def container_logs(self, ident: str, *, tail: int | None = 20, since: str = "", stamped: bool = False) -> str:
        """The last lines that it has written, to standard output and error together.

        Args:
            ident: the container.
            tail: how many lines; None for all.
            since: leave out what was written before this moment, in seconds since the epoch, as `1700000000.000000001`.
            stamped: whether each line begins with its moment, as RFC 3339 text.

        Raises:
            BadRequest: its log driver keeps nothing that could be read.
        """
        query = {"stdout": True, "stderr": True, "since": since, "timestamps": stamped or None, "tail": tail}
        answer = self._persist(lambda: self._ask("GET", f"/containers/{segment(ident)}/logs", query))
        kind = answer.headers.get("content-type", "")
        framed = "multiplexed" in kind
        if not framed and self.api_version < (1, 42):
            # Before 1.42 the answer does not say whether it is framed.
            framed = not self.container(ident)["Config"]["Tty"]
        return (demultiplex(answer.body) if framed else answer.body).decode(errors="replace")

    def _end(self, verb: str, ident: str, timeout: int | None) -> None:
        path = f"/containers/{segment(ident)}"
        grace = self._own_grace(ident) if timeout is None else timeout
        self._ask("POST", f"{path}/{verb}", {"t": timeout}, timeout=grace + _MARGIN if grace >= 0 else None)

    def _own_grace(self, ident: str) -> int:
        """Seconds that the container has to stop by its own setting; negative for ever."""
        own = self.container(ident)["Config"].get("StopTimeout")
        return _GRACE if own is None else int(own)

    def _await_removal(self, path: str) -> None:
        try:
            self._ask("POST", f"{path}/wait", {"condition": "removed"}, timeout=SLOW_TIMEOUT)
        except NotFound:
            return
