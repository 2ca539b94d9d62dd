"""What `update.wait` wants to try from here and can't: found before anything is touched.

Caller: api, beside `check_host`. Pure. A shared network whose owner the spec does not know is left to the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dockerspec.core.desired.names import Names, container_image, names_of
from dockerspec.core.facts import ImageFacts
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_SERVICE = "service:"
_LOOPBACK = ("127.", "::1")


def check_reach(stack: Stack, images: Mapping[str, ImageFacts], engine_host: str, findings: Findings) -> None:
    """Find ports that can't be tried.

    Args:
        stack: the spec.
        images: facts by reference.
        engine_host: the engine's host; empty for this machine.
        findings: takes the faults, with their places.
    """
    names = names_of(stack)
    for key, spec in stack.containers.items():
        wait = spec.update.wait if spec.update is not None else None
        if wait is None or spec.state == "absent" or (wait.port is None and wait.http is None):
            continue
        path: Path = ("containers", key, "update", "wait")
        for port in wait.port or ():
            _check_port(stack, spec, port, engine_host, (*path, "port"), findings)
        if wait.http is None:
            continue
        port = wait.http.port or _exposed(stack, spec, images, names, (*path, "http"), findings)
        if port:
            _check_port(stack, spec, port, engine_host, (*path, "http"), findings)


def _exposed(
    stack: Stack, spec: ContainerSpec, images: Mapping[str, ImageFacts], names: Names, path: Path, findings: Findings
) -> int:
    """The only TCP port that a container exposes; 0 where it isn't known, or is reported to be none or one of many."""
    own = [f"{port.target}/{port.protocol}" for port in spec.ports]
    image = images.get(container_image(spec, names))
    made = spec.image is not None and spec.image.from_ in stack.images and stack.images[spec.image.from_ or ""].build
    if image is None or made or spec.pull_policy == "always":
        return 0  # what the image exposes is seen when it is there
    exposed = {*own, *spec.expose, *_names(image.config.get("ExposedPorts"))}
    ports = sorted({int(text.partition("/")[0]) for text in exposed if text.partition("/")[2] in ("", "tcp")})
    if len(ports) == 1:
        return ports[0]
    count = f"{len(ports)} TCP ports ({', '.join(map(str, ports))})" if ports else "no TCP port"
    findings.error(
        path,
        f"the container exposes {count}, so that the request needs one of its own",
        f"write :{ports[0] if ports else 8080}/ before the path, or port: beside it",
    )
    return 0


def _check_port(stack: Stack, spec: ContainerSpec, port: int, engine_host: str, path: Path, findings: Findings) -> None:
    owner, mode = spec, spec.network_mode or ""
    if not engine_host or mode == "host" or mode == "none" or spec.publish_all_ports:
        return
    if mode.startswith(_SERVICE):
        shared = stack.containers.get(mode.removeprefix(_SERVICE))
        if shared is None:
            return
        owner = shared
    elif mode.startswith("container:"):
        return
    bindings = [item for item in owner.ports if item.target == port and item.protocol == "tcp"]
    if any(not (item.host_ip or "").startswith(_LOOPBACK) for item in bindings):
        return
    why = "published on the host's own loopback address only" if bindings else "not published"
    findings.error(
        path,
        f"port {port} is {why}, and the engine is on another machine ({engine_host}), so it can't be tried from here",
        f"publish it, as with ports: [{port}], or wait for a command in the container",
    )


def _names(ports: object) -> Iterable[str]:
    return map(str, ports) if isinstance(ports, Mapping) else ()
