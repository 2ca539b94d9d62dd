"""A made-up engine with images, a registry and containers that behave, and a stack on it.

Callers: the plan cases and the property tests. Everything is deterministic: one spec and one history give the same
IDs, and so the same texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockerspec.api import Docker
from dockerspec.core.ownership import ONE_OFF
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Report
from dockerspec.core.spec.load import LoadResult
from dockerspec.render.text import render_plan
from dockerspec.runtime.files import load_files
from dockerspec.testing import FakeEngine

Json = Any

_HEALTH: Json = {"Test": ["CMD", "ready"], "Interval": 5_000_000_000}

IMAGES: Mapping[str, Json] = {
    "busybox:latest": {"Cmd": ["sh"]},
    "app:1": {
        "Env": ["PATH=/bin", "MODE=production"],
        "Cmd": ["serve"],
        "User": "1000",
        "WorkingDir": "/srv",
        "Labels": {"from": "image"},
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
        "Healthcheck": _HEALTH,
    },
    "db:1": {
        "Cmd": ["db"],
        "Volumes": {"/var/lib/db": {}},
        "Healthcheck": _HEALTH,
    },
}
"""What is on every made-up host: a shell, a server, and a database with an anonymous volume.

The latter two have health checks. Without one, a replacement is watched for a second of real time: no case needs that.
"""

REGISTRY: Mapping[str, Json] = {
    "cache:7": {"Cmd": ["cache"], "ExposedPorts": {"6379/tcp": {}}, "Healthcheck": _HEALTH},
}
"""What can be pulled."""

_ENDINGS = {"true": 0, "false": 1}


@dataclass(frozen=True)
class Wishes:
    """What a user adds to the spec on the command line."""

    targets: Sequence[str] = ()
    delete_volumes: Sequence[str] = ()
    destroy: bool = False
    excludes: Sequence[str] = ()
    replaces: Sequence[str] = ()
    allow: Sequence[str] = ()


NO_WISHES = Wishes()


class World:
    """One made-up engine.

    A container whose command is `true` or `false` ends at once, as does one for a hook; any other runs. Each writes
    "ready" at its start. A health check says healthy, and a command in a container succeeds.
    """

    def __init__(self, api: tuple[int, int] = (1, 51)) -> None:
        self.engine = FakeEngine(api_version=api)
        self.engine.on_start = self._started
        self.engine.registry.update(REGISTRY)
        for ref, config in IMAGES.items():
            self.engine.add_image(ref, config)
        self.docker = Docker(engine=self.engine)

    def _started(self, name: str) -> None:
        container = self.engine.container(name)
        self.engine.write_log(name, "ready\n")
        ending = 0 if ONE_OFF in container["Config"]["Labels"] else _ENDINGS.get(container["Path"])
        if ending is not None:
            self.engine.exit(name, ending)
        elif "Health" in container["State"]:
            self.engine.set_health(name, "healthy")

    def plan(self, spec: LoadResult, wishes: Wishes = NO_WISHES) -> Plan:
        """The plan, or the plan to destroy."""
        options = {"targets": wishes.targets, "excludes": wishes.excludes, "delete_volumes": wishes.delete_volumes}
        if wishes.destroy:
            return self.docker.plan_destroy(spec, **options, allow=wishes.allow)
        return self.docker.plan(spec, **options, replaces=wishes.replaces, allow=wishes.allow)

    def apply(self, plan: Plan, spec: LoadResult) -> Report:
        """Carry a plan out, one call after another so that IDs come in the same order each time, with every consent."""
        return self.docker.apply(plan, spec=spec, allow=tuple(Consent), parallelism=1)

    def settle(self, spec: LoadResult) -> None:
        """Plan and apply; both must succeed."""
        plan = self.plan(spec)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        report = self.apply(plan, spec)
        assert report.ok, told(report)

    def snapshot(self) -> Json:
        """All that the engine holds, for a comparison of before and after; in no particular order."""
        engine = self.engine
        return {
            "containers": {item["Id"]: engine.container(item["Id"]) for item in engine.containers()},
            "networks": {item["Id"]: engine.network(item["Id"]) for item in engine.networks()},
            "volumes": {item["Name"]: item for item in engine.volumes()},
            "images": {item["Id"]: item["RepoTags"] for item in engine.images()},
        }


def load(path: Path) -> LoadResult:
    """Load a spec file; it must be sound."""
    spec = load_files([path.name], cwd=path.parent, environ={})
    assert spec.stack is not None, "\n".join(map(str, spec.diagnostics))
    return spec


def text_of(plan: Plan, spec: LoadResult) -> str:
    """The plan as `dockerspec plan -v` prints it on a page without colour, the engine's address left out."""
    return render_plan(plan, mask=spec.sensitive, verbose=1)


def told(report: Report) -> str:
    """What went wrong in a report, for an assertion's message."""
    failed = [f"{key}: {item.status} {item.message}" for key, item in report.outcomes.items() if item.message]
    return "\n".join([*failed, *(f"{change.address}: {change.fields}" for change in report.remaining)])
