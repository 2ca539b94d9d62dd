"""The network and volume verbs. Callers: gateway."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from dockerspec.engine.caller import Caller, filter_query, segment
from dockerspec.engine.protocol import Filters, Json
from dockerspec.engine.transport import SLOW_TIMEOUT

_DUPLICATES_REFUSED = (1, 44)


class NetworkVerbs(Caller):
    """`/networks`."""

    def networks(self, filters: Filters | None = None) -> list[Json]:
        """All networks, without the containers on them."""
        return list(self._get("/networks", filter_query(filters)) or ())

    def network(self, ident: str) -> Json:
        """One network in full, with the containers on it."""
        return self._get(f"/networks/{segment(ident)}")

    def create_network(self, body: Mapping[str, Json]) -> Json:
        """Make a network; answers its `Id` and a `Warning`.

        Raises:
            Conflict: the name is taken.
        """
        if self.api_version < _DUPLICATES_REFUSED:
            # Older engines allow two networks of one name unless asked not to.
            body = {"CheckDuplicate": True, **body}
        return self._post("/networks/create", body=body)

    def remove_network(self, ident: str) -> None:
        """Remove it.

        Raises:
            Conflict: containers are connected to it.
        """
        self._ask("DELETE", f"/networks/{segment(ident)}")

    def connect_network(self, ident: str, container: str, endpoint: Mapping[str, Json]) -> None:
        """Connect a container.

        Args:
            ident: the network.
            container: the container.
            endpoint: the engine's `EndpointConfig`: aliases, addresses and so on.
        """
        body = {"Container": container, "EndpointConfig": endpoint}
        self._post(f"/networks/{segment(ident)}/connect", body=body)

    def disconnect_network(self, ident: str, container: str, *, force: bool = False) -> None:
        """Disconnect a container.

        Args:
            ident: the network.
            container: the container.
            force: also if the engine can't reach the container any more.
        """
        body = {"Container": container, "Force": force}
        self._post(f"/networks/{segment(ident)}/disconnect", body=body)


class VolumeVerbs(Caller):
    """`/volumes`."""

    def volumes(self, filters: Filters | None = None) -> list[Json]:
        """All volumes."""
        return list(self._get("/volumes", filter_query(filters)).get("Volumes") or ())

    def volume(self, name: str) -> Json:
        """One volume."""
        return self._get(f"/volumes/{segment(name)}")

    def volume_usage(self) -> list[Json]:
        """All volumes with their `UsageData`: bytes, and how many containers have them. Slow: the engine adds it up."""
        read = partial(self._ask, "GET", "/system/df", {"type": "volume"}, timeout=SLOW_TIMEOUT)
        answer = self._persist(lambda: self._decoded(read(), "GET /system/df"))
        return list(answer.get("Volumes") or ())

    def create_volume(self, body: Mapping[str, Json]) -> Json:
        """Make a volume, or answer the one that has this name already."""
        return self._post("/volumes/create", body=body)

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """Delete it and its data.

        Args:
            name: the volume.
            force: also if its driver is gone.

        Raises:
            Conflict: a container uses it.
        """
        self._ask("DELETE", f"/volumes/{segment(name)}", {"force": force}, timeout=SLOW_TIMEOUT)
