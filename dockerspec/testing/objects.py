"""The fake's store: what there is, how a name or ID finds it, and what binds containers to networks and volumes.

Callers: the verb mix-ins of this package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.errors import NotFound
from dockerspec.testing import shapes
from dockerspec.testing.host import FakeHost

Json = Any


class FakeStore(FakeHost):
    """Containers, networks, volumes and images, each as its inspect answer."""

    def __init__(self) -> None:
        super().__init__()
        self._containers: dict[str, Json] = {}
        self._fixed_macs: dict[tuple[str, str], str] = {}
        self._networks: dict[str, Json] = {}
        self._volumes: dict[str, Json] = {}
        self._images: dict[str, Json] = {}
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            self._add_network({"Name": name, "Driver": driver})

    def _container(self, ident: str) -> Json:
        """The stored container of a name, an ID or the beginning of one."""
        for key, item in self._containers.items():
            if ident in (key, item["Name"], item["Name"][1:]):
                return item
        for key, item in self._containers.items():
            if ident and key.startswith(ident):
                return item
        raise NotFound(f"No such container: {ident}", status=404)

    def _network(self, ident: str) -> Json:
        for key, item in self._networks.items():
            if ident in (key, item["Name"]):
                return item
        raise NotFound(f"network {ident} not found", status=404)

    def _image(self, ref: str) -> Json:
        full = with_tag(ref)
        for key, item in self._images.items():
            if full in item["RepoTags"] or ref == key or (len(ref) >= 12 and key.startswith(f"sha256:{ref}")):
                return item
        raise NotFound(f"No such image: {full}", status=404)

    def _add_network(self, body: Mapping[str, Json]) -> Json:
        ident = self._new_id()
        network = shapes.network(ident, body, self._now(), 20 + len(self._networks))
        self._networks[ident] = network
        return network

    def _add_volume(self, name: str, body: Mapping[str, Json]) -> Json:
        if name not in self._volumes:
            self._volumes[name] = shapes.volume(name, body, self._now())
            self._emit("volume", "create", name, {"driver": self._volumes[name]["Driver"]})
        return self._volumes[name]

    def _mount(self, container: Json, body: Mapping[str, Json]) -> None:
        """Make the container's mounts, and the volumes that they name and that are not there yet."""
        host = body.get("HostConfig") or {}
        mounts = {item["Destination"]: item for item in _given_mounts(host)}
        for target in container["Config"]["Volumes"] or ():
            mounts.setdefault(target, _mount_point("volume", "", target))
        for item in mounts.values():
            if item["Type"] == "volume":
                item["Name"] = item["Name"] or self._new_id()
                volume = self._add_volume(item["Name"], {})
                item.update(Source=volume["Mountpoint"], Driver=volume["Driver"])
        container["Mounts"] = list(mounts.values())

    def _users_of(self, volume: str) -> list[str]:
        """The IDs of the containers that have a volume mounted."""
        return [
            key
            for key, item in self._containers.items()
            if any(mount["Type"] == "volume" and mount["Name"] == volume for mount in item["Mounts"])
        ]

    def _chosen_mac(self, ident: str, network: str) -> str:
        """The MAC address that the engine chooses for a container in a network."""
        digits = "02" + hashlib.sha256(f"{ident} {network}".encode()).hexdigest()[:10]
        return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))

    def _join(self, container: Json, name: str, network: Json) -> None:
        """Give a running container its place in a network."""
        endpoint = container["NetworkSettings"]["Networks"][name]
        number = len(network["Containers"]) + 2
        gateway = (network["IPAM"]["Config"] or [{}])[0].get("Gateway") or ""
        wanted = (endpoint["IPAMConfig"] or {}).get("IPv4Address")
        endpoint.update(
            NetworkID=network["Id"],
            EndpointID=self._new_id(),
            Gateway=gateway,
            IPAddress=wanted or f"{gateway.rpartition('.')[0]}.{number}",
            IPPrefixLen=16,
            MacAddress=self._fixed_macs.get((container["Id"], name)) or self._chosen_mac(container["Id"], name),
        )
        network["Containers"][container["Id"]] = {
            "Name": container["Name"][1:],
            "EndpointID": endpoint["EndpointID"],
            "MacAddress": endpoint["MacAddress"],
            "IPv4Address": f"{endpoint['IPAddress']}/16",
            "IPv6Address": "",
        }

    def _leave_all(self, container: Json) -> None:
        """Take a container that does not run any more out of its networks, which it stays configured for."""
        for network in self._networks.values():
            network["Containers"].pop(container["Id"], None)
        for endpoint in container["NetworkSettings"]["Networks"].values():
            endpoint.update(EndpointID="", Gateway="", IPAddress="", IPPrefixLen=0, MacAddress="")

    def _tell(self, container: Json, action: str, **more: str) -> None:
        """Emit a container event with the attributes that all of them have."""
        config = container["Config"]
        attributes = {**(config["Labels"] or {}), "image": config["Image"], "name": container["Name"][1:], **more}
        self._emit(Kind.CONTAINER, action, container["Id"], attributes)


def with_tag(ref: str) -> str:
    """A reference with the tag that it means."""
    return ref if ":" in ref.rpartition("/")[2] or "@" in ref else f"{ref}:latest"


def _given_mounts(host: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for text in host.get("Binds") or ():
        source, target, *rest = text.split(":")
        kind = "bind" if source.startswith("/") else "volume"
        mount = _mount_point(kind, source, target)
        mount["RW"] = "ro" not in ",".join(rest).split(",")
        mount["Mode"] = rest[0] if rest else mount["Mode"]
        yield mount
    for item in host.get("Mounts") or ():
        if item["Type"] in ("volume", "bind"):
            mount = _mount_point(item["Type"], item.get("Source") or "", item["Target"])
            mount["RW"] = not item.get("ReadOnly")
            yield mount


def _mount_point(kind: str, source: str, target: str) -> dict[str, Json]:
    mount: dict[str, Json] = {"Type": kind, "Source": source, "Destination": target}
    if kind == "volume":
        mount.update(Name=source, Source="", Driver="local", Mode="z" if source else "")
    else:
        mount.update(Mode="")
    return {**mount, "RW": True, "Propagation": "" if kind == "volume" else "rprivate"}
