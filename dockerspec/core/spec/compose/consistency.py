"""The rules between keys of a Compose file that Compose itself checks, each one small function.

Callers: `loading`. Limits: a rule looks at the finished tree and changes nothing. What dockerspec demands beyond
Compose is judged later, on the stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.trees import at, entries, items, text, truth
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, is_null

ServiceRule = Callable[[str, Mapping, Mapping, Notes], None]

_SAME = (
    ("mem_limit", ("limits", "memory")),
    ("cpus", ("limits", "cpus")),
    ("pids_limit", ("limits", "pids")),
    ("mem_reservation", ("reservations", "memory")),
)


def _check_source(_name: str, service: Mapping, _top: Mapping, notes: Notes) -> None:
    if not service.values.keys() & {"image", "build", "provider"}:
        notes.error(
            service, "the service has neither an image nor a build", "add 'image: NAME:TAG' or 'build: ./FOLDER'"
        )


def _check_build(_name: str, service: Mapping, top: Mapping, notes: Notes) -> None:
    build = at(service, "build")
    if not isinstance(build, Mapping):
        return
    if text(build, "dockerfile") and text(build, "dockerfile_inline"):
        fix = "remove one of them"
        notes.error(build.values["dockerfile_inline"], "dockerfile and dockerfile_inline exclude each other", fix)
    platform, platforms = text(service, "platform"), items(build, "platforms")
    if platform and platforms and platform not in [item.text for item in platforms if isinstance(item, Scalar)]:
        fix = "add it to build.platforms, or remove it here"
        notes.error(service.values["platform"], f"the image isn't built for {platform}", fix)
    for secret in items(build, "secrets"):
        _known(secret, text(secret, "source"), "secret", at(top, "secrets"), notes)


def _check_networks(_name: str, service: Mapping, top: Mapping, notes: Notes) -> None:
    networks = at(service, "networks")
    if text(service, "network_mode") and isinstance(networks, Mapping):
        fix = "remove one of them"
        notes.error(service.values["network_mode"], "network_mode and networks exclude each other", fix)
    for network, node in entries(networks):
        if network != "default":
            key = networks.keys.get(network, node) if isinstance(networks, Mapping) else node
            _known(key, network, "network", at(top, "networks"), notes)


def _check_mounts(_name: str, service: Mapping, top: Mapping, notes: Notes) -> None:
    for mount in items(service, "volumes"):
        kind, source = text(mount, "type"), text(mount, "source")
        if not text(mount, "target"):
            notes.error(mount, "the key 'target' is missing", "add 'target: /path/in/the/container'")
        if kind in ("bind", "image") and not source:
            notes.error(mount, f"a {kind} mount needs a source", f"write source: below type: {kind}")
        if kind == "volume" and source:
            _known(mount, source, "volume", at(top, "volumes"), notes)


def _check_granted(_name: str, service: Mapping, top: Mapping, notes: Notes) -> None:
    for section, kind in (("secrets", "secret"), ("configs", "config")):
        for item in items(service, section):
            _known(item, text(item, "source"), kind, at(top, section), notes)
    models = at(service, "models")
    for model, node in entries(models):
        _known(
            models.keys.get(model, node) if isinstance(models, Mapping) else node,
            model,
            "model",
            at(top, "models"),
            notes,
        )


def _known(node: Node, name: str, kind: str, declared: Node | None, notes: Notes) -> None:
    if isinstance(declared, Mapping) and name in declared.values:
        return
    close = nearest(name, [key for key, _ in entries(declared)])
    fix = f"did you mean '{close}'?" if close else f"declare it under {kind}s:, or remove it here"
    notes.error(node, f"there is no {kind} '{name}'", fix)


def _check_ports(_name: str, service: Mapping, _top: Mapping, notes: Notes) -> None:
    for port in items(service, "ports"):
        if not text(port, "target"):
            notes.error(port, "the key 'target' is missing", "add 'target: PORT'")


def _check_doubles(_name: str, service: Mapping, _top: Mapping, notes: Notes) -> None:
    """What is said in two places must be the same in both."""
    scale, replicas = text(service, "scale"), text(at(service, "deploy"), "replicas")
    if scale and replicas and scale != replicas:
        fix = "remove one of them"
        notes.error(service.values["scale"], f"scale is {scale}, but deploy.replicas is {replicas}", fix)
    count = int(scale or replicas or 1)
    if count > 1 and text(service, "container_name"):
        fix = "remove container_name, or run one replica"
        notes.error(service.values["container_name"], f"{count} replicas can't have one name", fix)
    for key, path in _SAME:
        mine, section = text(service, key), at(service, "deploy", "resources", path[0])
        if not mine or section is None or text(section, path[1]) == mine:
            continue
        where = ".".join(("deploy", "resources", *path))
        if theirs := text(section, path[1]):
            notes.error(service.values[key], f"{key} is {mine}, but {where} is {theirs}", "remove one of them")
        else:
            # Compose takes a section that is silent for one that says no limit.
            summary = f"{key} is given beside deploy.resources.{path[0]}, which has no {path[1]}"
            notes.error(service.values[key], summary, f"move it to {where}")


def _check_requests(_name: str, service: Mapping, _top: Mapping, notes: Notes) -> None:
    reserved = at(service, "deploy", "resources", "reservations")
    for request in (*items(service, "gpus"), *items(reserved, "devices")):
        if isinstance(request, Mapping) and {"count", "device_ids"} <= request.values.keys():
            notes.error(request, "count and device_ids exclude each other", "remove one of them")


def _check_watch(_name: str, service: Mapping, _top: Mapping, notes: Notes) -> None:
    for rule in items(at(service, "develop"), "watch"):
        if not isinstance(rule, Mapping):
            continue
        action = text(rule, "action")
        if action not in ("rebuild", "restart") and not text(rule, "target"):
            notes.error(rule, f"the action {action} needs a target", "add 'target: /path/in/the/container'")


SERVICE_RULES: tuple[ServiceRule, ...] = (
    _check_source,
    _check_build,
    _check_networks,
    _check_mounts,
    _check_granted,
    _check_ports,
    _check_doubles,
    _check_requests,
    _check_watch,
)


def check_objects(top: Mapping, notes: Notes) -> None:
    """Demand that configs and secrets have one source, and that nothing is said of external volumes."""
    for section, sources in (("secrets", ("file", "environment")), ("configs", ("file", "environment", "content"))):
        for _, node in entries(top, section):
            if not isinstance(node, Mapping):
                continue
            given = [key for key in sources if key in node.values]
            if len(given) > 1:
                notes.error(node, f"{' and '.join(given)} exclude each other", "remove all but one")
            elif not given and "external" not in node.values:
                notes.error(node, f"one of {', '.join(sources)} is wanted", f"add '{sources[0]}: ./FILE'")
    for _, node in entries(top, "volumes"):
        if isinstance(node, Mapping) and truth(node, "external"):
            for key in ("driver", "driver_opts", "labels"):
                if key in node.values:
                    fix = "remove it, or 'external'"
                    notes.error(node.values[key], f"an external volume can't have {key}", fix)


def check_services(top: Mapping, active: Iterable[str], declared: frozenset[str], notes: Notes) -> None:
    """Run the rules on the services that take part.

    Args:
        top: the project.
        active: the services that take part.
        declared: all services of the files.
        notes: where faults go.
    """
    services = at(top, "services")
    names: dict[str, str] = {}
    taking_part = set(active)
    for name, service in entries(services):
        if not isinstance(service, Mapping):
            continue
        for rule in SERVICE_RULES:
            rule(name, service, top, notes)
        _check_dependencies(service, taking_part, declared, notes)
        container = text(service, "container_name")
        if container in names:
            fix = "give one of them another name"
            notes.error(service.values["container_name"], f"'{names[container]}' has this name too", fix)
        elif container:
            names[container] = name
    _check_circles(services, notes)


def _check_dependencies(service: Mapping, active: set[str], declared: frozenset[str], notes: Notes) -> None:
    depends = at(service, "depends_on")
    for other, node in entries(depends):
        if other in active or (other in declared and not truth(node, "required")):
            continue
        place = depends.keys.get(other, node) if isinstance(depends, Mapping) else node
        if other in declared:
            fix = "activate one of its profiles, or set required: false"
            notes.error(place, f"the service '{other}' takes no part: none of its profiles is active", fix)
            continue
        close = nearest(other, declared)
        notes.error(place, f"there is no service '{other}'", f"did you mean '{close}'?" if close else "remove it here")


def _check_circles(services: Node | None, notes: Notes) -> None:
    """Find one circle of dependencies."""
    edges = {name: [other for other, _ in entries(service, "depends_on")] for name, service in entries(services)}
    done: set[str] = set()
    for start in sorted(edges):
        trail: list[str] = []
        if circle := _circle(start, edges, done, trail):
            node = at(services, circle[0])
            depends = at(node, "depends_on")
            place = depends or node
            if place is not None and not is_null(place):
                chain = " -> ".join([*circle, circle[0]])
                notes.error(place, f"the services depend on each other in a circle: {chain}", "break the circle")
            return


def _circle(start: str, edges: dict[str, list[str]], done: set[str], trail: list[str]) -> list[str] | None:
    """Walk depth first, without recursion: a chain may be thousands of services long."""
    stack = [(start, iter(edges.get(start, ())))]
    trail.append(start)
    on_trail = {start}
    while stack:
        name, rest = stack[-1]
        for other in rest:
            if other in on_trail:
                return trail[trail.index(other) :]
            if other not in done and other in edges:
                stack.append((other, iter(edges[other])))
                trail.append(other)
                on_trail.add(other)
                break
        else:
            done.add(name)
            stack.pop()
            trail.pop()
            on_trail.discard(name)
    return None
