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
        for key in ("command", "entrypoint"):
            if service.get(key) is None:
                del service[key]
        if service.get("networks") == {DEFAULT_NETWORK: None}:
            del service["networks"]
        for port in service.get("ports", ()):
            for key, usual in (("mode", "ingress"), ("protocol", "tcp")):
                if port.get(key) == usual:
                    del port[key]
    for section in ("secrets", "configs"):
        for item in tree.get(section, {}).values():
            if not item.get("external"):
                item.pop("name", None)
    networks = tree.get("networks", {})
    for network in networks.values():
        if network.get("ipam") == {}:
            del network["ipam"]
    if networks.get(DEFAULT_NETWORK) == {"name": f"{project.name}_{DEFAULT_NETWORK}"}:
        del networks[DEFAULT_NETWORK]
    return {name: value for name, value in tree.items() if value or name == "services"}
