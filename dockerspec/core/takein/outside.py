"""The networks and volumes that the chosen containers use. Pure.

Those that nobody else uses become the stack's; shared and predefined ones are `external`.

Callers: takein.importing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.facts import EngineFacts
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.marks import Marks, mark_of
from dockerspec.core.ownership import COMPOSE, Owner, parse_record
from dockerspec.core.spec.model import NetworkSpec, VolumeSpec
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.base import Context, dig
from dockerspec.core.table.storage import is_anonymous
from dockerspec.core.takein.adopt import PREDEFINED
from dockerspec.core.takein.base import Place
from dockerspec.core.takein.secrets import Vault, resource_command
from dockerspec.core.takein.writing import spec_keys

Json = Any


@dataclass(frozen=True, slots=True)
class Outside:
    """What is written beside the containers.

    Attributes:
        networks, volumes: the spec's sections.
        network_keys, volume_keys: keys by engine name.
    """

    networks: dict[str, Any]
    volumes: dict[str, Any]
    network_keys: Mapping[str, str]
    volume_keys: Mapping[str, str]

    def hide(self, vault: Vault) -> None:
        """Take secret values out."""
        for kind, section, keys in (
            ("network", self.networks, self.network_keys),
            ("volume", self.volumes, self.volume_keys),
        ):
            for name, key in keys.items():
                if isinstance(section.get(key), dict):
                    vault.texts(section[key], name, resource_command(kind, name))


@dataclass(frozen=True, slots=True)
class _Object:
    """One network or volume: where it stands in the spec, and whose it is."""

    raw: Json
    name: str
    key: str
    external: bool
    mine: bool


def find_outside(raw: RawSnapshot, stack: str, marks: Marks, engine: EngineFacts) -> Outside:
    """The networks and volumes of the chosen containers, and all those that are the stack's already."""
    networks = list(_distinct(list(_networks(raw, stack, marks))))
    volumes = list(_distinct(list(_volumes(raw, stack, marks))))
    keys = {item.name: item.key for item in networks}
    context = Context(engine=engine, networks={key: name for name, key in keys.items()})
    return Outside(
        networks={item.key: _network(item, stack, context, keys) for item in networks},
        volumes={item.key: _volume(item, stack, context) for item in volumes},
        network_keys=keys,
        volume_keys={item.name: item.key for item in volumes},
    )


def _networks(raw: RawSnapshot, stack: str, marks: Marks) -> Iterator[_Object]:
    used: dict[str, str] = {}
    for item in raw.containers:
        attached = dig(item, ("NetworkSettings", "Networks")) or {}
        lone = set(attached) == {"bridge"}
        for name, endpoint in attached.items():
            if name not in ("host", "none") and not lone:
                used[name] = (endpoint or {}).get("NetworkID") or ""
    chosen = {item["Id"] for item in raw.containers}
    shared = {
        name
        for item in raw.listing
        if item["Id"] not in chosen
        for name in dig(item, ("NetworkSettings", "Networks")) or ()
    }
    for item in sorted(raw.networks, key=lambda item: (item["Name"], item["Id"])):
        name, labels = item["Name"], item.get("Labels") or {}
        owner = marks.stack_of(Kind.NETWORK, item["Id"], labels)
        mine = owner is not None and owner.stack == stack
        if not mine and (name not in used or used[name] not in ("", item["Id"])):
            continue
        foreign = name in PREDEFINED or name in shared or owner is not None or item.get("Scope", "local") != "local"
        # One that is made from a configuration has that one's labels.
        borrowed = bool(dig(item, ("ConfigFrom", "Network")))
        key = _key(name, labels, owner if mine and not borrowed else None, stack, "network")
        yield _Object(item, name, key, external=not mine and (foreign or borrowed), mine=mine)


def _volumes(raw: RawSnapshot, stack: str, marks: Marks) -> Iterator[_Object]:
    chosen = {item["Id"] for item in raw.containers}
    used = {name for item in raw.containers for name in _mounted(item)}
    shared = {name for item in raw.listing if item["Id"] not in chosen for name in _mounted(item)}
    for item in sorted(raw.volumes, key=lambda item: str(item["Name"])):
        if mark_of(item) is not None:
            continue
        name, labels = item["Name"], item.get("Labels") or {}
        owner = marks.stack_of(Kind.VOLUME, name, labels, item.get("CreatedAt") or "")
        mine = owner is not None and owner.stack == stack
        if not mine and (name not in used or is_anonymous(name)):
            continue
        key = _key(name, labels, owner if mine else None, stack, "volume")
        yield _Object(item, name, key, external=not mine and (name in shared or owner is not None), mine=mine)


def _mounted(container: Json) -> Iterator[str]:
    for mount in container.get("Mounts") or ():
        if mount.get("Type") == "volume" and mount.get("Name"):
            yield mount["Name"]


def _key(name: str, labels: Mapping[str, str], owner: Owner | None, stack: str, kind: str) -> str:
    if owner is not None:
        return owner.resource
    if labels.get(f"{COMPOSE}project") == stack and labels.get(f"{COMPOSE}{kind}"):
        return labels[f"{COMPOSE}{kind}"]
    return name.removeprefix(f"{stack}_") or name


def _distinct(items: Sequence[_Object]) -> Iterator[_Object]:
    taken = {item.key for item in items if item.mine}
    for item in items:
        key, number = item.key, 2
        while not item.mine and key in taken:
            key, number = f"{item.key}-{number}", number + 1
        taken.add(key)
        yield _Object(item.raw, item.name, key, item.external, item.mine)


def _named(item: _Object, stack: str) -> dict[str, Any]:
    default = item.key if item.external else f"{stack}_{item.key}"
    name: dict[str, Any] = {} if item.name == default else {"name": item.name}
    return {**name, "external": True} if item.external else name


def _network(item: _Object, stack: str, context: Context, keys: Mapping[str, str]) -> dict[str, Any]:
    base = _named(item, stack)
    if item.external:
        return base
    fields = {row.key: row.have(item.raw, context.engine) for row in network_table.ROWS}
    place = Place(item.raw, context, fields=fields, networks=keys)
    borrowed = NetworkSpec.FROM_CONFIGURATION if fields["config_from"] else ()
    rows = [row for row in network_table.ROWS if row.key.partition(".")[0] not in borrowed]
    return {
        **base,
        **spec_keys(base, rows, place, NetworkSpec, parse_record(item.raw.get("Labels"))),
    }


def _volume(item: _Object, stack: str, context: Context) -> dict[str, Any]:
    base = _named(item, stack)
    if item.external:
        return base
    fields = {row.key: row.have(item.raw, context.engine) for row in volume_table.ROWS}
    place = Place(item.raw, context, fields=fields)
    return {**base, **spec_keys(base, volume_table.ROWS, place, VolumeSpec, parse_record(item.raw.get("Labels")))}
