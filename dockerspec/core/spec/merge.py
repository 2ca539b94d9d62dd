"""Overlay files: two documents -> one, by a table of path patterns.

Callers: `load`, left to right over the files given. Limits: nodes are taken over, never changed, so each keeps the
place in the file where it came from. Documents hold no variables any more when they come here.

What a later file does to an earlier one, as in Compose:
- mappings merge key by key; a scalar replaces; an empty value leaves a mapping or list as it was;
- lists append, and entries with the same key (see `_KEYS`: a port, a mount's target, ...) are replaced in place;
- lists that are one value (`_REPLACE`: a command, say) replace as a whole;
- where a field has a list form and a mapping form (`_AS_MAPPING`), both sides become mappings first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from dockerspec.core.spec.document import Document
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, Style, is_null

_T = TypeVar("_T")
_Pattern: TypeAlias = tuple[str, ...]
_Walked: TypeAlias = tuple[str, ...]


def _patterns(table: dict[str, _T]) -> dict[_Pattern, _T]:
    return {tuple(pattern.split(".")): value for pattern, value in table.items()}


_REPLACE: dict[_Pattern, bool] = _patterns(
    dict.fromkeys(
        (
            "containers.*.command",
            "containers.*.entrypoint",
            "containers.*.healthcheck.test",
            "containers.*.ulimits.*",
            "containers.*.image",
        ),
        True,
    )
)


def _pair_entry(item: Scalar) -> tuple[str, Node]:
    """`KEY=VALUE`; a bare `KEY` means the run's value in an environment."""
    name, equals, value = item.text.partition("=")
    return name, item._replace(text=value, style=Style.QUOTED if equals else Style.PLAIN)


def _label_entry(item: Scalar) -> tuple[str, Node]:
    """`KEY=VALUE`; a bare `KEY` is a label with an empty text."""
    name, _, value = item.text.partition("=")
    return name, item._replace(text=value, style=Style.QUOTED)


def _name_entry(item: Scalar) -> tuple[str, Node]:
    """A bare name, which is short for a mapping with nothing in it."""
    return item.text, item._replace(text="", style=Style.PLAIN)


def _context_entry(item: Scalar) -> tuple[str, Node]:
    """A build in short form is its context."""
    return "context", item


_Entry: TypeAlias = Callable[[Scalar], tuple[str, Node]]

# Fields whose list form stands for a mapping, and those whose single text does.
_AS_MAPPING: dict[_Pattern, _Entry] = _patterns(
    {
        "images.*.build.args": _pair_entry,
        "images.*.build.labels": _label_entry,
        "networks.*.labels": _label_entry,
        "volumes.*.labels": _label_entry,
        "containers.*.environment": _pair_entry,
        "containers.*.labels": _label_entry,
        "containers.*.annotations": _label_entry,
        "containers.*.sysctls": _label_entry,
        "containers.*.storage_opt": _label_entry,
        "containers.*.networks": _name_entry,
        "containers.*.depends_on": _name_entry,
    }
)
_TEXT_AS_MAPPING: dict[_Pattern, _Entry] = _patterns({"images.*.build": _context_entry})
_AS_LIST: frozenset[_Pattern] = frozenset(
    _patterns(
        dict.fromkeys(
            (
                "containers.*.env_file",
                "containers.*.dns",
                "containers.*.dns_search",
                "containers.*.dns_opt",
                "containers.*.tmpfs",
            ),
            True,
        )
    )
)

_Key: TypeAlias = Callable[[Node], str | None]


def _field(node: Node, name: str) -> str:
    value = node.values.get(name) if isinstance(node, Mapping) else None
    return value.text if isinstance(value, Scalar) else ""


def _port_key(node: Node) -> str | None:
    """Host address, both ports and protocol: only the very same publication is one entry."""
    if isinstance(node, Scalar):
        ports, _, protocol = node.text.partition("/")
        rest, _, target = ports.rpartition(":")
        address, _, published = rest.rpartition(":")
        return f"{address.strip('[]')}:{published}:{target}/{protocol or 'tcp'}"
    if isinstance(node, Mapping):
        place = ":".join(_field(node, name) for name in ("host_ip", "published", "target"))
        return f"{place}/{_field(node, 'protocol') or 'tcp'}"
    return None


