"""A project as `docker compose config` shows it: a tree of plain values.

Callers: the command `config` and its tests. Limits: the differences from Compose that are meant are listed in
docs/compose.md.
"""

from __future__ import annotations

from typing import Any

from dockerspec.core.spec import nodes
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.trees import entries, text
from dockerspec.core.spec.nodes import Plain

_ORDER = ("name", "services", "networks", "volumes", "secrets", "configs", "models")


def shown(project: Project, *, escape: bool = True) -> dict[str, Any]:
    """Return the project's tree.

    Args:
        project: the project.
        escape: as Compose's JSON has it: dollar signs doubled, so that it can be read again, and without models. A
            writer of specs doubles them itself.
    """
    tree = nodes.plain(project.tree)
    assert isinstance(tree, dict)
    result: dict[str, Any] = {name: tree[name] for name in _ORDER if name in tree}
    services = result.get("services")
    if isinstance(services, dict):
        result["services"] = {name: _service(service) for name, service in services.items()}
    networks = result.get("networks")
    if isinstance(networks, dict):
        result["networks"] = {name: {"ipam": {}, **network} for name, network in networks.items()}
    if escape or not result.get("models"):
        result.pop("models", None)
    for name, config in result.get("configs", {}).items():
        result["configs"][name] = {key: value for key, value in config.items() if value != ""}
    for name in ("networks", "volumes", "secrets", "configs"):
        if not result.get(name):
            result.pop(name, None)
    result.update(project.extensions)
    if not escape:
        return result
    escaped = _escaped(result)
    assert isinstance(escaped, dict)
    return escaped


def listed(project: Project, what: str) -> list[str]:
    """Return the names of one kind, each once.

    Args:
        project: the project.
        what: services, volumes, networks, images or profiles.
    """
    if what == "services":
        return list(project.services)
    if what == "profiles":
        return list(project.profiles)
    if what == "images":
        images = [
            text(service, "image") or f"{project.name}-{name}" for name, service in entries(project.tree, "services")
        ]
        return list(dict.fromkeys(images))
    return [name for name, _ in entries(project.tree, what)]


def _service(service: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"command": None, "entrypoint": None, **service}
    if found.get("network_mode") == "":
        del found["network_mode"]
    deploy = found.get("deploy")
    if isinstance(deploy, dict):
        found["deploy"] = {"resources": {}, "placement": {}, **deploy}
    develop = found.get("develop")
    if isinstance(develop, dict) and "watch" in develop:
        found["develop"] = {**develop, "watch": [{"exec": {"command": None}, **rule} for rule in develop["watch"]]}
    return found


def _escaped(value: Plain) -> Plain:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key.replace("$", "$$"): _escaped(item) for key, item in value.items()}
    return value
