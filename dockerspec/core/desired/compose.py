"""The labels that Compose puts on what it makes, so that it knows what dockerspec made of its files. Pure.

Caller: build. Source: docker/compose 2.40, pkg/api/labels.go and pkg/compose/create.go; that they are the same is
tested on an engine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.labels import OwnLabels
from dockerspec.core.desired.names import default_container_name
from dockerspec.core.owner import project_owner
from dockerspec.core.ownership import (
    COMPOSE,
    COMPOSE_ONE_OFF,
    CONFIG_FILES,
    CONFIG_HASH,
    IMAGE,
    NETWORK,
    NUMBER,
    PROJECT,
    SERVICE,
    VOLUME,
)
from dockerspec.core.spec.compose.hashes import network_hash, service_hash, volume_hash, with_references
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.show import shown

VERSION = "2.40.3"
"""The version of Compose whose rules are kept."""
_KINDS = {"networks": Kind.NETWORK, "volumes": Kind.VOLUME}


class ComposeLabels(OwnLabels):
    """Those of one project."""

    names_are_aliases = True

    def __init__(self, project: Project) -> None:
        super().__init__(project_owner(project.name))
        self.spared = frozenset(
            (
                *(Address(Kind.CONTAINER, key) for key in project.disabled),
                *(Address(_KINDS[section], key) for section, key in project.unused),
            )
        )
        self._project = project
        self._base = {PROJECT: project.name, f"{COMPOSE}version": VERSION}
        self._services: dict[str, dict[str, str]] = {}

    @cached_property
    def _tree(self) -> Mapping[str, Any]:
        return shown(self._project, escape=False)

    def container(self, key: str, replica: int) -> dict[str, str]:
        """Those of one replica; its image's ID is put in when it is made."""
        if key not in self._services:
            self._services[key] = self._service(key)
        return {**self._services[key], NUMBER: str(replica)}

    def _service(self, key: str) -> dict[str, str]:
        project, service = self._project, self._tree["services"][key]
        labels = {
            **self._base,
            SERVICE: key,
            COMPOSE_ONE_OFF: "False",
            CONFIG_HASH: service_hash(self._hashed(key)),
            f"{COMPOSE}depends_on": _dependencies(service, self._tree["services"]),
            f"{COMPOSE}project.working_dir": project.folder,
            CONFIG_FILES: ",".join(project.files),
            IMAGE: "",
        }
        if project.env_files:
            labels[f"{COMPOSE}project.environment_file"] = ",".join(project.env_files)
        return labels

    def _hashed(self, key: str) -> dict[str, Any]:
        """A service as Compose makes its digest of it."""
        services, files = self._tree["services"], self._project.label_files.get(key)
        names = {
            other: str(item.get("container_name") or default_container_name(self._project.name, other, 1))
            for other, item in services.items()
        }
        own = services[key]
        return with_references({**own, "label_file": list(files)} if files else own, names)

    def network(self, key: str) -> dict[str, str]:
        """Those of a network."""
        found = self._tree.get("networks", {}).get(key)
        return {**self._base, NETWORK: key, CONFIG_HASH: network_hash(found)} if found else {**self._base, NETWORK: key}

    def volume(self, key: str) -> dict[str, str]:
        """Those of a volume."""
        found = self._tree.get("volumes", {}).get(key)
        return {**self._base, VOLUME: key, CONFIG_HASH: volume_hash(found)} if found else {**self._base, VOLUME: key}

    def image(self, key: str) -> dict[str, str]:
        """Those of an image that is built."""
        return {**self._base, SERVICE: key}


def _dependencies(service: Mapping[str, Any], services: Collection[str]) -> str:
    """What a service waits for; what takes no part in the run, since none of its profiles is active, is left out."""
    return ",".join(
        f"{key}:{item['condition']}:{'true' if item.get('restart') else 'false'}"
        for key, item in sorted((service.get("depends_on") or {}).items())
        if key in services
    )
