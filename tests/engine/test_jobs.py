"""Jobs on real engines: once per change of their spec, their exit code is the verdict, and their log is kept."""

from __future__ import annotations

import json

from dockerspec.core.report.outcome import Status
from dockerspec.render.json import report_json
from dockerspec.render.text import render_report
from tests.engine.stage import Stage, awaited, differing, told
from tests.kit.raw import RawEngine


def _runs(stage: Stage) -> int:
    """How often the job has run: each run leaves a line in its log, which the container keeps."""
    return stage.docker._engine.container_logs(f"{stage.stack}-job-1", tail=None).count("ran")


JOB = """
containers:
  job:
    image: {image}
    command: [sh, -c, "echo ran; exit 0"]
    state: completed
  web:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    depends_on: {job: {condition: service_completed_successfully}}
"""


def test_a_job_runs_once_per_change_of_its_spec(stage: Stage) -> None:
    stage.settle(JOB)
    stage.settle(JOB)
    stage.settle(JOB.replace('"999"', '"998"'))
    assert stage.plan(JOB.replace('"999"', '"998"')).is_empty
    assert _runs(stage) == 1
    report = stage.apply(JOB.replace('"999"', '"998"').replace("echo ran", "echo has ran"))
    assert report.ok, told(report)
    assert awaited(report, "job").logs == "has ran"
    assert _runs(stage) == 1  # of the new container


def test_a_job_that_failed_runs_again_and_what_depends_on_it_waits(stage: Stage, raw: RawEngine) -> None:
    text = JOB.replace("echo ran; exit 0", "echo ran; test -e /again && exit 0; touch /again; exit 3")
    report = stage.apply(text)
    assert awaited(report, "job").message == f"{stage.stack}-job-1 ended with exit status 3"
    assert awaited(report, "job").logs == "ran"
    assert {item.status for item in report.outcomes.values() if item.action.verb == "start"} == {
        Status.DONE,
        Status.SKIPPED,
    }
    assert "container.job" in differing(stage.plan(text))
    stage.settle(text)
    assert _runs(stage) == 2
    assert {item["State"] for item in raw.containers(dockerspec_stack=stage.stack)} == {"exited", "running"}


def test_a_changed_job_that_fails_leaves_the_former_one(stage: Stage, raw: RawEngine) -> None:
    stage.settle(JOB)
    before = {item["Id"] for item in raw.containers(dockerspec_stack=stage.stack)}
    report = stage.apply(JOB.replace("exit 0", "exit 4"))
    assert awaited(report, "job").message == f"{stage.stack}-job-1 ended with exit status 4"
    assert {item["Id"] for item in raw.containers(dockerspec_stack=stage.stack)} == before
    assert differing(stage.plan(JOB)) == {}
    assert "container.job" in differing(stage.plan(JOB.replace("exit 0", "exit 4")))


CODES = """
containers:
  job:
    image: {image}
    command: [sh, -c, "echo ran; exit 3"]
    state: completed
    update: {wait: {exit_code: [0, 3], log: ran}}
  silent:
    image: {image}
    command: ["true"]
    state: completed
    update: {wait: {log: never}}
  endless:
    image: {image}
    command: [sh, -c, "echo begun; exec sleep 999"]
    stop_grace_period: 0s
    state: completed
    update: {timeout: 1s}
"""


def test_other_codes_can_be_allowed_and_a_log_line_demanded(stage: Stage) -> None:
    report = stage.apply(CODES)
    assert awaited(report, "job").status is Status.DONE
    assert awaited(report, "silent").message.endswith("ended as it should, but no line of its log matches 'never'")
    endless = awaited(report, "endless")
    assert endless.message.endswith("was not completed within 1 s; it was still running")
    assert endless.logs == "begun"
    assert "container.job" not in differing(stage.plan(CODES))
    stage.settle(CODES.partition("  silent:")[0])


