"""A spec on an engine, as tests use it: text in, plan or report out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from dockerspec.api import Docker, load
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Outcome, Report
from dockerspec.core.spec.load import LoadResult


class Stage:
    """One engine and a folder for the spec file. `{stack}` and `{image}` in a spec's text are filled in."""

    def __init__(self, host: str, folder: Path, stack: str, image: str) -> None:
        self.docker = Docker(host)
        self.folder = folder
        self.stack = stack
        self.image = image

    def load(self, text: str) -> LoadResult:
        """Write the spec's body behind its head and load it; it must be sound."""
        body = dedent(text).replace("{stack}", self.stack).replace("{image}", self.image)
        file = self.folder / "stack.yaml"
        file.write_text(f"dockerspec: 1\nstack: {self.stack}\n{body}")
        spec = load([file])
        assert spec.stack is not None, "\n".join(map(str, spec.diagnostics))
        return spec

    def plan(self, text: str, *, delete_volumes: tuple[str, ...] = (), targets: tuple[str, ...] = ()) -> Plan:
        """The plan for a spec."""
        return self.docker.plan(self.load(text), delete_volumes=delete_volumes, targets=targets)

    def apply(self, text: str, *, delete_volumes: tuple[str, ...] = (), targets: tuple[str, ...] = ()) -> Report:
        """Plan and carry out with every consent; the report says whether anything still differs."""
        spec = self.load(text)
        plan = self.docker.plan(spec, delete_volumes=delete_volumes, targets=targets)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        return self.docker.apply(plan, spec=spec, allow=tuple(Consent))

    def settle(self, text: str) -> None:
        """Apply, and insist on success."""
        report = self.apply(text)
        assert report.ok, told(report)

    def destroy(self, text: str, *, delete_volumes: tuple[str, ...] = ()) -> Report:
        """Remove the stack."""
        plan = self.docker.plan_destroy(self.load(text), delete_volumes=delete_volumes)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        return self.docker.apply(plan, allow=tuple(Consent))


def told(report: Report) -> str:
    """What went wrong in a report, for an assertion's message."""
    failed = [
        f"{key}: {item.status} {item.message} {item.logs}" for key, item in report.outcomes.items() if item.message
    ]
    return "\n".join([*failed, *(f"{change.address}: {change.fields}" for change in report.remaining)])


def awaited(report: Report, name: str) -> Outcome:
    """The outcome of waiting for the only replica of a container."""
    return next(item for key, item in report.outcomes.items() if key.startswith(f"await container.{name} "))


def differing(plan: Plan) -> dict[str, set[str]]:
    """The differing paths by address; an object that is made or removed stands with its kind of change."""
    return {str(change.address): {item.path for item in change.fields} or {str(change.kind)} for change in plan.changes}
