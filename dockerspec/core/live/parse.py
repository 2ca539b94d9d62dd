"""Raw engine JSON to live objects in normal form. Unknown keys are ignored, missing ones read as empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.facts import EngineFacts, ImageFacts, Value
from dockerspec.core.hook import from_label
from dockerspec.core.live.engine import parse_engine
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.live.state import (
    ContainerState,
    LiveContainer,
    LiveNetwork,
    LiveState,
    LiveVolume,
    OtherContainer,
    SpareImage,
)
from dockerspec.core.marks import Marks, created_of, is_stale, mark_of
from dockerspec.core.owner import bare_name
from dockerspec.core.ownership import (
    BUILD_STACK,
    ONE_OFF,
    Owner,
    owner_of,
    parse_origin,
    parse_record,
    parse_secrets,
    stack_labels,
)
from dockerspec.core.table import container as container_table
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.net import GONE
from dockerspec.core.table.storage import is_anonymous

Json = Any
_NEVER = "0001-01-01T00:00:00Z"


def parse_live(raw: RawSnapshot) -> LiveState:
    """The live state as one stack sees it."""
    engine = parse_engine(raw.version, raw.info, raw.api)
    marks = Marks(raw.volumes)
    known = {str(item.get("Id")) for item in raw.networks}
    names = {str(item.get("Id")): str(next(iter(item.get("Names") or ()), "")).lstrip("/") for item in raw.listing}
    owned = [_container(item, engine, raw.stack, marks, known, names) for item in raw.containers]
    containers = [item for item in owned if item is not None]
    ids = {item.id for item in containers}
    networks = [_network(item, engine, raw.stack, marks) for item in raw.networks]
    volumes = [_volume(item, engine, marks) for item in raw.volumes if mark_of(item) is None]
    of_stack = marks.of_stack(raw.stack)
    stale = _stale(raw) if of_stack else frozenset()
    return LiveState(
        engine=engine,
        containers=tuple(sorted(containers, key=lambda item: (item.resource, item.replica, item.name))),
        others=tuple(_other(item, marks) for item in raw.listing if item.get("Id") not in ids),
        networks=tuple(sorted(networks, key=lambda item: item.name)),
        volumes=tuple(sorted(volumes, key=lambda item: item.name)),
        images={reference: parse_image(item) for reference, item in sorted(raw.images.items())},
        registry=dict(raw.registry),
        marks=tuple(mark for mark in of_stack if mark.name not in stale),
        stale_marks=tuple(mark for mark in of_stack if mark.name in stale),
        spares=_spares(raw.spares),
    )


def _stale(raw: RawSnapshot) -> frozenset[str]:
    """The names of the stack's marks without an object."""
    idents = {str(item.get("Id")) for item in (*raw.listing, *raw.containers, *raw.networks)}
    created = {str(item.get("Name")): str(item.get("CreatedAt") or "") for item in raw.volumes}
    marks = Marks(raw.volumes).of_stack(raw.stack)
    return frozenset(mark.name for mark in marks if is_stale(mark, idents, created))


def _container(
    raw: Json,
    engine: EngineFacts,
    stack: str,
    marks: Marks,
    networks: Collection[str],
    names: Mapping[str, str],
) -> LiveContainer | None:
    config = raw.get("Config") or {}
    owner = marks.owner(Kind.CONTAINER, raw["Id"], config.get("Labels"))
    if owner is None or owner.stack != stack:
        return None
    attached = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    return LiveContainer(
        id=raw["Id"],
        name=str(raw.get("Name", "")).lstrip("/"),
        resource=owner.resource,
        replica=owner.replica or 1,
        state=parse_state(raw.get("State") or {}, raw.get("RestartCount") or 0),
        image_id=raw.get("Image") or "",
        image_ref=config.get("Image") or "",
        fields=_without_the_gone(_by_name(container_table.reported(raw, engine), names), attached, networks),
        anonymous=_anonymous(raw),
        recorded=parse_record(config.get("Labels")),
        secrets=parse_secrets(config.get("Labels")),
        origin=parse_origin(config.get("Labels")),
        networks={name: (item or {}).get("NetworkID") or "" for name, item in sorted(attached.items())},
        published=_published(raw),
        mode=(raw.get("HostConfig") or {}).get("NetworkMode") or "",
        hooks=from_label(config.get("Labels")),
        one_off=ONE_OFF in (config.get("Labels") or {}),
    )


def _by_name(fields: Mapping[str, Value], names: Mapping[str, str]) -> Mapping[str, Value]:
    """The fields with names in `volumes_from`, where Compose writes IDs; of a container that is gone the ID stays."""
    sources = fields["volumes_from"]
    if not isinstance(sources, tuple) or not sources:
        return fields
    parts = [str(text).partition(":") for text in sources]
    return {**fields, "volumes_from": tuple("".join((names.get(part[0]) or part[0], *part[1:])) for part in parts)}


def _without_the_gone(
    fields: Mapping[str, Value], attached: Mapping[str, Json], networks: Collection[str]
) -> Mapping[str, Value]:
    """The fields with a word in the place of each endpoint on a network that is not there any more.

    A stopped container keeps the ID of a network that is removed, and can't be started, whatever has the name by then.
    """
    gone = {
        name for name, item in attached.items() if item and item.get("NetworkID") and item["NetworkID"] not in networks
    }
    endpoints = fields["networks"]
    if not gone or not isinstance(endpoints, Mapping):
        return fields
    return {**fields, "networks": {name: GONE if name in gone else item for name, item in endpoints.items()}}


