"""What the engine's calls for images take, parameter by parameter: one line each for pull, push and build.

The query of a call and the options of the docker CLI's builder are made from these lines, so that a parameter that is
written is one that is listed here. Names on the engine's side are those of `POST /images/create`, `POST
/images/{name}/push` and `POST /build` in the Engine API's reference; names of options are the CLI's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dockerspec.core.facts import ApiVersion
from dockerspec.core.table.base import OLDEST_API

ENGINE = ""
BUILDKIT = "buildkit"
BUILDX = "buildx"
"""The builders, each of which can all that the one before it can: the engine's, the docker CLI's old one, buildx."""

Flags = Callable[[Any], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call.

    Attributes:
        key: the spec's key below `images.NAME`, as `build.shm_size`.
        name: the engine's parameter; empty for what only the CLI's builder can.
        value: what the engine gets for a spec (a `Build`); something empty leaves the parameter out.
        flags: the words for the CLI's builder.
        builder: the least builder that can do it.
        content: whether what comes out depends on it.
        since: the first API version that knows it.
    """

    key: str
    name: str
    value: Callable[[Any], Any]
    flags: Flags = lambda _spec: ()
    builder: str = ENGINE
    content: bool = True
    since: ApiVersion = OLDEST_API


def _each(option: str, items: Callable[[Any], Iterable[str]]) -> Flags:
    return lambda spec: [word for item in items(spec) for word in (option, item)]


def _plain(attribute: str) -> Callable[[Any], Any]:
    return lambda spec: getattr(spec, attribute) or ""


def _listed(attribute: str) -> Callable[[Any], list[str]]:
    return lambda spec: list(getattr(spec, attribute))


def _simple(attribute: str, name: str, option: str, **more: Any) -> Parameter:
    def words(spec: Any) -> Iterable[str]:
        value = getattr(spec, attribute)
        return (option, str(value)) if value else ()

    return Parameter(f"build.{attribute}", name, _plain(attribute), words, **more)


def _switch(attribute: str, name: str, option: str, **more: Any) -> Parameter:
    def words(spec: Any) -> Iterable[str]:
        return (option,) if getattr(spec, attribute) else ()

    return Parameter(f"build.{attribute}", name, _plain(attribute), words, **more)


def _list(attribute: str, name: str, option: str, **more: Any) -> Parameter:
    return Parameter(f"build.{attribute}", name, _listed(attribute), _each(option, _listed(attribute)), **more)


def _args(spec: Any) -> dict[str, str]:
    return {name: value for name, value in spec.args.items() if value is not None}


def _pairs(values: Callable[[Any], Mapping[str, str]]) -> Callable[[Any], list[str]]:
    return lambda spec: [f"{name}={value}" for name, value in values(spec).items()]


def _ulimits(spec: Any) -> list[dict[str, Any]]:
    return [{"Name": name, "Soft": item.soft, "Hard": item.hard} for name, item in sorted(spec.ulimits.items())]


def _ulimit_words(spec: Any) -> list[str]:
    return [f"{item['Name']}={item['Soft']}:{item['Hard']}" for item in _ulimits(spec)]


def _nothing(_spec: Any) -> None:
    return None


def _platforms(spec: Any) -> list[str]:
    return list(spec.platforms) if len(spec.platforms) > 1 else []


def _rights(spec: Any) -> list[str]:
    return [*spec.entitlements, *(["security.insecure"] if spec.privileged else [])]


