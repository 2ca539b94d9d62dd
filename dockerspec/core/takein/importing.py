"""Live containers, and the networks and volumes that they use, to the text of a spec. Pure.

Whether a plan of the written spec is empty is not decided here: the API loads the text and looks at the engine through
it, as if the objects were the stack's (`Docker.import_spec`).

Callers: api.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dockerspec.core.address import Kind
from dockerspec.core.facts import EngineFacts, ImageFacts
from dockerspec.core.live.engine import parse_engine
from dockerspec.core.live.parse import parse_image
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.marks import Marks
from dockerspec.core.ownership import COMPOSE, Owner, parse_secrets
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.model import ContainerSpec
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.core.table import container as table
from dockerspec.core.table.base import Context, dig
from dockerspec.core.takein.adopt import Adoption
from dockerspec.core.takein.base import Place
from dockerspec.core.takein.choose import name_of, stack_name
from dockerspec.core.takein.fold import Folded, Member, fold
from dockerspec.core.takein.outside import Outside, find_outside
from dockerspec.core.takein.page import Noted, write
from dockerspec.core.takein.secrets import Fill, Vault, container_command
from dockerspec.core.takein.unsaid import unsaid
from dockerspec.core.takein.writing import spec_keys

Json = Any


@dataclass(frozen=True, slots=True)
class Written:
    """A spec written from live objects.

    Attributes:
        stack: the stack's name.
        data: the spec as plain data, comments included (see `takein.page`).
        fills: the values that were left out, and how to get them.
        values: those values by variable; never shown.
        notes: what could not be said, one sentence each.
    """

    stack: str
    data: Mapping[str, Any]
    fills: tuple[Fill, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    def text(self, left: Sequence[str] = ()) -> str:
        """The spec's text; `left` are sentences on what a plan of it would still change."""
        head = [f"Written by `dockerspec import`: {_count(self.data)}."]
        head += [f"A plan of this spec still differs: {item}" for item in left]
        return write(self.data, head)


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import.

    Attributes:
        written: what was written.
        text: the spec's text.
        left: what a plan of it would still change, or why it can't be planned; one sentence each.
        foreign: whether some of the objects are still to be adopted.
    """

    written: Written
    text: str
    left: tuple[str, ...] = ()
    foreign: bool = False


def read_back(written: Written) -> LoadResult:
    """The written spec through the loader, as for a user who provides the values that were left out."""
    source = SourceFile("imported.yaml", written.text(), "/")
    return load([source], Variables(environment=written.values), lambda _: FileFault("isn't read here"))


def differences(adoption: Adoption) -> tuple[str, ...]:
    """What a plan would still change once the foreign objects are adopted; values are left out."""
    found = [f"{fault.path}: {fault.summary}" for fault in (*adoption.plan.errors, *adoption.afterwards.errors)]
    for change in adoption.afterwards.changes:
        paths = ", ".join(field.path for field in change.fields)
        found.append(f"{change.address}: {change.kind}" + (f" ({paths})" if paths else f" ({change.cause})"))
    return tuple(dict.fromkeys(found))


def _count(data: Mapping[str, Any]) -> str:
    parts = []
    for kind in ("container", "network", "volume"):
        number = len(data.get(f"{kind}s", ()))
        if number:
            parts.append(f"{number} {kind}{'' if number == 1 else 's'}")
    return ", ".join(parts)


def import_spec(raw: RawSnapshot, *, stack: str = "", folder: str = "", show_secrets: bool = False) -> Written:
    """Write a spec from the containers of a snapshot.

    Args:
        raw: what the engine said; `raw.containers` are the chosen ones.
        stack: the stack's name; by default that of the containers' own stack or Compose project.
        folder: the name to take otherwise.
        show_secrets: write secret values in clear.
    """
    engine = parse_engine(raw.version, raw.info, raw.api)
    marks = Marks(raw.volumes)
    labels = [dig(item, ("Config", "Labels")) or {} for item in raw.containers]
    owners = [marks.stack_of(Kind.CONTAINER, item["Id"], own) for item, own in zip(raw.containers, labels, strict=True)]
    name = stack or stack_name(owners, labels, folder)
    vault = Vault()
    members = [
        _member(item, own, owner, engine, name) for item, own, owner in zip(raw.containers, labels, owners, strict=True)
    ]
    folded = fold(members, name)
    outside = find_outside(raw, name, marks, engine)
    images = {key: parse_image(item) for key, item in raw.images.items()}
    containers: dict[str, Any] = {}
    notes: list[str] = []
    world = _World(raw, name, engine, folded, outside, images, {item["Id"]: name_of(item) for item in raw.listing})
    for item in sorted(folded, key=lambda item: item.key):
        said = _container(item, world)
        if not show_secrets:
            vault.environment(said.data, item.first.name, parse_secrets(item.first.labels))
            vault.texts(said.data, item.first.name, container_command(item.first.name))
        containers[item.key] = Noted(said.data, said.notes) if said.notes else said.data
        notes += [f"containers.{item.key}: {note}" for note in said.notes]
    if not show_secrets:
        outside.hide(vault)
    data = {
        "dockerspec": 1,
        "stack": name,
        **vault.sections(),
        **({"networks": outside.networks} if outside.networks else {}),
        **({"volumes": outside.volumes} if outside.volumes else {}),
        "containers": containers,
    }
    return Written(name, _ordered(data), tuple(vault.fills), dict(vault.values), tuple(notes))


def _ordered(data: Mapping[str, Any]) -> dict[str, Any]:
    order = ("dockerspec", "stack", "variables", "secrets", "networks", "volumes", "containers")
    return {key: data[key] for key in order if key in data}


def _member(raw: Json, labels: Mapping[str, str], owner: Owner | None, engine: EngineFacts, stack: str) -> Member:
    """A container with the key and replica that its labels give it, or its own name."""
    name = str(raw.get("Name", "")).lstrip("/")
    fields = table.reported(raw, engine)
    if owner is not None and owner.stack == stack:
        return Member(raw, name, labels, fields, owner.resource, owner.replica or 1, own=True)
    service, number = labels.get(f"{COMPOSE}service", ""), labels.get(f"{COMPOSE}container-number", "")
    once = labels.get(f"{COMPOSE}oneoff", "").lower() == "true"
    if service and labels.get(f"{COMPOSE}project") == stack and number.isdecimal() and not once:
        return Member(raw, name, labels, fields, service, int(number))
    return Member(raw, name, labels, fields, name, 1)


@dataclass(frozen=True, slots=True)
class _World:
    """What all containers of the spec share; `names` are those of the engine's containers by ID."""

    raw: RawSnapshot
    stack: str
    engine: EngineFacts
    folded: Sequence[Folded]
    outside: Outside
    images: Mapping[str, ImageFacts]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Said:
    data: dict[str, Any]
    notes: tuple[str, ...]


