"""The desired state: what the engine should report, object by object, in its own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dockerspec.core.address import Address
from dockerspec.core.desired.labels import OwnLabels
from dockerspec.core.desired.life import hooks_label, hooks_of
from dockerspec.core.facts import Value
from dockerspec.core.hook import LABEL as HOOKS
from dockerspec.core.hook import Hook, Stage
from dockerspec.core.ownership import COMPOSE_ONE_OFF, SECRETS, record, record_labels, record_told
from dockerspec.core.placed import Batch
from dockerspec.core.spec.model import ContainerSpec, NetworkSpec, VolumeSpec
from dockerspec.core.table import container as container_table
from dockerspec.core.table import files as file_table
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.base import Body, Context


@dataclass(frozen=True, slots=True)
class Build:
    """How an image is built.

    Attributes:
        context: the folder.
        dockerfile: the file's path below the folder.
        inline: the file's text, where the spec holds it.
        options: the engine's query parameters, labels apart.
        labels: the image's labels, ours included.
        digest: what the result depends on; an image with another one is stale.
        inputs: a short digest of each thing that the result depends on.
        bases: the images that it starts from or copies from.
        builder: the docker CLI's builder that it needs, `buildkit` or `buildx`; empty for the engine's own.
        words: the options for the docker CLI's builder.
        secrets: the values of its secrets, by the id that the Dockerfile calls them.
    """

    context: str
    dockerfile: str
    inline: str | None
    options: Mapping[str, Any]
    labels: Mapping[str, str]
    digest: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    builder: str = ""
    words: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DesiredImage:
    """An image that must be on the host.

    Attributes:
        address: its address; for an image that only a container names, the name is the reference.
        reference: what containers run.
        path: the place in the spec that asks for it.
        tags: further references that must point at it.
        build: how it is made; None for one that is pulled.
        pull_policy: `always`, `missing`, `never`, or a period such as `daily`.
        platform: the platform to pull or to build for, or empty.
        push: the references that its registry must have.
        keep: how many earlier images stay; None for all of them.
    """

    address: Address
    reference: str
    path: str = ""
    tags: tuple[str, ...] = ()
    build: Build | None = None
    pull_policy: str = "missing"
    platform: str = ""
    push: tuple[str, ...] = ()
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class DesiredNetwork:
    """A network: `labels` are those that make it the stack's, `fields` is empty for an external one."""

    address: Address
    name: str
    spec: NetworkSpec
    context: Context
    labels: OwnLabels
    fields: Mapping[str, Value] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        """Whose it is."""
        return self.labels.owner

    def body(self) -> Body:
        """The engine's create body."""
        body = network_table.create_body(self.spec, self.context, self.name)
        if self.spec.config_from:
            return body  # it gets the labels of its configuration, and the engine takes no others
        digests = record(network_table.ROWS, self.fields)
        made = record_labels(digests, self.context.origin)
        return {**body, "Labels": {**body.get("Labels", {}), **self.labels.network(self.address.name), **made}}


@dataclass(frozen=True, slots=True)
class DesiredVolume:
    """A volume; the attributes are those of a network."""

    address: Address
    name: str
    spec: VolumeSpec
    context: Context
    labels: OwnLabels
    fields: Mapping[str, Value] = field(default_factory=dict)

    @property
    def stack(self) -> str:
        """Whose it is."""
        return self.labels.owner

    def body(self) -> Body:
        """The engine's create body."""
        body = volume_table.create_body(self.spec, self.context, self.name)
        digests = record(volume_table.ROWS, self.fields)
        made = record_labels(digests, self.context.origin)
        return {**body, "Labels": {**body.get("Labels", {}), **self.labels.volume(self.address.name), **made}}


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """One replica of a container.

    Attributes:
        address: its address.
        name: its name on the engine.
        spec: what the spec says.
        context: what the table's rows look at.
        image: the reference that it runs.
        labels: what tells the labels that make it the stack's.
        state: the state of life that it should be in: the spec's, or `completed` where another container waits for
            its end.
        fields: the normal form of every field, by the table's key.
        secrets: the environment variables that must not be shown.
    """

    address: Address
    name: str
    spec: ContainerSpec
    context: Context
    image: str
    labels: OwnLabels
    state: str
    fields: Mapping[str, Value]
    secrets: frozenset[str] = frozenset()

    @property
    def stack(self) -> str:
        """Whose it is: the stack's name, or what stands for a Compose project."""
        return self.labels.owner

    @property
    def own(self) -> Mapping[str, str]:
        """The labels that make it the stack's."""
        return self.labels.container(self.address.name, self.address.replica)

    @property
    def told(self) -> Mapping[str, Value]:
        """What beside the fields can change on a live container, by spec key; empty where it is the default."""
        return {
            "container_name": self.spec.container_name or "",
            "state": "" if self.state == "running" else self.state,
        }

    def hooks(self, stage: Stage) -> tuple[Hook, ...]:
        """The commands around its start or stop, secrets put in."""
        return hooks_of(self.spec, self.context, stage)

    @property
    def files(self) -> tuple[Batch, ...]:
        """What has to be written into it before its first start."""
        if not self.spec.configs and not self.spec.secrets:
            return ()
        return file_table.batches(self.spec, self.context)

    def body(self, anonymous: Mapping[str, str] | None = None, *, loose_ports: bool = False) -> Body:
        """The engine's create body.

        Args:
            anonymous: anonymous volumes to take over from a replaced container, by mount path.
            loose_ports: whether a replica may have any port of a range.
        """
        context = replace(self.context, anonymous=anonymous or {}, loose_ports=loose_ports)
        body = container_table.create_body(self.spec, context, self.image)
        digests = {**record(container_table.ROWS, self.fields), **record_told(self.told)}
        own = self.own
        if COMPOSE_ONE_OFF in own:
            body |= {"AttachStdout": True, "AttachStderr": True}  # as Compose has it; it means nothing to the engine
        made = record_labels(digests, context.origin)
        if self.secrets:
            made[SECRETS] = ",".join(sorted(self.secrets))
        kept = hooks_label(self.spec, self.context)
        if kept:
            made[HOOKS] = kept
        return {**body, "Labels": {**body.get("Labels", {}), **own, **made}}


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Everything that a stack wants, each group ordered by address.

    Attributes:
        stack: whose it is: the stack's name, or what stands for a Compose project.
        images, networks, volumes, containers: the objects.
        absent: keys of the containers whose spec says `state: absent`.
        spared: objects that are left as they are, whether they are there or not: services of a Compose project without
            an active profile, with what only they use. A container's address is without a replica.
        origin: where the spec came from, as it is noted on new objects; empty where that is unknown.
    """

    stack: str
    images: tuple[DesiredImage, ...] = ()
    networks: tuple[DesiredNetwork, ...] = ()
    volumes: tuple[DesiredVolume, ...] = ()
    containers: tuple[DesiredContainer, ...] = ()
    absent: frozenset[str] = frozenset()
    spared: frozenset[Address] = frozenset()
    origin: str = ""
