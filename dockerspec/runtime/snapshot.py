"""Read from an engine all that a plan for one stack depends on, in as few calls as there are.

Callers: api, runtime.watch. Nothing is judged here: `parse_live` gives the answers their meaning. The calls are few:
one listing per kind, one inspect per object of the stack. They are made one after the other: with 200 containers on 2
cores, a second thread gained nothing that could be measured, since the engine needs the cores itself. Objects that
vanish between listing and inspect are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from dockerspec.core.address import Kind
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.marks import Mark, Marks
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError, NotFound

Json = Any
T = TypeVar("T")

_REGISTRY_CALLS = 8


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    Attributes:
        stack: the stack whose objects are inspected.
        references: the image references that the spec names.
        registry: those of them whose digest in the registry matters, and after how many seconds since the last pull.
        pushed: those that the registry should have.
        spares: whether images without a name matter.
        assumed: marks to be seen as if they were there already, to find out what a plan would then say.
    """

    stack: str
    references: tuple[str, ...] = ()
    registry: Mapping[str, int] = field(default_factory=dict)
    pushed: tuple[str, ...] = ()
    spares: bool = False
    assumed: tuple[Mark, ...] = ()


def read_raw(engine: Engine, query: Query) -> RawSnapshot:
    """Read the engine.

    Raises:
        EngineError: the engine can't be asked. A registry that does not answer only leaves a note.
    """
    volumes = [*engine.volumes(), *(mark.body() for mark in query.assumed)]
    marks = Marks(volumes)
    listing = engine.containers()
    containers = engine.inspect_containers(_owned(listing, query.stack, Kind.CONTAINER, marks))
    info = engine.info()
    images = _images(engine, query.references)
    asked = [ref for ref, period in query.registry.items() if not _is_fresh(images.get(ref), period, info)]
    registry, notes = _registry(engine, _distinct((*asked, *query.pushed)), frozenset(query.pushed))
    return RawSnapshot(
        stack=query.stack,
        version=engine.version(),
        info=info,
        api=engine.api_version,
        listing=listing,
        containers=containers,
        networks=_networks(engine, query.stack, marks),
        volumes=volumes,
        images=_with_ids(engine, images, containers),
        registry=registry,
        notes=notes,
        spares=engine.images(every=True) if query.spares else [],
    )


def read_chosen(engine: Engine, choose: Callable[[list[Json]], tuple[str, ...]]) -> RawSnapshot:
    """Read the engine for an import: the chosen containers are inspected, whosever they are.

    Args:
        engine: the engine.
        choose: from the listing to the IDs of the containers to inspect; what it raises goes through.

    Raises:
        EngineError: the engine can't be asked.
    """
    volumes = engine.volumes()
    listing = engine.containers()
    containers = engine.inspect_containers(choose(listing))
    references = [(item.get("Config") or {}).get("Image") or "" for item in containers]
    return RawSnapshot(
        stack="",
        version=engine.version(),
        info=engine.info(),
        api=engine.api_version,
        listing=listing,
        containers=containers,
        networks=engine.networks(),
        volumes=volumes,
        images=_with_ids(engine, _images(engine, filter(None, references)), containers),
    )


def _is_fresh(image: Json | None, period: int, info: Json) -> bool:
    """Whether an image was pulled within a period, by the daemon's own clock and memory.

    What the daemon remembers is when a tag was last set. Our pulls of such images set theirs anew for this.
    """
    if image is None:
        return True
    try:
        tagged = datetime.fromisoformat((image.get("Metadata") or {}).get("LastTagTime") or "")
        now = datetime.fromisoformat(info.get("SystemTime") or "")
        return (now - tagged).total_seconds() < period
    except (ValueError, TypeError):
        return False


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _owned(listing: Iterable[Json], stack: str, kind: Kind, marks: Marks) -> list[str]:
    """The IDs of the listed objects that are the stack's, by their labels or a mark."""
    owned = []
    for item in listing:
        owner = marks.owner(kind, item["Id"], item.get("Labels"))
        if owner is not None and owner.stack == stack:
            owned.append(item["Id"])
    return owned


def _or_none(inspect: Callable[[str], T], ident: str) -> T | None:
    try:
        return inspect(ident)
    except NotFound:
        return None


def _networks(engine: Engine, stack: str, marks: Marks) -> list[Json]:
    """The listing, with the stack's own networks inspected; only that names the containers attached."""
    listing = engine.networks()
    owned = set(_owned(listing, stack, Kind.NETWORK, marks))
    detailed = ((_or_none(engine.network, item["Id"]) if item["Id"] in owned else item) for item in listing)
    return [item for item in detailed if item is not None]


def _images(engine: Engine, references: Iterable[str]) -> dict[str, Json]:
    answers = ((ref, _or_none(engine.image, ref)) for ref in _distinct(references))
    return {ref: answer for ref, answer in answers if answer is not None}


def _with_ids(engine: Engine, images: dict[str, Json], containers: Iterable[Json]) -> dict[str, Json]:
    """Add the images that the containers run, by ID; most were inspected by their reference before."""
    known = {image["Id"]: image for image in images.values()}
    used = _distinct(item["Image"] for item in containers if item.get("Image"))
    missing = _images(engine, (ident for ident in used if ident not in known))
    return {**images, **{ident: known[ident] for ident in used if ident in known}, **missing}


def _registry(
    engine: Engine, references: tuple[str, ...], pushed: frozenset[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The digests that registries gave, and a note for each that gave none. Registries are far away: asked at once.

    Of what is to be pushed, an empty digest says that the registry has none.
    """
    if not references:
        return {}, ()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=_REGISTRY_CALLS, thread_name_prefix="registry") as pool:
        asked = [(ref, pool.submit(engine.distribution, ref)) for ref in references]
    digests, notes = {}, []
    for ref, answer in asked:
        try:
            digests[ref] = str(answer.result()["Descriptor"]["digest"])
        except NotFound as fault:
            if ref in pushed:
                digests[ref] = ""
            else:
                notes.append(f"the registry gave no digest for {ref}: {fault.message}")
        except EngineError as fault:
            notes.append(f"the registry gave no digest for {ref}: {fault.message}")
        except (KeyError, TypeError):
            notes.append(f"the registry gave no digest for {ref}")
    return digests, tuple(notes)
