"""What `drift.yaml` may list: things done to the engine behind dockerspec's back.

Each entry is a mapping of one word to its argument. Containers, networks and volumes are named by their key in the
spec, or by their name on the engine. tests/cases/plan/README.md explains each word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dockerspec.core.ownership import ONE_OFF
from dockerspec.core.values.sizes import parse_size
from dockerspec.errors import NotFound
from dockerspec.testing import FakeEngine

Json = Any


class Drift:
    """Does to an engine what the entries say."""

    def __init__(self, engine: FakeEngine, stack: str) -> None:
        self.engine = engine
        self._stack = stack

    def run(self, entries: list[dict[str, Json]]) -> None:
        """Do everything that is listed, in order."""
        for entry in entries:
            ((word, argument),) = entry.items()
            act = WORDS.get(word)
            assert act is not None, f"unknown word {word!r} in drift.yaml; known: {', '.join(sorted(WORDS))}"
            act(self, argument)

    def container(self, key: str) -> str:
        """The engine name of a container, given by key or by name."""
        name = f"{self._stack}-{key}-1"
        try:
            self.engine.container(name)
        except NotFound:
            return key
        return name

    def network(self, key: str) -> str:
        """The engine name of a network."""
        names = {item["Name"] for item in self.engine.networks()}
        return f"{self._stack}_{key}" if f"{self._stack}_{key}" in names else key

    def volume(self, key: str) -> str:
        """The engine name of a volume."""
        names = {item["Name"] for item in self.engine.volumes()}
        return f"{self._stack}_{key}" if f"{self._stack}_{key}" in names else key

    def update(self, item: Mapping[str, Json]) -> None:
        """`docker update`, by the engine's own keys."""
        body = {key: parse_size(value) if key.startswith("Memory") else value for key, value in item.items()}
        self.engine.update_container(self.container(body.pop("container")), body)

    def rename(self, item: Mapping[str, str]) -> None:
        """`docker rename`."""
        self.engine.rename_container(self.container(item["container"]), item["to"])

    def exit(self, item: Mapping[str, Json]) -> None:
        """A container's process ends."""
        self.engine.exit(self.container(item["container"]), item["code"], oom=item.get("oom", False))

    def crash(self, item: Mapping[str, Json]) -> None:
        """A container's process ends, and its restart policy steps in."""
        self.engine.crash(self.container(item["container"]), item["code"])

    def health(self, item: Mapping[str, str]) -> None:
        """A health check says something."""
        self.engine.set_health(self.container(item["container"]), item["status"])

    def connect(self, item: Mapping[str, str]) -> None:
        """`docker network connect`."""
        self.engine.connect_network(self.network(item["network"]), self.container(item["container"]), {})

    def disconnect(self, item: Mapping[str, str]) -> None:
        """`docker network disconnect`."""
        self.engine.disconnect_network(self.network(item["network"]), self.container(item["container"]))

    def double(self, item: Mapping[str, Json]) -> None:
        """A second container with the labels of the first, as a run that was killed leaves it."""
        old = self.engine.container(self.container(item["container"]))
        body = {key: old["Config"][key] for key in ("Image", "Cmd", "Labels")}
        self.engine.create_container(item["name"], {**body, "HostConfig": old["HostConfig"]})
        if item.get("started", False):
            self.engine.start_container(item["name"])

    def hook_left(self, key: str) -> None:
        """The container of a hook before a start, as a run that was killed leaves it."""
        old = self.engine.container(self.container(key))
        name, labels = f"{old['Name'][1:]}.pre_start", {**old["Config"]["Labels"], ONE_OFF: "0"}
        self.engine.create_container(name, {"Image": old["Config"]["Image"], "Cmd": ["prepare"], "Labels": labels})

    def foreign_container(self, item: str | Mapping[str, Json]) -> None:
        """`docker run`, by somebody else."""
        given = {"name": item} if isinstance(item, str) else dict(item)
        name = given["name"]
        host = {"Binds": [f"{self.volume(key)}:/{key}" for key in given.get("volumes", ())]}
        self.engine.create_container(name, {"Image": "busybox", "Labels": given.get("labels", {}), "HostConfig": host})
        for key in given.get("networks", ()):
            self.engine.connect_network(self.network(key), name, {})
        self.engine.start_container(name)

    def foreign_network(self, name: str) -> None:
        """`docker network create`."""
        self.engine.create_network({"Name": name})

    def foreign_volume(self, name: str) -> None:
        """`docker volume create`."""
        self.engine.create_volume({"Name": name})

    def image(self, item: Mapping[str, Json]) -> None:
        """Another image comes under a tag."""
        self.engine.add_image(item["ref"], item.get("config", {"Cmd": ["other"]}))

    def publish(self, item: Mapping[str, Json]) -> None:
        """Somebody pushes another image to the registry."""
        self.engine.registry[item["ref"]] = item.get("config", {"Cmd": ["other"]})


WORDS: Mapping[str, Callable[[Drift, Json], object]] = {
    "connect": Drift.connect,
    "crash": Drift.crash,
    "disconnect": Drift.disconnect,
    "double": Drift.double,
    "exit": Drift.exit,
    "foreign-container": Drift.foreign_container,
    "foreign-network": Drift.foreign_network,
    "foreign-volume": Drift.foreign_volume,
    "health": Drift.health,
    "hook-left": Drift.hook_left,
    "image": Drift.image,
    "kill": lambda drift, key: drift.engine.kill_container(drift.container(key)),
    "pause": lambda drift, key: drift.engine.pause_container(drift.container(key)),
    "publish": Drift.publish,
    "remove": lambda drift, key: drift.engine.remove_container(drift.container(key), force=True),
    "remove-network": lambda drift, key: drift.engine.remove_network(drift.network(key)),
    "remove-volume": lambda drift, key: drift.engine.remove_volume(drift.volume(key)),
    "rename": Drift.rename,
    "start": lambda drift, key: drift.engine.start_container(drift.container(key)),
    "stop": lambda drift, key: drift.engine.stop_container(drift.container(key)),
    "unpause": lambda drift, key: drift.engine.unpause_container(drift.container(key)),
    "untag": lambda drift, ref: drift.engine.remove_image(ref, force=True),
    "update": Drift.update,
}
