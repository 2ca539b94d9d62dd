"""The building blocks of the spec model: its base class, its annotated types, and what they say to the JSON schema.

Called by the model modules beside it; `Form` is read by jsonschema.py and reference.py. No type here knows a key of
the spec by name. This module and the model modules leave out `from __future__ import annotations` on purpose: pydantic
would compile the text of every annotation again at each start, a third of what importing the model costs.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from dockerspec.core import values

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What an annotated type accepts, told to the JSON schema and the reference.

    Attributes:
        word: the type's name in the reference, such as `size`.
        schema: the JSON schema of one value, without description and examples.
    """

    word: str
    schema: Schema


@dataclass(frozen=True, slots=True, eq=False)
class AlsoForm:
    """A spelling that a field accepts beside the one that its type implies; attributes as in `Form`."""

    word: str
    schema: Schema


class SpecModel(BaseModel):
    """The base of every mapping in a spec.

    Unknown keys are refused, `x-*` keys are dropped, a key without a value counts as absent, and `short_form` turns
    whatever shorter spelling a model allows into its mapping. Subclasses list those spellings in `SHORT_FORMS`, each
    as a JSON schema, second names of keys in `SECOND_NAMES`, and what their own checks demand in `RULE`, as a schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, coerce_numbers_to_str=True)

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ()
    SECOND_NAMES: ClassVar[Mapping[str, str]] = {}
    RULE: ClassVar[Schema] = {}

    @classmethod
    def short_form(cls, value: object) -> object:
        """Turn a shorter spelling into the mapping; what is no such spelling is left as it is.

        Raises:
            ValueError: the spelling is malformed.
        """
        return value

    @classmethod
    def renamed(cls, fields: dict[Any, Any]) -> dict[Any, Any]:
        """Put keys that have a second name under their first.

        Raises:
            ValueError: both names are there, or a key has no place here and deserves more words than "unknown".
        """
        for second, first in cls.SECOND_NAMES.items():
            if second in fields and first in fields:
                raise ValueError(f"{second} and {first} mean the same; remove {second}")
        return {cls.SECOND_NAMES.get(name, name): item for name, item in fields.items()}

    _known: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        cls._known = frozenset(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if value is None:
            return {}
        if not isinstance(value, dict):
            value = cls.short_form(value)
            if not isinstance(value, dict):
                return value
        # The common case, a mapping with nothing to drop, is told apart without a loop in Python.
        if value.keys() <= cls._known and None not in value.values():
            return value
        return cls.renamed(
            {
                name: item
                for name, item in value.items()
                if item is not None and not (isinstance(name, str) and name.startswith("x-"))
            }
        )


def key(default: Any, description: str, *examples: Any, alias: str | None = None) -> Any:
    """A key of the spec: its default, one sentence for schema and reference, and examples as YAML would load them."""
    shown = list(examples) or None
    if default == {} and isinstance(default, dict):
        return Field(default_factory=dict, description=description, examples=shown)
    return Field(default=default, description=description, examples=shown, alias=alias)


def needed(description: str, *examples: Any) -> Any:
    """A key that has no default."""
    return Field(description=description, examples=list(examples) or None)


# --- scalars ---------------------------------------------------------------------------------------------------

VARIABLE: Schema = {"type": "string", "pattern": r"\$"}


def pattern(expression: str) -> Schema:
    """The schema of a text that matches an expression, or that a variable may make match later on."""
    return {"type": "string", "pattern": rf"^(?:{expression})$|\$"}


def either(*schemas: Schema) -> Schema:
    """The schema of a value that matches any of the schemas."""
    return {"anyOf": list(schemas)}


_WHOLE = pattern("[+-]?[0-9]{1,19}")
INT: Schema = either({"type": "integer"}, _WHOLE)
BOOL: Schema = either({"type": "boolean"}, pattern("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"))
TEXT: Schema = {"type": ["string", "number"]}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_AMOUNT = r" *[0-9]{1,19}(?:\.[0-9]{1,19})? ?[kKmMgGtTpP]?(?:[iI]?[bB])? *"
_SIZE: Schema = either({"type": "integer", "minimum": 0}, pattern(_AMOUNT))
_SIZE_OR_UNLIMITED: Schema = either({"type": "integer", "minimum": -1}, pattern(f"-1|{_AMOUNT}"))
_TIME = r" *(?:[0-9]{1,19}(?:\.[0-9]{1,19})?(?:ns|us|µs|ms|s|m|h|d|w))+ *"
_DURATION: Schema = either({"const": 0}, pattern(f"0|{_TIME}"))
_MICROSECONDS: Schema = either({"type": "integer", "minimum": 0}, pattern(f"[0-9]{{1,19}}|{_TIME}"))
_QUOTA: Schema = either({"type": "integer", "minimum": -1}, pattern(f"-1|[0-9]{{1,19}}|{_TIME}"))
_CPUS: Schema = either({"type": "number", "exclusiveMinimum": 0}, pattern(r"[0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}"))
_RATIO: Schema = either({"type": "number", "minimum": 0, "maximum": 1}, pattern(r"0?\.[0-9]+|[01](?:\.0*)?"))
_CPUSET = either(
    {"type": "integer", "minimum": 0}, pattern("[0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*")
)
_IPV4 = pattern(r" *(?:[0-9]{1,3}\.){3}[0-9]{1,3} *")
_IPV6 = pattern(r" *\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9]+)?\]? *")
_IP = either(_IPV4, _IPV6)
_CIDR = pattern(r" *[0-9A-Fa-f:.]+/[0-9.]+ *")
_MAC = pattern(" *[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5} *")
_IMAGE: Schema = pattern(
    r"[^\s@A-Z](?:[^\s@]*)(?:@[A-Za-z0-9]+:[0-9a-f]+)?|[A-Z][^\s@/]*/[^\s@]+(?:@[A-Za-z0-9]+:[0-9a-f]+)?"
)
_PULL_POLICY = either(
    {"enum": ["always", "missing", "if_not_present", "never", "build", "daily", "weekly"]},
    pattern("every_(?:[0-9]{1,6}[wdhms])+"),
)
_PLATFORM = pattern(" *[A-Za-z0-9_.-]+(?:[(][^)]*[)])?(?:/[A-Za-z0-9_.-]+){0,2} *")
_ABSOLUTE = pattern(r"(?:/|[A-Za-z]:[\\/]).*")
_CONTAINER_NAME = pattern("[A-Za-z0-9][A-Za-z0-9_.-]+")
_PORT = either({"type": "integer", "minimum": 1, "maximum": 65535}, pattern("[0-9]{1,5}"))
_PORT_RANGE = either({"type": "integer", "minimum": 1, "maximum": 65535}, pattern("[0-9]{1,5}(?:-[0-9]{1,5})?"))
_MODE = either({"type": "integer", "minimum": 0, "maximum": 0o7777}, pattern("(?:0o)?[0-7]{1,6}"))
_SIGNAL = either(
    {"enum": [f"SIG{name}" for name in values.SIGNALS]},
    {"type": "integer", "minimum": 1, "maximum": 64},
    pattern("(?:[Ss][Ii][Gg])?[A-Za-z0-9+-]+"),
)


_DEVICE_SOURCE = pattern(f"/.*|{values.CDI_NAME}")
_GPU_COUNT: Schema = either({"type": "integer", "minimum": -1}, pattern("all|-1|[+]?[0-9]{1,19}"))


def _within(low: int, high: int | None = None) -> Schema:
    bounds = {"minimum": low} if high is None else {"minimum": low, "maximum": high}
    return either({"type": "integer", **bounds}, _WHOLE)


def _ipv4(value: object) -> str:
    return values.parse_ip(value, 4)


def _ipv6(value: object) -> str:
    return values.parse_ip(value, 6)


def _published(value: object) -> str:
    return values.format_port_range(*values.parse_port_range(value))


def _pulse(value: object) -> int:
    span = values.parse_duration(value)
    if 0 < span < values.MILLISECOND:
        raise ValueError(f"{value} is too short for the engine's health checks; write 1ms or more")
    return span


Text = Annotated[str, Form("text", TEXT)]
Bool = Annotated[bool, BeforeValidator(values.parse_bool), Form("true or false", BOOL)]
Int = Annotated[int, BeforeValidator(values.parse_int), Form("number", INT)]
Count = Annotated[int, BeforeValidator(values.parse_int), Field(ge=0), Form("number", _within(0))]
Replicas = Annotated[int, BeforeValidator(values.parse_int), Field(ge=0, le=1000), Form("number", _within(0, 1000))]
Weight = Annotated[int, BeforeValidator(values.parse_int), Field(ge=10, le=1000), Form("number", _within(10, 1000))]
Percent = Annotated[int, BeforeValidator(values.parse_int), Field(ge=0, le=100), Form("number", _within(0, 100))]
Swappiness = Annotated[int, BeforeValidator(values.parse_int), Field(ge=0, le=100), Form("number", _within(0, 100))]
OomScore = Annotated[
    int, BeforeValidator(values.parse_int), Field(ge=-1000, le=1000), Form("number", _within(-1000, 1000))
]
Mode = Annotated[int, BeforeValidator(values.parse_mode), Form("permission bits", _MODE)]
CountOrUnlimited = Annotated[int, BeforeValidator(values.parse_int), Field(ge=-1), Form("number", _within(-1))]
PortNumber = Annotated[int, BeforeValidator(values.parse_int), Field(ge=1, le=65535), Form("port", _PORT)]
PortRange = Annotated[str, BeforeValidator(_published), Form("port or range", _PORT_RANGE)]
Size = Annotated[int, BeforeValidator(values.parse_size), Form("size", _SIZE)]
SizeOrUnlimited = Annotated[
    int, BeforeValidator(values.parse_size_or_unlimited), Form("size or -1", _SIZE_OR_UNLIMITED)
]
Duration = Annotated[int, BeforeValidator(values.parse_duration), Form("duration", _DURATION)]
Pulse = Annotated[int, BeforeValidator(_pulse), Form("duration", _DURATION)]
Microseconds = Annotated[
    int, BeforeValidator(values.parse_microseconds), Form("microseconds or duration", _MICROSECONDS)
]
Quota = Annotated[int, BeforeValidator(values.parse_quota), Form("microseconds, duration or -1", _QUOTA)]
Cpus = Annotated[float, BeforeValidator(values.parse_cpus), Form("number of processors", _CPUS)]
Ratio = Annotated[float, BeforeValidator(values.parse_ratio), Form("share from 0 to 1", _RATIO)]
Cpuset = Annotated[str, BeforeValidator(values.parse_cpuset), Form("set of processors", _CPUSET)]
Ip = Annotated[str, BeforeValidator(values.parse_ip), Form("IP address", _IP)]
Ipv4 = Annotated[str, BeforeValidator(_ipv4), Form("IPv4 address", _IPV4)]
Ipv6 = Annotated[str, BeforeValidator(_ipv6), Form("IPv6 address", _IPV6)]
Cidr = Annotated[str, BeforeValidator(values.parse_cidr), Form("subnet", _CIDR)]
Mac = Annotated[str, BeforeValidator(values.parse_mac), Form("MAC address", _MAC)]
Image = Annotated[str, BeforeValidator(values.parse_image), Form("image reference", _IMAGE)]
PullPolicy = Annotated[str, BeforeValidator(values.parse_pull_policy), Form("pull policy", _PULL_POLICY)]
Platform = Annotated[str, BeforeValidator(values.parse_platform), Form("platform", _PLATFORM)]
Signal = Annotated[str, BeforeValidator(values.parse_signal), Form("signal", _SIGNAL)]
DeviceSource = Annotated[str, AfterValidator(values.check_device), Form("path or CDI name", _DEVICE_SOURCE)]
GpuCount = Annotated[int, BeforeValidator(values.parse_gpu_count), Form("number or all", _GPU_COUNT)]
AbsolutePath = Annotated[str, AfterValidator(values.check_target), Form("absolute path", _ABSOLUTE)]
ContainerName = Annotated[str, AfterValidator(values.check_container_name), Form("name", _CONTAINER_NAME)]
ObjectName = Annotated[
    str, AfterValidator(values.check_resource_name), Form("name", {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"})
]
Permissions = Annotated[str, AfterValidator(values.check_permissions), Form("r, w and m", pattern("[rwm]{1,3}"))]


# --- lists and mappings ------------------------------------------------------------------------------------------


class Exploded(tuple[Any, ...]):
    """A list of the spec some of whose items stood for several.

    Attributes:
        origins: for each item its place in the list as written, so that a fault can be shown there.
    """

    origins: tuple[int, ...]


def flatten(groups: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    """Join the results of items that may each stand for several."""
    items = tuple(item for group in groups for item in group)
    if len(items) == len(groups):
        return items
    exploded = Exploded(items)
    exploded.origins = tuple(place for place, group in enumerate(groups) for _ in group)
    return exploded


def place_of(items: tuple[Any, ...], index: int) -> int:
    """Where in the list as written an item of a validated list comes from."""
    return items.origins[index] if isinstance(items, Exploded) else index


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _words(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError:
        raise ValueError("a quote in the command is not closed; close it, or write a list: [CMD, ARG]") from None


def _texts(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {name: "" if item is None else values.yaml_text(item) for name, item in value.items()}


def exactly_one(*names: str) -> Schema:
    """The schema of a mapping that has one of the keys and no second one."""
    return {"oneOf": [{"required": [name]} for name in names]}


def list_of(schema: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": schema}


def mapping_of(schema: Schema) -> Schema:
    """The schema of a mapping whose keys are free."""
    return {"type": "object", "additionalProperties": schema}


NAMES = AlsoForm("list of names", list_of({"type": "string"}))


_PAIRS = either(mapping_of(SCALAR), list_of({"type": ["string", "number"], "pattern": "^[^=]"}))
_ONE_OR_MANY = either({"type": "string"}, list_of(TEXT))
_EXPOSE = either(
    {"type": "integer", "minimum": 1, "maximum": 65535},
    pattern("[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:[Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ss][Cc][Tt][Pp]))?"),
)
_HOST = r" *[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?[:=](?:host-gateway|\[?[0-9A-Fa-f:.]+\]?) *"
_HOSTS = either(list_of(pattern(_HOST)), mapping_of(either({"type": "string"}, list_of({"type": "string"}))))

Texts = Annotated[tuple[str, ...], Form("list of texts", list_of(TEXT))]
OneOrMany = Annotated[tuple[str, ...], BeforeValidator(_one_or_many), Form("text or list of texts", _ONE_OR_MANY)]
Ips = Annotated[
    tuple[Ip, ...], BeforeValidator(_one_or_many), Form("address or list of addresses", either(_IP, list_of(_IP)))
]
Command = Annotated[tuple[str, ...], BeforeValidator(_words), Form("command line or list of words", _ONE_OR_MANY)]
Pairs = Annotated[dict[str, str], BeforeValidator(values.parse_texts), Form("mapping or list of KEY=VALUE", _PAIRS)]
OptionalPairs = Annotated[
    dict[str, str | None], BeforeValidator(values.parse_pairs), Form("mapping or list of KEY=VALUE", _PAIRS)
]
Options = Annotated[dict[str, str], BeforeValidator(_texts), Form("mapping of texts", mapping_of(SCALAR))]
Expose = Annotated[
    tuple[Annotated[str, PlainValidator(values.parse_expose)], ...],
    AfterValidator(flatten),
    Form("list of ports", list_of(_EXPOSE)),
]
ExtraHosts = Annotated[
    tuple[Annotated[str, BeforeValidator(values.parse_extra_host)], ...],
    BeforeValidator(values.parse_extra_hosts),
    Form("list of HOST:IP, or mapping", _HOSTS),
]
