"""What the desired state depends on beside the spec: facts about the engine and the images. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = None | bool | int | float | str | tuple["Value", ...] | Mapping[str, "Value"]
"""A normal form: plain data that compares with `==` and prints as JSON. Never mutated once made."""

ApiVersion = tuple[int, int]
"""An Engine API version, as (1, 41)."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What we need to know of the engine.

    Attributes:
        version: the engine's own version text, `28.5.2`.
        api: the API version in use.
        id: the daemon's identity, which changes when another daemon answers at the same address.
        name: the host's name.
        os, arch: the daemon's platform.
        cgroup_version: 1 or 2.
        logging_driver: the log driver of a container that names none.
        runtime: the runtime of a container that names none.
        swap_limit: whether the kernel accounts swap; without it the engine stores no swap limit.
        processors: how many the engine counts; 0 where it does not tell.
        runtimes, log_drivers, network_drivers, volume_drivers: what the engine lists; empty where it does not tell.
            Drivers that are plugins may be missing until they are first used.
        cgroup_driver: `cgroupfs`, `systemd`, `none`, or empty where the engine does not tell.
    """

    version: str = ""
    api: ApiVersion = (1, 41)
    id: str = ""
    name: str = ""
    os: str = "linux"
    arch: str = ""
    cgroup_version: int = 2
    logging_driver: str = "json-file"
    runtime: str = "runc"
    swap_limit: bool = True
    processors: int = 0
    runtimes: tuple[str, ...] = ()
    log_drivers: tuple[str, ...] = ()
    network_drivers: tuple[str, ...] = ()
    volume_drivers: tuple[str, ...] = ()
    cgroup_driver: str = ""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image that is on the host, and what containers inherit from it.

    Attributes:
        id: the image's ID, `sha256:…`.
        config: the image's `Config` as the engine sends it; missing parts read as empty.
        labels: the image's labels.
        tags: the references that point at it.
        digests: the registry digests known for it, `name@sha256:…`.
        platform: `linux/amd64`, with `/variant` where there is one.
    """

    id: str
    config: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    platform: str = ""