BUILD: tuple[Parameter, ...] = (
    Parameter("build.args", "buildargs", _args, _each("--build-arg", _pairs(_args))),
    _simple("target", "target", "--target"),
    _simple("network", "networkmode", "--network"),
    _simple("shm_size", "shmsize", "--shm-size"),
    Parameter("build.ulimits", "ulimits", _ulimits, _each("--ulimit", _ulimit_words)),
    Parameter("build.isolation", "isolation", _plain("isolation")),
    _list("extra_hosts", "extrahosts", "--add-host"),
    _list("cache_from", "cachefrom", "--cache-from", content=False),
    _switch("no_cache", "nocache", "--no-cache", content=False),
    _switch("pull", "pull", "--pull", content=False),
    Parameter("build.secrets", "", _nothing, builder=BUILDKIT),
    _list("ssh", "", "--ssh", builder=BUILDKIT, content=False),
    _list("cache_to", "", "--cache-to", builder=BUILDX, content=False),
    Parameter(
        "build.additional_contexts",
        "",
        _nothing,
        _each("--build-context", _pairs(lambda spec: spec.additional_contexts)),
        builder=BUILDX,
    ),
    Parameter(
        "build.platforms",
        "",
        _platforms,
        lambda spec: ("--platform", ",".join(_platforms(spec))) if _platforms(spec) else (),
        builder=BUILDX,
    ),
    Parameter("build.privileged", "", _plain("privileged"), builder=BUILDX),
    Parameter("build.entitlements", "", _listed("entitlements"), _each("--allow", _rights), builder=BUILDX),
    _simple("provenance", "", "--provenance", builder=BUILDX),
    _simple("sbom", "", "--sbom", builder=BUILDX),
)
"""The parameters that come from keys of the spec. The CLI's builder is given secrets apart, without their values."""

BUILD_ALWAYS: Mapping[str, str] = {
    "t": "the image's reference",
    "dockerfile": "build.dockerfile and build.dockerfile_inline, as a path within the context",
    "labels": "build.labels, and dockerspec's own",
    "platform": "the image's platform, or the one of build.platforms",
    "remote": "build.context, where it is no folder",
    "forcerm": "containers of a failed step are removed too",
}
"""The parameters of a build that are made otherwise, and of what."""

BUILD_LEFT_OUT: Mapping[str, str] = {
    "q": "progress is always read",
    "rm": "true by default",
    "squash": "experimental, and gone from newer engines",
    "outputs": "the image goes to the engine that the stack is on",
    "version": "BuildKit builds go over the docker CLI, which has the client for it",
    **dict.fromkeys(
        ("memory", "memswap", "cpushares", "cpusetcpus", "cpusetmems", "cpuperiod", "cpuquota", "cgroupparent"),
        "Compose has no key for it",
    ),
    "securityopt": "Compose has no key for it",
}
"""The parameters of the engine's build that dockerspec never writes, and why."""

PULL: Mapping[str, str] = {"fromImage": "image", "tag": "image", "platform": "platform"}
"""The engine's parameters of a pull, and the spec's keys below `images.NAME` that they come from."""

PULL_LEFT_OUT: Mapping[str, str] = {
    "fromSrc": "an import makes an image of a file system; build it instead",
    "repo": "for imports",
    "message": "for imports",
    "changes": "for imports",
}
"""The parameters of `POST /images/create` that dockerspec never writes, and why."""

PUSH: Mapping[str, str] = {"tag": "push"}
"""The engine's parameters of a push, and the spec's keys that they come from."""

PUSH_LEFT_OUT: Mapping[str, str] = {"platform": "all platforms that the host has are pushed"}
"""The parameters of a push that dockerspec never writes, and why."""


def builder_of(spec: Any) -> tuple[str, str]:
    """The least builder that can do what a `Build` wants, and the key that needs it; both empty for the engine's."""
    for builder in (BUILDX, BUILDKIT):
        for item in BUILD:
            if item.builder == builder and _is_used(item, spec):
                return builder, item.key
    return ENGINE, ""


def _is_used(item: Parameter, spec: Any) -> bool:
    if item.key == "build.platforms":
        return bool(_platforms(spec))
    return bool(getattr(spec, item.key.removeprefix("build.")))


def query(spec: Any, *, content: bool) -> dict[str, Any]:
    """The engine's parameters for a `Build`: those that decide on what comes out, or the others."""
    found = {item.name: item.value(spec) for item in BUILD if item.name and item.content is content}
    return {name: value for name, value in found.items() if value}


def inputs(spec: Any) -> dict[str, Any]:
    """What the spec alone decides of a build's outcome, by its key below `build`; secrets and contexts not among it."""
    found = {item.key.removeprefix("build."): item.value(spec) for item in BUILD if item.content}
    found.update({f"args.{name}": value for name, value in found.pop("args").items()})
    return {name: value for name, value in found.items() if value}


def words(spec: Any) -> tuple[str, ...]:
    """The options for the CLI's builder."""
    return tuple(word for item in BUILD for word in item.flags(spec))
