"""The spec model of what a container's keys hold: ports, mounts, endpoints, health checks and the like.

Called by model_container.py. Every short form that Compose has is read here.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, PlainValidator, model_validator

from dockerspec.core import values
from dockerspec.core.spec.forms import (
    TEXT,
    AbsolutePath,
    Bool,
    Count,
    DeviceSource,
    Form,
    GpuCount,
    Image,
    Int,
    Ip,
    Ips,
    Ipv4,
    Ipv6,
    Mac,
    Options,
    Permissions,
    PortNumber,
    PortRange,
    Pulse,
    Schema,
    Size,
    SpecModel,
    Text,
    Texts,
    Weight,
    either,
    exactly_one,
    key,
    list_of,
    mapping_of,
    needed,
    pattern,
)


def _int_or_text(text: Schema) -> Schema:
    return either({"type": "integer"}, text)


class ImageSource(SpecModel):
    """The image of a container: a reference, or the name of an image of this spec."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"type": "string"},)
    RULE: ClassVar[Schema] = exactly_one("ref", "from")

    ref: Image | None = key(None, "Reference of the image; the same as the text alone.", "redis:7")
    from_: Text | None = key(None, "Name of an image under the top-level images.", "web", alias="from")

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the reference."""
        return {"ref": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.ref is None) == (self.from_ is None):
            raise ValueError("an image source needs exactly one of ref and from; write image: NAME:TAG or {from: NAME}")
        return self


class SecretRef(SpecModel):
    """A variable's value that comes from a secret."""

    secret: Text = needed("Name of a secret under the top-level secrets.", "pg_password")


class EnvFile(SpecModel):
    """A file of variables; a text alone is its path."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"type": "string"},)

    path: Text = needed("Path of the file, relative to the spec.", "./web.env")
    required: Bool = key(True, "Whether a missing file is an error; true by default.", False)

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the path."""
        return {"path": value} if isinstance(value, str) else value


_PORT_TEXT = (
    r" *(?:(?:\[[0-9A-Fa-f:.]+\]|[0-9.]+):(?=[^:]*:))?(?:(?:[0-9]{1,5}(?:-[0-9]{1,5})?)?:)?"
    r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:[Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ss][Cc][Tt][Pp]))? *"
)


class Port(SpecModel):
    """A port of the container that the host publishes."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (
        {"type": "integer", "minimum": 1, "maximum": 65535},
        pattern(_PORT_TEXT),
    )

    target: PortNumber = needed("The port within the container.", 80)
    published: PortRange | None = key(
        None, "The host's port, or a range to choose from; any free one by default.", "8080", "8080-8081"
    )
    host_ip: Ip | None = key(None, "The host's address to listen on; all by default.", "127.0.0.1")
    protocol: Literal["tcp", "udp", "sctp"] = key("tcp", "The protocol; tcp by default.", "udp")


class Endpoint(SpecModel):
    """A container's place in a network."""

    aliases: Texts = key((), "More names by which others in the network find the container.", ["api"])
    ipv4_address: Ipv4 | None = key(None, "A fixed IPv4 address; chosen by the engine by default.", "10.90.0.20")
    ipv6_address: Ipv6 | None = key(None, "A fixed IPv6 address; chosen by the engine by default.", "fd00:90::20")
    link_local_ips: Ips = key((), "Link-local addresses.", ["169.254.10.2"])
    mac_address: Mac | None = key(None, "A fixed MAC address; chosen by the engine by default.", "02:42:0a:5a:00:14")
    driver_opts: Options = key({}, "Options of the network's driver for this place.", {"foo": "bar"})
    gw_priority: Int | None = key(
        None, "The network with the highest figure gives the default gateway; 0 by default.", 1
    )
    priority: Int = key(0, "Networks are joined from the highest figure down; 0 by default.", 100)
    interface_name: Text | None = key(None, "Name of the interface within the container.", "eth9")


