"""The gateway: every verb of `dockerspec.engine.protocol.Engine` on a real engine.

Callers: api, the CLI, tests. Import it freely: the docker SDK, TLS and subprocess are loaded only by calls that need
them, and nothing is opened before the first verb.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dockerspec.engine.caller import filter_query
from dockerspec.engine.containers import ContainerVerbs
from dockerspec.engine.credentials import Credentials
from dockerspec.engine.endpoint import Endpoint, config_folder, resolve
from dockerspec.engine.execs import ExecVerbs
from dockerspec.engine.images import ImageVerbs
from dockerspec.engine.networks import NetworkVerbs, VolumeVerbs
from dockerspec.engine.protocol import Engine, Filters, Json
from dockerspec.engine.stream import MessageStream
from dockerspec.engine.transport import CONNECT_TIMEOUT, Transport


class Gateway(ContainerVerbs, ExecVerbs, NetworkVerbs, VolumeVerbs, ImageVerbs):
    """One engine. Thread-safe; raises only the `EngineError` family. Close it, or use it in a `with`."""

    def version(self) -> Json:
        """The engine's versions, platform and kernel."""
        return self._get("/version")

    def info(self) -> Json:
        """The engine's settings and state."""
        return self._get("/info")

    def events(self, *, since: str = "", until: str = "", filters: Filters | None = None) -> MessageStream:
        """The engine's events, as they happen; without `until` they never end by themselves.

        Args:
            since: replay from this moment on (`SECONDS.NANOSECONDS`, inclusive); at most the last 256 events.
            until: end at this moment.
            filters: such as `{"type": ["container"]}`.
        """
        query = {"since": since, "until": until, **filter_query(filters)}
        return self._follow("GET", "/events", query)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


if TYPE_CHECKING:

    def _conforms(gateway: Gateway) -> Engine:
        """The type checker's proof that no verb is missing."""
        return gateway


def connect(
    host: str | None = None,
    context: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
) -> Gateway:
    """Make a gateway to the engine that the Docker CLI would use; nothing is opened yet.

    Args:
        host: an engine address, which wins over all else.
        context: a CLI context, which wins over the environment.
        environ: the environment, by default the process's.
        home: the home folder, by default the user's.
        connect_timeout: seconds that opening a connection may take.

    Raises:
        EngineError: the address or the context can't be used.
    """
    env = os.environ if environ is None else environ
    endpoint = resolve(host, context, environ=env, home=home)
    return open_gateway(endpoint, Credentials(config_folder(env, home), env), connect_timeout=connect_timeout)


def open_gateway(endpoint: Endpoint, credentials: Credentials, *, connect_timeout: float = CONNECT_TIMEOUT) -> Gateway:
    """Make a gateway to a known endpoint.

    Args:
        endpoint: the engine.
        credentials: the registry logins.
        connect_timeout: seconds that opening a connection may take.
    """
    return Gateway(Transport(endpoint, connect_timeout=connect_timeout), endpoint.url, credentials)
