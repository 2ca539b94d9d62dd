"""Which engine is meant: the Docker CLI's own order of options, environment and contexts.

Callers: gateway, and the CLI for messages. Reads the CLI's files itself, since importing the docker SDK for this
costs more time than a whole plan; a test holds the answers to the SDK's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerspec.engine.target import DEFAULT_SOCKET, TLS_PORT, TcpTarget, UnixTarget, parse_target
from dockerspec.errors import EngineError

_DEFAULT_CONTEXT = "default"


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS.

    Attributes:
        ca: file of the authorities to trust; None means the system's.
        cert, key: files of the client's certificate and key; None means that the client shows none.
        verify: whether the engine's certificate is checked.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address, and who named it.

    Attributes:
        url: the address, as `unix:///var/run/docker.sock`.
        tls: TLS settings, or None for a plain connection.
        source: where the address comes from, for messages: `--host`, `DOCKER_HOST`, `context prod`,
            `default socket`.
    """

    url: str
    tls: Tls | None = None
    source: str = "--host"


def resolve(
    host: str | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Endpoint:
    """Find the engine to talk to.

    The first of these that is given wins: `host`, `context`, `$DOCKER_HOST`, `$DOCKER_CONTEXT`, the
    `currentContext` of the CLI's config file, the default socket. `$DOCKER_TLS_VERIFY` (checked), `$DOCKER_TLS`
    (unchecked) and `$DOCKER_CERT_PATH` apply to an address that comes from `host` or the environment; a context
    brings its own certificates.

    Args:
        host: an engine address.
        context: the name of a CLI context.
        environ: the environment, by default the process's.
        home: the home folder, by default the user's.

    Raises:
        EngineError: an address, the CLI's config file or the context can't be used; the hint says what to do.
    """
    env = os.environ if environ is None else environ
    config = _config_folder(env, home)
    if host:
        return _checked(host, _environment_tls(env, config), "--host")
    if context:
        return _from_context(context, "--context", env, config)
    if env.get("DOCKER_HOST"):
        return _from_environment(env, config)
    if env.get("DOCKER_CONTEXT"):
        return _from_context(env["DOCKER_CONTEXT"], "DOCKER_CONTEXT", env, config)
    return _from_context(_current_context(config), "currentContext of the CLI's config file", env, config)


def config_folder(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Path:
    """The Docker CLI's folder: `$DOCKER_CONFIG`, by default `~/.docker`."""
    return _config_folder(os.environ if environ is None else environ, home)


def _config_folder(env: Mapping[str, str], home: Path | None) -> Path:
    if env.get("DOCKER_CONFIG"):
        return Path(env["DOCKER_CONFIG"])
    if home is not None:
        return home / ".docker"
    return Path(env.get("HOME") or os.path.expanduser("~")) / ".docker"


def _checked(url: str, tls: Tls | None, source: str) -> Endpoint:
    """An endpoint whose address is known to be usable; TLS is dropped where it has no meaning."""
    try:
        target = parse_target(url, tls=tls is not None)
    except EngineError as fault:
        raise EngineError(f"{fault.message} (from {source})", hint=fault.hint) from None
    if not isinstance(target, TcpTarget):
        tls = None
    elif target.secure and tls is None:
        tls = Tls()
    # The one address that means something without saying it.
    if isinstance(target, UnixTarget):
        url = f"unix://{target.path}"
    return Endpoint(url, tls, source)


def _from_environment(env: Mapping[str, str], config: Path) -> Endpoint:
    """The CLI's `default` context: `$DOCKER_HOST`, else TLS on this machine if asked for, else the socket."""
    tls = _environment_tls(env, config)
    if env.get("DOCKER_HOST"):
        return _checked(env["DOCKER_HOST"], tls, "DOCKER_HOST")
    if tls is not None:
        return _checked(f"tcp://localhost:{TLS_PORT}", tls, "DOCKER_TLS_VERIFY" if tls.verify else "DOCKER_TLS")
    return Endpoint(f"unix://{DEFAULT_SOCKET}", None, "default socket")


def _environment_tls(env: Mapping[str, str], config: Path) -> Tls | None:
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    if not verify and not env.get("DOCKER_TLS"):
        return None
    return _tls_of(Path(env.get("DOCKER_CERT_PATH") or config), verify=verify)


def _tls_of(folder: Path, *, verify: bool) -> Tls:
    """The TLS settings that the files of a folder make, whichever of the three are there."""
    ca, cert, key = (
        str(path) if (path := folder / name).is_file() else None for name in ("ca.pem", "cert.pem", "key.pem")
    )
    return Tls(ca, cert, key, verify)


def _current_context(config: Path) -> str:
    """The context that the CLI's config file selects."""
    data = _read_object(config / "config.json", "the Docker CLI's config file")
    name = data.get("currentContext") if data is not None else None
    return name if isinstance(name, str) and name else _DEFAULT_CONTEXT


def _read_object(path: Path, what: str) -> dict[str, Any] | None:
    """A JSON object's content, or None where there is no such file."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except OSError as fault:
        raise EngineError(
            f"can't read {what} {path}: {fault.strerror}", hint="make it readable, or give the engine with --host"
        ) from None
    except ValueError as fault:
        raise EngineError(
            f"{what} {path} is no valid JSON: {fault}", hint="repair it, or give the engine with --host"
        ) from None
    if not isinstance(data, dict):
        raise EngineError(f"{what} {path} holds no JSON object", hint="repair it, or give the engine with --host")
    return data


def _from_context(name: str, source: str, env: Mapping[str, str], config: Path) -> Endpoint:
    """The endpoint of a CLI context."""
    if name == _DEFAULT_CONTEXT:
        return _from_environment(env, config)
    ident = hashlib.sha256(name.encode()).hexdigest()
    meta = _read_object(config / "contexts" / "meta" / ident / "meta.json", f"the file of context {name}")
    if meta is None:
        raise EngineError(
            f"there is no Docker context {name!r} (from {source})",
            hint=_known_contexts(config) + "; `docker context ls` lists them",
        )
    endpoints = meta.get("Endpoints")
    docker = endpoints.get("docker") if isinstance(endpoints, dict) else None
    address = docker.get("Host") if isinstance(docker, dict) else None
    if not isinstance(docker, dict) or not isinstance(address, str) or not address:
        raise EngineError(
            f"the Docker context {name!r} has no engine address (from {source})",
            hint=f"write `docker context update {name} --docker host=ADDRESS`, or give the engine with --host",
        )
    return _checked(address, _context_tls(config, ident, docker), f"context {name}")


def _context_tls(config: Path, ident: str, docker: Mapping[str, Any]) -> Tls | None:
    skip = docker.get("SkipTLSVerify") is True
    tls = _tls_of(config / "contexts" / "tls" / ident / "docker", verify=not skip)
    return tls if skip or tls.ca or tls.cert else None


def _known_contexts(config: Path) -> str:
    """The names that would have worked, as a clause."""
    names = {_DEFAULT_CONTEXT}
    for path in (config / "contexts" / "meta").glob("*/meta.json"):
        try:
            meta = _read_object(path, "a context's file")
        except EngineError:
            continue
        if meta is not None and isinstance(meta.get("Name"), str):
            names.add(meta["Name"])
    return "known contexts are " + ", ".join(sorted(names))
