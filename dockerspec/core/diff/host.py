"""What a spec asks of a host that this host does not have: found before anything is touched.

Caller: api, at every look at the engine. Pure: works on the spec and on facts that were read anyway. What the engine
does not tell for sure, such as drivers that are plugins, is a warning; the engine has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from dockerspec.core.desired.names import Names, container_image, names_of
from dockerspec.core.facts import EngineFacts, ImageFacts, Value
from dockerspec.core.live.state import LiveState
from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import network_of

_LINUX_MOUNTS = ("bind", "volume", "tmpfs", "image", "cluster")
_UNLISTED_LOG_DRIVERS = ("none",)


def check_host(stack: Stack, live: LiveState, findings: Findings) -> None:
    """Find what this engine can't do, and note what it probably can't.

    Args:
        stack: the spec.
        live: the engine's state.
        findings: takes the faults, with their places.
    """
    engine, names = live.engine, names_of(stack)
    for key, spec in stack.containers.items():
        if spec.state == "absent":
            continue
        path: Path = ("containers", key)
        _check_processors(spec, engine, path, findings)
        _check_parts(spec, engine, path, findings)
        _check_system(spec, engine, path, findings)
        _check_waits(stack, key, live.images, names, findings)
        _check_addresses(stack, spec, live, names, path, findings)
    for key, network in stack.networks.items():
        _check_driver(network.driver, engine.network_drivers, "network", ("networks", key, "driver"), findings)
    for key, volume in stack.volumes.items():
        _check_driver(volume.driver, engine.volume_drivers, "volume", ("volumes", key, "driver"), findings)


def _check_processors(spec: ContainerSpec, engine: EngineFacts, path: Path, findings: Findings) -> None:
    count = engine.processors
    if not count:
        return
    if spec.cpus is not None and spec.cpus > count:
        findings.error((*path, "cpus"), f"the host has {count} processors, not {spec.cpus:g}", f"write {count} or less")
    last = max((int(part.rpartition("-")[2]) for part in spec.cpuset.split(",")), default=0) if spec.cpuset else 0
    if last >= count:
        # The engine may have been given processors with other numbers than the first.
        findings.warning(
            (*path, "cpuset"),
            f"the host has {count} processors, so it may have no number {last}",
            f'write numbers up to {count - 1}, such as "0-{count - 1}"' if count > 1 else 'write "0"',
        )


def _check_parts(spec: ContainerSpec, engine: EngineFacts, path: Path, findings: Findings) -> None:
    """Parts of the engine that the container names."""
    runtime = spec.runtime
    # A name with a dot or slash is a containerd shim, which needs no line in the engine's configuration.
    if runtime and engine.runtimes and runtime not in engine.runtimes and not {".", "/"} & set(runtime):
        meant = nearest(runtime, engine.runtimes)
        known = ", ".join(name for name in engine.runtimes if "." not in name)
        fix = f"did you mean '{meant}'?" if meant else f"write one of {known}, or add it to the engine's configuration"
        findings.error((*path, "runtime"), f"the engine has no runtime {runtime!r}", fix)
    if spec.logging is not None:
        known_logs = (*engine.log_drivers, *_UNLISTED_LOG_DRIVERS) if engine.log_drivers else ()
        _check_driver(spec.logging.driver, known_logs, "log", (*path, "logging", "driver"), findings)


def _check_driver(driver: str | None, known: tuple[str, ...], kind: str, path: Path, findings: Findings) -> None:
    # A plugin's full name has a tag, and not every engine lists it.
    if not driver or not known or driver in known or ":" in driver or "/" in driver:
        return
    meant = nearest(driver, known)
    fix = f"did you mean '{meant}'?" if meant else "see that its plugin is installed and enabled"
    findings.warning(path, f"the engine lists no {kind} driver {driver!r}", fix)


def _check_system(spec: ContainerSpec, engine: EngineFacts, path: Path, findings: Findings) -> None:
    """What the host's system makes of the container's keys."""
    if spec.memswap_limit and not engine.swap_limit:
        findings.warning(
            (*path, "memswap_limit"),
            "the host's kernel limits no swap, so memswap_limit does nothing",
            "remove it, or start the host with swapaccount=1",
        )
    parent = spec.cgroup_parent
    if parent and engine.cgroup_driver == "systemd" and not parent.endswith(".slice"):
        findings.error(
            (*path, "cgroup_parent"),
            f"{parent!r} is no slice, and this engine's control groups are systemd's",
            "write the name of a slice, such as shop.slice",
        )
    if engine.os != "linux":
        return
    for index, mount in enumerate(spec.volumes):
        if mount.type not in _LINUX_MOUNTS:
            findings.error(
                (*path, "volumes", index),
                f"a Linux engine mounts no {mount.type}",
                "write type: bind or type: volume",
            )


def _check_waits(stack: Stack, key: str, images: Mapping[str, ImageFacts], names: Names, findings: Findings) -> None:
    """Waits for health where neither the spec nor the image has a check."""
    spec = stack.containers[key]
    for other, dependency in spec.depends_on.items():
        target = stack.containers.get(other)
        if dependency.condition != "service_healthy" or target is None or target.state == "absent":
            continue
        if _never_healthy(stack, target, images, names):
            findings.error(
                ("containers", key, "depends_on", other, "condition"),
                f"the container {other!r} never becomes healthy, since neither it nor its image has a health check",
                f"add healthcheck: to containers.{other}, or write condition: service_started",
            )
    wait = spec.update.wait if spec.update is not None else None
    if wait is not None and wait.state == "healthy" and _never_healthy(stack, spec, images, names):
        findings.error(
            ("containers", key, "update", "wait"),
            "the container never becomes healthy, since neither it nor its image has a health check",
            "add healthcheck: to it, or write wait: running",
        )


def _never_healthy(stack: Stack, spec: ContainerSpec, images: Mapping[str, ImageFacts], names: Names) -> bool:
    check = spec.healthcheck
    if check is not None and (check.test or check.disable):
        return False  # it has one, or `validate` has spoken already
    source = spec.image.from_ if spec.image is not None else None
    declared = stack.images.get(source) if source else None
    if declared is not None and (declared.build is not None or declared.pull_policy == "always"):
        return False  # the image that will be there may have a check
    image = images.get(container_image(spec, names))
    if image is None or spec.pull_policy == "always":
        return False
    inherited = image.config.get("Healthcheck")
    test = inherited.get("Test") if isinstance(inherited, Mapping) else None
    return not test or test[0] == "NONE"


def _check_addresses(
    stack: Stack, spec: ContainerSpec, live: LiveState, names: Names, path: Path, findings: Findings
) -> None:
    """Fixed addresses on networks that are not the stack's, whose subnets only the engine knows."""
    for key, endpoint in spec.networks.items():
        network = stack.networks.get(key)
        if network is None or not network.external:
            continue
        found = next((item for item in live.networks if item.name == names.networks.get(key)), None)
        pools = _pools(found.fields.get("ipam.config")) if found is not None else []
        for part in ("ipv4_address", "ipv6_address"):
            address = getattr(endpoint, part)
            fitting = [(s, g) for s, g in pools if address and network_of(s).version == ip_address(address).version]
            if not address or not fitting:
                continue
            subnets = [subnet for subnet, _ in fitting]
            if not any(ip_address(address) in network_of(subnet) for subnet in subnets):
                findings.error(
                    (*path, "networks", key, part),
                    f"the address {address} is outside the network's {' and '.join(subnets)}",
                    "choose an address within it",
                )
            elif address in [gateway for _, gateway in fitting]:
                findings.error(
                    (*path, "networks", key, part),
                    f"the gateway has the address {address} already",
                    "choose another address",
                )


def _pools(value: Value) -> list[tuple[str, str]]:
    """Subnet and gateway of each pool in a network's normal form."""
    items = value if isinstance(value, tuple) else ()
    return [
        (str(item["subnet"]), str(item.get("gateway") or ""))
        for item in items
        if isinstance(item, Mapping) and item.get("subnet")
    ]
