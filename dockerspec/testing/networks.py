"""The fake's network and volume verbs. Caller: `FakeEngine`."""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dockerspec.core.values import network_of
from dockerspec.engine.protocol import Filters
from dockerspec.errors import Conflict, EngineForbidden, NotFound, ServerError
from dockerspec.testing import shapes
from dockerspec.testing.objects import FakeStore

Json = Any

_PREDEFINED = ("bridge", "host", "none")
_DEPENDS = "are not supported if the network depends on a configuration network"


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
            body = self._configured(body)
            self._refuse_overlap(body)
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
            if any(item["ConfigFrom"]["Network"] == name for item in self._networks.values()):
                message = f'error while removing network: configuration network "{name}" is in use'
                raise EngineForbidden(message, status=403)
            del self._networks[network["Id"]]
            self._tell_network(network, "destroy")

    def connect_network(self, ident: str, container: str, endpoint: Mapping[str, Json]) -> None:
        """Attach a container."""
        with self._call("connect_network", ident):
            network, joining = self._network(ident), self._container(container)
            name, networks = network["Name"], joining["NetworkSettings"]["Networks"]
            if name in networks and networks[name]["NetworkID"] in ("", network["Id"]):
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
            leaving = self._container(container)
            if force and self._leave_gone(leaving, ident):
                return
            network = self._network(ident)
            name = network["Name"]
            if leaving["NetworkSettings"]["Networks"].pop(name, None) is None:
                raise ServerError(f"container {leaving['Id']} is not connected to network {name}", status=500)
            self._fixed_macs.pop((leaving["Id"], name), None)
            network["Containers"].pop(leaving["Id"], None)
            self._tell_network(network, "disconnect", container=leaving["Id"])

    def _leave_gone(self, container: Json, name: str) -> bool:
        """Forget an endpoint of a network that is not there any more; it goes by its name alone."""
        endpoint = container["NetworkSettings"]["Networks"].get(name)
        if endpoint is None or (endpoint["NetworkID"] or name) in (*self._networks, *self._network_names()):
            return False
        del container["NetworkSettings"]["Networks"][name]
        return True

    def _network_names(self) -> list[str]:
        return [item["Name"] for item in self._networks.values()]

    def _configured(self, body: Mapping[str, Json]) -> Mapping[str, Json]:
        """The create body with what comes from the configuration that it names."""
        name = (body.get("ConfigFrom") or {}).get("Network")
        if not name:
            return body
        if name not in self._network_names():
            raise NotFound(f'configuration network "{name}" does not exist', status=404)
        if body.get("Options"):
            message = f"network driver options {_DEPENDS}"
            raise EngineForbidden(message, status=403)
        if body.get("Labels") or body.get("EnableIPv6") or (body.get("IPAM") or {}).get("Config"):
            message = (
                "user specified configurations are not supported if the network depends on a configuration network"
            )
            raise EngineForbidden(message, status=403)
        config = self._network(name)
        return {**body, **{key: config[key] for key in ("Labels", "Options", "IPAM", "EnableIPv4", "EnableIPv6")}}

    def _refuse_overlap(self, body: Mapping[str, Json]) -> None:
        """Refuse addresses that another network has."""
        if body.get("ConfigOnly"):
            return
        given = (body.get("IPAM") or {}).get("Config") or ()
        wanted = [network_of(item["Subnet"]) for item in given if item.get("Subnet")]
        for other in self._networks.values():
            taken = (
                [] if other["ConfigOnly"] else [network_of(item["Subnet"]) for item in other["IPAM"]["Config"] or ()]
            )
            if any(one.version == two.version and one.overlaps(two) for one in wanted for two in taken):
                message = "invalid pool request: Pool overlaps with other one on this address space"
                raise EngineForbidden(message, status=403)

    def volumes(self, filters: Filters | None = None) -> list[Json]:
        """All volumes."""
        with self._call("volumes"):
            return copy.deepcopy(list(self._volumes.values()))

    def volume(self, name: str) -> Json:
        """One volume."""
        with self._call("volume", name):
            return copy.deepcopy(self._known_volume(name))

    def volume_usage(self) -> list[Json]:
        """All volumes with what they hold, which is never anything here."""
        with self._call("volume_usage"):
            return [
                {**copy.deepcopy(item), "UsageData": {"Size": 0, "RefCount": len(self._users_of(name))}}
                for name, item in self._volumes.items()
            ]

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