def _health_test(value: object) -> object:
    if isinstance(value, str):
        return ["CMD-SHELL", value]
    if isinstance(value, (list, tuple)) and (not value or value[0] not in ("NONE", "CMD", "CMD-SHELL")):
        raise ValueError("the list must start with CMD, CMD-SHELL or NONE; write [CMD, pg_isready], or a plain text")
    return value


HealthTest = Annotated[
    tuple[str, ...],
    BeforeValidator(_health_test),
    Form(
        "command line or list",
        either(
            {"type": "string"},
            {"type": "array", "prefixItems": [{"enum": ["CMD", "CMD-SHELL", "NONE"]}], "items": TEXT, "minItems": 1},
        ),
    ),
]


class Healthcheck(SpecModel):
    """How the engine finds out whether the container is well."""

    test: HealthTest | None = key(
        None, "The command: a text for the shell, or a list that starts with CMD, CMD-SHELL or NONE.", ["CMD", "true"]
    )
    interval: Pulse | None = key(None, "Time between two checks; 30s by default.", "5s")
    timeout: Pulse | None = key(None, "Time that a check may take; 30s by default.", "3s")
    start_period: Pulse | None = key(None, "Time in which failures do not count; 0s by default.", "30s")
    start_interval: Pulse | None = key(None, "Time between checks during start_period; 5s by default.", "1s")
    retries: Count | None = key(None, "Failures in a row that make the container unhealthy; 3 by default.", 5)
    disable: Bool = key(False, "Whether to switch off the image's check; false by default.", True)


class RestartPolicy(SpecModel):
    """What the engine does when the container stops by itself."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (
        {"enum": ["no", "always", "unless-stopped", "on-failure", False]},
        pattern("on-failure:[0-9]{1,19}"),
    )

    name: Literal["no", "always", "unless-stopped", "on-failure"] = needed("The policy.", "unless-stopped")
    max_retries: Count = key(0, "Restarts before on-failure gives up; 0 (the default) is no limit.", 3)

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the policy's name, with the count after a colon; false is `no`."""
        return values.parse_restart(value)


class DeviceWeight(SpecModel):
    """A device's share of disk time."""

    path: AbsolutePath = needed("The device on the host.", "/dev/sda")
    weight: Weight = needed("Its share, from 10 to 1000.", 300)


class DeviceRate(SpecModel):
    """A device's limit."""

    path: AbsolutePath = needed("The device on the host.", "/dev/sda")
    rate: Size = needed("Bytes or operations in a second; a unit may follow.", "12mb", 1000)


class Blkio(SpecModel):
    """Limits on disk traffic."""

    weight: Weight | None = key(None, "The container's share of disk time, from 10 to 1000; 500 by default.", 300)
    weight_device: tuple[DeviceWeight, ...] = key((), "Shares by device.", [{"path": "/dev/sda", "weight": 400}])
    device_read_bps: tuple[DeviceRate, ...] = key(
        (), "Bytes read in a second, by device.", [{"path": "/dev/sda", "rate": "12mb"}]
    )
    device_write_bps: tuple[DeviceRate, ...] = key(
        (), "Bytes written in a second, by device.", [{"path": "/dev/sda", "rate": "1024k"}]
    )
    device_read_iops: tuple[DeviceRate, ...] = key(
        (), "Reads in a second, by device.", [{"path": "/dev/sda", "rate": 120}]
    )
    device_write_iops: tuple[DeviceRate, ...] = key(
        (), "Writes in a second, by device.", [{"path": "/dev/sda", "rate": 30}]
    )