def _mount_key(node: Node) -> str | None:
    """The target in the container."""
    if isinstance(node, Scalar):
        parts = node.text.split(":")
        return (parts[1] if len(parts) > 1 else parts[0]).rstrip("/")
    return _field(node, "target").rstrip("/") or None


def _device_key(node: Node) -> str | None:
    return _mount_key(node) if isinstance(node, Scalar) else _field(node, "target") or _field(node, "source") or None


def _tmpfs_key(node: Node) -> str | None:
    return node.text.partition(":")[0].rstrip("/") if isinstance(node, Scalar) else None


def _by_field(name: str) -> _Key:
    return lambda node: node.text if isinstance(node, Scalar) else _field(node, name) or None


_KEYS: dict[_Pattern, _Key] = _patterns(
    {
        "containers.*.ports": _port_key,
        "containers.*.volumes": _mount_key,
        "containers.*.devices": _device_key,
        "containers.*.tmpfs": _tmpfs_key,
        "containers.*.env_file": _by_field("path"),
        "containers.*.blkio_config.weight_device": _by_field("path"),
        "containers.*.blkio_config.device_read_bps": _by_field("path"),
        "containers.*.blkio_config.device_write_bps": _by_field("path"),
        "containers.*.blkio_config.device_read_iops": _by_field("path"),
        "containers.*.blkio_config.device_write_iops": _by_field("path"),
        "networks.*.ipam.config": _by_field("subnet"),
    }
)
_LOGGING: _Pattern = ("containers", "*", "logging")


def merge(base: Document, overlay: Document) -> Document:
    """Return the base with the overlay on top."""
    root = _mapping(base.root, overlay.root, ())
    return Document(root)


def _find(table: dict[_Pattern, _T], path: _Walked) -> _T | None:
    """Look a path up; every second step below a section is the user's name, which `*` stands for."""
    exact = table.get(path)
    if exact is not None or len(path) < 2:
        return exact
    head = _generic(path)
    return table.get(head) or table.get((*head[:-1], "*"))


def _node(base: Node, over: Node, path: _Walked) -> Node:
    if is_null(over) and not isinstance(base, Scalar):
        return base
    if _find(_REPLACE, path):
        return over
    base, over = _canonical(base, path), _canonical(over, path)
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _mapping(base, over, path)
    if isinstance(base, Sequence) and isinstance(over, Sequence):
        return _sequence(base, over, _find(_KEYS, path) or _text_key)
    return over


def _mapping(base: Mapping, over: Mapping, path: _Walked) -> Mapping:
    values, keys = dict(base.values), {**base.keys, **over.keys}
    if _other_driver(base, over, path):
        values.pop("options", None)
    for name, node in over.values.items():
        values[name] = _node(values[name], node, (*path, name)) if name in values else node
    return base._replace(values=values, keys=keys)


def _other_driver(base: Mapping, over: Mapping, path: _Walked) -> bool:
    """Tell whether an overlay changes the log driver, so that the options of the old one mean nothing any more."""
    driver = _field(over, "driver")
    return _generic(path) == _LOGGING and bool(driver) and driver != _field(base, "driver")


def _sequence(base: Sequence, over: Sequence, key_of: _Key) -> Sequence:
    items: dict[str | int, Node] = {}
    for number, item in enumerate((*base.items, *over.items)):
        key = key_of(item)
        items[number if key is None else key] = item
    return base._replace(items=tuple(items.values()))


def _text_key(node: Node) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _canonical(node: Node, path: _Walked) -> Node:
    """Turn a short form into the one that merges; what doesn't fit stays, for the model to complain about."""
    if is_null(node) or isinstance(node, Mapping):
        return node
    if isinstance(node, Scalar):
        if entry := _find(_TEXT_AS_MAPPING, path):
            return _as_mapping((node,), node, entry)
        if _generic(path) in _AS_LIST:
            return Sequence((node,), node.file, node.line, node.column)
        return node
    entry = _find(_AS_MAPPING, path)
    items = tuple(item for item in node.items if isinstance(item, Scalar))
    return _as_mapping(items, node, entry) if entry and len(items) == len(node.items) else node


def _generic(path: _Walked) -> _Pattern:
    return (*path[:1], "*", *path[2:])


def _as_mapping(items: tuple[Scalar, ...], node: Node, entry: _Entry) -> Mapping:
    values: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    for item in items:
        name, value = entry(item)
        values[name], keys[name] = value, item
    return Mapping(values, keys, *node[-3:])
