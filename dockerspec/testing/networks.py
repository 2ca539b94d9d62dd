"""The fake's network and volume verbs. Caller: `FakeEngine`."""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dockerspec.engine.protocol import Filters
from dockerspec.errors import Conflict, EngineForbidden, NotFound, ServerError
from dockerspec.testing import shapes
from dockerspec.testing.objects import FakeStore

Json = Any

_PREDEFINED = ("bridge", "host", "none")


class FakeNetworks(FakeStore):
    """`/networks` and `/volumes`. The listings know no filters."""

    def networks(self, filters: Filters | None = None) -> list[Json]:
        """All networks; only an inspect names the containers attached."""
        with self._call("networks"):
            return [{**copy.deepcopy(item), "Containers": {}} for item in self._networks.values()]

    def network(self, ident: str) -> Json:
        """One network, with the running containers attached to it."""
        with self._call("network", ident):
            return copy.deepcopy(self._network(ident))

    def create_network(self, body: Mapping[str, Json]) -> Json:
        """Make a network."""
        with self._call("create_network", body["Name"]):
            if any(item["Name"] == body["Name"] for item in self._networks.values()):
                raise Conflict(f"network with name {body['Name']} already exists", status=409)
            network = self._add_network(body)
            self._tell_network(network, "create")
            return {"Id": network["Id"], "Warning": ""}

    def remove_network(self, ident: str) -> None:
        """Remove a network that no container is attached to."""
        with self._call("remove_network", ident):
            network = self._network(ident)
            name = network["Name"]
            if name in _PREDEFINED:
                raise EngineForbidden(f"{name} is a pre-defined network and cannot be removed", status=403)
            if users := network["Containers"].values():
                named = " ".join(f'name:"{user["Name"]}" id:"{user["EndpointID"][:12]}"' for user in users)
                message = f"error while removing network: network {name} has active endpoints ({named})"
                raise Conflict(message, status=403)
            del self._networks[network["Id"]]
            self._tell_network(network, "destroy")

    def connect_network(self, ident: str, container: str, endpoint: Mapping[str, Json]) -> None:
        """Attach a container."""
        with self._call("connect_network", ident):
            network, joining = self._network(ident), self._container(container)
            name, networks = network["Name"], joining["NetworkSettings"]["Networks"]
            if name in networks:
                own = joining["Name"][1:]
                raise EngineForbidden(f"endpoint with name {own} already exists in network {name}", status=403)
            # A MAC address given here is kept but not used before API 1.54.
            networks[name] = shapes.endpoint(copy.deepcopy(dict(endpoint)))
            networks[name]["NetworkID"] = network["Id"]
            if joining["State"]["Running"]:
                self._join(joining, name, network)
            self._tell_network(network, "connect", container=joining["Id"])

    def disconnect_network(self, ident: str, container: str, *, force: bool = False) -> None:
        """Detach a container."""
        with self._call("disconnect_network", ident):
            network, leaving = self._network(ident), self._container(container)
            name = network["Name"]
            if leaving["NetworkSettings"]["Networks"].pop(name, None) is None:
                raise ServerError(f"container {leaving['Id']} is not connected to network {name}", status=500)
            self._fixed_macs.pop((leaving["Id"], name), None)
            network["Containers"].pop(leaving["Id"], None)
            self._tell_network(network, "disconnect", container=leaving["Id"])

    def volumes(self, filters: Filters | None = None) -> list[Json]:
        """All volumes."""
        with self._call("volumes"):
            return copy.deepcopy(list(self._volumes.values()))

    def volume(self, name: str) -> Json:
        """One volume."""
        with self._call("volume", name):
            return copy.deepcopy(self._known_volume(name))

    def create_volume(self, body: Mapping[str, Json]) -> Json:
        """Make a volume; of a name that exists, whatever its labels, the volume that has it is the answer."""
        name = body.get("Name") or ""
        with self._call("create_volume", name):
            return copy.deepcopy(self._add_volume(name or self._new_id(), body))

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """Remove a volume that no container has mounted."""
        with self._call("remove_volume", name):
            volume = self._known_volume(name)
            if users := self._users_of(name):
                raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]", status=409)
            del self._volumes[name]
            self._emit("volume", "destroy", name, {"driver": volume["Driver"]})

    def _known_volume(self, name: str) -> Json:
        if name not in self._volumes:
            raise NotFound(f"get {name}: no such volume", status=404)
        return self._volumes[name]

    def _tell_network(self, network: Json, action: str, **more: str) -> None:
        self._emit("network", action, network["Id"], {"name": network["Name"], "type": network["Driver"], **more})
