"""The spec model: what a validated spec is, for every stage that follows.

Called by the loader, which hands `Stack.model_validate` plain data, and by everything that reads a spec. All names that
others need are here; the sibling modules are its parts. What ties several keys together is in validate.py.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from dockerspec.core import values
from dockerspec.core.spec.forms import Form, ObjectName, SpecModel, key, needed, pattern
from dockerspec.core.spec.model_build import Build
from dockerspec.core.spec.model_container import ContainerSpec
from dockerspec.core.spec.model_files import ConfigSpec, FileGrant
from dockerspec.core.spec.model_hooks import Hook
from dockerspec.core.spec.model_mounts import BindOptions, ImageOptions, Mount, TmpfsOptions, VolumeOptions
from dockerspec.core.spec.model_parts import (
    Blkio,
    Dependency,
    Device,
    DeviceRate,
    DeviceWeight,
    Endpoint,
    EnvFile,
    Gpu,
    Healthcheck,
    ImageSource,
    Logging,
    Port,
    RestartPolicy,
    SecretRef,
    Ulimit,
)
from dockerspec.core.spec.model_resource import (
    ImageSpec,
    Ipam,
    IpamPool,
    NetworkSpec,
    SecretSpec,
    VolumeSpec,
)
from dockerspec.core.spec.model_update import HttpWait, UpdatePolicy, Wait

__all__ = [
    "BindOptions",
    "Blkio",
    "Build",
    "ConfigSpec",
    "ContainerSpec",
    "Dependency",
    "Device",
    "DeviceRate",
    "DeviceWeight",
    "Endpoint",
    "EnvFile",
    "FileGrant",
    "Gpu",
    "Healthcheck",
    "Hook",
    "HttpWait",
    "ImageOptions",
    "ImageSource",
    "ImageSpec",
    "Ipam",
    "IpamPool",
    "Logging",
    "Mount",
    "NetworkSpec",
    "Port",
    "RestartPolicy",
    "SecretRef",
    "SecretSpec",
    "Stack",
    "TmpfsOptions",
    "Ulimit",
    "UpdatePolicy",
    "VolumeOptions",
    "VolumeSpec",
    "Wait",
]

StackName = Annotated[str, AfterValidator(values.check_stack_name), Form("stack name", pattern("[a-z0-9][a-z0-9_-]*"))]


class Stack(SpecModel):
    """A stack: everything that one spec describes."""

    dockerspec: Literal[1] = key(1, "Version of the spec's format; 1 is the only one.", 1)
    stack: StackName = needed(
        "The stack's name: small letters, digits, _ and -; it starts the names of all objects.", "shop"
    )
    images: dict[ObjectName, ImageSpec] = key({}, "Images that the stack builds or pulls, by name.")
    networks: dict[ObjectName, NetworkSpec] = key({}, "Networks of the stack, by name.")
    volumes: dict[ObjectName, VolumeSpec] = key({}, "Volumes of the stack, by name.")
    configs: dict[ObjectName, ConfigSpec] = key({}, "Files that containers get, by name.")
    secrets: dict[ObjectName, SecretSpec] = key(
        {}, "Secret values that containers get in variables or as files, by name."
    )
    containers: dict[ObjectName, ContainerSpec] = key({}, "Containers of the stack, by name.")

    @classmethod
    def renamed(cls, fields: dict[Any, Any]) -> dict[Any, Any]:
        """Refuse a spec that is half a Compose file with a word on how to make it whole.

        Raises:
            ValueError: the top level has `services`.
        """
        if "services" in fields:
            raise ValueError("a spec of dockerspec's own has no services; rename services: to containers:")
        return super().renamed(fields)
