"""From what the engine refused to the place in the spec that it came from.

Caller: api, which looks the place up in the files. Pure. Best effort by design: an engine's words are no interface, so
words that nobody knows give no place, and never a wrong one on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.desired.names import container_image, names_of
from dockerspec.core.plan.action import Action, AwaitContainer, BuildImage, ConnectNetwork, HookAction, PullImage
from dockerspec.core.report.refusals import CONTAINER, DRIVER_MOUNT, IMAGE, NETWORK, VOLUME, Refusal
from dockerspec.core.spec.forms import place_of
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.values import parse_port_range

Known = frozenset[tuple[str, str]]
"""Keys of the spec with the names of their objects on the engine."""

_NOT_READY = "was not ready within"
_ADDRESSES = ("ipv4_address", "ipv6_address")


def blame(stack: Stack, action: Action, message: str) -> Path | None:
    """The spec path that a failed action's message is about, or None where it does not tell.

    Args:
        stack: the spec.
        action: what failed.
        message: the engine's words.
    """
    name = action.address.name
    match action.address.kind:
        case Kind.CONTAINER:
            return _container(stack, action, message) if name in stack.containers else None
        case Kind.NETWORK:
            return _resource(NETWORK, ("networks", name), stack.networks.get(name), message)
        case Kind.VOLUME:
            return _resource(VOLUME, ("volumes", name), stack.volumes.get(name), message)
        case Kind.IMAGE:
            return _image(stack, action, message)


def _container(stack: Stack, action: Action, message: str) -> Path | None:
    spec = stack.containers[action.address.name]
    path: Path = ("containers", action.address.name)
    own = _own_words(spec, action, message)
    if own is not None:
        return (*path, *own) if own else None
    names = names_of(stack)
    mount = DRIVER_MOUNT.search(message)
    if mount:
        keys = {name: key for key, name in names.volumes.items()}
        key = keys.get(mount["value"])
        if key is not None and stack.volumes[key].driver_opts:
            return ("volumes", key, "driver_opts")
    only = ""
    if isinstance(action, ConnectNetwork):
        only = next((key for key, name in names.networks.items() if name == action.network_name), "")
    known = frozenset({*names.volumes.items(), *names.containers.items(), *names.networks.items()})
    for refusal, value in _matching(CONTAINER, message):
        for key in refusal.keys:
            found = _in_container(spec, key, value, only, known)
            if found is not None:
                return (*path, *found)
    return None


def _own_words(spec: ContainerSpec, action: Action, message: str) -> Path | None:
    """The path that our own words are about, empty where it is in the spec no more; None where the engine spoke."""
    if isinstance(action, HookAction):
        there = action.number < len(getattr(spec, action.stage.value))
        return (action.stage.value, action.number) if there else ()
    if isinstance(action, AwaitContainer) and action.probes and _NOT_READY in message:
        return ("update", "wait")
    return None


def _in_container(spec: ContainerSpec, key: str, value: str, only: str, known: Known) -> Path | None:
    head, _, part = key.partition(".")
    if head == "networks":
        return _endpoint(spec, part, value, only, known)
    if head == "ports":
        return _port(spec, value)
    if head == "image":
        return ("image",) if spec.image is not None else None
    if head in ("volumes", "tmpfs") and value:
        item = _item(spec.volumes, value, known) if head == "volumes" else _tmpfs(spec, value)
        return (head, *item) if item else None  # else another mount, or an image that is the container's own
    if key in ("group_add", "network_mode", "pid", "ipc", "volumes_from", "links", "external_links") and value:
        held = getattr(spec, key)
        texts = (held,) if isinstance(held, str) else held or ()
        if not any(_holds(text, value, known) for text in texts):
            return None
    return _below(spec, key.split("."), value, known)


def _resource(table: tuple[Refusal, ...], path: Path, spec: object | None, message: str) -> Path | None:
    if spec is None:
        return None
    for refusal, value in _matching(table, message):
        for key in refusal.keys:
            found = _below(spec, key.split("."), value, frozenset())
            if found is not None:
                return (*path, *found)
    return None


def _image(stack: Stack, action: Action, message: str) -> Path | None:
    if not isinstance(action, PullImage | BuildImage):
        return None
    key = action.address.name
    if key in stack.images:
        return _resource(IMAGE, ("images", key), stack.images[key], message)
    names = names_of(stack)
    for name, spec in stack.containers.items():
        if container_image(spec, names) == action.reference:
            return ("containers", name, "image")
    return None


def _matching(table: tuple[Refusal, ...], message: str) -> Iterator[tuple[Refusal, str]]:
    for refusal in table:
        found = refusal.words.search(message)
        if found:
            yield refusal, next((text for text in found.groups() if text), "")


def _below(spec: Any, steps: list[str], value: str, known: Known) -> Path | None:
    """The path down the steps as far as the spec goes; None where it does not set the first."""
    path: Path = ()
    node = spec
    for step in steps:
        if isinstance(node, tuple):  # a list in the way: the first item that has the key
            index = next((place for place, item in enumerate(node) if getattr(item, step, None)), None)
            if index is None:
                return path
            path, node = (*path, index), node[index]
        below = node.get(step) if isinstance(node, Mapping) else getattr(node, step, None)
        if below is None or below is False or below in ((), {}):
            return path or None
        path, node = (*path, step), below
    item = _item(node, value, known) if value else ()
    return (*path, *item)


def _item(node: Any, value: str, known: Known) -> Path:
    """The step to the item of a list or mapping that a value names; empty where there is none."""
    if isinstance(node, Mapping):
        wanted = value.replace("/", ".").lower()
        for key in node:
            if key.replace("/", ".").lower() == wanted:
                return (key,)
        return next(((key,) for key in node if wanted in key.lower()), ())
    if isinstance(node, tuple):
        for place, item in enumerate(node):
            texts = (item,) if isinstance(item, str) else _texts(item)
            if any(_holds(text, value, known) for text in texts):
                return (place_of(node, place),)
    return ()


def _texts(item: Any) -> Iterator[str]:
    for field in type(item).model_fields:
        held = getattr(item, field)
        if isinstance(held, str):
            yield held


def _holds(text: str, value: str, known: Known) -> bool:
    """Whether a spec's text is, or names, what the engine calls `value`."""
    plain = value.lower()
    own = {text, text.removeprefix("CAP_").removeprefix("cap_"), *text.split(":"), *text.split("=")}
    names = {name for key, name in known if key in own}
    return any(part and (part.lower() == plain or part.rstrip("/") == value.rstrip("/")) for part in own | names)


