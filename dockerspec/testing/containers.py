"""The fake's container verbs, and what a test can let happen to a container. Caller: `FakeEngine`."""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

import copy
import io
import posixpath
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from dockerspec.engine.protocol import Filters
from dockerspec.errors import BadRequest, Conflict, NotFound, ServerError
from dockerspec.testing import shapes
from dockerspec.testing.host import moment_text, nanoseconds
from dockerspec.testing.objects import FakeStore
from dockerspec.testing.shapes import words

Json = Any

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_KILLED = 137
_NO_NETWORKING = "failed to set up container networking"
_LIVE = words(
    "BlkioWeight CpuShares CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems NanoCpus "
    "Memory MemorySwap MemoryReservation PidsLimit RestartPolicy"
)


class WrittenFile(NamedTuple):
    """A file that was written into a container."""

    content: bytes
    uid: int
    gid: int
    mode: int


class FakeContainers(FakeStore):
    """`/containers`.

    Attributes:
        on_start: is called with a container's name once it has been started; a test lets it live or die from there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_start: Callable[[str], None] | None = None
        self._logs: dict[str, list[tuple[int, str]]] = {}
        self._files: dict[str, dict[str, WrittenFile]] = {}

    def containers(self, filters: Filters | None = None) -> list[Json]:
        """All containers as a listing has them; of the filters `label` and `name` are known."""
        with self._call("containers"):
            items = [_listed(item) for item in reversed(self._containers.values())]
            return [item for item in items if _matches(item, filters or {})]

    def container(self, ident: str) -> Json:
        """One container in full."""
        with self._call("container", ident):
            return copy.deepcopy(self._container(ident))

    def inspect_containers(self, idents: Sequence[str]) -> list[Json]:
        """Several containers in full; those that are gone are left out."""
        found = []
        for ident in idents:
            with suppress(NotFound):
                found.append(self.container(ident))
        return found

    def create_container(self, name: str, body: Mapping[str, Json], platform: str = "") -> Json:
        """Make a container."""
        with self._call("create_container", name):
            self._check_name(name, name)
            image = self._image(body.get("Image") or "")
            ident = self._new_id()
            container = shapes.container(ident, name, copy.deepcopy(dict(body)), image, self._now())
            self._resolve_shared(container["HostConfig"])
            if not container["Path"]:
                raise BadRequest("no command specified", status=400)
            self._check_free(name)
            self._mount(container, body)
            self._configure_networks(container, body)
            self._containers[ident] = container
            self._tell(container, "create")
            return {"Id": ident, "Warnings": []}

    def put_archive(self, ident: str, folder: str, archive: bytes) -> None:
        """Keep the files of an archive for `files`; the folders that are known are the root, mounts, and theirs."""
        with self._call("put_archive", ident):
            container = self._container(ident)
            mounts = {item["Destination"]: item for item in container["Mounts"]}
            written = self._files.setdefault(container["Id"], {})
            known = {"/", *mounts, *(parent for path in written for parent in _parents(path))}
            if folder not in known:
                raise NotFound(f"Could not find the file {folder} in container {ident}", status=404)
            if folder in mounts and not mounts[folder]["RW"]:
                raise BadRequest("mounted volume is marked read-only", status=400)
            if folder not in mounts and container["HostConfig"]["ReadonlyRootfs"]:
                raise BadRequest("container rootfs is marked read-only", status=400)
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                for item in tar:
                    data = tar.extractfile(item)
                    content = data.read() if data is not None else b""
                    written[posixpath.join(folder, item.name)] = WrittenFile(content, item.uid, item.gid, item.mode)

    def files(self, ident: str) -> dict[str, WrittenFile]:
        """What was written into a container, by absolute path."""
        with self._lock:
            return dict(self._files.get(self._container(ident)["Id"], {}))

    def start_container(self, ident: str) -> None:
        """Start it, if its networks are there and its ports are free."""
        with self._call("start_container", ident):
            container = self._container(ident)
            state = container["State"]
            if state["Paused"]:
                raise Conflict("cannot start a paused container, try unpause instead", status=409)
            if state["Running"]:
                return
            self._attach(container)
            self._run(container)
            name = container["Name"][1:]
        if self.on_start is not None:
            self.on_start(name)

    def stop_container(self, ident: str, timeout: int | None = None) -> None:
        """Stop it; its process takes no notice of the first signal."""
        with self._call("stop_container", ident):
            container = self._container(ident)
            if not container["State"]["Running"] and not container["State"]["Restarting"]:
                return
            self._tell(container, "kill", signal="15")
            self._tell(container, "kill", signal="9")
            self._end(container, _KILLED)
            self._tell(container, "stop")

    def kill_container(self, ident: str, signal: str = "KILL") -> None:
        """Kill it; other signals are only seen."""
        with self._call("kill_container", ident):
            container = self._container(ident)
            if not container["State"]["Running"]:
                raise Conflict(
                    f"cannot kill container: {ident}: container {container['Id']} is not running", status=409
                )
            self._tell(container, "kill", signal=signal)
            if signal.removeprefix("SIG") in ("KILL", "9"):
                self._end(container, _KILLED)

    def restart_container(self, ident: str, timeout: int | None = None) -> None:
        """Stop it if it runs, then start it."""
        with self._call("restart_container", ident):
            container = self._container(ident)
            if container["State"]["Running"]:
                self._end(container, _KILLED)
            self._attach(container)
            self._run(container)
            self._tell(container, "restart")

    def pause_container(self, ident: str) -> None:
        """Freeze it."""
        with self._call("pause_container", ident):
            container = self._container(ident)
            state = container["State"]
            if not state["Running"]:
                raise Conflict(f"container {container['Id']} is not running", status=409)
            if state["Paused"]:
                raise Conflict(f"Container {container['Id']} is already paused", status=409)
            state.update(Status="paused", Paused=True)
            self._tell(container, "pause")

    def unpause_container(self, ident: str) -> None:
        """Let it go on."""
        with self._call("unpause_container", ident):
            container = self._container(ident)
            if not container["State"]["Paused"]:
                raise ServerError(f"Container {container['Id']} is not paused", status=500)
            container["State"].update(Status="running", Paused=False)
            self._tell(container, "unpause")

    def rename_container(self, ident: str, name: str) -> None:
        """Give it another name."""
        with self._call("rename_container", ident):
            container = self._container(ident)
            old = container["Name"]
            if old == f"/{name}":
                raise BadRequest("Renaming a container with the same name as its current name", status=400)
            self._check_name(name, f"/{name}", "Error when allocating new name: ")
            self._check_free(name, "Error when allocating new name: ")
            container["Name"] = f"/{name}"
            for network in self._networks.values():
                if container["Id"] in network["Containers"]:
                    network["Containers"][container["Id"]]["Name"] = name
            self._tell(container, "rename", oldName=old)

    def update_container(self, ident: str, body: Mapping[str, Json]) -> Json:
        """Change what can be changed live; zeros (save for the process limit) and other keys are ignored silently."""
        with self._call("update_container", ident):
            container = self._container(ident)
            for key, value in body.items():
                if key == "RestartPolicy" and value and value.get("Name"):
                    container["HostConfig"][key] = {"MaximumRetryCount": 0, **value}
                elif key in _LIVE and (value or key == "PidsLimit"):
                    container["HostConfig"][key] = value
            self._tell(container, "update")
            return {"Warnings": None}

    def remove_container(self, ident: str, *, force: bool = False, volumes: bool = False) -> None:
        """Remove it."""
        with self._call("remove_container", ident):
            container = self._container(ident)
            if container["State"]["Running"]:
                if not force:
                    raise Conflict(
                        f'cannot remove container "{ident}": container is running: '
                        "stop the container before removing or force remove",
                        status=409,
                    )
                self._tell(container, "kill", signal="9")
                self._end(container, _KILLED)
            if self._containers.pop(container["Id"], None) is None:
                return  # it has removed itself
            if volumes:
                for mount in container["Mounts"]:
                    if shapes.ANONYMOUS.fullmatch(mount.get("Name") or "") and not self._users_of(mount["Name"]):
                        self._volumes.pop(mount["Name"], None)
            self._tell(container, "destroy")

    def container_logs(self, ident: str, *, tail: int | None = 20, since: str = "", stamped: bool = False) -> str:
        """The last lines that a test has written for it."""
        with self._call("container_logs", ident):
            lines = self._logs.get(self._container(ident)["Id"], [])
            chosen = [line for line in lines if not since or line[0] >= nanoseconds(since)]
            shown = chosen if tail is None else chosen[-tail:]
            return "".join(f"{moment_text(moment)} {text}" if stamped else text for moment, text in shown)

    def write_log(self, ident: str, text: str) -> None:
        """Let a container write something."""
        with self._lock:
            moment = self._tick()
            written = self._logs.setdefault(self._container(ident)["Id"], [])
            written += [(moment, line) for line in text.splitlines(keepends=True)]

    def set_health(self, ident: str, status: str, output: str = "", exit_code: int = 0) -> None:
        """Let a container's health check say something: `starting`, `healthy` or `unhealthy`."""
        with self._lock:
            container = self._container(ident)
            probe = {"Start": self._now(), "End": self._now(), "ExitCode": exit_code, "Output": output}
            container["State"]["Health"] = {"Status": status, "FailingStreak": 0, "Log": [probe]}
            self._tell(container, f"health_status: {status}")

    def exit(self, ident: str, code: int, *, oom: bool = False) -> None:
        """Let a container's process end."""
        with self._lock:
            container = self._container(ident)
            if oom:
                self._tell(container, "oom")
            self._end(container, code)
            container["State"]["OOMKilled"] = oom

    def crash(self, ident: str, code: int) -> None:
        """Let a container's process end, and its restart policy step in: it is in the pause before its restart."""
        with self._lock:
            container = self._container(ident)
            self._end(container, code)
            container["RestartCount"] += 1
            container["State"].update(Status="restarting", Restarting=True, Running=True)

    def _check_name(self, name: str, shown: str, prefix: str = "") -> None:
        if not _NAME.fullmatch(name):
            rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
            raise BadRequest(f"{prefix}Invalid container name ({shown}), {rule}", status=400)

    def _check_free(self, name: str, prefix: str = "") -> None:
        for key, item in self._containers.items():
            if item["Name"] == f"/{name}":
                raise Conflict(
                    f'{prefix}Conflict. The container name "/{name}" is already in use by container "{key}". '
                    "You have to remove (or rename) that container to be able to reuse that name.",
                    status=409,
                )

    def _resolve_shared(self, host: Json) -> None:
        """Name the containers whose namespaces are shared by their IDs, as the engine keeps them."""
        for key in ("NetworkMode", "PidMode", "IpcMode"):
            kind, _, ident = host[key].partition(":")
            if kind != "container":
                continue
            try:
                host[key] = f"container:{self._container(ident)['Id']}"
            except NotFound as fault:
                if key != "NetworkMode":  # whose network it is to share is only looked up at the start
                    raise BadRequest(fault.message, status=400) from None

    def _configure_networks(self, container: Json, body: Mapping[str, Json]) -> None:
        mode = container["HostConfig"]["NetworkMode"]
        given = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        names = [] if mode.startswith("container:") else list(dict.fromkeys([mode, *given]))
        networks = {name: shapes.endpoint(given.get(name) or {}) for name in names}
        container["NetworkSettings"]["Networks"] = networks
        for name, endpoint in networks.items():
            if endpoint["MacAddress"]:
                self._fixed_macs[container["Id"], name] = endpoint["MacAddress"].lower()

    def _attach(self, container: Json) -> None:
        """Find the networks and take the ports, or fail as the engine does."""
        endpoints, mode = container["NetworkSettings"]["Networks"], container["HostConfig"]["NetworkMode"]
        try:
            # Once a container was in a network, its ID counts, whatever has the name by now.
            found = {name: self._network(item["NetworkID"] or name) for name, item in endpoints.items()}
        except NotFound as fault:
            raise NotFound(f"{_NO_NETWORKING}: {fault.message}", status=404) from None
        if mode not in endpoints and ":" not in mode:
            try:
                self._network(mode)
            except NotFound as fault:
                lacking = f"could not find a network matching network mode {mode}: {fault.message}"
                raise NotFound(f"{_NO_NETWORKING}: {lacking}", status=404) from None
        wanted = _host_ports(container)
        for other in self._containers.values():
            taken = wanted & _host_ports(other) if other["State"]["Running"] and other is not container else set()
            for port in sorted(taken):
                message = (
                    f"{_NO_NETWORKING}: driver failed programming external connectivity on endpoint"
                    f" {container['Name'][1:]} ({self._new_id()}): Bind for 0.0.0.0:{port} failed: "
                    "port is already allocated"
                )
                container["State"].update(ExitCode=128, Error=message)
                raise ServerError(message, status=500)
        for name, network in found.items():
            self._join(container, name, network)

    def _run(self, container: Json) -> None:
        state = shapes.state("running")
        state.update(Running=True, Pid=1000 + self._made, StartedAt=self._now())
        test = (container["Config"].get("Healthcheck") or {}).get("Test") or ["NONE"]
        if test[0] != "NONE":
            state["Health"] = {"Status": "starting", "FailingStreak": 0, "Log": []}
        container["State"] = {**state, "FinishedAt": container["State"]["FinishedAt"]}
        self._tell(container, "start")

    def _end(self, container: Json, code: int) -> None:
        state = container["State"]
        state.update(Status="exited", Running=False, Paused=False, Restarting=False, Pid=0, ExitCode=code)
        state["FinishedAt"] = self._now()
        self._leave_all(container)
        self._tell(container, "die", exitCode=str(code))
        if container["HostConfig"]["AutoRemove"] and self._containers.pop(container["Id"], None):
            self._tell(container, "destroy")


