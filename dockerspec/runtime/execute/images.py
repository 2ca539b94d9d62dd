"""The operations on images: pull, build, tag, push, remove; what may be tried again, and how often.

Caller: operations.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dockerspec.core.ownership import BUILD_BASES
from dockerspec.core.plan import action as act
from dockerspec.engine.images import split_reference
from dockerspec.errors import (
    Cancelled,
    Conflict,
    EngineError,
    EngineLost,
    EngineTimeout,
    EngineUnreachable,
    NotFound,
)
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.execute.streams import Notes, follow_build, follow_transfer
from dockerspec.runtime.execute.tools import Tools

Json = Any
Warnings = tuple[str, ...]

PAUSES = (1.0, 4.0)
"""Seconds before the second and the third try of a pull or a push that a registry or a network broke off."""

_SHORT_ID = 12


def pull_image(action: act.PullImage, tools: Tools) -> Warnings:
    """Pull, and look whether what came is for the platform that is wanted: some engines take whatever there is."""
    warnings = _pull(action.reference, action.platform, tools)
    if action.platform:
        found = tools.engine.image(action.reference)
        parts = (found.get("Os"), found.get("Architecture"), found.get("Variant"))
        platform = "/".join(part for part in parts if part)
        if not f"{platform}/".startswith(f"{action.platform}/"):
            raise ActionFailed(
                f"{action.reference} came for {platform}, and {action.platform} is wanted",
                hint="the registry has the image for no such platform; name another image or platform",
            )
    if action.dated:
        repository, tag = split_reference(action.reference)
        tools.engine.tag_image(action.reference, repository, tag)
    return warnings


def _pull(reference: str, platform: str, tools: Tools) -> Warnings:
    return _transfer(lambda: tools.engine.pull_image(reference, platform=platform), tools)


def push_image(action: act.PushImage, tools: Tools) -> Warnings:
    """Push; what arrived at the registry before a break is not sent again."""
    return _transfer(lambda: tools.engine.push_image(action.reference), tools)


def _transfer(begin: Callable[[], Iterable[Json]], tools: Tools) -> Warnings:
    """Pull or push, again where the registry or the network broke it off.

    Both can be made any number of times. What will not go away by itself, such as a missing login, is tried once. A
    registry gets longer pauses than the engine, whose own faults are `attempt`'s to try again.
    """
    warnings: list[str] = []
    for pause in (*PAUSES, None):
        try:
            follow_transfer(begin(), Notes(tools.note, tools.clock), tools.stopped)
        except EngineError as fault:
            engine_itself = isinstance(fault, EngineLost | EngineTimeout | EngineUnreachable)
            if not fault.passing or engine_itself:
                raise
            if pause is None:
                fault.passing = False
                raise
            warnings.append(f"tried again after: {fault.message}")
            tools.note(f"trying again in {pause:g} s: {fault.message}")
            tools.pause(pause)
            if tools.stopped():
                raise Cancelled("stopped on the way") from None
        else:
            break
    return tuple(warnings)


def build_image(action: act.BuildImage, tools: Tools) -> Warnings:
    """Build, with a record of the base images on the new one."""
    warnings, bases = _bases(action, tools)
    remote = str(action.options.get("remote") or "")
    context, dockerfile = (io.BytesIO(), action.dockerfile) if remote else tools.pack(action)
    labels = dict(action.options.get("labels") or {})
    if bases:
        labels[BUILD_BASES] = json.dumps(bases, sort_keys=True, separators=(",", ":"))
    options = {**action.options, "t": action.reference, "dockerfile": dockerfile, "labels": labels, "forcerm": True}
    with context:
        if action.builder:
            messages = tools.engine.build_with_cli(context, options, action.words, action.secrets)
        else:
            messages = tools.engine.build_image(context, options)
        follow_build(messages, Notes(tools.note, tools.clock), tools.stopped)
    return warnings


def _bases(action: act.BuildImage, tools: Tools) -> tuple[Warnings, dict[str, str]]:
    """Fetch the base images that are missing, and say which ones the build starts from: short IDs by reference.

    They are pulled here and not left to the build, so that a broken pull is tried again, with the login of its own
    registry, and what the image is built on is known.
    """
    platform = str(action.options.get("platform") or "")
    warnings: Warnings = ()
    found: dict[str, str] = {}
    for base in action.bases:
        image = _image_or_none(base, tools)
        if image is None or (action.options.get("pull") and "@" not in base and not _is_only_here(image)):
            warnings += _pull(base, platform, tools)
            image = _image_or_none(base, tools)
        if image is not None:
            found[base] = str(image["Id"]).removeprefix("sha256:")[:_SHORT_ID]
    return warnings, found


def _is_only_here(image: Mapping[str, Json]) -> bool:
    """Whether an image has never been in a registry, so that none can have a newer one."""
    return not image.get("RepoDigests")


def _image_or_none(reference: str, tools: Tools) -> Json | None:
    try:
        return tools.engine.image(reference)
    except NotFound:
        return None


def tag_image(action: act.TagImage, tools: Tools) -> Warnings:
    """Set a tag."""
    repository, tag = split_reference(action.reference)
    tools.engine.tag_image(action.source, repository, tag)
    return ()


def remove_image(action: act.RemoveImage, tools: Tools) -> Warnings:
    """Remove an image, unless somebody has begun to use it meanwhile."""
    try:
        tools.engine.remove_image(action.image)
    except NotFound:
        return ("it was gone already",)
    except Conflict as fault:
        return (f"it stays: {fault.message}",)
    return ()
