"""Rule: the limits of a container agree with each other, as the engine demands.

Called through `RULES`.
"""

from __future__ import annotations

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import UNLIMITED, format_size

# The least that the engine takes (moby, daemon/daemon_unix.go: linuxMinMemory).
LEAST_MEMORY = 6 << 20


def check_limits(stack: Stack, findings: Findings) -> None:
    """Find limits that contradict each other."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        _check_memory(spec, path, findings)
        _check_swap(spec, path, findings)
        for key in ("cpu_quota", "cpu_period"):
            if spec.cpus is not None and getattr(spec, key) is not None:
                findings.error((*path, key), f"cpus and {key} set the same limit", f"remove {key} or cpus")


def _check_memory(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    limit = spec.mem_limit
    if not limit:
        return
    if limit < LEAST_MEMORY:
        findings.error(
            (*path, "mem_limit"),
            f"{format_size(limit)} is less than the engine allows",
            f"write {format_size(LEAST_MEMORY)} or more",
        )
    if spec.mem_reservation is not None and spec.mem_reservation > limit:
        findings.error(
            (*path, "mem_reservation"),
            f"{format_size(spec.mem_reservation)} is more than mem_limit, {format_size(limit)}",
            "lower mem_reservation or raise mem_limit",
        )


def _check_swap(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    swap = spec.memswap_limit
    if swap is None or swap in (0, UNLIMITED):
        return
    if not spec.mem_limit:
        findings.error(
            (*path, "memswap_limit"), "memswap_limit needs mem_limit", "add mem_limit, or remove memswap_limit"
        )
    elif swap < spec.mem_limit:
        findings.error(
            (*path, "memswap_limit"),
            f"{format_size(swap)} is less than mem_limit alone, {format_size(spec.mem_limit)}",
            f"write {format_size(spec.mem_limit)} for no swap, or more: it counts both together",
        )
