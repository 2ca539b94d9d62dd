"""Registry logins, as `docker login` left them: plain entries, credential stores and helpers.

Callers: images. The docker SDK knows these files; it is imported only when there is a file to read and a call that
needs it. Nothing read here is kept, logged or put into a message.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dockerspec.errors import EngineError

_HINT = "repair the file, or log in again with `docker login`"


class Credentials:
    """The logins of one Docker CLI folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Remember where to look.

        Args:
            folder: the CLI's folder, `~/.docker`.
            environ: the environment that credential helpers run in.
        """
        self._file = folder / "config.json"
        self._environ = dict(environ)

    def for_reference(self, reference: str) -> dict[str, str]:
        """The header with the login to the registry of an image reference; empty without one.

        Raises:
            EngineError: the file or a credential helper can't be used.
        """
        if not self._file.is_file():
            return {}
        from docker import auth
        from docker.errors import DockerException

        try:
            registry, _ = auth.resolve_repository_name(_repository(reference))
            entry = auth.resolve_authconfig(self._load(), registry, credstore_env=self._environ)
        except DockerException as fault:
            raise EngineError(f"can't get the registry login for {reference}: {fault}", hint=_HINT) from None
        return {"X-Registry-Auth": _encoded(entry)} if entry else {}

    def for_build(self) -> dict[str, str]:
        """The header with all logins, since a build pulls from any registry; empty without any."""
        if not self._file.is_file():
            return {}
        from docker.errors import DockerException

        try:
            entries = self._load().get_all_credentials()
        except DockerException as fault:
            raise EngineError(f"can't get the registry logins: {fault}", hint=_HINT) from None
        return {"X-Registry-Config": _encoded(entries)} if entries else {}

    def _load(self) -> Any:
        from docker import auth

        try:
            return auth.load_config(str(self._file), credstore_env=self._environ)
        except ValueError:
            # Not even the fault's text: it could quote the entry.
            raise EngineError(f"a login in {self._file} can't be decoded", hint=_HINT) from None


def _repository(reference: str) -> str:
    """The reference without tag and digest."""
    name = reference.partition("@")[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
