"""Owners: what a stack or a Compose project is called where it is told whose an object is.

A project and a stack of the same name are two owners. An owner is a text: the stack's name, or `compose.PROJECT`, which
no stack can be called, since their names have no dots.

Callers: everywhere. Pure.
"""

from __future__ import annotations

_PROJECT = "compose."


def project_owner(project: str) -> str:
    """What stands for a Compose project as an owner."""
    return f"{_PROJECT}{project}"


def is_project(owner: str) -> bool:
    """Whether an owner is a Compose project."""
    return owner.startswith(_PROJECT)


def bare_name(owner: str) -> str:
    """The name of an owner: that of its stack, or of its Compose project."""
    return owner.removeprefix(_PROJECT)


def called(owner: str) -> str:
    """An owner in a sentence: `stack shop` or `project shop`."""
    return " ".join(named(owner))


def named(owner: str) -> tuple[str, str]:
    """What kind of an owner one is, `stack` or `project`, and its name."""
    return ("project" if is_project(owner) else "stack"), bare_name(owner)
