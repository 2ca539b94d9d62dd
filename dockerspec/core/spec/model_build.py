"""The spec model of a build: what goes into an image, and how it is made.

Called by model_resource.py. The names are those of Compose's `build` section.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from dockerspec.core import values
from dockerspec.core.spec.forms import (
    BOOL,
    Bool,
    ExtraHosts,
    Form,
    OptionalPairs,
    Pairs,
    Platform,
    Schema,
    Size,
    SpecModel,
    Text,
    Texts,
    either,
    key,
    list_of,
    mapping_of,
    needed,
)
from dockerspec.core.spec.model_parts import Ulimit

_SSH_ENTRY: Schema = {"type": "string", "pattern": "^[^=]+(?:=.+)?$"}


class BuildSecret(SpecModel):
    """A secret that the commands of a build can read, and that is in no layer; a text alone is its name."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"type": "string"},)

    source: Text = needed("Name of a secret under the top-level secrets.", "npm_token")
    target: Text | None = key(
        None, "The id by which the Dockerfile calls it (--mount=type=secret,id=...); the source by default.", "npmrc"
    )

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the source."""
        return {"source": value} if isinstance(value, str) else value

    @property
    def id(self) -> str:
        """What the Dockerfile calls it. A path, as Compose allows, stands for its last part."""
        return (self.target or self.source).rpartition("/")[2]


def _entries(value: object) -> object:
    """`{id: path}` as `id=path`; an id without a path stands alone."""
    if isinstance(value, dict):
        return [str(name) if item in (None, "") else f"{name}={item}" for name, item in value.items()]
    return value


def _ssh(value: str) -> str:
    name, equals, path = value.partition("=")
    if not name or (equals and not path):
        raise ValueError(f"{values.shown(value)} names no SSH agent or key; write default, or ID=PATH")
    return value


def _attestation(value: object) -> object:
    """True and false as `true` and `false`, so that they and the longer forms are texts alike."""
    return str(value).lower() if isinstance(value, bool) else value


SshEntries = Annotated[
    tuple[Annotated[str, AfterValidator(_ssh)], ...],
    BeforeValidator(_entries),
    Form("list of default or ID=PATH", either(list_of(_SSH_ENTRY), mapping_of({"type": ["string", "null"]}))),
]
Attestation = Annotated[
    str, BeforeValidator(_attestation), Form("true, false or parameters", either(BOOL, {"type": "string"}))
]


class Build(SpecModel):
    """How an image is built; a text alone is the context."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"type": "string"},)
    RULE: ClassVar[Schema] = {"not": {"required": ["dockerfile", "dockerfile_inline"]}}

    context: Text = key(".", "Folder with the files that the build may copy, relative to the spec.", "./web")
    dockerfile: Text | None = key(
        None, "Path of the Dockerfile within the context; Dockerfile by default.", "docker/Dockerfile.prod"
    )
    dockerfile_inline: Text | None = key(
        None, "Text of the Dockerfile, instead of a file.", "FROM busybox\nCMD [httpd, -f]\n"
    )
    args: OptionalPairs = key(
        {}, "Build arguments; one without a value takes it from the environment of the run.", {"VERSION": "1.4"}
    )
    target: Text | None = key(None, "Stage of the Dockerfile to build; the last one by default.", "runtime")
    labels: Pairs = key({}, "Labels put on the built image.", {"org.example.team": "shop"})
    tags: Texts = key((), "Further references given to the image; the same as tags of the image.", ["shop/web:1.4"])
    network: Text | None = key(None, "Network that the build's commands use; the engine's own by default.", "host")
    shm_size: Size | None = key(None, "Size of /dev/shm during the build, in bytes or with a unit.", "128m")
    ulimits: dict[str, Ulimit] = key({}, "Limits of the build's commands, as those of a container.", {"nofile": 1024})
    isolation: Literal["default", "process", "hyperv"] | None = key(
        None, "How the build's containers are isolated on Windows.", "hyperv"
    )
    no_cache: Bool = key(False, "Whether to build every step anew; false by default.", True)
    pull: Bool = key(False, "Whether to ask the registry for newer base images; false by default.", True)
    extra_hosts: ExtraHosts = key((), "Lines for the hosts file during the build.", ["mirror.local:10.0.0.7"])
    cache_from: Texts = key((), "Images whose layers may serve as a cache.", ["shop/web:latest"])
    cache_to: Texts = key((), "Where the build's cache is stored; needs buildx.", ["type=inline"])
    additional_contexts: Pairs = key(
        {}, "Further folders or images, by the name that the Dockerfile calls them; needs buildx.", {"lib": "../lib"}
    )
    secrets: tuple[BuildSecret, ...] = key(
        (), "Secrets that the build's commands can read; needs BuildKit.", ["npm_token"]
    )
    ssh: SshEntries = key((), "SSH agents or keys that the build's commands can use; needs BuildKit.", ["default"])
    platforms: tuple[Platform, ...] = key(
        (), "Platforms to build for; several need buildx and the containerd image store.", ["linux/amd64"]
    )
    privileged: Bool = key(False, "Whether the build's commands run privileged; needs buildx.", True)
    entitlements: Texts = key((), "Further rights of the build; needs buildx.", ["network.host"])
    provenance: Attestation | None = key(None, "Whether the image says how it was built; needs buildx.", "mode=max")
    sbom: Attestation | None = key(None, "Whether the image lists what it is made of; needs buildx.", True)

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the context."""
        return {"context": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_dockerfile(self) -> Self:
        if self.dockerfile is not None and self.dockerfile_inline is not None:
            raise ValueError("dockerfile and dockerfile_inline exclude each other; remove one of them")
        return self


def pushed(value: object) -> Any:
    """`push` as a list of references: true stands for all of the image's, which an empty text stands for."""
    if value in (False, "false", "False", "FALSE"):
        return ()
    if value in (True, "true", "True", "TRUE"):
        return ("",)
    return value
