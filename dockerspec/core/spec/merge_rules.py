"""The table of overlay rules: which fields do anything else than what their form says.

Callers: `merge`. Limits: data and the small functions it names; how documents are walked is not its business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Style

Entry: TypeAlias = Callable[[Scalar], tuple[str, Node]]
Key: TypeAlias = Callable[[Node], str | None]

ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is overlaid; all defaults mean: mappings merge, lists append, scalars replace.

    Attributes:
        replace: the later value replaces the earlier as a whole.
        list_entry: turns an item of the list form into an entry of the mapping form.
        text_entry: turns the single-text form into an entry of the mapping form.
        text_is_item: a single text is a list of one.
        key: entries of a list with the same key are the same entry.
        driver: `options` belong to the `driver` beside them, and go when that changes.
    """

    replace: bool = False
    list_entry: Entry | None = None
    text_entry: Entry | None = None
    text_is_item: bool = False
    key: Key | None = None
    driver: bool = False


@dataclass(slots=True)
class RuleNode:
    """The rules below one step of a path."""

    rule: Rule | None = None
    below: dict[str, RuleNode] = field(default_factory=dict)

    def step(self, name: str) -> RuleNode | None:
        """Return the rules one step down; `*` stands for the users' names."""
        return self.below.get(name) or self.below.get(ANY)


def _pair(item: Scalar) -> tuple[str, Node]:
    """`KEY=VALUE`; a bare `KEY` means the run's value in an environment."""
    name, equals, value = item.text.partition("=")
    return name, item._replace(text=value, style=Style.QUOTED if equals else Style.PLAIN)


def _label(item: Scalar) -> tuple[str, Node]:
    """`KEY=VALUE`; a bare `KEY` is a label with an empty text."""
    name, _, value = item.text.partition("=")
    return name, item._replace(text=value, style=Style.QUOTED)


def _name(item: Scalar) -> tuple[str, Node]:
    """A bare name, which is short for a mapping with nothing in it."""
    return item.text, item._replace(text="", style=Style.PLAIN)


def _context(item: Scalar) -> tuple[str, Node]:
    """A build in short form is its context."""
    return "context", item


def text_of(node: Node, name: str) -> str:
    """Return the text of a field of a mapping, or an empty text."""
    value = node.values.get(name) if isinstance(node, Mapping) else None
    return value.text if isinstance(value, Scalar) else ""


def itself(node: Node) -> str | None:
    """A scalar is its own key; all else is never the same as another entry."""
    return node.text if isinstance(node, Scalar) else None


def _port(node: Node) -> str | None:
    """Host address, both ports and protocol: only the very same publication is one entry."""
    if isinstance(node, Scalar):
        ports, _, protocol = node.text.partition("/")
        rest, _, target = ports.rpartition(":")
        address, _, published = rest.rpartition(":")
        return f"{address.strip('[]')}:{published}:{target}/{protocol or 'tcp'}"
    if isinstance(node, Mapping):
        place = ":".join(text_of(node, name) for name in ("host_ip", "published", "target"))
        return f"{place}/{text_of(node, 'protocol') or 'tcp'}"
    return None


def _target(node: Node) -> str | None:
    """The target in the container: the second part of a short form, or the only one."""
    if isinstance(node, Scalar):
        parts = node.text.split(":")
        return (parts[1] if len(parts) > 1 else parts[0]).rstrip("/")
    return text_of(node, "target").rstrip("/") or None


def _device(node: Node) -> str | None:
    return _target(node) or text_of(node, "source") or None


def _tmpfs(node: Node) -> str | None:
    return node.text.partition(":")[0].rstrip("/") if isinstance(node, Scalar) else None


def _by(name: str) -> Key:
    return lambda node: node.text if isinstance(node, Scalar) else text_of(node, name) or None


_REPLACE, _LABELS = Rule(replace=True), Rule(list_entry=_label)
_NAMES, _DISKS = Rule(list_entry=_name), Rule(key=_by("path"))
_ONE_OR_MANY = Rule(text_is_item=True)

TABLE: dict[str, Rule] = {
    "images.*.build": Rule(text_entry=_context),
    "images.*.build.args": Rule(list_entry=_pair),
    "images.*.build.labels": _LABELS,
    "networks.*.labels": _LABELS,
    "networks.*.ipam.config": Rule(key=_by("subnet")),
    "volumes.*.labels": _LABELS,
    "containers.*.image": _REPLACE,
    "containers.*.command": _REPLACE,
    "containers.*.entrypoint": _REPLACE,
    "containers.*.healthcheck.test": _REPLACE,
    "containers.*.ulimits.*": _REPLACE,
    "containers.*.environment": Rule(list_entry=_pair),
    "containers.*.env_file": Rule(text_is_item=True, key=_by("path")),
    "containers.*.update.wait.port": _REPLACE,
    "containers.*.update.wait.command": _REPLACE,
    "containers.*.update.wait.exit_code": _REPLACE,
    "containers.*.update.wait.http.status": _REPLACE,
    "containers.*.labels": _LABELS,
    "containers.*.annotations": _LABELS,
    "containers.*.sysctls": _LABELS,
    "containers.*.networks": _NAMES,
    "containers.*.depends_on": _NAMES,
    "containers.*.logging": Rule(driver=True),
    "containers.*.ports": Rule(key=_port),
    "containers.*.volumes": Rule(key=_target),
    "containers.*.devices": Rule(key=_device),
    "containers.*.tmpfs": Rule(text_is_item=True, key=_tmpfs),
    "containers.*.dns": _ONE_OR_MANY,
    "containers.*.dns_search": _ONE_OR_MANY,
    "containers.*.blkio_config.weight_device": _DISKS,
    "containers.*.blkio_config.device_read_bps": _DISKS,
    "containers.*.blkio_config.device_write_bps": _DISKS,
    "containers.*.blkio_config.device_read_iops": _DISKS,
    "containers.*.blkio_config.device_write_iops": _DISKS,
}


def _compile() -> RuleNode:
    root = RuleNode()
    for pattern, rule in TABLE.items():
        node = root
        for step in pattern.split("."):
            node = node.below.setdefault(step, RuleNode())
        node.rule = rule
    return root


RULES: RuleNode = _compile()
