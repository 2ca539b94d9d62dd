"""The live state: what the engine has, in normal form. All candidates are kept; choosing is the differ's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dockerspec.core.facts import EngineFacts, ImageFacts, Value
from dockerspec.core.hook import Hook, Stage
from dockerspec.core.marks import Mark


@dataclass(frozen=True, slots=True)
class ContainerState:
    """Where a container is in its life.

    Attributes:
        status: `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
        exit_code: of its last run; 0 before there was one.
        health: `starting`, `healthy`, `unhealthy`, or empty where it has no health check.
        oom_killed: whether the kernel ended its last run for want of memory.
        error: why it could not be started, or empty.
        started_at, finished_at: RFC 3339 texts as the engine gives them; empty for never.
        restarts: how often its restart policy started it again.
    """

    status: str
    exit_code: int = 0
    health: str = ""
    oom_killed: bool = False
    error: str = ""
    started_at: str = ""
    finished_at: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class LiveContainer:
    """A container that carries our labels for the stack in question.

    Attributes:
        id, name: its engine identity; the name without the slash.
        resource, replica: what the labels say that it stands for.
        state: its life.
        image_id: the ID of the image that it runs.
        image_ref: the reference that it was created with.
        fields: the normal form of every field, by the table's key.
        anonymous: anonymous volumes by the path at which they are mounted.
        recorded: digests of some values at creation, by table key; None where nothing was recorded.
        networks: network IDs by name, as attached.
        published: the host ports that the engine listens on, as `ADDRESS:PORT`, by the container's own.
        mode: the engine's network mode: the network that it was created in, or a mode such as `host`.
        secrets: the environment variables that were secret at creation.
        hooks: the commands around its start and stop, as far as its label keeps them.
        one_off: whether it is no container of the spec's, but one made for a hook before such a one's start.
        origin: where the spec that it was made from came from, or empty.
    """

    id: str
    name: str
    resource: str
    replica: int
    state: ContainerState
    image_id: str
    image_ref: str
    fields: Mapping[str, Value]
    anonymous: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mode: str = ""
    secrets: frozenset[str] = frozenset()
    hooks: Mapping[Stage, tuple[Hook, ...]] = field(default_factory=dict)
    one_off: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class LiveNetwork:
    """A network on the engine.

    Attributes:
        id, name: its engine identity.
        stack, resource: what its labels say; empty for a foreign one. One that is made from a configuration has that
            one's labels: its resource is then what its own name says, and empty where that says nothing.
        fields: the normal form of every field, by the table's key.
        attached: names of the containers attached to it, by container ID. Only read for networks of the stack.
        recorded: as for containers.
        body: the create body that makes it once more; empty for one of another stack.
        origin: as for containers.
    """

    id: str
    name: str
    stack: str
    resource: str
    fields: Mapping[str, Value]
    attached: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] | None = None
    body: Mapping[str, object] = field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class LiveVolume:
    """A volume on the engine; the attributes are those of `LiveNetwork`, and the time that a mark of it notes."""

    name: str
    stack: str
    resource: str
    fields: Mapping[str, Value]
    recorded: Mapping[str, str] | None = None
    created: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class OtherContainer:
    """A container that is not the stack's: known only to respect its name, ports and attachments."""

    id: str
    name: str
    stack: str
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    image_id: str = ""


@dataclass(frozen=True, slots=True)
class SpareImage:
    """An image without a name, such as one whose tag has moved on.

    Attributes:
        id: its ID.
        created: seconds since the epoch.
        built: `STACK/KEY` of the entry that it was built for, or empty.
        repositories: the repositories that it was pulled from or pushed to.
        needed: whether another image is built on it.
    """

    id: str
    created: int
    built: str = ""
    repositories: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class LiveState:
    """A snapshot of one engine, seen from one stack.

    Attributes:
        engine: facts about the engine.
        containers: those of the stack, ordered by resource, replica, name.
        others: all other containers.
        networks, volumes: all of the engine's, ordered by name.
        images: facts by the reference that was asked for; absent references are absent keys. The images of the
            stack's containers are there by ID too.
        registry: registry digest by reference, for references whose `pull_policy` is `always` and whose
            registry answered, or whose period is over, and for those that are to be pushed, where an empty text says
            that the registry has none.
        spares: images without a name, the newest first; read only where the spec says how many to keep.
        marks: the stack's marks of adopted objects that are there.
        stale_marks: those whose object is gone, or was made anew by somebody else.
    """

    engine: EngineFacts
    containers: tuple[LiveContainer, ...] = ()
    others: tuple[OtherContainer, ...] = ()
    networks: tuple[LiveNetwork, ...] = ()
    volumes: tuple[LiveVolume, ...] = ()
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    registry: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    stale_marks: tuple[Mark, ...] = ()
    spares: tuple[SpareImage, ...] = ()
