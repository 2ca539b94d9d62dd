"""What Compose puts in where a file is silent, and where old forms move to.

`defaults` is for each set of files (a project, or what it includes), `normal` once for the whole project: names, the
default network, and the dependencies that other keys imply.

Callers: `loading`. Limits: canonical trees in and out; nothing is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Values

from dockerspec.core.diagnostics import Diagnostic, warning
from dockerspec.core.spec.compose.collections import with_values
from dockerspec.core.spec.compose.schema import SECTIONS
from dockerspec.core.spec.compose.shorts import mapping, texts
from dockerspec.core.spec.compose.trees import at, change, entries, items, plain_node, put, text, text_node, truth
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, is_null, span_of

_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
_SERVICE, _CONTAINER = "service:", "container:"
DEFAULT_NETWORK = "default"
SECRETS_FOLDER = "/run/secrets/"
_ALL = "-1"


def project_name(text_: str) -> str:
    """Make a project's name of a text: small letters, digits, `_` and `-`, the first a letter or digit."""
    return re.sub(r"[^a-z0-9_-]", "", text_.lower()).lstrip("_-")


def defaults(top: Mapping, faults: list[Diagnostic]) -> Mapping:
    """Fill in what each part lacks."""
    result: Node = top
    for path, step in (
        (("services", "*", "build"), _build),
        (("services", "*", "ports", "*"), _port),
        (("services", "*", "secrets", "*"), _secret),
        (("services", "*", "gpus", "*"), _request),
        (("services", "*", "deploy", "resources", "reservations", "devices", "*"), _request),
        (("services", "*", "depends_on", "*"), _dependency),
    ):
        result = change(result, path, step)
    assert isinstance(result, Mapping)
    for section in SECTIONS:
        node = result.values.get(section)
        if isinstance(node, Mapping):
            moved = {
                name: _external(section, name, value, faults) if isinstance(value, Mapping) else value
                for name, value in node.values.items()
            }
            result = put(result, **{section: with_values(node, moved)})
    return result


def _build(build: Node) -> Node:
    if isinstance(build, Mapping) and "context" not in build.values:
        return put(build, context=text_node(".", build))
    return build


def _port(port: Node) -> Node:
    if not isinstance(port, Mapping):
        return port
    missing = {name: text_node(word, port) for name, word in (("mode", "ingress"), ("protocol", "tcp"))}
    return put(port, **{name: node for name, node in missing.items() if name not in port.values})


def _secret(secret: Node) -> Node:
    if isinstance(secret, Mapping) and "target" not in secret.values:
        return put(secret, target=text_node(SECRETS_FOLDER + text(secret, "source"), secret))
    return secret


def _request(request: Node) -> Node:
    if isinstance(request, Mapping) and not {"count", "device_ids"} & request.values.keys():
        return put(request, count=plain_node(_ALL, request))
    return request


def _dependency(dependency: Node) -> Node:
    if isinstance(dependency, Mapping) and "required" not in dependency.values:
        return put(dependency, required=plain_node("true", dependency))
    return dependency


def _external(section: str, name: str, node: Mapping, faults: list[Diagnostic]) -> Mapping:
    """Move the name of `external: {name: N}` to where it belongs now."""
    old = node.values.get("external")
    if not isinstance(old, Mapping):
        return node
    summary, fix = "external.name is the word of old files", f"write 'name: {text(old, 'name')}' and 'external: true'"
    faults.append(warning(f"{section}.{name}.external", summary, fix, span_of(old)))
    named = put(node, external=plain_node("true", old))
    return put(named, name=old.values["name"]) if "name" in old.values else named


def normal(top: Mapping, name: str, values: Values[str, str]) -> Mapping:
    """Give everything its name, and services what they imply.

    Args:
        top: the project.
        name: its name.
        values: the variables of the run.
    """
    services = top.values.get("services")
    found: dict[str, Node] = {}
    on_default = False
    for key, service in entries(services):
        if isinstance(service, Mapping):
            service = _service(service, values)
            on_default = on_default or DEFAULT_NETWORK in dict(entries(service, "networks"))
        found[key] = service
    empty = mapping(top, {})
    result = put(top, services=with_values(services if isinstance(services, Mapping) else empty, found))
    networks = result.values.get("networks")
    if on_default and DEFAULT_NETWORK not in dict(entries(networks)):
        networks = put(networks if isinstance(networks, Mapping) else empty, **{DEFAULT_NETWORK: empty})
        result = put(result, networks=networks)
    for section in SECTIONS:
        node = result.values.get(section)
        if isinstance(node, Mapping):
            named = {key: _named(key, value, name) for key, value in node.values.items()}
            result = put(result, **{section: with_values(node, named)})
    return put(result, name=text_node(name, top))


