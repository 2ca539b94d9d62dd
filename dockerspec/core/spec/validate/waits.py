"""Rules: what `update.wait` asks for can come about, and a job's hooks find it alive.

Called through `RULES`.
"""

from __future__ import annotations

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings


def check_waits(stack: Stack, findings: Findings) -> None:
    """Find conditions that never come true, and hooks that come too late."""
    awaited = {
        key
        for spec in stack.containers.values()
        for key, dependency in spec.depends_on.items()
        if dependency.condition == "service_completed_successfully"
    }
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        job = spec.state == "completed" or (spec.state == "running" and name in awaited)
        if job and spec.post_start:
            findings.error(
                (*path, "post_start"),
                "a job may have ended before a hook after its start can run",
                "make it a hook of pre_start, or a part of the command",
            )
        _check_wait(spec, job, path, findings)


def _check_wait(spec: ContainerSpec, job: bool, path: Path, findings: Findings) -> None:
    wait = spec.update.wait if spec.update is not None else None
    if wait is None:
        return
    place: Path = (*path, "update", "wait")
    if wait.exit_code is not None and not job and spec.state != "absent":
        findings.error(
            (*place, "exit_code"),
            f"the container is meant to be {spec.state}, and only a job ends by itself",
            "write state: completed beside update, or remove exit_code",
        )
    for key in ("state", "port", "http", "command"):
        if job and getattr(wait, key) is not None:
            findings.error(
                (*place, key),
                "a job is waited for until it ends",
                "write log or exit_code instead, or remove it",
            )
            break
    if wait.log is not None and spec.logging is not None and spec.logging.driver == "none":
        findings.error(
            (*place, "log"),
            "the log driver none keeps no log that could say so",
            "remove it, or set another logging.driver",
        )
    for key in ("port", "http"):
        if getattr(wait, key) is not None and spec.network_mode == "none":
            findings.error(
                (*place, key),
                "with network_mode: none the container has no port that could be tried",
                "wait for a command in the container instead, as command: [cat, /ready]",
            )
