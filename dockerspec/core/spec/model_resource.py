"""The spec model of images, networks, volumes and secrets.

Called by model.py, which puts the stack together. Values are canonical after validation: bytes, nanoseconds, texts.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from dockerspec.core.spec.forms import (
    BOOL,
    TEXT,
    Bool,
    Cidr,
    ContainerName,
    Count,
    Form,
    Image,
    Ip,
    Options,
    Pairs,
    Platform,
    PullPolicy,
    Schema,
    Size,
    SpecModel,
    Text,
    Texts,
    either,
    exactly_one,
    key,
    list_of,
    needed,
)
from dockerspec.core.spec.model_build import Build, pushed

Push = Annotated[
    tuple[str, ...], BeforeValidator(pushed), Form("true, false or list of references", either(BOOL, list_of(TEXT)))
]


class ImageSpec(SpecModel):
    """An image that the stack builds or pulls."""

    RULE: ClassVar[Schema] = exactly_one("build", "image")

    build: Build | None = key(None, "How to build the image; a text is the context's folder.", "./web")
    image: Image | None = key(None, "Reference of the image to pull.", "redis:7")
    tags: Texts = key(
        (),
        "References given to the image; of a built one the first is its own, STACK/NAME:latest by default.",
        ["shop/web:1.4", "shop/web:latest"],
    )
    platform: Platform | None = key(None, "Platform as OS/ARCH[/VARIANT]; the engine's own by default.", "linux/amd64")
    pull_policy: PullPolicy | None = key(
        None,
        "When to pull: missing only if absent (the default), always, never, daily, weekly, every_DURATION; "
        "build for an image that is built.",
        "daily",
    )
    push: Push = key(
        (), "Whether to push the image to its registry where that lacks it, or which of its references.", True
    )
    keep: Count | None = key(
        None, "How many earlier images of this entry stay on the host, unused; all of them by default.", 2
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.build is None) == (self.image is None):
            raise ValueError("an image needs exactly one of build and image; write build: ./FOLDER, or image: NAME:TAG")
        return self


class IpamPool(SpecModel):
    """A range of addresses that a network gives out."""

    subnet: Cidr | None = key(None, "The subnet in CIDR notation; chosen by the engine by default.", "10.90.0.0/24")
    ip_range: Cidr | None = key(None, "Part of the subnet that containers get addresses from.", "10.90.0.128/25")
    gateway: Ip | None = key(None, "The gateway's address; the first of the subnet by default.", "10.90.0.1")
    aux_addresses: Options = key(
        {}, "Addresses that containers never get, by a name of your own.", {"nas": "10.90.0.9"}
    )


class Ipam(SpecModel):
    """How a network gives out addresses."""

    driver: Text | None = key(None, "The address driver; the engine's own by default.", "default")
    options: Options = key({}, "Options of the address driver.", {"foo": "bar"})
    config: tuple[IpamPool, ...] = key((), "The network's address ranges.", [{"subnet": "10.90.0.0/24"}])


class NetworkSpec(SpecModel):
    """A network of the stack, or one that exists already."""

    # What a network has from the one that it is made from; the engine refuses these keys beside `config_from`.
    FROM_CONFIGURATION: ClassVar[tuple[str, ...]] = ("driver_opts", "enable_ipv4", "enable_ipv6", "ipam", "labels")

    name: ContainerName | None = key(None, "The network's name on the engine; STACK_NAME by default.", "front")
    driver: Text | None = key(None, "The network driver; bridge by default.", "bridge")
    driver_opts: Options = key({}, "Options of the driver.", {"com.docker.network.driver.mtu": "1400"})
    ipam: Ipam | None = key(None, "How addresses are given out.", {"config": [{"subnet": "10.90.0.0/24"}]})
    internal: Bool = key(False, "Whether the network is cut off from the outside; false by default.", True)
    attachable: Bool = key(False, "Whether containers outside a swarm may join; false by default.", True)
    enable_ipv4: Bool | None = key(None, "Whether containers get IPv4 addresses; true by default.", False)
    enable_ipv6: Bool | None = key(None, "Whether containers get IPv6 addresses; false by default.", True)
    scope: Text | None = key(
        None, "How far the network reaches: local, swarm or global; the driver's own by default.", "local"
    )
    ingress: Bool = key(False, "Whether it is a swarm's routing mesh; false by default; needs a swarm.", True)
    config_only: Bool = key(
        False, "Whether it is only a configuration that other networks are made from; false by default.", True
    )
    config_from: Text | None = key(
        None, "The network of this spec, with config_only, whose configuration this one takes.", "uplink"
    )
    labels: Pairs = key({}, "Labels put on the network.", {"team": "shop"})
    external: Bool = key(False, "Whether the network exists already and is never changed; false by default.", True)


class MountVolume(SpecModel):
    """How a cluster volume is mounted as a file system."""

    fs_type: Text | None = key(None, "The file system; chosen by the driver by default.", "ext4")
    mount_flags: Texts = key((), "Flags for the mount.", ["noatime"])


class ClusterAccess(SpecModel):
    """How the containers of a swarm use a cluster volume."""

    scope: Literal["single", "multi"] = key("single", "Whether one node or several use it; single by default.", "multi")
    sharing: Literal["none", "readonly", "onewriter", "all"] = key(
        "none", "How many tasks may use it at once, and for what; none by default.", "readonly"
    )
    mount_volume: MountVolume | None = key(None, "Use it as a file system; so it is by default.", {"fs_type": "ext4"})
    block_volume: Bool = key(False, "Use it as a raw device instead; false by default.", True)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.block_volume and self.mount_volume is not None:
            raise ValueError("mount_volume and block_volume exclude each other; remove one of them")
        return self


class ClusterSecret(SpecModel):
    """A secret of the swarm that the driver of a cluster volume needs."""

    key: Text = needed("The driver's name for it.", "username")
    secret: Text = needed("Name or ID of the swarm's secret.", "nas_user")


class ClusterTopology(SpecModel):
    """Where in the cluster a volume must or should be reachable."""

    requisite: tuple[Options, ...] = key((), "Places in one of which it must be reachable.", [{"zone": "z1"}])
    preferred: tuple[Options, ...] = key((), "Places to be tried first.", [{"zone": "z1"}])


class CapacityRange(SpecModel):
    """How large a cluster volume may be."""

    required_bytes: Size | None = key(None, "The least size, in bytes or with a unit.", "10g")
    limit_bytes: Size | None = key(None, "The most, in bytes or with a unit.", "20g")


class ClusterVolume(SpecModel):
    """A volume that a swarm manages through a CSI driver; `{}` takes the defaults."""

    group: Text | None = key(None, "Group of volumes that are alike.", "fast")
    access_mode: ClusterAccess | None = key(
        None, "How the swarm's containers use it.", {"scope": "multi", "sharing": "readonly"}
    )
    accessibility_requirements: ClusterTopology | None = key(
        None, "Where it is reachable; everywhere by default.", {"requisite": [{"zone": "z1"}]}
    )
    capacity_range: CapacityRange | None = key(
        None, "How large it is; the driver's own by default.", {"required_bytes": "10g"}
    )
    secrets: tuple[ClusterSecret, ...] = key(
        (), "Secrets of the swarm that the driver needs.", [{"key": "username", "secret": "nas_user"}]
    )
    availability: Literal["active", "pause", "drain"] = key(
        "active", "Whether it may be used; active by default.", "drain"
    )


class VolumeSpec(SpecModel):
    """A volume of the stack, or one that exists already."""

    name: ContainerName | None = key(None, "The volume's name on the engine; STACK_NAME by default.", "pgdata")
    driver: Text | None = key(None, "The volume driver; local by default.", "local")
    driver_opts: Options = key({}, "Options of the driver.", {"type": "tmpfs", "device": "tmpfs"})
    labels: Pairs = key({}, "Labels put on the volume.", {"backup": "daily"})
    cluster: ClusterVolume | None = key(
        None, "Makes it a volume of the swarm; needs a swarm and a CSI driver.", {"access_mode": {"scope": "multi"}}
    )
    external: Bool = key(False, "Whether the volume exists already and is never changed; false by default.", True)
    prevent_destroy: Bool = key(
        True, "Whether the volume outlives the stack unless a run names it for deletion; true by default.", False
    )

    @property
    def is_locked(self) -> bool:
        """Whether `prevent_destroy: true` is written out: then no consent but one by name reaches the volume."""
        return self.prevent_destroy and "prevent_destroy" in self.model_fields_set


class SecretSpec(SpecModel):
    """A secret value and where a run finds it."""

    RULE: ClassVar[Schema] = exactly_one("file", "environment")

    file: Text | None = key(None, "File whose content is the value, relative to the spec.", "./secrets/pg_password")
    environment: Text | None = key(None, "Variable of the run's environment that holds the value.", "PG_PASSWORD")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.environment is None):
            raise ValueError(
                "a secret needs exactly one of file and environment; write file: ./PATH, or environment: VARIABLE"
            )
        return self
