"""Hooks: commands around a container's start and stop, as values, and as the label that keeps some on the container.

Callers: the desired state, which writes the label; the live state, which reads it; the planner, whose actions run them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LABEL = "dockerspec.hooks"
"""The label with the hooks that a container may need when no spec has them any more: the stop of one that was dropped,
and the start of one that comes back since its successor failed.
"""


class Stage(StrEnum):
    """When a hook runs; the values are the keys of the spec."""

    PRE_START = "pre_start"
    POST_START = "post_start"
    PRE_STOP = "pre_stop"


@dataclass(frozen=True, slots=True)
class Hook:
    """A command.

    Attributes:
        command: the program and its arguments; no shell reads them.
        user: who runs it; empty for the container's own user.
        privileged: whether it gets all capabilities.
        working_dir: the folder that it starts in; empty for the container's own.
        environment: variables beside the container's own.
    """

    command: tuple[str, ...]
    user: str = ""
    privileged: bool = False
    working_dir: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def to_label(hooks: Mapping[Stage, Iterable[Hook]], secret: Collection[str]) -> str:
    """The label's value; empty where nothing is to be kept.

    A variable whose value holds a secret is left out, and so is a hook whose command does: anyone who may list
    containers can read labels.

    Args:
        hooks: the hooks of the stages to be kept, in order.
        secret: values that must not be shown.
    """
    kept = {
        stage.value: [_entry(hook, secret) for hook in items if not _tells(hook, secret)]
        for stage, items in hooks.items()
    }
    told = {stage: entries for stage, entries in kept.items() if entries}
    return json.dumps(told, sort_keys=True, separators=(",", ":")) if told else ""


def _tells(hook: Hook, secret: Collection[str]) -> bool:
    return any(item in word for item in secret for word in (*hook.command, hook.user, hook.working_dir))


def _entry(hook: Hook, secret: Collection[str]) -> dict[str, Any]:
    environment = {name: value for name, value in hook.environment.items() if not any(item in value for item in secret)}
    entry: dict[str, Any] = {"command": list(hook.command), "user": hook.user, "privileged": hook.privileged}
    entry |= {"working_dir": hook.working_dir, "environment": environment}
    return {name: value for name, value in entry.items() if value}


def from_label(labels: Mapping[str, str] | None) -> dict[Stage, tuple[Hook, ...]]:
    """The hooks that a container's labels keep, by stage; none where the label is missing or was tampered with."""
    text = (labels or {}).get(LABEL)
    if not text:
        return {}
    try:
        return {Stage(stage): tuple(map(_hook, entries)) for stage, entries in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _hook(entry: Any) -> Hook:
    return Hook(
        command=tuple(map(str, entry["command"])),
        user=str(entry.get("user", "")),
        privileged=entry.get("privileged") is True,
        working_dir=str(entry.get("working_dir", "")),
        environment={str(name): str(value) for name, value in (entry.get("environment") or {}).items()},
    )
