"""Saved plans: the document that `plan -o` writes and `apply` carries out, from value to text and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dockerspec.core.plan.asked import Asked
from dockerspec.core.plan.seal import Seal

FORMAT = "dockerspec.saved-plan/1"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the spec came from and what was asked for: enough to make the plan again.

    Attributes:
        files: the spec files as they were given; empty for the default names.
        env_files: the files of variables.
        variables: values given on the command line, secret ones left out.
        withheld: the names of those left out: they must be given again.
        targets: what `--target` named.
        delete_volumes: volumes whose data may go.
        destroys: whether the stack is removed.
        excludes: what `--exclude` named.
        replaces: what `--replace` named.
        allow: the consents that were given.
        project_name, profiles, project_directory: the choices of a Compose project.
    """

    files: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    delete_volumes: tuple[str, ...] = ()
    destroys: bool = False
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    project_name: str = ""
    profiles: tuple[str, ...] = ()
    project_directory: str = ""

    @property
    def asked(self) -> Asked:
        """What was asked for."""
        return Asked(self.targets, self.excludes, self.replaces, self.delete_volumes, self.allow)


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it is kept.

    Attributes:
        stack: the stack's name.
        made: when, as RFC 3339 text.
        endpoint: the engine's address, for the reader.
        source: how to make it again.
        seal: what it must be then.
        text: the plan as it was shown.
        document: the same as a `dockerspec.plan/1` document.
    """

    stack: str
    made: str
    endpoint: str
    source: Source
    seal: Seal
    text: str
    document: Any


def to_json(saved: SavedPlan) -> str:
    """The text of a saved plan."""
    return json.dumps({"format": FORMAT, **asdict(saved)}, indent=2, ensure_ascii=True) + "\n"


def is_saved_plan(head: str) -> bool:
    """Whether a text begins as a saved plan does; the first hundred characters are enough."""
    return head.lstrip().startswith("{") and f'"{FORMAT.partition("/")[0]}/' in head


def from_json(text: str) -> SavedPlan:
    """Read a saved plan.

    Raises:
        ValueError: it is none, is of another version, or was cut short; the message says which.
    """
    try:
        content = json.loads(text)
    except ValueError as fault:
        raise ValueError(f"is no saved plan, or not a whole one ({fault})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ValueError(f"is no saved plan of this version (format {found!r}, not {FORMAT!r})")
    try:
        return SavedPlan(
            stack=content["stack"],
            made=content["made"],
            endpoint=content["endpoint"],
            source=Source(**{key: _frozen(value) for key, value in content["source"].items()}),
            seal=Seal(**content["seal"]),
            text=content["text"],
            document=content["document"],
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(f"is a saved plan with a part missing or too much ({fault})") from None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
