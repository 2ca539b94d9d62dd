"""Rule: no two objects of a stack get the same name on the engine.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dockerspec.core.spec.model import NetworkSpec, Stack, VolumeSpec
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings


def check_names(stack: Stack, findings: Findings) -> None:
    """Find names that are given twice."""
    _check_containers(stack, findings)
    _check_resources(stack, "networks", stack.networks, findings)
    _check_resources(stack, "volumes", stack.volumes, findings)


def _check_containers(stack: Stack, findings: Findings) -> None:
    owners: dict[str, str] = {}
    fixed = any(spec.container_name for spec in stack.containers.values())
    for name, spec in stack.containers.items() if fixed else ():
        if not spec.container_name:
            owners.update({f"{stack.stack}-{name}-{number + 1}": name for number in range(spec.replicas)})
    for name, spec in stack.containers.items():
        if not spec.container_name or spec.state == "absent":
            continue
        path: Path = ("containers", name, "container_name")
        if spec.replicas > 1:
            findings.error(
                path,
                f"{spec.replicas} replicas can't share the name {spec.container_name!r}",
                "remove container_name, or set replicas: 1",
            )
        other = owners.setdefault(spec.container_name, name)
        if other != name:
            findings.error(
                path,
                f"the container {other!r} has the name {spec.container_name!r} already",
                "give each container a name of its own",
            )


def _check_resources(
    stack: Stack, section: str, specs: Mapping[str, NetworkSpec] | Mapping[str, VolumeSpec], findings: Findings
) -> None:
    owners: dict[str, str] = {}
    for name, spec in specs.items():
        full = spec.name or (name if spec.external else f"{stack.stack}_{name}")
        other = owners.setdefault(full, name)
        if other != name:
            findings.error(
                (section, name),
                f"{section}.{other} has the name {full!r} on the engine already",
                "give each a name of its own, or use one entry for both",
            )
