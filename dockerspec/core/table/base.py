"""What a row of the field table is, and the constructors that make most rows one line each.

A row says everything that dockerspec knows of one spec key: what the engine should report for it (`want`), how to
read what the engine does report (`have`), how to write it into the create body (`put`), and how the engine can
change it on a live object (`way`). Differ and planner know rows, never fields: a new field is a new row.

Both sides of a row are normal forms: plain data in which equal meanings are equal values, whatever their spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dockerspec.core.facts import ApiVersion, EngineFacts, ImageFacts, Value
from dockerspec.core.placed import Content
from dockerspec.core.way import Way

Spec = TypeVar("Spec")
Body = dict[str, Any]
Json = Any

OLDEST_API: ApiVersion = (1, 41)
"""The oldest API version that dockerspec speaks: Engine 20.10."""

RELEASES: Mapping[ApiVersion, str] = {
    (1, 42): "23.0",
    (1, 43): "24.0",
    (1, 44): "25.0",
    (1, 45): "26.0",
    (1, 46): "27.0",
    (1, 47): "27.2",
    (1, 48): "28.0",
    (1, 49): "28.1",
    (1, 50): "28.2",
    (1, 51): "28.3",
    (1, 52): "29.0",
    (1, 53): "29.2",
    (1, 54): "29.3",
    (1, 55): "29.6",
    (1, 56): "29.8",
}
"""The first engine release of each API version (the Engine API's version history)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a row may look at beside the spec.

    Attributes:
        engine: facts about the engine.
        image: the image that the container is to run; None while it is not on the host.
        key: the object's key in the spec.
        replica: the replica's number, from 1.
        networks, volumes: engine names by spec key.
        containers: the engine name of the first replica by spec key.
        ids: IDs of the engine's containers by name; namespaces of others are reported by ID.
        secrets: secret values by name.
        sensitive: values that must not be shown, wherever they stand.
        anonymous: anonymous volumes to take over from a replaced container, by mount path.
        loose_ports: whether a replica may have any port of a range, rather than the one of its number.
        origin: where the spec came from, for the label that says so.
        own_name: the container's name, where it is to be one of its aliases, as Compose has it.
        contents: what configs and secrets hold, by section and name; one that is mounted and can't be read here is
            not among them.
    """

    engine: EngineFacts
    image: ImageFacts | None = None
    key: str = ""
    replica: int = 1
    networks: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    containers: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    anonymous: Mapping[str, str] = field(default_factory=dict)
    loose_ports: bool = False
    origin: str = ""
    own_name: str = ""
    contents: Mapping[tuple[str, str], Content] = field(default_factory=dict)

    def inherited(self, key: str) -> Any:
        """What the image's config says for an engine key; None where it says nothing."""
        return self.image.config.get(key) if self.image else None


Want = Callable[[Spec, Context], Value]
Have = Callable[[Json, EngineFacts], Value]
Put = Callable[[Body, Spec, Context], None]
Same = Callable[[Value, Value], bool]
Was = Callable[[str, Value], bool]
"""Whether a field had a value when the object was made, by the recorded digests; never so without a record."""
Trim = Callable[[Value, Value, Was], Value]
HowTo = Callable[[Value, Value, EngineFacts], Way]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a field that only newer engines know.

    Attributes:
        path: the spec path of the part.
        since: the first API version that knows it.
        used: whether a spec sets it.
        what: what it is, for the reader, where the path alone doesn't say it: `an image mount`.
    """

    path: str
    since: ApiVersion
    used: Callable[[Any], bool]
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Generic[Spec]):
    """One spec key and its life on the engine.

    Attributes:
        key: the spec key, and the first part of the path of its changes.
        engine: the places of the engine's create body that the row writes, dots between their parts, a list's items
            meant by its name: `HostConfig.Memory`, `HostConfig.Mounts.Type`. Places that inspect calls `Config.X` are
            at the create body's top: `Tty`.
        want: the normal form that the spec asks for, what is inherited included.
        have: the normal form of what the engine reports.
        put: writes the create body's part; a silent spec writes nothing.
        way: how a change from the live to the wanted value is carried out.
        same: for the few rows in which different normal forms can mean one thing; called as same(want, have).
        trim: takes out of the live value what the spec leaves to the engine; called as trim(want, have, was).
        holds: whether a live value has all that the spec asks for, whatever the engine added; called as
            holds(want, have). For a polluted row whose live value can be seen to lack something, though the record
            says that it was asked for.
        update: writes the update body's part for a wanted value; only rows with `Way.UPDATE` have it.
        since: the first API version that knows the field.
        parts: parts of the field that came later.
        unit: how values print: `bytes`, `ns`, `cpus` or empty.
        polluted: the engine mixes values of its own into what it reports. Such a field can't change on a live
            object, so that the digest recorded at creation decides, where there is one.
        remembered: the digest is recorded at creation although the field can't change on a live object: another
            row's `trim` asks for it.
        discards: the wanted value without what the engine drops, with no more than a remark, where the kernel lacks
            the control. A live value that is no more than this is no difference if the record says that the whole was
            asked for.
        clash: keys of other fields that must be at nothing on the live object for the update call to take this one.
        system: the only operating system whose engines take the field; others refuse to make the container.
        means: which spellings are one value, for the reader of the reference.
    """

    key: str
    engine: tuple[str, ...]
    want: Want[Spec]
    have: Have
    put: Put[Spec]
    way: HowTo
    same: Same | None = None
    trim: Trim | None = None
    holds: Same | None = None
    update: Callable[[Value], Body] | None = None
    since: ApiVersion = OLDEST_API
    parts: tuple[Part, ...] = ()
    unit: str = ""
    polluted: bool = False
    remembered: bool = False
    discards: Callable[[Value], Value] | None = None
    clash: tuple[str, ...] = ()
    system: str = ""
    means: str = ""

    @property
    def is_recorded(self) -> bool:
        """Whether a digest of the field is kept on the object."""
        return self.polluted or self.remembered or self.update is not None or self.discards is not None

    def agrees(self, want: Value, have: Value, was: Was = lambda _key, _value: False) -> bool:
        """Whether the live value is what the spec asks for."""
        if want == have:
            return True
        if self.trim is not None and want == self.trim(want, have, was):
            return True
        if self.discards is not None and was(self.key, want) and have == self.discards(want):
            return True
        return self.same is not None and self.same(want, have)


def replace(_old: Value, _new: Value, _engine: EngineFacts) -> Way:
    """The field is fixed at creation."""
    return Way.REPLACE


def update_unless_cleared(_old: Value, new: Value, _engine: EngineFacts) -> Way:
    """The update call can set the field but not clear it: the engine reads zero as "leave alone"."""
    return Way.REPLACE if not new else Way.UPDATE


def update(_old: Value, _new: Value, _engine: EngineFacts) -> Way:
    """The update call can set and clear the field."""
    return Way.UPDATE


def dig(raw: Json, path: tuple[str, ...]) -> Any:
    """The value at a path of nested objects; None where any part of it is missing."""
    for key in path:
        if not isinstance(raw, dict):  # not Mapping: this runs a hundred times per container
            return None
        raw = raw.get(key)
    return raw


def place(body: Body, path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path of nested objects, making them as needed."""
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value


Normal = Callable[[Any], Value]


def simple(
    key: str,
    at: str,
    *,
    default: Value = None,
    normal: Normal | None = None,
    inherits: str = "",
    since: ApiVersion = OLDEST_API,
    way: HowTo = replace,
    unit: str = "",
    polluted: bool = False,
    discarded: bool = False,
    clash: tuple[str, ...] = (),
    system: str = "",
    means: str = "",
) -> Row[Any]:
    """A row for one attribute that lives at one place of the engine's body.

    Args:
        key: the spec key, which is the model's attribute too.
        at: the place, dots between its parts: `HostConfig.Memory`.
        default: the normal form of a silent spec and of an engine that reports nothing.
        normal: the normal form of a value that is not silent; by default the value itself.
        inherits: the key of the image's config that a silent spec inherits, or empty.
        since: the first API version that knows the field.
        way: how a change is carried out.
        unit: how values print.
        polluted, clash, system: see `Row`.
        discarded: the engine drops the value where the kernel lacks the control; see `Row.discards`.
        means: which spellings are one value; by default what `normal` says of itself.
    """
    path = tuple(at.split("."))
    # What inspect reports under Config, the create body has at its top.
    target = path[1:] if path[0] == "Config" else path

    def shape(value: Any) -> Value:
        if not value:  # None, zero, false and everything empty are one silence
            return default
        return normal(value) if normal else value

    def want(spec: Any, context: Context) -> Value:
        value = getattr(spec, key)
        if not value and inherits:
            value = context.inherited(inherits)
        return shape(value) if value else default

    def have(raw: Json, _engine: EngineFacts) -> Value:
        value = dig(raw, path)
        return shape(value) if value else default

    def put(body: Body, spec: Any, _context: Context) -> None:
        value = getattr(spec, key)
        if value is None or value is False or value == () or value == {}:
            return  # a zero is written: it may be the wish to lift a default
        place(body, target, plain(normal(value) if normal else value))

    return Row(
        key=key,
        engine=(".".join(target),),
        want=want,
        have=have,
        put=put,
        way=way,
        update=(lambda value: {path[-1]: plain(value)}) if way is not replace else None,
        since=since,
        unit=unit,
        polluted=polluted,
        discards=(lambda _value: default) if discarded else None,
        clash=clash,
        system=system,
        means=means or _first_line(normal),
    )


def _first_line(normal: Normal | None) -> str:
    lines = (normal.__doc__ or "").strip().splitlines() if normal else []
    return lines[0][:1].lower() + lines[0][1:].rstrip(".") if lines else ""


def plain(value: Value) -> Any:
    """A normal form as JSON has it: lists and plain dicts."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def as_tuple(value: Any) -> Value:
    """In this order."""
    return tuple(value)


def as_set(value: Any) -> Value:
    """A set: order and repetitions mean nothing."""
    return tuple(sorted(set(value)))


def as_texts(value: Any) -> Value:
    """Values are texts."""
    return {str(key): str(item) for key, item in value.items()}
