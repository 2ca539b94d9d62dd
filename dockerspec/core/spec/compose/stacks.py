"""A resolved Compose project -> the tree of a stack, in the words of dockerspec's own model.

Most keys have the same name and meaning; the tables here are of those that don't. Every node keeps its place, so that
the model's faults point into the Compose file.

Callers: `load`. Limits: what Compose can say and the model can't hold is refused or warned about here, once a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dockerspec.core.diagnostics import Diagnostic, error, warning
from dockerspec.core.spec.compose.collections import with_values
from dockerspec.core.spec.compose.deploying import CONDITIONS, RESOURCES, ROLLOUT
from dockerspec.core.spec.compose.normal import SECRETS_FOLDER
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.shorts import mapping
from dockerspec.core.spec.compose.trees import at, entries, items, plain_node, put, text, text_node, truth
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, is_null, span_of
from dockerspec.core.values.durations import SECOND, parse_duration

_TOOL = frozenset(
    {
        "attach",
        "develop",
        "profiles",
        "extends",
        "pull_refresh_after",
        "deploy",
        "scale",
        "configs",
        "secrets",
        "build",
        "gpus",
    }
)
"""Keys that say nothing of the container itself, or that have a function of their own here."""

_REFUSED = {
    "provider": ("services that another program provides aren't run", "take the service out, or give it a profile"),
    "models": ("language models aren't run", "start the model apart, and give its address in environment:"),
    "credential_spec": ("credential specs of Windows aren't passed on", "delete it"),
    "use_api_socket": (
        "the engine's socket isn't passed on by this key",
        "mount it: - /var/run/docker.sock:/var/run/docker.sock",
    ),
}
"""Keys that would be missed if they were passed over: (what is so, what to write instead)."""

_SWARM = {
    ("mode",): "deploy.mode",
    ("endpoint_mode",): "deploy.endpoint_mode",
    ("labels",): "deploy.labels",
    ("placement",): "deploy.placement",
    ("update_config", "monitor"): "deploy.update_config.monitor",
    ("rollback_config",): "deploy.rollback_config",
    ("resources", "reservations", "cpus"): "deploy.resources.reservations.cpus",
    ("resources", "reservations", "generic_resources"): "deploy.resources.reservations.generic_resources",
    ("restart_policy", "delay"): "deploy.restart_policy.delay",
    ("restart_policy", "window"): "deploy.restart_policy.window",
}
"""What only a swarm heeds."""

_AS_WITHOUT_SWARM = frozenset({"replicated", "vip"})
"""What holds without a swarm too."""

_UNLIMITED = "-1"
_PORT_KEYS = frozenset({"target", "published", "host_ip", "protocol"})


@dataclass(slots=True)
class Stacked:
    """A project as a stack.

    Attributes:
        tree: the stack's tree.
        faults: what can't be said in a stack.
    """

    tree: Mapping
    faults: list[Diagnostic] = field(default_factory=list)


def stacked(project: Project) -> Stacked:
    """Return a project as a stack."""
    return _Translation(project).run()


class _Translation:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._top = project.tree
        self._granted: dict[str, set[str]] = {"secret": set(), "config": set()}
        self._out = Stacked(project.tree)
        self._told: set[str] = set()
        self._images: dict[str, Node] = {}

    def run(self) -> Stacked:
        top = self._top
        services = at(top, "services")
        containers = {
            name: made
            for name, service in entries(services)
            if isinstance(service, Mapping) and (made := self._service(name, service)) is not None
        }
        sections: dict[str, Node] = {"stack": text_node(self._project.name, top)}
        if self._images:
            sections["images"] = mapping(top, self._images)
        for section in ("networks", "volumes"):
            node = top.values.get(section)
            if isinstance(node, Mapping):
                sections[section] = with_values(node, {key: _object(value) for key, value in node.values.items()})
        for kind in ("secret", "config"):
            declared = self._declared(kind)
            if declared:
                sections[f"{kind}s"] = mapping(top, declared)
        if isinstance(services, Mapping):
            sections["containers"] = with_values(services, dict(containers))
        self._out.tree = mapping(top, sections)
        return self._out

    def _service(self, name: str, service: Mapping) -> Mapping | None:
        """The container of a service; None where there is none, which is reported."""
        kept: dict[str, Node] = {}
        for key, value in service.values.items():
            if key in _REFUSED:
                summary, fix = _REFUSED[key]
                self._error(f"services.{name}.{key}", summary, fix, service.keys.get(key, value))
            elif key not in _TOOL:
                kept[key] = value
        if "provider" in service.values:
            return None
        if "network_mode" in kept and not text(service, "network_mode"):
            place = kept["network_mode"]
            self._error(f"services.{name}.network_mode", "the mode is empty", "name one, or delete the key", place)
        out = self._waits(with_values(service, kept))
        out = self._image(name, service, out)
        out = self._mounts(name, service, out)
        out = self._deploy(name, service, out)
        if text(service, "mem_limit") == _UNLIMITED:
            out = put(out, mem_limit=None)
        if "stop_grace_period" in service.values:
            out = put(out, stop_grace_period=_whole_seconds(service.values["stop_grace_period"]))
        if items(service, "links"):
            out = put(out, **self._links(service))
        devices = items(service, "devices")
        if devices:
            out = put(out, devices=_list([_device(device) for device in devices], service.values["devices"]))
        ports = items(service, "ports")
        if ports:
            out = put(out, ports=_list([_port(port) for port in ports], service.values["ports"]))
        replicas = at(service, "scale") or at(service, "deploy", "replicas")
        return put(out, replicas=replicas) if replicas is not None else out

    def _waits(self, out: Mapping) -> Mapping:
        """Don't wait for services that another program provides: there they are reported."""
        depends = out.values.get("depends_on")
        if not isinstance(depends, Mapping):
            return out
        kept = {key: node for key, node in depends.values.items() if not at(self._top, "services", key, "provider")}
        return out if len(kept) == len(depends.values) else put(out, depends_on=with_values(depends, kept))

    def _links(self, service: Mapping) -> dict[str, Node]:
        """The links as Compose has them: every container of a service, by its alias and by the two names of the first.

        A second container of the service that links has names of its own there, which is left out.
        """
        own: list[Node] = []
        others = list(items(service, "external_links"))
        for link in items(service, "links"):
            name, _, alias = (link.text if isinstance(link, Scalar) else "").partition(":")
            linked = at(self._top, "services", name)
            aliases = (alias or name, f"{name}-1", f"{self._project.name}-{name}-1")
            own += [text_node(f"{name}:{word}", link) for word in aliases]
            count = text(linked, "scale") or text(at(linked, "deploy"), "replicas") or "1"
            for number in range(2, int(count) + 1):
                other = f"{self._project.name}-{name}-{number}"
                others += [text_node(f"{other}:{word}", link) for word in aliases]
        like = service.values["links"]
        return {"links": _list(own, like), **({"external_links": _list(others, like)} if others else {})}

    def _image(self, name: str, service: Mapping, out: Mapping) -> Mapping:
        build = service.values.get("build")
        if not isinstance(build, Mapping):
            return out
        reference = service.values.get("image") or text_node(f"{self._project.name}-{name}", build)
        secrets = [_only(secret, frozenset({"source", "target"})) for secret in items(build, "secrets")]
        if secrets:
            build = put(build, secrets=_list(secrets, build.values["secrets"]))
        fields: dict[str, Node] = {"build": build, "tags": _list([reference], reference)}
        for key in ("platform", "pull_policy"):
            if key in service.values:
                fields[key] = service.values[key]
        self._images[name] = mapping(build, fields)
        return put(out, image=mapping(build, {"from": text_node(name, build)}), pull_policy=None)

    def _mounts(self, name: str, service: Mapping, out: Mapping) -> Mapping:
        mounts = [made for mount in items(service, "volumes") if (made := self._mount(name, mount)) is not None]
        for kind in ("secret", "config"):
            section = f"{kind}s"
            granted = [_granted(item) for item in items(service, section) if self._is_granted(name, kind, item)]
            out = put(out, **{section: _list(granted, service.values[section]) if granted else None})
        like = service.values.get("volumes", service)
        return put(out, volumes=_list(mounts, like) if mounts else None)

    def _mount(self, name: str, mount: Node) -> Node | None:
        kind = text(mount, "type")
        if not isinstance(mount, Mapping):
            return mount
        if kind == "cluster":
            self._error(f"services.{name}.volumes", "cluster mounts need a swarm", "use a volume", mount)
            return None
        if kind == "tmpfs":
            return put(mount, source=None)
        bind = at(mount, "bind")
        if kind == "bind" and isinstance(bind, Mapping) and not truth(bind, "create_host_path"):
            # Compose makes a missing folder unless there is a section `bind`; the model does unless told otherwise.
            if "selinux" in bind.values:
                where = f"services.{name}.volumes"
                summary = "selinux has no effect without create_host_path, as in Compose"
                self._once("bind.selinux", where, summary, "add create_host_path: true", bind.values["selinux"])
            return put(mount, bind=put(bind, create_host_path=plain_node("false", mount), selinux=None))
        return mount

    def _is_granted(self, name: str, kind: str, item: Node) -> bool:
        """Whether a service can have a secret or config; why not is reported."""
        source = text(item, "source")
        declared = at(self._top, f"{kind}s", source)
        where = f"services.{name}.{kind}s"
        fix = "give it with file: or environment:"
        if truth(declared, "external"):
            self._error(where, f"the {kind} '{source}' is a swarm's: external", fix, item)
        elif text(declared, "driver") or text(declared, "template_driver"):
            self._error(where, f"the {kind} '{source}' needs a swarm's driver", fix, item)
        else:
            self._granted[kind].add(source)
            return True
        return False

    def _deploy(self, name: str, service: Mapping, out: Mapping) -> Mapping:
        deploy = service.values.get("deploy")
        requests = [*items(service, "gpus"), *items(at(deploy, "resources", "reservations"), "devices")]
        if requests:
            like = requests[0]
            out = put(out, gpus=_list(requests, like))
        if not isinstance(deploy, Mapping):
            return out
        for path, word in _SWARM.items():
            node = at(deploy, *path)
            if node is not None and not is_null(node) and text(deploy, path[0]) not in _AS_WITHOUT_SWARM:
                self._once(word, f"services.{name}.{word}", "only a swarm heeds this", "delete it", node)
        for path, key in RESOURCES.items():
            node = at(deploy, "resources", *path)
            if node is not None:
                out = put(out, **{key: node})
        rollout = at(deploy, "update_config")
        if isinstance(rollout, Mapping):
            said = {ROLLOUT[key]: node for key, node in rollout.values.items() if key in ROLLOUT}
            out = put(out, update=mapping(rollout, said)) if said else out
        policy = at(deploy, "restart_policy")
        condition = text(policy, "condition")
        if isinstance(policy, Mapping) and "restart" not in service.values:
            word = CONDITIONS.get(condition or "any", condition)
            attempts = text(policy, "max_attempts")
            if word == "on-failure" and attempts and attempts != "0":
                word = f"{word}:{attempts}"
            out = put(out, restart=text_node(word, policy.values.get("condition", policy)))
        return out

    def _declared(self, kind: str) -> dict[str, Node]:
        """The secrets or configs that containers or builds use: only of these must the content be known."""
        used = set(self._granted[kind])
        if kind == "secret":
            used |= {
                text(secret, "source")
                for _, service in entries(self._top, "services")
                for secret in items(at(service, "build"), "secrets")
            }
        return {
            name: _only(node, frozenset({"file", "environment", "content"}))
            for name, node in entries(self._top, f"{kind}s")
            if name in used
        }

    def _once(self, key: str, where: str, summary: str, fix: str, node: Node) -> None:
        if key not in self._told:
            self._told.add(key)
            self._out.faults.append(warning(where, summary, fix, span_of(node)))

    def _error(self, where: str, summary: str, fix: str, node: Node) -> None:
        self._out.faults.append(error(where, summary, fix, span_of(node)))


