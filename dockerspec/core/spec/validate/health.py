"""Rules: a health check has its command, and a condition that a container waits for can come true.

Called through `RULES`. A container without a health check of its own may get one from its image, so that is no fault.
"""

from __future__ import annotations

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_FOR_EVER = ("always", "unless-stopped")
_SHELL_WORDS = 2


def check_conditions(stack: Stack, findings: Findings) -> None:
    """Find waits that never end."""
    for name, spec in stack.containers.items():
        for other, dependency in spec.depends_on.items():
            target = stack.containers.get(other)
            if target is None:
                continue
            path: Path = ("containers", name, "depends_on", other, "condition")
            if dependency.condition == "service_healthy" and has_no_check(target):
                findings.error(
                    path,
                    f"the container {other!r} never becomes healthy, since its health check is disabled",
                    f"write condition: service_started, or enable the check of {other!r}",
                )
            if dependency.condition == "service_completed_successfully" and runs_for_ever(target):
                findings.error(
                    path,
                    f"the container {other!r} never completes, since the engine restarts it for ever",
                    f"set restart: no or on-failure at {other!r}, or write condition: service_started",
                )
        if spec.state == "completed" and runs_for_ever(spec):
            findings.error(
                ("containers", name, "restart"),
                "the container never completes, since the engine restarts it for ever",
                "write restart: no or on-failure, or state: running",
            )
        _check_test(spec, ("containers", name, "healthcheck", "test"), findings)
        if (
            spec.update is not None
            and spec.update.wait is not None
            and spec.update.wait.state == "healthy"
            and has_no_check(spec)
        ):
            findings.error(
                ("containers", name, "update", "wait"),
                "the container never becomes healthy, since its health check is disabled",
                "write wait: running, or enable the check",
            )


def _check_test(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    test = spec.healthcheck.test if spec.healthcheck is not None else None
    if test and test[0] in ("CMD", "CMD-SHELL") and len(test) == 1:
        findings.error(path, f"the check has no command after {test[0]}", f"write [{test[0]}, COMMAND]")
    elif test and test[0] == "CMD-SHELL" and len(test) > _SHELL_WORDS:
        findings.error(
            path, "CMD-SHELL takes one text, and the engine drops the others", "write the command as one text"
        )


def has_no_check(spec: ContainerSpec) -> bool:
    """Whether the spec itself switches the health check off."""
    check = spec.healthcheck
    return check is not None and (check.disable or (check.test or ("",))[0] == "NONE")


def runs_for_ever(spec: ContainerSpec) -> bool:
    """Whether the engine starts the container again even after a success."""
    return spec.restart is not None and spec.restart.name in _FOR_EVER
