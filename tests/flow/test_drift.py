"""`drift` on a made-up host: what happened behind our back, and what merely differs since the spec was edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.report.drift import DriftReport, DriftRow
from tests.flow.drift import Drift
from tests.flow.world import World, load

Json = Any

SPEC = """
networks: {front: {}}
volumes: {data: {}}
containers:
  web: {image: "app:1", networks: [front], mem_limit: 64m}
  db: {image: "db:1", volumes: ["data:/data"]}
  job: {image: busybox, command: ["true"], state: completed}
"""
LEGACY = "  old: {image: busybox, command: [serve]}\n"
TOOL = Address(Kind.CONTAINER, "tool", 1)
COPY = {"dockerspec.stack": "shop", "dockerspec.resource": "tool"}


def spec_of(folder: Path, body: str, name: str = "spec.yaml") -> Any:
    file = folder / name
    file.write_text(f"dockerspec: 1\nstack: shop\n{body}")
    return load(file)


def look(tmp_path: Path, happened: list[dict[str, Json]], *, before: str = SPEC, after: str = SPEC) -> DriftReport:
    """Apply one spec, let things happen, and look through another."""
    world = World()
    world.settle(spec_of(tmp_path, before))
    Drift(world.engine, "shop").run(happened)
    snapshot = world.snapshot()
    report = world.docker.drift(spec_of(tmp_path, after))
    assert world.snapshot() == snapshot, "a look changes nothing"
    return report


def said(rows: tuple[DriftRow, ...]) -> list[str]:
    """The rows in short: address, kind, fields."""
    return [
        " ".join([str(row.address), *filter(None, [row.kind, *(item.path for item in row.fields)])]) for row in rows
    ]


DRIFTED: list[tuple[list[dict[str, Json]], list[str]]] = [
    ([], []),
    ([{"update": {"container": "web", "Memory": "32m"}}], ["container.web changed mem_limit"]),
    ([{"kill": "web"}], ["container.web changed state"]),
    ([{"pause": "web"}], ["container.web changed state"]),
    ([{"rename": {"container": "web", "to": "elsewhere"}}], ["container.web changed container_name"]),
    ([{"disconnect": {"container": "web", "network": "front"}}], ["container.web changed networks.front"]),
    ([{"remove": "web"}], ["container.web missing"]),
    ([{"remove": "db"}, {"remove-volume": "data"}], ["volume.data missing", "container.db missing"]),
    ([{"health": {"container": "web", "status": "unhealthy"}}], ["container.web unwell"]),
    ([{"remove": "web"}, {"foreign-container": "shop-web-1"}], ["container.web missing"]),
    ([{"remove": "web"}, {"remove-network": "front"}, {"foreign-network": "shop_front"}],
     ["network.front missing", "container.web missing"]),
    ([{"double": {"container": "web", "name": "copy", "started": True}}], ["container.web unknown"]),
    ([{"foreign-container": {"name": "own-tool", "labels": COPY}}], ["container.tool unknown"]),
    ([{"foreign-container": "stranger"}, {"foreign-network": "office"}, {"foreign-volume": "shared"}], []),
    ([{"health": {"container": "web", "status": "unhealthy"}}, {"update": {"container": "web", "Memory": "32m"}}],
     ["container.web changed mem_limit"]),
]  # fmt: skip


@pytest.mark.parametrize(("happened", "rows"), DRIFTED, ids=[str(happened) for happened, _ in DRIFTED])
def test_drift(tmp_path: Path, happened: list[dict[str, Json]], rows: list[str]) -> None:
    report = look(tmp_path, happened)
    assert said(report.drifted) == rows
    assert report.pending == ()
    assert report.diagnostics == ()
    assert report.unchanged == 9 - len({row.address for row in report.drifted} - {TOOL})


EDITED: list[tuple[str, str, list[str]]] = [
    ("mem_limit: 64m", "mem_limit: 96m", ["container.web mem_limit memswap_limit"]),
    ("networks: [front], ", "networks: [front], user: '7', ", ["container.web user"]),
    ("networks: {front: {}}", "networks: {front: {labels: {a: b}}}", ["network.front labels.a"]),
    ('image: "app:1"', 'image: "cache:7"', ["image.cache:7", "container.web image"]),
]


@pytest.mark.parametrize(("old", "new", "rows"), EDITED, ids=[new for _, new, _ in EDITED])
def test_an_edit_is_no_drift(tmp_path: Path, old: str, new: str, rows: list[str]) -> None:
    report = look(tmp_path, [], after=SPEC.replace(old, new))
    assert report.drifted == ()
    assert [line.split()[0] for line in said(report.pending)] == [line.split()[0] for line in rows]
    for line, row in zip(said(report.pending), rows, strict=True):
        assert set(row.split()) <= set(line.split())


def test_what_the_spec_no_longer_has_is_no_drift(tmp_path: Path) -> None:
    report = look(tmp_path, [], before=SPEC + LEGACY)
    assert report.drifted == ()
    assert said(report.pending) == ["container.old"]
    assert report.pending[0].note == "no longer in the spec"


def test_what_another_spec_made_is_drift(tmp_path: Path) -> None:
    world = World()
    world.settle(spec_of(tmp_path, SPEC))
    world.settle(spec_of(tmp_path, SPEC + LEGACY, "other.yaml"))
    (row,) = world.docker.drift(spec_of(tmp_path, SPEC)).drifted
    assert str(row.address) == "container.old"
    assert row.note == f"it was made from {tmp_path.name}/other.yaml"


def test_changed_on_the_host_and_in_the_spec(tmp_path: Path) -> None:
    after = SPEC.replace("64m", "96m").replace("[front],", "[front], user: '7',")
    report = look(tmp_path, [{"kill": "web"}], after=after)
    assert said(report.drifted) == ["container.web changed state"]
    assert said(report.pending) == ["container.web mem_limit memswap_limit user"]


def test_what_an_earlier_apply_changed_live_is_no_drift(tmp_path: Path) -> None:
    world = World()
    world.settle(spec_of(tmp_path, SPEC))
    world.settle(spec_of(tmp_path, SPEC.replace("64m", "96m")))
    report = world.docker.drift(spec_of(tmp_path, SPEC.replace("64m", "128m")))
    assert report.drifted == ()
    assert said(report.pending) == ["container.web mem_limit memswap_limit"]


def test_a_failed_job_is_unwell(tmp_path: Path) -> None:
    world = World()
    world.settle(spec_of(tmp_path, SPEC))
    Drift(world.engine, "shop").run([{"start": "job"}, {"exit": {"container": "job", "code": 3}}])
    (row,) = world.docker.drift(spec_of(tmp_path, SPEC)).drifted
    assert (str(row.address), row.kind, row.note) == ("container.job", "unwell", "the job failed with exit code 3")


def test_a_container_that_keeps_restarting(tmp_path: Path) -> None:
    spec = SPEC.replace("mem_limit: 64m", "restart: always")
    report = look(tmp_path, [{"crash": {"container": "web", "code": 2}}], before=spec, after=spec)
    (row,) = report.drifted
    assert (str(row.address), row.kind) == ("container.web", "unwell")
    assert "keeps restarting: exit code 2" in row.note


def test_what_is_missing_outside_the_stack(tmp_path: Path) -> None:
    after = SPEC.replace("networks: {front: {}}", "networks: {front: {}, office: {external: true}}")
    report = look(tmp_path, [], after=after)
    (row,) = report.drifted
    assert (str(row.address), row.note) == ("network.office", "the external network office is not on the host")


def test_other_errors_of_a_plan_are_told(tmp_path: Path) -> None:
    report = look(tmp_path, [], after=SPEC.replace("{data: {}}", "{data: {labels: {a: b}}}"))
    (fault,) = report.diagnostics
    assert fault.path == "volumes.data"
    assert fault.span is not None
    assert report.drifted == ()
