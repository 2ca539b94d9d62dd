"""An engine in memory, for tests that need one quickly: `FakeEngine` has every verb of `dockerspec.engine.protocol`.

Callers: tests, of dockerspec and of programs that use it. It keeps containers, networks, volumes and images, refuses
what the engine refuses, with its words and status, and tells events. It runs nothing: a test lets a container become
healthy, write a log or end. tests/engine/test_fake_is_honest.py holds it to real engines, as far as that scenario goes.
"""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

from typing import Any

from dockerspec.engine.protocol import Filters, Stream
from dockerspec.testing.execs import FakeExecs
from dockerspec.testing.images import FakeImages
from dockerspec.testing.networks import FakeNetworks

Json = Any


class FakeEngine(FakeExecs, FakeNetworks, FakeImages):
    """One engine, empty but for the networks that every engine has. Thread-safe; the same calls give the same IDs.

    Attributes:
        endpoint: the address that it claims to have.
        api_version: the API version that it claims to speak.
    """

    def __init__(self, *, api_version: tuple[int, int] = (1, 51)) -> None:
        super().__init__()
        self.endpoint = "fake://"
        self.api_version = api_version

    def version(self) -> Json:
        """The engine's versions."""
        with self._call("version"):
            text = ".".join(map(str, self.api_version))
            return {"Version": "28.5.2", "ApiVersion": text, "Os": "linux", "Arch": "amd64"}

    def info(self) -> Json:
        """The engine's settings."""
        with self._call("info"):
            return {
                "ID": "fake",
                "Name": "fake",
                "ServerVersion": "28.5.2",
                "SystemTime": self._now(),
                "OSType": "linux",
                "CgroupVersion": "2",
                "LoggingDriver": "json-file",
                "DefaultRuntime": "runc",
                "SwapLimit": True,
                "Containers": len(self._containers),
            }

    def events(self, *, since: str = "", until: str = "", filters: Filters | None = None) -> Stream:
        """Events, replayed from `since` on and then as they happen; `until` is not known here."""
        with self._call("events"):
            return self._subscribe(since, filters)

    def close(self) -> None:
        """Nothing to close."""
