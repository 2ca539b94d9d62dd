"""What two specs must have in common to mean the same: the containers, networks and volumes that come of them.

Left out is what says nothing of them: how objects are called in the spec, images apart from what they are made of,
and dependencies that links and shared namespaces are anyway.

Callers: `convert`, which compares what it read with what it wrote, and tests.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from dockerspec.core.spec.model import (
    BindOptions,
    ContainerSpec,
    Endpoint,
    Mount,
    SecretRef,
    Stack,
    TmpfsOptions,
    VolumeOptions,
)

_DEFAULT = "default"
_OF_THE_RUN = frozenset({"state", "env_file"})
_SERVICE = "service:"


def essence(stack: Stack, secrets: Mapping[str, str], left_out: frozenset[tuple[str, ...]] = frozenset()) -> Any:
    """Return the meaning of a stack as a tree of plain values.

    Args:
        stack: the stack.
        secrets: the values of its secrets.
        left_out: paths that don't count, as of `Converted`.
    """
    networks = {key: spec.name or _name(stack, key, external=spec.external) for key, spec in stack.networks.items()}
    volumes = {key: spec.name or _name(stack, key, external=spec.external) for key, spec in stack.volumes.items()}
    networks.setdefault(_DEFAULT, f"{stack.stack}_{_DEFAULT}")
    used: set[str] = set()
    containers: dict[str, Any] = {}
    for key, spec in stack.containers.items():
        if ("containers", key) in left_out:
            continue
        body = _container(stack, spec, secrets, (networks, volumes))
        used |= set(body["networks"]) | {mount["source"] for mount in body["volumes"] if mount["type"] == "volume"}
        containers[key] = _without(body, ("containers", key), left_out)
    found: dict[str, Any] = {"stack": stack.stack, "containers": containers}
    for kind, names, specs in (("networks", networks, stack.networks), ("volumes", volumes, stack.volumes)):
        found[kind] = {
            names[key]: _without(spec.model_dump(exclude={"name"}), (kind, key), left_out)
            for key, spec in specs.items()
            if names[key] in used and not (key == _DEFAULT and spec == type(spec)(name=spec.name))
        }
    return found


def _name(stack: Stack, key: str, *, external: bool) -> str:
    return key if external else f"{stack.stack}_{key}"


def _container(
    stack: Stack,
    spec: ContainerSpec,
    secrets: Mapping[str, str],
    names: tuple[dict[str, str], dict[str, str]],
) -> dict[str, Any]:
    networks, volumes = names
    body = spec.model_dump(exclude={"image", "networks", "environment", "depends_on", *_OF_THE_RUN})
    endpoints = {name: endpoint.model_dump() for name, endpoint in spec.networks.items()}
    if not endpoints and not spec.network_mode:
        endpoints = {_DEFAULT: Endpoint().model_dump()}
    body["networks"] = {networks.get(name, name): value for name, value in endpoints.items()}
    body["volumes"] = sorted((_mount(mount, volumes) for mount in spec.volumes), key=lambda item: str(item["target"]))
    if spec.restart is not None and spec.restart.name == "no":
        body["restart"] = None
    for request in body["gpus"]:
        if request["count"] is None and not request["device_ids"]:
            request["count"] = -1
    body["environment"] = {
        name: secrets.get(value.secret) if isinstance(value, SecretRef) else value
        for name, value in spec.environment.items()
    }
    implied = set(_implied(spec))
    body["depends_on"] = {name: value.model_dump() for name, value in spec.depends_on.items() if name not in implied}
    body["image"], policy = _image(stack, spec)
    body["pull_policy"] = spec.pull_policy or policy
    return body


def _mount(mount: Mount, volumes: Mapping[str, str]) -> dict[str, Any]:
    """A mount with its defaults; its own section only counts where it says something."""
    found = mount.model_dump()
    for section, default in (("bind", BindOptions()), ("volume", VolumeOptions()), ("tmpfs", TmpfsOptions())):
        if found[section] is None and mount.type == section:
            found[section] = default.model_dump()
    if mount.type == "volume" and mount.source is not None:
        found["source"] = volumes.get(mount.source, mount.source)
    elif mount.source is not None:
        found["source"] = posixpath.normpath(mount.source)
    found["target"] = posixpath.normpath(mount.target)
    return found


def _implied(spec: ContainerSpec) -> list[str]:
    modes = (spec.network_mode, spec.ipc, spec.pid, spec.uts, spec.cgroup)
    found = [mode.removeprefix(_SERVICE) for mode in modes if mode and mode.startswith(_SERVICE)]
    return found + [text.partition(":")[0] for text in (*spec.links, *spec.volumes_from)]


def _image(stack: Stack, spec: ContainerSpec) -> tuple[Any, str | None]:
    """The image apart from its name in the spec, and its pull policy."""
    if spec.image is None:
        return None, None
    image = stack.images.get(spec.image.from_ or "")
    if image is None:
        return spec.image.ref, None
    tags = tuple(dict.fromkeys((*image.tags, *(image.build.tags if image.build else ()))))
    reference = image.image or next(iter(tags), f"{stack.stack}/{spec.image.from_}:latest")
    if image.build is None:
        return reference, image.pull_policy
    build = image.build.model_dump(exclude={"tags"})
    if not image.build.dockerfile_inline:
        build["dockerfile"] = image.build.dockerfile or "Dockerfile"
    found = {"build": build, "tags": tags or (reference,), "platform": image.platform or spec.platform}
    return found, image.pull_policy


def _without(body: dict[str, Any], path: tuple[str, ...], left_out: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """A mapping without what doesn't count."""
    for other in left_out:
        if other[: len(path)] == path and len(other) > len(path):
            _drop(body, other[len(path) :])
    return body


def _drop(body: Any, path: tuple[str, ...]) -> None:
    if isinstance(body, (list, tuple)):
        for item in body:
            _drop(item, path)
    elif isinstance(body, dict) and len(path) == 1:
        body.pop(path[0], None)
    elif isinstance(body, dict):
        _drop(body.get(path[0]), path[1:])


def differences(one: Any, two: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths at which two trees differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        found: list[tuple[str, ...]] = []
        for key in dict.fromkeys((*one, *two)):
            found += differences(one.get(key, ...), two.get(key, ...), (*path, str(key)))
        return found
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)):
        return [] if list(one) == list(two) else [path]
    return [] if one == two else [path]
