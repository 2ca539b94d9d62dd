"""Rule: every name that a container uses is declared.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterable

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import ContainerSpec, SecretRef, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

DEFAULT_NETWORK = "default"

_SHARED = ("network_mode", "pid", "ipc")
_SERVICE = "service:"
_CONTAINER = "container:"


def shared_namespaces(spec: ContainerSpec) -> dict[str, str]:
    """The containers of the spec whose namespaces a container shares, by key: {"network_mode": "vpn"}."""
    values = {key: getattr(spec, key) for key in _SHARED}
    return {key: text.removeprefix(_SERVICE) for key, text in values.items() if text and text.startswith(_SERVICE)}


def named(spec: ContainerSpec) -> dict[Path, str]:
    """The containers of the spec that a container names beside `depends_on`, by path below the container."""
    found: dict[Path, str] = {(key,): name for key, name in shared_namespaces(spec).items()}
    for index, text in enumerate(spec.volumes_from):
        if not text.startswith(_CONTAINER):
            found["volumes_from", index] = text.partition(":")[0]
    for index, text in enumerate(spec.links):
        found["links", index] = text.partition(":")[0]
    return found


def check_references(stack: Stack, findings: Findings) -> None:
    """Find names that nothing declares."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        _check_image(stack, spec, path, findings)
        _check_volumes(stack, spec, path, findings)
        _check_dependencies(stack, name, spec, findings)
        networks = {*stack.networks, DEFAULT_NETWORK}
        for network in spec.networks:
            _check(findings, (*path, "networks", network), "network", network, networks)
        for key, value in spec.environment.items():
            if isinstance(value, SecretRef):
                _check(findings, (*path, "environment", key, "secret"), "secret", value.secret, stack.secrets)
        for section in ("configs", "secrets"):
            for index, grant in enumerate(getattr(spec, section)):
                kind, place = section.removesuffix("s"), (*path, section, index)
                _check(findings, place, kind, grant.source, getattr(stack, section))
        for stage in ("pre_start", "post_start", "pre_stop"):
            for index, hook in enumerate(getattr(spec, stage)):
                for key, value in hook.environment.items():
                    if isinstance(value, SecretRef):
                        place = (*path, stage, index, "environment", key, "secret")
                        _check(findings, place, "secret", value.secret, stack.secrets)


def _check(findings: Findings, path: Path, kind: str, name: str, known: Iterable[str]) -> None:
    if name in known:
        return
    meant = nearest(name, known)
    fix = f"did you mean '{meant}'?" if meant else f"declare it under {kind}s:, or remove it here"
    findings.error(path, f"there is no {kind} {name!r}", fix)


def _check_image(stack: Stack, spec: ContainerSpec, path: Path, findings: Findings) -> None:
    if spec.image is None:
        if spec.state != "absent":
            findings.error(path, "the container has no image", "add image: NAME:TAG, or image: {from: NAME}")
    elif spec.image.from_ is not None:
        _check(findings, (*path, "image", "from"), "image", spec.image.from_, stack.images)


def _check_volumes(stack: Stack, spec: ContainerSpec, path: Path, findings: Findings) -> None:
    for index, mount in enumerate(spec.volumes):
        source = mount.source
        if mount.type != "volume" or not source or source in stack.volumes:
            continue
        meant = nearest(source, stack.volumes)
        question = f"did you mean '{meant}'? Else " if meant else ""
        fix = f"{question}declare it as {source}: under the top-level volumes:, or write ./{source} for a folder"
        findings.error((*path, "volumes", index), f"there is no volume {source!r}", fix)


def _check_dependencies(stack: Stack, name: str, spec: ContainerSpec, findings: Findings) -> None:
    path: Path = ("containers", name)
    for place, other in named(spec).items():
        _check(findings, (*path, *place), "container", other, stack.containers)
    for other, dependency in spec.depends_on.items():
        place = (*path, "depends_on", other)
        if other not in stack.containers:
            if dependency.required:
                _check(findings, place, "container", other, stack.containers)
        elif spec.state != "absent" and stack.containers[other].state == "absent" and dependency.required:
            findings.error(
                place,
                f"the container {other!r} has the state absent, so it never comes up",
                "remove it from depends_on, or set required: false",
            )
