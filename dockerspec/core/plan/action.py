"""Actions: one frozen value per engine call, with its cause. The planner makes them, the executor only calls.

Objects that exist are named by their ID, those that the plan makes by their name: no action needs another's result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from dockerspec.core.address import Address
from dockerspec.core.hook import Hook, Stage
from dockerspec.core.placed import Batch
from dockerspec.core.ready import Probe, Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What all actions share.

    Attributes:
        address: the object of the spec that it serves.
        cause: why it is done, as a clause.
        verb: the word that a reader sees.
    """

    verb: ClassVar[str] = ""

    address: Address
    cause: str

    @property
    def subject(self) -> str:
        """What tells this action from another of the same verb and address; part of `key`."""
        return ""

    @property
    def key(self) -> str:
        """The action's identity within its plan: stable from run to run."""
        return f"{self.verb} {self.address}" + (f" {self.subject}" if self.subject else "")

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class PullImage(Action):
    """`POST /images/create`: fetch a reference from its registry.

    Attributes:
        reference: the reference.
        platform: the platform that it must be for; empty for the engine's own.
        dated: whether the engine must remember when this was; it does for a tag that is set, not for a pull.
    """

    verb: ClassVar[str] = "pull"
    reference: str
    platform: str = ""
    dated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildImage(Action):
    """`POST /build`: make an image from a folder.

    Attributes:
        reference: the tag that the new image gets.
        context: the context folder's path.
        dockerfile: the file's path below the context, or its text if `inline`.
        options: the engine's query parameters for the build (buildargs, labels, target, …), not yet encoded.
        bases: the images that it starts from, fetched first where they are missing (all of them if `options` says
            `pull`); what they were is recorded on the image.
        builder: the docker CLI's builder that makes it, `buildkit` or `buildx`; empty for the engine's own.
        words: the options for the docker CLI's builder.
        secrets: the values of its secrets, by the id that the Dockerfile calls them.
    """

    verb: ClassVar[str] = "build"
    reference: str
    context: str
    dockerfile: str = "Dockerfile"
    inline: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    builder: str = ""
    words: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagImage(Action):
    """`POST /images/{source}/tag`."""

    verb: ClassVar[str] = "tag"
    source: str
    reference: str

    @property
    def subject(self) -> str:
        """The tag that is set."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PushImage(Action):
    """`POST /images/{name}/push`: give a reference to its registry."""

    verb: ClassVar[str] = "push"
    reference: str

    @property
    def subject(self) -> str:
        """The reference, since an image can have several."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveImage(Action):
    """`DELETE /images/{name}`: an earlier image that has no name and no user any more.

    Attributes:
        image: its ID.
        name: the ID in short, for the reader.
    """

    verb: ClassVar[str] = "prune"
    image: str
    name: str

    @property
    def subject(self) -> str:
        """The image in short."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetwork(Action):
    """`POST /networks/create`.

    Attributes:
        unless_there: nothing is done where a network has the name; for ways back.
    """

    verb: ClassVar[str] = "create"
    name: str
    body: Mapping[str, Any]
    unless_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNetwork(Action):
    """`DELETE /networks/{network}`.

    Attributes:
        only_of: the stack whose label the network must bear; for ways back, which name it by its name. Empty for one
            that is named by its ID.
    """

    verb: ClassVar[str] = "remove"
    network: str
    name: str
    only_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectNetwork(Action):
    """`POST /networks/{network}/connect`.

    Attributes:
        former: the container is one whose successor is made in the same run.
    """

    verb: ClassVar[str] = "connect"
    network: str
    network_name: str
    container: str
    endpoint: Mapping[str, Any]
    former: bool = False

    @property
    def subject(self) -> str:
        """The network."""
        return f"{self.network_name} (former)" if self.former else self.network_name


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectNetwork(Action):
    """`POST /networks/{network}/disconnect`."""

    verb: ClassVar[str] = "disconnect"
    network: str
    network_name: str
    container: str
    force: bool = False

    @property
    def subject(self) -> str:
        """The network."""
        return self.network_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVolume(Action):
    """`POST /volumes/create`."""

    verb: ClassVar[str] = "create"
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMark(Action):
    """`POST /volumes/create`: take an object over by a mark (see `core.marks`); the object itself is not touched."""

    verb: ClassVar[str] = "adopt"
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMark(Action):
    """`DELETE /volumes/{name}`: the mark of an object that is gone; it holds no data."""

    verb: ClassVar[str] = "unmark"
    name: str

    @property
    def subject(self) -> str:
        """The mark, since an address can have several that are out of date."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVolume(Action):
    """`DELETE /volumes/{name}`: the data is gone. Planned only where the user consented to it by name."""

    verb: ClassVar[str] = "remove"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerAction(Action):
    """An action on one container.

    Attributes:
        container: its ID, or its name if the plan itself makes it.
        name: its name, for the reader.
    """

    container: str
    name: str

    @property
    def subject(self) -> str:
        """The container's name, since an address can have an old and a new container."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContainer(Action):
    """`POST /containers/create`."""

    verb: ClassVar[str] = "create"
    name: str
    body: Mapping[str, Any]
    platform: str = ""

    @property
    def subject(self) -> str:
        """The new container's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFiles(ContainerAction):
    """`PUT /containers/{id}/archive`: configs and secrets as files, before the container's first start."""

    verb: ClassVar[str] = "write"
    batch: Batch

    @property
    def subject(self) -> str:
        """The container and what it gets; one may take several calls."""
        return f"{self.name} {self.batch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContainer(ContainerAction):
    """`POST /containers/{id}/start`.

    Attributes:
        once: whether it must not run a second time, should it have ended when the answer to this call was lost.
        anew: what makes one like it, should the engine be unable to start it by this name; None where it may have run.
        late: what connects such a container to those of its networks that it is not made in.
        files: what is written into such a container.
    """

    verb: ClassVar[str] = "start"
    once: bool = False
    anew: CreateContainer | None = None
    late: tuple[ConnectNetwork, ...] = ()
    files: tuple[Batch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainer(ContainerAction):
    """`POST /containers/{id}/stop`.

    Attributes:
        grace: seconds before the engine kills; None means the container's own setting.
    """

    verb: ClassVar[str] = "stop"
    grace: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveContainer(ContainerAction):
    """`DELETE /containers/{id}`.

    Attributes:
        force: kill it first if it runs.
    """

    verb: ClassVar[str] = "remove"
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameContainer(ContainerAction):
    """`POST /containers/{id}/rename`."""

    verb: ClassVar[str] = "rename"
    new_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateContainer(ContainerAction):
    """`POST /containers/{id}/update`.

    Attributes:
        body: the engine's update body.
        expect: what HostConfig must say afterwards, key by key; the engine answers 200 to what it ignores.
    """

    verb: ClassVar[str] = "update"
    body: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseContainer(ContainerAction):
    """`POST /containers/{id}/unpause`."""

    verb: ClassVar[str] = "unpause"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassGate(Action):
    """Look at how a rolling update fares, before the next batch of replicas or the end; asks nothing of the engine.

    Attributes:
        gate: the number of the batch that comes after it, or `end`.
        delay: seconds to wait first.
        tolerated: how many of the replicas before it may have failed.
    """

    verb: ClassVar[str] = "roll"
    gate: str
    delay: float = 0.0
    tolerated: int = 0

    @property
    def subject(self) -> str:
        """What comes next."""
        return self.gate


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitContainer(ContainerAction):
    """Wait until a container is ready; reads only.

    Attributes:
        until: the condition.
        timeout: seconds until it counts as failed.
        settle: seconds for which it must stay ready; for containers without a health check, which may still end as
            soon as they were started.
        probes: what must hold beside that.
        codes: the exit codes that count as success, for `Ready.COMPLETED`.
    """

    verb: ClassVar[str] = "await"
    until: Ready
    timeout: float
    settle: float = 0.0
    probes: tuple[Probe, ...] = ()
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAction(ContainerAction):
    """A command around a container's start or stop, in at most `timeout` seconds; `number` counts those of a stage."""

    stage: Stage
    number: int
    hook: Hook
    timeout: float

    @property
    def subject(self) -> str:
        """The container and the hook."""
        return f"{self.name} {self.what}"

    @property
    def what(self) -> str:
        """The hook, as its place in the spec is written."""
        return f"{self.stage.value}[{self.number}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHook(HookAction):
    """`POST /containers/{id}/exec`, and what belongs to it: a hook after the start or before the stop."""

    verb: ClassVar[str] = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOneOff(HookAction):
    """`POST /containers/create`, start, wait and remove: a hook before the start, in a container of its own.

    Attributes:
        one_off: that container's name.
        body: its create body.
        platform: the platform that its image must be for; empty for the engine's own.
        networks: what it must be connected to beside the networks of its body.
        files: what is written into it, as into the container itself.
    """

    verb: ClassVar[str] = "run"
    one_off: str
    body: Mapping[str, Any]
    platform: str = ""
    networks: tuple[str, ...] = ()
    files: tuple[Batch, ...] = ()