def _tmpfs(spec: ContainerSpec, target: str) -> Path:
    """The place of a target, which the model keeps by its path, in the list that the spec has."""
    return tuple(place for place, key in enumerate(spec.tmpfs) if key.rstrip("/") == target.rstrip("/"))[:1]


def _port(spec: ContainerSpec, value: str) -> Path | None:
    if not spec.ports:
        return None
    for place, port in enumerate(spec.ports):
        if value and port.published is not None:
            first, last = parse_port_range(port.published)
            if first <= int(value) <= last:
                return ("ports", place_of(spec.ports, place))
    return ("ports", 0) if len(spec.ports) == 1 else ("ports",)


def _endpoint(spec: ContainerSpec, part: str, value: str, only: str, known: Known) -> Path | None:
    """The endpoint that has the key, and the value if there is one; `only` names the network that was being joined."""
    endpoints = {key: item for key, item in spec.networks.items() if not only or key == only}
    if not part:
        meant = [key for key in endpoints if key == only or (value and _holds(key, value, known))]
        return ("networks", *meant[:1]) if endpoints else None
    keys = _ADDRESSES if part == "address" else (part,)
    found = [(network, key) for network, item in endpoints.items() for key in keys if getattr(item, key)]
    for network, key in found:
        if value and getattr(endpoints[network], key) == value:
            return ("networks", network, key)
    if not found:
        return None
    network, key = found[0]
    return ("networks", network, key) if len({name for name, _ in found}) == 1 else ("networks",)