def parse_state(state: Json, restarts: int = 0) -> ContainerState:
    """A container's `State` object."""
    return ContainerState(
        status=state.get("Status") or "",
        exit_code=state.get("ExitCode") or 0,
        health=_health(state.get("Health")),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        started_at=_time(state.get("StartedAt")),
        finished_at=_time(state.get("FinishedAt")),
        restarts=restarts,
    )


def _health(raw: Json) -> str:
    status = str((raw or {}).get("Status") or "")
    return "" if status == "none" else status


def _time(text: str | None) -> str:
    return "" if not text or text == _NEVER else text


def _published(raw: Json) -> dict[str, tuple[str, ...]]:
    ports = (raw.get("NetworkSettings") or {}).get("Ports") or {}
    return {
        target: tuple(f"{item.get('HostIp') or ''}:{item.get('HostPort') or ''}" for item in bindings)
        for target, bindings in ports.items()
        if bindings
    }


def _anonymous(raw: Json) -> dict[str, str]:
    return {
        item["Destination"]: item["Name"]
        for item in raw.get("Mounts") or ()
        if item.get("Type") == "volume" and is_anonymous(item.get("Name") or "")
    }


def _other(raw: Json, marks: Marks) -> OtherContainer:
    labels: Mapping[str, str] = raw.get("Labels") or {}
    owner = marks.owner(Kind.CONTAINER, raw.get("Id") or "", labels)
    names = raw.get("Names") or [""]
    return OtherContainer(
        id=raw.get("Id") or "",
        # A legacy link adds names of the form /other/alias; the container's own has one slash.
        name=min(names, key=lambda name: name.count("/")).lstrip("/"),
        stack=owner.stack if owner else "",
        image_id=raw.get("ImageID") or "",
        networks=tuple(sorted((raw.get("NetworkSettings") or {}).get("Networks") or ())),
        volumes=tuple(
            sorted(
                item["Name"] for item in raw.get("Mounts") or () if item.get("Type") == "volume" and item.get("Name")
            )
        ),
    )


def _network(raw: Json, engine: EngineFacts, stack: str, marks: Marks) -> LiveNetwork:
    owner = marks.owner(Kind.NETWORK, raw.get("Id") or "", raw.get("Labels"))
    name, recorded = raw.get("Name") or "", parse_record(raw.get("Labels"))
    fields = {row.key: row.have(raw, engine) for row in network_table.ROWS}
    resource = owner.resource if owner else ""
    if owner and fields["config_from"]:
        prefix = f"{bare_name(owner.stack)}_"
        resource = name.removeprefix(prefix) if name.startswith(prefix) else ""
    return LiveNetwork(
        id=raw.get("Id") or "",
        name=name,
        stack=owner.stack if owner else "",
        resource=resource,
        fields=fields,
        attached={key: (item or {}).get("Name") or "" for key, item in (raw.get("Containers") or {}).items()},
        recorded=recorded,
        origin=parse_origin(raw.get("Labels")),
        body=_again(raw, owner, recorded) if owner and owner.stack == stack else {},
    )


def _again(raw: Json, owner: Owner, recorded: Mapping[str, str] | None) -> Json:
    """The create body of a network that comes back; of an adopted one with labels, since its mark is of its old ID."""
    body = network_table.live_body(raw, recorded)
    if owner_of(raw.get("Labels")) != owner:
        body["Labels"] = {**(body.get("Labels") or {}), **stack_labels(owner.stack, owner.resource)}
    return body


def _volume(raw: Json, engine: EngineFacts, marks: Marks) -> LiveVolume:
    owner = marks.owner(Kind.VOLUME, raw.get("Name") or "", raw.get("Labels"), raw.get("CreatedAt") or "")
    return LiveVolume(
        name=raw.get("Name") or "",
        stack=owner.stack if owner else "",
        resource=owner.resource if owner else "",
        fields={row.key: row.have(raw, engine) for row in volume_table.ROWS},
        recorded=parse_record(raw.get("Labels")),
        origin=parse_origin(raw.get("Labels")),
        created=created_of(raw, engine.api),
    )


def parse_image(raw: Json) -> ImageFacts:
    """Facts about an image, from its inspect answer."""
    config = raw.get("Config") or {}
    parts = [raw.get("Os"), raw.get("Architecture"), raw.get("Variant")]
    return ImageFacts(
        id=raw.get("Id") or "",
        config=config,
        labels=config.get("Labels") or {},
        tags=tuple(sorted(raw.get("RepoTags") or ())),
        digests=tuple(sorted(raw.get("RepoDigests") or ())),
        platform="/".join(part for part in parts if part),
    )


def _spares(listing: list[Json]) -> tuple[SpareImage, ...]:
    parents = {item.get("ParentId") for item in listing}
    found = [
        SpareImage(
            id=item["Id"],
            created=int(item.get("Created") or 0),
            built=(item.get("Labels") or {}).get(BUILD_STACK, ""),
            repositories=tuple(sorted({text.partition("@")[0] for text in _named(item.get("RepoDigests"))})),
            needed=item["Id"] in parents,
        )
        for item in listing
        if not _named(item.get("RepoTags"))
    ]
    return tuple(sorted(found, key=lambda item: (-item.created, item.id)))


def _named(texts: list[str] | None) -> list[str]:
    """The references in a listing; older engines write `<none>` for none."""
    return [text for text in texts or () if not text.startswith("<none>")]