def _named(key: str, node: Node, project: str) -> Node:
    if is_null(node) or not isinstance(node, Mapping):
        node = mapping(node, {})
    if "name" in node.values:
        return node
    return put(node, name=text_node(key if truth(node, "external") else f"{project}_{key}", node))


def _service(service: Mapping, values: Values[str, str]) -> Mapping:
    if not service.values.keys() & {"networks", "network_mode", "provider"}:
        attached = mapping(service, {DEFAULT_NETWORK: plain_node("", service)})
        service = put(service, networks=attached)
    if text(service, "pull_policy") == "if_not_present":
        service = put(service, pull_policy=text_node("missing", service.values["pull_policy"]))
    build = service.values.get("build")
    if isinstance(build, Mapping):
        if not build.values.keys() & {"dockerfile", "dockerfile_inline"}:
            build = put(build, dockerfile=text_node("Dockerfile", build))
        arguments = build.values.get("args")
        if isinstance(arguments, Mapping):
            build = put(build, args=_resolved(arguments, values, drop=True))
        service = put(service, build=build)
    environment = service.values.get("environment")
    if isinstance(environment, Mapping):
        service = put(service, environment=_resolved(environment, values, drop=False))
    return _implied(service)


def _resolved(pairs: Mapping, values: Values[str, str], *, drop: bool) -> Mapping | None:
    """Give keys without a value that of the run; one that is not set there is dropped, or stays without."""
    if not any(is_null(value) for value in pairs.values.values()):
        return pairs
    found: dict[str, Node] = {}
    for name, value in pairs.values.items():
        if not is_null(value):
            found[name] = value
        elif name in values:
            found[name] = text_node(values[name], value)
        elif not drop:
            found[name] = value
    return with_values(pairs, found) if found else None


def _implied(service: Mapping) -> Mapping:
    """Add the dependencies that links, shared namespaces and shared volumes are."""
    links = [item for item in items(service, "links") if isinstance(item, Scalar)]
    wanted: list[tuple[str, Node, bool]] = [(link.text.partition(":")[0], link, True) for link in links]
    for key in _NAMESPACES:
        value = text(service, key)
        if value.startswith(_SERVICE):
            wanted.append((value.removeprefix(_SERVICE), service.values[key], True))
    sources = [item for item in items(service, "volumes_from") if isinstance(item, Scalar)]
    wanted += [
        (source.text.partition(":")[0], source, False) for source in sources if not source.text.startswith(_CONTAINER)
    ]
    if not wanted:
        return service
    known = service.values.get("depends_on")
    depends = known if isinstance(known, Mapping) else mapping(service, {})
    for name, like, restart in wanted:
        if name in depends.values:
            continue
        fields = dict(texts(like, condition="service_started").values)
        if restart:
            fields["restart"] = plain_node("true", like)
        fields["required"] = plain_node("true", like)
        # The key is what implies it, so that a fault is told of that.
        keys = {**depends.keys, name: like} if isinstance(like, Scalar) else depends.keys
        depends = put(with_values(depends, depends.values, keys), **{name: mapping(like, fields)})
    return put(service, depends_on=depends)


def reachable(top: Mapping) -> Mapping:
    """Leave out the networks, volumes, secrets and configs that no service uses."""
    used: dict[str, set[str]] = {section: set() for section in SECTIONS}
    models: set[str] = set()
    for _, service in entries(top, "services"):
        used["networks"] |= {name for name, _ in entries(service, "networks")}
        for mount in items(service, "volumes"):
            if text(mount, "type") == "volume":
                used["volumes"].add(text(mount, "source"))
        for section in ("secrets", "configs"):
            used[section] |= {text(item, "source") for item in items(service, section)}
        used["secrets"] |= {text(item, "source") for item in items(at(service, "build"), "secrets")}
        models |= {name for name, _ in entries(service, "models")}
    for section, names in (*used.items(), ("models", models)):
        node = top.values.get(section)
        if isinstance(node, Mapping):
            kept = {name: value for name, value in node.values.items() if name in names}
            top = put(top, **{section: with_values(node, kept) if kept else None})
    return top


__all__ = ["DEFAULT_NETWORK", "Sequence", "defaults", "normal", "project_name", "reachable"]
