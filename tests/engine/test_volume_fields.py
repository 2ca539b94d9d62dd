"""Every field of a volume both ways on real engines (tests/cases/fields/volumes.yaml), and changes from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.resource_cases import Case, ResourceBench, complaints, read_cases, spelled
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine


@pytest.fixture
def bench(engine_daemon: Daemon | GivenEngine, stack_name: str, tmp_path: Path) -> Iterator[ResourceBench]:
    bench = ResourceBench(engine_daemon, "volumes", stack_name, tmp_path, {})
    yield bench
    bench.docker.close()


def test_volume_fields_both_ways(bench: ResourceBench) -> None:
    known = [case for case in read_cases("volumes") if not case.swarm]
    start = {case.name: case.a for case in known}
    bench.apply(start)
    faults = bench.settled(start, "as created")
    for turn in range(max(len(case.same) for case in known)):
        faults += bench.settled(spelled(known, turn), f"spelling {turn + 1}")

    other = [case for case in known if case.b is not None]
    changed = {**start, **{case.name: case.b for case in other}}
    refused = bench.plan(changed)
    faults += _refusals(bench, other, [str(fault) for fault in refused.errors])
    assert refused.is_empty
    consent = tuple(case.name for case in other)
    faults += complaints(bench.plan(changed, consent), other)
    bench.apply(changed, consent)

    silent = {case.name: case.rest for case in known}
    bench.apply(silent, consent)
    faults += bench.settled(silent, "silent")
    print(f"{len(known)} cases over {len({case.field for case in known})} fields of volumes")
    assert not faults, "\n".join(faults)


def _refusals(bench: ResourceBench, cases: list[Case], errors: list[str]) -> Iterator[str]:
    for case, text in zip(cases, errors, strict=True):
        for word in (f"{bench.stack}_{case.name} differs in {', '.join(case.paths)}", f"--delete-volume {case.name}"):
            if word not in text:
                yield f"{case.name}: the refusal lacks {word!r}: {text}"


def test_what_only_a_swarm_can_do_is_sent_and_too_old_an_engine_named(bench: ResourceBench) -> None:
    api = bench.docker.version().api
    for case in (case for case in read_cases("volumes") if case.swarm):
        plan = bench.plan({case.name: case.a})
        if case.since > api:
            (fault,) = plan.errors
            assert fault.path == f"volumes.{case.name}.{case.field}"
            assert f"needs engine API {'.'.join(map(str, case.since))}" in str(fault)
        else:
            report = bench.run({case.name: case.a})
            assert "swarm" in told(report)


SITE = """
volumes: {data: {LABELS}}
containers:
  db: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, volumes: ["data:/data"]}
"""


def test_the_refusal_and_the_plan_name_the_data_at_stake(stage: Stage, raw: RawEngine) -> None:
    spec, changed = SITE.replace("LABELS", ""), SITE.replace("LABELS", "labels: {a: b}")
    stage.settle(spec)
    name, container = f"{stage.stack}_data", f"{stage.stack}-db-1"
    raw.execute(container, "sh", "-c", "echo kept > /data/file")
    (fault,) = stage.plan(changed).errors
    assert f"volume {name}, used by {container}, differs in labels.a" in str(fault)
    assert "put the old value back, or consent to the loss of its data with --delete-volume data" in str(fault)
    assert raw.execute(container, "cat", "/data/file") == (0, "kept\n")
    # Naming another volume is no consent.
    assert stage.plan(changed, delete_volumes=("other",)).errors
    plan = stage.plan(changed, delete_volumes=("data",))
    assert not plan.errors
    assert f"all data in the volume {name}, which {container} used, is deleted" in str(plan.diagnostics[0])
    # A volume is protected unless a run names it, also where its spec says so.
    protected = SITE.replace("LABELS", "prevent_destroy: true, labels: {a: b}")
    assert stage.plan(protected).errors
    report = stage.apply(protected, delete_volumes=("data",))
    assert report.ok, told(report)
    assert raw.execute(container, "ls", "/data") == (0, "")
    assert stage.plan(protected).is_empty


def test_what_was_done_to_a_volume_outside_is_seen(stage: Stage, raw: RawEngine) -> None:
    spec = SITE.replace("LABELS", "driver_opts: {type: tmpfs, device: tmpfs}, labels: {a: b}")
    name = f"{stage.stack}_data"
    stage.settle(spec)
    labels = raw.get(f"/volumes/{name}")["Labels"]
    # The engine deletes no volume that a container has mounted, stopped or not.
    raw.delete(f"/containers/{stage.stack}-db-1", force=True)
    raw.delete(f"/volumes/{name}")
    assert differing(stage.plan(spec)) == {"volume.data": {"create"}, "container.db": {"create"}}
    options = {"type": "tmpfs", "device": "tmpfs"}
    for change, path in (
        ({"Labels": {**labels, "a": "c"}, "DriverOpts": options}, "labels.a"),
        ({"Labels": labels}, "driver_opts.device, driver_opts.type"),
        ({"Labels": labels, "DriverOpts": {**options, "o": "size=1m"}}, "driver_opts.o"),
    ):
        raw.post("/volumes/create", {"Name": name, **change})
        (fault,) = stage.plan(spec).errors
        assert f"differs in {path}, and" in str(fault)
        raw.delete(f"/volumes/{name}")
    raw.post("/volumes/create", {"Name": name, "Labels": {"a": "b"}, "DriverOpts": options})
    assert "was not made by dockerspec" in str(stage.plan(spec).errors[0])
    raw.delete(f"/volumes/{name}")
    stage.settle(spec)


def test_an_external_volume_is_used_and_never_touched(stage: Stage, raw: RawEngine) -> None:
    name = f"{stage.stack}-lent"
    spec = SITE.replace("LABELS", f"external: true, name: {name}")
    (fault,) = stage.plan(spec).errors
    assert f"external volume {name} is not on the host; create it with `docker volume create {name}`" in str(fault)
    raw.post("/volumes/create", {"Name": name})
    stage.settle(spec)
    assert stage.destroy(spec, delete_volumes=("data", name)).ok
    assert raw.find(f"/volumes/{name}") is not None
