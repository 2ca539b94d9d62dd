"""Rows for the configs and secrets that a container gets as files, and what has to be written for them.

The engine knows of a file only while it is written. What was written is recorded on the container as digests (see
`core.placed`), which is what is compared: the content, the place, the owner and the permission bits. Of a file that is
mounted the `volumes` row tells the place; here its content is recorded, so that a change of it is seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.placed import LABEL, ROOT, SECTIONS, Batch, PlacedFile, from_label, to_label
from dockerspec.core.spec.model_files import is_mounted
from dockerspec.core.table.base import Body, Context, Json, Row, dig, replace


def _named(grants: Any, section: str) -> Iterator[tuple[str, Any]]:
    """The grants by a name that tells them apart: their own, with the place where a container has one twice."""
    names = [grant.source for grant in grants]
    for grant in grants:
        alone = names.count(grant.source) == 1
        yield grant.source if alone else f"{grant.source}:{grant.place(section)}", grant


def _wanted(spec: Any, context: Context, section: str) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for name, grant in _named(getattr(spec, section), section):
        content = context.contents.get((section, grant.source))
        if content is None:
            continue
        entry: dict[str, Value] = {"content": content.digest}
        if not is_mounted(content.file, grant):
            entry["target"] = grant.place(section)
            entry.update({key: value for key in ("uid", "gid") if (value := getattr(grant, key))})
            entry["mode"] = f"{grant.bits:04o}"
        result[name] = entry
    return result


def _row(section: str, others: tuple[str, ...]) -> Row[Any]:
    def want(spec: Any, context: Context) -> Value:
        return _wanted(spec, context, section) if getattr(spec, section) else {}

    def have(raw: Json, _engine: EngineFacts) -> Value:
        return from_label(dig(raw, ("Config", "Labels")), section)

    def put(body: Body, spec: Any, context: Context) -> None:
        found = {name: _wanted(spec, context, name) for name in (section, *others) if getattr(spec, name)}
        label = to_label(found)
        if label and getattr(spec, section):
            body["Labels"] = {**body.get("Labels", {}), LABEL: label}

    return Row(
        key=section,
        engine=("Labels",),
        want=want,
        have=have,
        put=put,
        way=replace,
        # Of a container that dockerspec did not make nobody knows what its files hold.
        same=lambda _want, have: have is None,
        means="by the digest of what they hold, their place, owner and permission bits",
    )


ROWS: tuple[Row[Any], ...] = (_row("configs", ("secrets",)), _row("secrets", ("configs",)))


def batches(spec: Any, context: Context) -> tuple[Batch, ...]:
    """The files to be written into a container before its first start, one entry for each call that it takes.

    The engine refuses to write below the root of a container whose root is read-only, and takes what goes into a volume
    of it only at the volume's own place.
    """
    groups: dict[str, list[PlacedFile]] = {}
    for section in SECTIONS:
        for grant in getattr(spec, section):
            content = context.contents.get((section, grant.source))
            if content is None or is_mounted(content.file, grant):
                continue
            place = grant.place(section)
            folder = volume_of(spec, place) if spec.read_only else ROOT
            groups.setdefault(folder, []).append(
                PlacedFile(
                    what=f"{section}.{grant.source}",
                    path=posixpath.relpath(place, folder),
                    uid=grant.uid or 0,
                    gid=grant.gid or 0,
                    mode=grant.bits,
                    text=content.text,
                )
            )
    return tuple(Batch(folder, tuple(files)) for folder, files in sorted(groups.items()))


def instead_of_mounts(spec: Any, context: Context) -> Iterator[tuple[str, str]]:
    """The written files that have a file on the host, which Compose would have mounted: (path on the host, place)."""
    for section in SECTIONS:
        for grant in getattr(spec, section):
            content = context.contents.get((section, grant.source))
            if content is not None and content.file and not is_mounted(content.file, grant):
                yield content.file, grant.place(section)


def volume_of(spec: Any, place: str) -> str:
    """The target of the mount that a path lies in; the root where it is in none."""
    targets = {posixpath.normpath(mount.target) for mount in spec.volumes}
    folder = posixpath.dirname(place)
    while folder not in targets and folder != ROOT:
        folder = posixpath.dirname(folder)
    return folder
