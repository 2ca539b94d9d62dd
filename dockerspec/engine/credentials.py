"""Registry logins, as `docker login` left them: plain entries, a credential store, helpers per registry.

Callers: images. Reads the docker CLI's files itself and runs its helper programs, in the CLI's own order. Nothing read
here is kept, logged or put into a message.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dockerspec.core.values import ImageRef
from dockerspec.errors import EngineError

HUB = "docker.io"
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io")
"""Docker Hub's names; the docker CLI writes the first."""

_HINT = "repair the file, or log in again with `docker login`"
_HELPER_SECONDS = 60.0
_TOKEN_USER = "<token>"  # what helpers say instead of a user where the secret is an identity token
_NONE = "credentials not found"

Entry = dict[str, str]


class Credentials:
    """The logins of one docker CLI folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Remember where to look.

        Args:
            folder: the CLI's folder, `~/.docker`.
            environ: the environment that credential helpers run in; its `DOCKER_AUTH_CONFIG` may hold logins.
        """
        self.folder = folder
        self._file = folder / "config.json"
        self._environ = dict(environ)

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the run, for programs of the docker CLI."""
        return self._environ

    def for_reference(self, reference: str) -> dict[str, str]:
        """The header with the login to the registry of an image reference; empty without one.

        Raises:
            EngineError: the file or a credential helper can't be used.
        """
        try:
            entry = self._login(registry_of(reference), self._config())
        except EngineError as fault:
            raise EngineError(
                f"can't get the registry login for {reference}: {fault.message}", hint=fault.hint
            ) from None
        return {"X-Registry-Auth": _encoded(entry)} if entry else {}

    def for_build(self) -> dict[str, str]:
        """The header with all logins, since a build pulls from any registry; empty without any.

        Raises:
            EngineError: the file or the credential store can't be used.
        """
        entries = self._all_logins(self._config())
        return {"X-Registry-Config": _encoded(entries)} if entries else {}

    def _login(self, registry: str, config: Mapping[str, Any]) -> Entry:
        """The login to a registry: of the environment, of the registry's helper or else the store, of the file."""
        keys = _HUB_KEYS if registry == HUB else (registry,)
        if entry := _from_entries(keys, self._environment_logins()):
            return self._decoded(entry)
        helpers = config.get("credHelpers") or {}
        helper = next((helpers[key] for key in keys if key in helpers), config.get("credsStore") or "")
        if helper and (entry := self._ask(str(helper), keys[0])):
            return entry
        return self._decoded(_from_entries(keys, config.get("auths") or {}))

    def _all_logins(self, config: Mapping[str, Any]) -> dict[str, Entry]:
        found = {key: self._decoded(dict(entry)) for key, entry in (config.get("auths") or {}).items() if entry}
        if store := str(config.get("credsStore") or ""):
            for key in self._run(store, "list", "") or {}:
                found[key] = self._ask(store, key)
        for key, helper in (config.get("credHelpers") or {}).items():
            try:
                found[key] = self._ask(str(helper), key)
            except EngineError:
                # As with the docker CLI: a build that doesn't need this registry must not fail of its helper.
                continue
        found.update({key: self._decoded(entry) for key, entry in self._environment_logins().items()})
        return {key: entry for key, entry in found.items() if entry}

    def _environment_logins(self) -> dict[str, Entry]:
        text = self._environ.get("DOCKER_AUTH_CONFIG")
        if not text:
            return {}
        try:
            return dict(json.loads(text).get("auths") or {})
        except (ValueError, AttributeError, TypeError):
            raise EngineError(
                "DOCKER_AUTH_CONFIG holds no logins", hint='write {"auths": {"HOST": {"auth": "..."}}}, or unset it'
            ) from None

    def _config(self) -> Mapping[str, Any]:
        try:
            text = self._file.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, UnicodeDecodeError) as fault:
            raise EngineError(f"can't read the logins in {self._file}: {type(fault).__name__}", hint=_HINT) from None
        try:
            config = json.loads(text) if text.strip() else {}
        except ValueError:
            config = None
        if not isinstance(config, dict):
            raise EngineError(f"{self._file} is no JSON object, so that no login can be read from it", hint=_HINT)
        return config

    def _decoded(self, entry: Mapping[str, Any]) -> Entry:
        """An entry with user and password taken out of its `auth`."""
        found = {str(key).lower(): value for key, value in entry.items() if isinstance(value, str) and value}
        text = found.pop("auth", "")
        if text:
            try:
                user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
            except ValueError:
                colon = ""
            if not colon:
                # Not even the fault's text: it could quote the entry.
                raise EngineError(f"a login in {self._file} can't be decoded", hint=_HINT) from None
            found.update(username=user, password=password.strip("\0"))
        return {key: value for key, value in found.items() if key in ("username", "password", "identitytoken")}

    def _ask(self, helper: str, key: str) -> Entry:
        answer = self._run(helper, "get", key)
        if not answer or not answer.get("Secret"):
            return {}
        user, secret = str(answer.get("Username") or ""), str(answer["Secret"])
        if user == _TOKEN_USER:
            return {"identitytoken": secret, "serveraddress": key}
        return {"username": user, "password": secret, "serveraddress": key}

    def _run(self, helper: str, verb: str, key: str) -> dict[str, Any]:
        """What a helper program answers; nothing where it has no such login."""
        # Most runs have no such helper, and need not load what starts one.
        import subprocess

        program = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [program, verb],
                input=key,
                capture_output=True,
                text=True,
                env=self._environ,
                timeout=_HELPER_SECONDS,
            )
        except FileNotFoundError:
            raise EngineError(
                f"the credential helper {program}, which {self._file} names, is not there",
                hint=f"install {program} in a folder of PATH, or remove it from the file",
            ) from None
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise EngineError(
                f"the credential helper {program} can't be used: {type(fault).__name__}", hint=f"try `{program} list`"
            ) from None
        if done.returncode != 0:
            if _NONE in done.stdout or _NONE in done.stderr:
                return {}
            said = (done.stdout.strip() or done.stderr.strip()).splitlines()
            reason = said[0] if said else f"exit status {done.returncode}"
            raise EngineError(f"the credential helper {program} failed: {reason}", hint=f"try `{program} {verb}`")
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise EngineError(f"the credential helper {program} answered no JSON", hint=f"try `{program} {verb}`")
        return answer


def registry_of(reference: str) -> str:
    """The registry of a reference: `docker.io` for `nginx`."""
    try:
        return ImageRef.parse(reference.partition("@")[0]).domain or HUB
    except ValueError:
        return HUB


def _from_entries(keys: Iterable[str], entries: Mapping[str, Any]) -> Entry:
    """The entry of a registry, whatever scheme and path its key was written with."""
    wanted = tuple(keys)
    for key in wanted:
        if entries.get(key):
            return dict(entries[key])
    hosts = {_host(key) for key in wanted}
    return next((dict(entry) for key, entry in entries.items() if entry and _host(key) in hosts), {})


def _host(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
