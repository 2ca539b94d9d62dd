"""A Compose project in one file without anything that another file or a variable has to give.

Callers: the API, for `convert --resolve`. Limits: a tree of plain values; the writer doubles dollar signs.
"""

from __future__ import annotations

from typing import Any

from dockerspec.core.spec.compose.normal import DEFAULT_NETWORK
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.show import shown


def resolved(project: Project) -> dict[str, Any]:
    """Return a project as `config` shows it, without what goes without saying."""
    tree = shown(project, escape=False)
    for service in tree.get("services", {}).values():
        _drop(service, command=None, entrypoint=None, networks={DEFAULT_NETWORK: None})
        for port in service.get("ports", ()):
            _drop(port, mode="ingress", protocol="tcp")
    for section in ("secrets", "configs"):
        for item in tree.get(section, {}).values():
            if not item.get("external"):
                item.pop("name", None)
    networks = tree.get("networks", {})
    for network in networks.values():
        _drop(network, ipam={})
    _drop(networks, **{DEFAULT_NETWORK: {"name": f"{project.name}_{DEFAULT_NETWORK}"}})
    return {name: value for name, value in tree.items() if value or name == "services"}


def _drop(body: dict[str, Any], **usual: Any) -> None:
    for key, value in usual.items():
        if key in body and body[key] == value:
            del body[key]