def _granted(item: Node) -> Node:
    """The secret or config without the place that it has by default: Compose spells that of a secret out."""
    usual = text(item, "target") == SECRETS_FOLDER + text(item, "source")
    return put(item, target=None) if usual and isinstance(item, Mapping) else item


def _port(port: Node) -> Node:
    """The port without what only a swarm heeds; a host port of 0 is any free one."""
    port = _only(port, _PORT_KEYS)
    if not isinstance(port, Mapping):
        return port
    protocol = text(port, "protocol")
    if protocol != protocol.lower():
        port = put(port, protocol=text_node(protocol.lower(), port.values["protocol"]))
    return put(port, published=None) if text(port, "published") == "0" else port


def _whole_seconds(period: Node) -> Node:
    """The period without its fraction of a second, which Compose cuts off."""
    if not isinstance(period, Scalar):
        return period
    try:
        return text_node(f"{parse_duration(period.text) // SECOND}s", period)
    except ValueError:
        return period


def _device(device: Node) -> Node:
    """The device; the name of a CDI device says itself where it goes."""
    if not isinstance(device, Mapping) or text(device, "source").startswith("/"):
        return device
    return put(device, target=None, permissions=None)


def _object(node: Node) -> Node:
    """The network or volume; of one that others look after only its name counts."""
    return _only(node, frozenset({"name", "external"})) if truth(node, "external") else node


def _only(node: Node, keys: frozenset[str]) -> Node:
    if not isinstance(node, Mapping) or node.values.keys() <= keys:
        return node
    return with_values(node, {name: value for name, value in node.values.items() if name in keys})


def _list(nodes_: list[Node], like: Node) -> Sequence:
    return Sequence(tuple(nodes_), like.file, like.line, like.column)


__all__ = ["Scalar", "Stacked", "stacked"]
