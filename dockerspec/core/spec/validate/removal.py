"""Rule: a container that the engine removes by itself is not one whose end, or whose restart, somebody asks for.

Called through `RULES`. The engine refuses `auto_remove` beside a restart policy; the rest would never come to rest.
"""

from __future__ import annotations

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings


def check_removal(stack: Stack, findings: Findings) -> None:
    """Find containers that are gone when they should be there."""
    for name, spec in stack.containers.items():
        if spec.auto_remove:
            _check_own(spec, ("containers", name), findings)
        for other, dependency in spec.depends_on.items():
            target = stack.containers.get(other)
            if target and target.auto_remove and dependency.condition == "service_completed_successfully":
                findings.error(
                    ("containers", name, "depends_on", other, "condition"),
                    f"the engine removes the container {other!r} at its end, so nobody can tell how it ended",
                    f"remove auto_remove at {other!r}",
                )


def _check_own(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    if spec.restart is not None and spec.restart.name != "no":
        findings.error(
            (*path, "auto_remove"),
            f"the engine can't remove a container at its end that it restarts (restart: {spec.restart.name})",
            "remove auto_remove or restart",
        )
    if spec.state == "completed":
        findings.error(
            (*path, "auto_remove"),
            "the engine removes the container at its end, so nobody can tell that it completed",
            "remove auto_remove",
        )