def _host_ports(container: Json) -> set[str]:
    bindings = container["HostConfig"]["PortBindings"] or {}
    return {item["HostPort"] for items in bindings.values() for item in items or () if item.get("HostPort")}


def _parents(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:count]) for count in range(2, len(parts))}


def _listed(container: Json) -> Json:
    networks = container["NetworkSettings"]["Networks"]
    return {
        "Id": container["Id"],
        "Names": [container["Name"]],
        "Image": container["Config"]["Image"],
        "ImageID": container["Image"],
        "Command": " ".join([container["Path"], *container["Args"]]),
        "Ports": [],
        "Labels": dict(container["Config"]["Labels"]),
        "State": container["State"]["Status"],
        "Status": container["State"]["Status"],
        "HostConfig": {"NetworkMode": container["HostConfig"]["NetworkMode"]},
        "NetworkSettings": {"Networks": copy.deepcopy(networks)},
        "Mounts": copy.deepcopy(container["Mounts"]),
    }


def _matches(item: Json, filters: Filters) -> bool:
    labels = {f"{key}={value}" for key, value in item["Labels"].items()} | set(item["Labels"])
    names = filters.get("name", ())
    return all(label in labels for label in filters.get("label", ())) and (
        not names or any(name in item["Names"][0] for name in names)
    )
