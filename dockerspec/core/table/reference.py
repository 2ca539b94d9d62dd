"""The field table as Markdown: `docs/fields.md`. What it says of a row is asked of the row, not written beside it.

Called by the test that keeps that file fresh. Whoever changes a row writes the result there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, ImageFacts, Value
from dockerspec.core.spec.forms import SpecModel
from dockerspec.core.spec.model import ContainerSpec, NetworkSpec, VolumeSpec
from dockerspec.core.table import container, image, network, volume
from dockerspec.core.table.base import OLDEST_API, RELEASES, Context, Row, plain
from dockerspec.core.way import Way

_INTRODUCTION = """\
# The field table

Made from the rows of `dockerspec/core/table`; edit the rows, not this file. What each key means and how it is written
is in the [reference of the spec](spec-reference.md).

- **Engine field**: the place in the body of the engine's create call.
- **Silent**: what a spec without the key stands for; removing a key asks for this again. *image* is what the image
  says, *engine* what the engine is set up to do.
- **Set** and **taken away**: how a change is carried out. *live*: the object stays as it is, and what runs in it goes
  on running. *replace*: it is made anew, the old one kept until the new one is ready.
- **Since**: the first API version and the engine release that knows it. On an older one a spec that sets it is refused
  by `plan`.
- **Compared**: what is the same in spite of another spelling; without a word values are compared as they stand.
"""

_IMAGE_KEYS: Mapping[str, Value] = {
    "Env": ("IMAGE=1",),
    "Cmd": ("image",),
    "Entrypoint": ("/image",),
    "User": "image",
    "WorkingDir": "/image",
    "Labels": {"image": "1"},
    "Healthcheck": {"Test": ("CMD", "image")},
    "StopSignal": "SIGUSR1",
    "ExposedPorts": {"1/tcp": {}},
    "Volumes": {"/image": {}},
}
_SECOND = 1_000_000_000
_NEWEST = EngineFacts(api=max(RELEASES))
_LIVE = {Way.UPDATE, Way.NETWORK, Way.RENAME}


def fields_page() -> str:
    """The whole document."""
    parts = [
        _INTRODUCTION,
        *_section("Containers", container.ROWS, ContainerSpec()),
        "A network or a volume can't be changed by the engine: every change makes it anew. A network's containers are",
        "connected again as they were; a volume is only made anew with consent to the loss of its data.",
        "",
        *_section("Networks", network.ROWS, NetworkSpec()),
        *_section("Volumes", volume.ROWS, VolumeSpec()),
        *_images(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, rows: Iterable[Row[Any]], silent: SpecModel) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| Key | Engine field | Silent | Set | Taken away | Since | Compared |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        cells = [
            f"`{row.key}`",
            "<br>".join(f"`{place}`" for place in _folded(row.engine)),
            _silent(row, silent),
            *_ways(row, silent),
            _since(row),
            row.means,
        ]
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _images() -> Iterator[str]:
    yield "## Images"
    yield ""
    yield "An image is pulled, built, tagged or pushed when it is not what the spec says; containers that run an older"
    yield "one are replaced: see [images](images.md). Parameters of the engine's calls, and the keys they come from:"
    yield ""
    yield "| Call | Engine parameter | Key | Builder |"
    yield "| --- | --- | --- | --- |"
    for name, key in image.PULL.items():
        yield f"| pull | `{name}` | `{key}` | |"
    for item in image.BUILD:
        builder = {image.BUILDKIT: "BuildKit", image.BUILDX: "buildx"}.get(item.builder, "")
        yield f"| build | {f'`{item.name}`' if item.name else 'only the CLI has it'} | `{item.key}` | {builder} |"
    for name, source in image.BUILD_ALWAYS.items():
        yield f"| build | `{name}` | {source} | |"
    for name, key in image.PUSH.items():
        yield f"| push | `{name}` | `{key}` | |"
    yield ""


def _folded(places: Iterable[str]) -> Iterator[str]:
    """Places that share all but their last part on one line: `A.{B,C}`."""
    groups: dict[str, list[str]] = {}
    for place in places:
        head, _, last = place.rpartition(".")
        groups.setdefault(head, []).append(last)
    for head, names in groups.items():
        if len(names) == 1 or not head or head == "HostConfig":
            yield from (f"{head}.{name}".lstrip(".") for name in names)
        else:
            yield f"{head}.{{{','.join(names)}}}"


_PLAIN = EngineFacts()
_OTHER = EngineFacts(cgroup_version=1, logging_driver="other", runtime="other")


def _context(image: Mapping[str, Any], engine: EngineFacts = _PLAIN) -> Context:
    labels = image.get("Labels") or {}
    return Context(engine=engine, image=ImageFacts("sha256:0", config=image, labels=labels), key="KEY")


def _silent(row: Row[Any], spec: SpecModel) -> str:
    """The default, and whether image or engine have a say in it."""
    default = row.want(spec, _context({}))
    words = []
    if row.want(spec, _context(_IMAGE_KEYS)) != default:
        words.append("*image*")
    if row.want(spec, _context({}, _OTHER)) != default:
        words.append("*engine*")
    elif default not in (None, "", (), {}):
        words.append(f"`{_show(default, row.unit)}`")
    return ", else ".join(words)


def _show(value: Value, unit: str) -> str:
    if unit == "ns" and isinstance(value, int):
        return f"{value // _SECOND}s"
    if unit == "bytes" and isinstance(value, int) and value:
        return f"{value >> 20}m"
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)


def _sample(row: Row[Any], silent: SpecModel) -> Value:
    """A value that the row may take, from the examples of the model; one that is not silent."""
    for name, info in type(silent).model_fields.items():
        if name != row.key.partition(".")[0]:
            continue
        for example in info.examples or ():
            spec = type(silent).model_validate({name: example})
            value = row.want(spec, _context({}, _NEWEST))
            if value != row.want(silent, _context({}, _NEWEST)):
                return value
    return 1


def _ways(row: Row[Any], silent: SpecModel) -> tuple[str, str]:
    """How the row is set and taken away, with the API version from which on it is live."""
    default, sample = row.want(silent, _context({})), _sample(row, silent)
    return _way(row, default, sample), _way(row, sample, default)


def _way(row: Row[Any], old: Value, new: Value) -> str:
    before = None
    words = []
    for api in (OLDEST_API, *sorted(RELEASES)):
        now = "live" if row.way(old, new, EngineFacts(api=api)) in _LIVE else "replace"
        if now != before:
            words.append(now if before is None else f"{now} from {_version(api)}")
        before = now
    return ", ".join(words)


def _since(row: Row[Any]) -> str:
    own = [_version(row.since)] if row.since > OLDEST_API else []
    parts = sorted((part.since, part.what or f"`{part.path}`") for part in row.parts)
    return "<br>".join([*own, *(f"{what}: {_version(since)}" for since, what in parts)])


def _version(api: ApiVersion) -> str:
    release = RELEASES.get(api)
    return f"{api[0]}.{api[1]}" + (f" (Docker {release})" if release else "")


__all__ = ["fields_page"]