class Ulimit(SpecModel):
    """A limit of the kernel's on the container's processes; a number alone is both."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (_int_or_text(pattern("[+-]?[0-9]{1,19}(?::[+-]?[0-9]{1,19})?")),)

    soft: Int = needed("The limit that processes start with; -1 is none.", 20000)
    hard: Int = needed("The limit that they may raise it to; -1 is none.", 40000)

    @classmethod
    def short_form(cls, value: object) -> object:
        """A number is both limits."""
        return values.parse_ulimit(value)

    @model_validator(mode="after")
    def _soft_below_hard(self) -> Self:
        unlimited = -1
        if self.hard != unlimited and (self.soft == unlimited or self.soft > self.hard):
            raise ValueError(
                f"the soft limit {self.soft} is above the hard limit {self.hard}; raise hard or lower soft"
            )
        return self


class Device(SpecModel):
    """A device of the host's within the container; a text alone is SOURCE:TARGET:PERMISSIONS, or a CDI name."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (
        pattern("/[^:]*(?::/[^:]*)?(?::[rwm]{1,3})?"),
        pattern(values.CDI_NAME),
    )

    source: DeviceSource = needed("The device on the host, or a CDI name.", "/dev/ttyUSB0", "nvidia.com/gpu=0")
    target: AbsolutePath | None = key(None, "The device within the container; as source by default.", "/dev/ttyUSB0")
    permissions: Permissions = key("rwm", "r(ead), w(rite) and m(knod); rwm by default.", "rw")

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is SOURCE:TARGET:PERMISSIONS."""
        return values.parse_device(value)

    @property
    def is_cdi(self) -> bool:
        """Whether a Container Device Interface file on the host says what the device is."""
        return not self.source.startswith("/")

    @model_validator(mode="after")
    def _name_says_it_all(self) -> Self:
        if self.is_cdi and (self.target is not None or self.permissions != "rwm"):
            raise ValueError(f"the CDI device {self.source} says itself where it goes; remove target and permissions")
        return self


class Gpu(SpecModel):
    """GPUs, or other devices that a driver on the host hands out."""

    RULE: ClassVar[Schema] = {"not": {"required": ["count", "device_ids"]}}

    driver: Text | None = key(None, "The driver; any that has the capabilities by default.", "nvidia")
    count: GpuCount | None = key(
        None, "Number of devices, or all; all by default, unless device_ids names them.", 2, "all"
    )
    device_ids: Texts = key((), "The devices, as the driver names them, instead of count.", ["0", "GPU-3a23c669"])
    capabilities: Texts = key((), "What the devices must be capable of, beside gpu.", ["compute", "utility"])
    options: Options = key({}, "Options of the driver.", {"virtualization": "false"})

    @model_validator(mode="after")
    def _count_or_names(self) -> Self:
        if self.count is not None and self.device_ids:
            raise ValueError("count and device_ids exclude each other; remove one of them")
        return self


class Logging(SpecModel):
    """Where the container's output goes."""

    driver: Text | None = key(None, "The log driver; the engine's own by default.", "json-file")
    options: Options = key({}, "Options of the driver.", {"max-size": "10m"})


class Dependency(SpecModel):
    """What a container waits for."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"] = key(
        "service_started", "The state that is waited for; service_started by default.", "service_healthy"
    )
    restart: Bool = key(False, "Whether to restart this container when the other is replaced; false by default.", True)
    required: Bool = key(True, "Whether a missing container is an error; true by default.", False)


def environment_value(value: Any) -> str | SecretRef | None:
    """Read a variable's value: a text, or {secret: NAME}.

    Raises:
        ValueError: the value is neither.
    """
    if value is None or isinstance(value, (str, SecretRef)):
        return value
    if isinstance(value, dict):
        return SecretRef.model_validate(value)
    raise ValueError("a variable's value can't be a list; write a text, or {secret: NAME}")


Environment = Annotated[
    dict[str, Annotated[str | SecretRef | None, PlainValidator(environment_value)]],
    BeforeValidator(values.parse_environment),
    Form(
        "mapping or list of KEY=VALUE",
        either(
            mapping_of(either({"type": ["string", "number", "boolean", "null"]}, {"$ref": "#/$defs/SecretRef"})),
            list_of({"type": "string", "pattern": "^[^=]"}),
        ),
    ),
]
