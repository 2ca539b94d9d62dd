"""An engine that somebody else runs, with the face of `Daemon` as far as tests that do it no harm need it.

Callers: the test fixtures under `--engine-host`, the demo. Limits: it is never started, stopped or disturbed.
"""

from __future__ import annotations

from tests.kit.engines import EngineBinaries
from tests.kit.errors import KitError
from tests.kit.raw import RawEngine


class GivenEngine:
    """The engine at `host`; raises KitError when nothing answers there."""

    def __init__(self, host: str) -> None:
        self.host = host
        if not self.raw.answers():
            raise KitError(f"no engine answers at {host}")
        self.engine = EngineBinaries("given", str(self.raw.get("/version")["Version"]))

    @property
    def version(self) -> str:
        """The engine's version, `28.5.2`."""
        return self.engine.version

    @property
    def raw(self) -> RawEngine:
        """Calls to it."""
        return RawEngine(self.host)

    def subnet(self, number: int) -> str:
        """A /24 for an explicit `ipam` (number 1 to 127), out of a block that is rarely in use."""
        if not 1 <= number <= 127:
            raise ValueError(f"subnet {number} is not within 1 to 127")
        return f"10.127.{number}.0/24"

    def subnet6(self, number: int) -> str:
        """A /64 for an explicit `ipam` (number 1 to 127), out of a block that is rarely in use."""
        if not 1 <= number <= 127:
            raise ValueError(f"subnet {number} is not within 1 to 127")
        return f"fd00:d5:ff:{number:x}::/64"

    @property
    def bridge(self) -> str:
        """The name of its default bridge on the host, as far as one can know."""
        return "docker0"
