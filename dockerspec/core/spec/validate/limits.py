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
LEAST_CPUS = 0.01

# moby, daemon/daemon_unix.go (period and quota); runc, libcontainer/cgroups (shares). Zero leaves the default.
_BOUNDS: dict[str, tuple[int, int | None, str]] = {
    "cpu_period": (1000, 1_000_000, " us"),
    "cpu_quota": (1000, None, " us"),
    "cpu_shares": (2, 262_144, ""),
}


def check_limits(stack: Stack, findings: Findings) -> None:
    """Find limits that contradict each other or that the engine never takes."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        _check_memory(spec, path, findings)
        _check_swap(spec, path, findings)
        _check_processors(spec, path, findings)
        if spec.oom_kill_disable and not spec.mem_limit:
            findings.warning(
                (*path, "oom_kill_disable"),
                "without mem_limit a container that is never killed can use up the host's memory",
                "add mem_limit, or remove oom_kill_disable",
            )
        if spec.restart is not None and spec.restart.max_retries and spec.restart.name != "on-failure":
            findings.error(
                (*path, "restart", "max_retries"),
                f"max_retries is for on-failure, and the policy is {spec.restart.name}",
                "remove max_retries, or write name: on-failure",
            )


def _check_processors(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    for key in ("cpu_quota", "cpu_period"):
        if spec.cpus is not None and getattr(spec, key) is not None:
            findings.error((*path, key), f"cpus and {key} set the same limit", f"remove {key} or cpus")
    if spec.cpus is not None and spec.cpus < LEAST_CPUS:
        summary = f"{spec.cpus:g} processors are less than the engine allows"
        findings.error((*path, "cpus"), summary, f"write {LEAST_CPUS} or more")
    for key, (least, most, unit) in _BOUNDS.items():
        value = getattr(spec, key)
        if value and value != UNLIMITED and not least <= value <= (most or value):
            word = "less" if value < least else "more"
            bound = f"{least} to {most}{unit}" if most else f"{least}{unit} or more"
            findings.error((*path, key), f"{value}{unit} is {word} than the engine allows", f"write {bound}")
    if spec.cpu_rt_runtime and spec.cpu_rt_period and spec.cpu_rt_runtime > spec.cpu_rt_period:
        findings.error(
            (*path, "cpu_rt_runtime"),
            f"{spec.cpu_rt_runtime} us is more than the whole cpu_rt_period, {spec.cpu_rt_period} us",
            "lower cpu_rt_runtime or raise cpu_rt_period",
        )


def _check_memory(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    limit = spec.mem_limit
    for key in ("mem_limit", "mem_reservation"):
        value = getattr(spec, key)
        if value and value < LEAST_MEMORY:
            findings.error(
                (*path, key),
                f"{format_size(value)} is less than the engine allows",
                f"write {format_size(LEAST_MEMORY)} or more",
            )
    if not limit:
        return
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
