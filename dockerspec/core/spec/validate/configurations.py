"""Rule: a network that is only a configuration, and those that are made from it.

Called through `RULES`. The engine refuses the same, but only when the network is made.
"""

from __future__ import annotations

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_NOT_OF_A_CONFIGURATION = ("attachable", "config_from", "driver", "ingress", "internal", "scope")


def check_configurations(stack: Stack, findings: Findings) -> None:
    """Find settings that don't go with `config_only` or `config_from`, and configurations that are none."""
    for name, spec in stack.networks.items():
        path: Path = ("networks", name)
        if spec.config_only:
            for key in _NOT_OF_A_CONFIGURATION:
                if getattr(spec, key):
                    fix = f"remove {key}, or write it for the network that is made from {name}"
                    findings.error((*path, key), f"{key!r} does not go with config_only", fix)
        elif spec.config_from is not None:
            _check_user(stack, name, findings)
    for name, container in stack.containers.items():
        for key in container.networks:
            network = stack.networks.get(key)
            if network is not None and network.config_only:
                findings.error(
                    ("containers", name, "networks", key),
                    f"the network {key!r} is only a configuration",
                    f"join a network that has config_from: {key}",
                )


def _check_user(stack: Stack, name: str, findings: Findings) -> None:
    spec = stack.networks[name]
    source = stack.networks.get(spec.config_from or "")
    path: Path = ("networks", name)
    if source is None or not source.config_only or source.external:
        # The engine gives the network the labels of its configuration, and takes no others: it is known as ours by
        # them alone.
        findings.error(
            (*path, "config_from"),
            f"{spec.config_from!r} is no network of this spec with config_only: true",
            f"declare it as networks.{spec.config_from}: {{config_only: true, ...}}",
        )
        return
    for key in spec.FROM_CONFIGURATION:
        if getattr(spec, key) not in (None, {}):
            findings.error(
                (*path, key),
                f"{key!r} does not go with config_from: it comes from the network {spec.config_from!r}",
                f"move {key} to networks.{spec.config_from}",
            )
