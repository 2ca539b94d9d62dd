"""A Compose project: what is wanted of a load, and what comes of it.

Callers: `load` and what asks whether a stack came from Compose. Limits: data only.
"""

from __future__ import annotations

from collections.abc import Mapping as Values
from dataclasses import dataclass, field

from dockerspec.core.spec.nodes import Mapping, Plain


@dataclass(frozen=True, slots=True)
class Choices:
    """What the run says beside the files.

    Attributes:
        name: the project's name, of `--project-name` or COMPOSE_PROJECT_NAME; empty where neither is given.
        profiles: the active profiles; `*` is all of them.
        folder: the project's folder, of `--project-directory`; empty for that of the first file.
        unused: whether resources stay that no service uses.
        env_files: the absolute paths of the files of variables that the run names.
        only_shown: whether the project is only to be shown: no stack is made of it.
    """

    name: str = ""
    profiles: tuple[str, ...] = ()
    folder: str = ""
    unused: bool = False
    env_files: tuple[str, ...] = ()
    only_shown: bool = False


NO_CHOICES = Choices()


@dataclass(frozen=True, slots=True)
class Project:
    """A loaded Compose project.

    Attributes:
        name: its name.
        folder: its absolute folder.
        files: the absolute paths of the Compose files.
        tree: the resolved project, as `config` shows it.
        env_files: the absolute paths of the files of variables that the run named.
        profiles: every profile that a service names.
        services: the services that take part, in the order of the files.
        disabled: the services that take no part, since none of their profiles is active.
        unused: the networks and volumes that the files declare and no such service uses, by section and name.
        extensions: the top-level `x-*` keys.
        label_files: the absolute paths of each service's `label_file`, which is part of its digest.
    """

    name: str
    folder: str
    files: tuple[str, ...]
    tree: Mapping = field(repr=False)
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
    extensions: Values[str, Plain] = field(default_factory=dict, repr=False)
    label_files: Values[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