def test_a_job_killed_in_the_middle_runs_again(stage: Stage, raw: RawEngine) -> None:
    text = JOB.replace("echo ran; exit 0", "echo ran; test -e /again && exit 0; touch /again; exec sleep 999")
    spec = text.replace("state: completed", "state: completed\n    update: {timeout: 1s}")
    assert not stage.apply(spec).ok
    raw.post(f"/containers/{stage.stack}-job-1/kill")
    stage.settle(spec)
    assert _runs(stage) == 2


def test_a_job_that_still_runs_is_waited_for(stage: Stage) -> None:
    text = JOB.replace("echo ran; exit 0", "echo ran; sleep 3")
    spec = text.replace("state: completed", "state: completed\n    update: {timeout: {t}}")
    assert not stage.apply(spec.replace("{t}", "500ms")).ok
    report = stage.apply(spec.replace("{t}", "30s"))
    assert report.ok, told(report)
    assert awaited(report, "job").action.cause == "container.web waits for it"
    assert _runs(stage) == 1


def test_a_job_whose_image_changed_runs_again(stage: Stage, raw: RawEngine) -> None:
    name = f"{stage.stack}-job:1"
    stage.docker._engine.tag_image(stage.image, *name.split(":"))
    text = JOB.replace("image: {image}\n    command: [sh", f"image: {name}\n    command: [sh")
    try:
        stage.settle(text)
        _commit(raw, f"{stage.stack}-job-1", name)
        report = stage.apply(text)
        assert report.ok, told(report)
        assert awaited(report, "job").status is Status.DONE
        assert stage.plan(text).is_empty
    finally:
        raw.delete(f"/images/{name}?force=1")


def _commit(raw: RawEngine, container: str, name: str) -> None:
    repository, _, tag = name.partition(":")
    raw.post(f"/commit?container={container}&repo={repository}&tag={tag}", {})


def test_an_interrupted_replacement_of_a_job_does_not_run_it_twice(stage: Stage, raw: RawEngine) -> None:
    stage.settle(JOB)
    changed = JOB.replace("echo ran", "echo has ran")
    engine, stack = stage.docker._engine, stage.stack
    # As a run leaves it that is killed after the new job ended and before the old one was removed.
    create = next(item for item in stage.plan(changed).actions.values() if item.verb == "create")
    engine.rename_container(f"{stack}-job-1", f"{stack}-job-1.replaced")
    engine.create_container(f"{stack}-job-1", create.body)  # type: ignore[attr-defined]
    engine.start_container(f"{stack}-job-1")
    engine._post(f"/containers/{stack}-job-1/wait")  # type: ignore[attr-defined]
    fresh = engine.container(f"{stack}-job-1")["Id"]
    stage.settle(changed)
    jobs = [item for item in raw.containers(dockerspec_stack=stack) if item["Labels"]["dockerspec.resource"] == "job"]
    assert [item["Id"] for item in jobs] == [fresh]
    assert _runs(stage) == 1


def test_a_jobs_log_is_in_the_report_without_its_secrets(stage: Stage) -> None:
    (stage.folder / "secret").write_text("hunter2-hunter2")
    spec = stage.load("""
    secrets: {word: {file: ./secret}}
    containers:
      job:
        image: {image}
        command: [sh, -c, 'for n in $$(seq 30); do echo "line $$n $$WORD"; done']
        environment: {WORD: {secret: word}}
        state: completed
    """)
    report = stage.docker.apply(stage.docker.plan(spec), spec=spec)
    assert report.ok, told(report)
    kept = [item["logs"] for item in json.loads(report_json(report, mask=spec.sensitive))["outcomes"] if item["logs"]]
    assert [text.splitlines() for text in kept] == [[f"line {number} (sensitive)" for number in range(11, 31)]]
    assert "line 30 (sensitive)" in render_report(report, mask=spec.sensitive, verbose=1)
    assert "line 30" not in render_report(report, mask=spec.sensitive)
