"""Secret values out of a spec's data: a file that people keep must not hold them (law 9). Pure.

A variable of the environment becomes `{secret: NAME}`; a secret elsewhere, such as a log driver's token, `${NAME}` with
a `sensitive` declaration. Both are found by the names that plans hide, and by a password within a URL.

Callers: takein.importing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from dockerspec.core.diff.change import HIDDEN
from dockerspec.core.diff.compare import hide
from dockerspec.core.takein.page import Variable

_URL_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_PLACES = ("labels", "annotations", "driver_opts", "storage_opt", "logging")


@dataclass(frozen=True, slots=True)
class Fill:
    """A value that was left out of the spec.

    Attributes:
        name: the variable of the run's environment that has to give it.
        of: what it is, as `environment.DB_PASSWORD of web`.
        command: a shell command that prints it.
    """

    name: str
    of: str
    command: str


@dataclass(slots=True)
class Vault:
    """What was taken out so far; one value under one name is one secret.

    Attributes:
        values: the values by variable, which only the check of the written spec sees.
        secrets: the keys of the spec's `secrets` by variable.
        variables: the variables declared as sensitive.
        fills: what the user has to provide.
    """

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)

    def environment(self, data: dict[str, Any], owner: str, known: Collection[str]) -> None:
        """Replace the secret variables of a container's `environment`.

        Args:
            data: the container's keys.
            owner: its name on the engine.
            known: variables that were secret at its creation.
        """
        values = data.get("environment") or {}
        for key, value in values.items():
            if not value or not isinstance(value, str):
                continue
            if key in known or hide(f"environment.{key}", value) == HIDDEN or _URL_PASSWORD.search(value):
                shown = f"environment.{key} of {owner}"
                name = self._put(key, owner, value, shown, _environment_command(key, owner))
                secret = self.secrets.setdefault(name, name.lower())
                values[key] = {"secret": secret}

    def texts(self, data: dict[str, Any], owner: str, command: Callable[[str, str], str]) -> None:
        """Replace secret labels and options.

        Args:
            data: the object's keys.
            owner: its name on the engine.
            command: from a field and a key below it to the command that prints the value.
        """
        for top in _PLACES:
            inner = data.get(top)
            if top == "logging" and isinstance(inner, dict):
                inner = inner.get("options")
            if not isinstance(inner, dict):
                continue
            for key, value in inner.items():
                if isinstance(value, str) and value and (hide(f"{top}.{key}", value) == HIDDEN):
                    wish = f"{owner}_{key}"
                    name = self._put(wish, owner, value, f"{top}.{key} of {owner}", command(top, key))
                    if name not in self.variables:
                        self.variables.append(name)
                    inner[key] = Variable(name)

    def _put(self, wish: str, owner: str, value: str, of: str, command: str) -> str:
        name = _variable(wish)
        if self.values.get(name, value) != value:
            name = _variable(f"{owner}_{wish}")
        number = 2
        while self.values.get(name, value) != value:
            name, number = f"{_variable(f'{owner}_{wish}')}_{number}", number + 1
        if name not in self.values:
            self.fills.append(Fill(name, of, command))
        self.values[name] = value
        return name

    def sections(self) -> dict[str, Any]:
        """The spec's `variables` and `secrets`."""
        found: dict[str, Any] = {}
        if self.variables:
            found["variables"] = {name: {"sensitive": True} for name in sorted(self.variables)}
        if self.secrets:
            found["secrets"] = {key: {"environment": name} for name, key in sorted(self.secrets.items())}
        return found


def _variable(text: str) -> str:
    name = _NO_NAME.sub("_", text).strip("_").upper()
    return f"_{name}" if name[:1].isdigit() or not name else name


def _environment_command(key: str, owner: str) -> str:
    return f"docker inspect -f '{{{{range .Config.Env}}}}{{{{println .}}}}{{{{end}}}}' {owner} | sed -n 's/^{key}=//p'"


def container_command(owner: str) -> Callable[[str, str], str]:
    """Commands that print a container's labels and options."""
    places = {
        "labels": ".Config.Labels",
        "annotations": ".HostConfig.Annotations",
        "storage_opt": ".HostConfig.StorageOpt",
        "logging": ".HostConfig.LogConfig.Config",
    }
    return lambda top, key: f"docker inspect -f '{{{{index {places.get(top, '.')} \"{key}\"}}}}' {owner}"


def resource_command(kind: str, owner: str) -> Callable[[str, str], str]:
    """Commands that print a network's or volume's labels and options."""
    return lambda top, key: (
        f"docker {kind} inspect -f '{{{{index {'.Labels' if top == 'labels' else '.Options'} \"{key}\"}}}}' {owner}"
    )
