"""The spec model of configs, and of what a container gets of configs and secrets as files.

Called by model.py and model_container.py. Which form a file takes in a container, mounted or written, is said here
once, for the loader and the table.
"""

from __future__ import annotations

import posixpath
from typing import ClassVar, Self

from pydantic import model_validator

from dockerspec.core.placed import MODE
from dockerspec.core.spec.forms import (
    Count,
    Mode,
    ObjectName,
    Schema,
    SpecModel,
    Text,
    exactly_one,
    key,
    needed,
    pattern,
)

SECRETS_FOLDER = "/run/secrets"
"""Where secrets lie whose target is no absolute path, as Compose has it; configs lie at the root."""


class ConfigSpec(SpecModel):
    """A config and where a run finds its content."""

    RULE: ClassVar[Schema] = exactly_one("file", "environment", "content")

    file: Text | None = key(None, "File with the content, relative to the spec.", "./nginx.conf")
    environment: Text | None = key(None, "Variable of the run's environment that holds the content.", "APP_CONFIG")
    content: Text | None = key(None, "The content itself; variables are put in.", "debug=${DEBUG:-false}")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(item is not None for item in (self.file, self.environment, self.content)) != 1:
            raise ValueError(
                "a config needs exactly one of file, environment and content; write file: ./PATH, or content: TEXT"
            )
        return self


class FileGrant(SpecModel):
    """A config or secret that a container gets as a file; a text alone is its name."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (pattern("[A-Za-z0-9][A-Za-z0-9_.-]*"),)

    source: ObjectName = needed("Name of the config or secret under the top level.", "app")
    target: Text | None = key(
        None, "The file within the container; /NAME for a config and /run/secrets/NAME for a secret.", "/etc/app.conf"
    )
    uid: Count | None = key(None, "The file's owner by number; 0 by default.", 1000)
    gid: Count | None = key(None, "The file's group by number; 0 by default.", 1000)
    mode: Mode | None = key(None, 'The file\'s permission bits; "0444" by default.', "0400")

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the name."""
        return {"source": value} if isinstance(value, str) else value

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing of the file's owner and permission bits."""
        return self.uid is None and self.gid is None and self.mode is None

    @property
    def bits(self) -> int:
        """The permission bits."""
        return MODE if self.mode is None else self.mode

    def place(self, section: str) -> str:
        """The absolute path within the container.

        Args:
            section: `configs` or `secrets`.
        """
        base = SECRETS_FOLDER if section == "secrets" else "/"
        return posixpath.normpath(posixpath.join(base, self.target or self.source))


def is_mounted(file: str, grant: FileGrant) -> bool:
    """Whether a config or secret is mounted from the host, as Compose does it, and not written into the container.

    A mounted file has the owner and the permission bits that it has on the host; asked for others, it is written.

    Args:
        file: the path on the host that it comes from; empty for none.
        grant: how the container gets it.
    """
    return bool(file) and grant.is_plain