def _container(item: Folded, world: _World) -> _Said:
    """The keys of one container, in the order of the model."""
    first = item.first
    image, notes = _image(first.raw, world.images)
    data: dict[str, Any] = {"image": image}
    if item.replicas == 1 and first.name != f"{world.stack}-{item.key}-1":
        data["container_name"] = first.name
    if item.replicas > 1:
        data["replicas"] = item.replicas
    place = _place(item, world)
    data.update(spec_keys(data, table.ROWS, place, ContainerSpec, item.recorded))
    state = str(dig(first.raw, ("State", "Status")) or "")
    if state in ("created", "exited"):
        data["state"] = "stopped"
    depends = _depends_on(first.labels, {other.key for other in world.folded})
    if depends:
        data["depends_on"] = depends
    notes += unsaid(first.raw, table.ROWS)
    order = {key: number for number, key in enumerate(ContainerSpec.model_fields)}
    return _Said(dict(sorted(data.items(), key=lambda pair: order.get(pair[0], 0))), tuple(notes))


def _place(item: Folded, world: _World) -> Place:
    first = item.first
    by_name = {other.first.name: other.key for other in world.folded}
    context = Context(
        engine=world.engine,
        image=world.images.get(first.raw.get("Image") or ""),
        key=item.key,
        networks={key: name for name, key in world.outside.network_keys.items()},
        volumes={key: name for name, key in world.outside.volume_keys.items()},
        containers={key: name for name, key in by_name.items()},
        ids={name: ident for ident, name in world.names.items()},
    )
    return Place(
        raw=first.raw,
        context=context,
        fields=item.fields,
        names=world.names,
        containers=by_name,
        networks=world.outside.network_keys,
        volumes=world.outside.volume_keys,
    )


def _image(raw: Json, images: Mapping[str, ImageFacts]) -> tuple[str, list[str]]:
    """The reference to write: the container's own, unless it means another image by now."""
    reference, ident = str(dig(raw, ("Config", "Image")) or ""), str(raw.get("Image") or "")
    facts = images.get(reference)
    if facts is not None and facts.id == ident:
        return reference, []
    here = images.get(ident)
    if here is None:
        return reference, [f"its image {ident[:19]} is gone from the host, so that {reference} would replace it"]
    where = "means another image by now" if facts else "is no longer on the host"
    repository = reference.partition("@")[0].rpartition(":")[0] or reference
    digest = next((item for item in here.digests if item.partition("@")[0] == repository), "")
    others = sorted(here.tags)
    return digest or (others[0] if others else ident), [f"its image was {reference}, which {where}"]


def _depends_on(labels: Mapping[str, str], keys: Iterable[str]) -> dict[str, Any]:
    """What Compose noted: `db:service_healthy:false,cache:service_started:true`."""
    known, found = set(keys), dict[str, Any]()
    for text in filter(None, labels.get(f"{COMPOSE}depends_on", "").split(",")):
        name, _, rest = text.partition(":")
        condition, _, restart = rest.partition(":")
        if name in known:
            found[name] = {
                "condition": condition or "service_started",
                **({"restart": True} if restart == "true" else {}),
            }
    return found
