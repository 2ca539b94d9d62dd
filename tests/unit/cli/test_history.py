"""`history` and what runs leave in it, on the engine in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from dockerspec.api import Docker, load
from dockerspec.api.history import History
from dockerspec.core.history.entry import Entry
from dockerspec.core.report.outcome import Report
from dockerspec.errors import HistoryError, Refused, SpecError
from dockerspec.testing import FakeEngine
from tests.unit.cli.conftest import Run, Script
from tests.unit.render.samples import change, create, done, outcomes, plan

ROOT = Path(__file__).parents[3]
SPEC = """\
stack: shop
variables: {WHO: {sensitive: true}}
containers:
  web: {image: "nginx:1.27", env_file: [web.env], environment: {WHO: "${WHO}"}, mem_limit: %s}
"""
WHO = {"WHO": "who-secret-7"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = tmp_path / "state"
    monkeypatch.setenv("DOCKERSPEC_HISTORY", str(state))
    return state


@pytest.fixture
def docker() -> Docker:
    engine = FakeEngine()
    engine.add_image("nginx:1.27")
    return Docker(engine=engine)


def apply(docker: Docker, tmp_path: Path, memory: str = "64m", history: History | None = None) -> Report:
    (tmp_path / "s.yaml").write_text(SPEC % memory)
    (tmp_path / "web.env").write_text("LONG=file-staple-9\n")
    spec = load([tmp_path / "s.yaml"], variables=WHO)
    return docker.apply(docker.plan(spec), spec=spec, history=history or History())


def validate(name: str, text: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(text)
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_runs_are_listed_and_shown(run: Run, docker: Docker, folder: Path, tmp_path: Path) -> None:
    assert run("history").out == "No run is in the history.\n"
    assert apply(docker, tmp_path).ok
    assert apply(docker, tmp_path).ok  # nothing to do
    assert apply(docker, tmp_path, "32m").ok
    listed = run("history")
    heads, *rows = listed.out.splitlines()
    assert heads.split() == ["RUN", "WHEN", "STACK", "COMMAND", "OUTCOME", "TOOK", "WHAT", "BY"]
    assert [row.split()[0] for row in rows] == ["2", "1"]
    assert "done" in rows[0]
    assert run("history", "--stack", "other").out == "No run is in the history.\n"
    assert len(run("history", "-n", "1").out.splitlines()) == 2

    validate("history", run("history", "--json").out)
    document = validate("history-entry", run("history", "show", "2", "--json").out)
    assert document["good"]
    for name, kept in (("plan", document["plan"]), ("report", document["report"])):
        validate(name, json.dumps(kept))
    shown = run("history", "show", "2").out
    assert "Run 2: apply of the stack shop" in shown
    assert "mem_limit" in shown
    assert "Done:" in shown
    (tmp_path / "then.yaml").write_text(run("history", "show", "1", "--spec").out)
    assert load([tmp_path / "then.yaml"], variables=WHO).require().containers["web"].mem_limit == 64 << 20
    missing = run("history", "show", "9")
    assert missing.status == 1
    assert "the history has no run 9" in missing.err
    (tmp_path / "web.env").write_text("LONG=another-one-9\n")
    spec = load([tmp_path / "s.yaml"], variables=WHO)
    assert docker.apply(docker.plan(spec), spec=spec, history=History()).ok
    assert "environment.LONG" in run("history", "show", "3").out
    for secret in (b"who-secret-7", b"file-staple-9", b"another-one-9"):
        assert secret not in (folder / "history.db").read_bytes()


def test_no_place_for_it_is_a_quiet_word(
    run: Run, script: Script, docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "state")
    assert apply(docker, tmp_path, history=history).ok
    (word,) = history.words
    assert word.startswith("this run is not in the history: the history in ")

    monkeypatch.setenv("DOCKERSPEC_HISTORY", str(tmp_path / "file" / "state"))
    make = create("container.web", "shop-web-1")
    script.plan = plan(change("container.web", "create", "not on the host"), actions=(make,))
    script.report = Report("shop", outcomes(done(make)))
    assert run("apply", "--yes").status == 0
    monkeypatch.setenv("DOCKERSPEC_HISTORY", "off")
    listed = run("history")
    assert listed.status == 0
    assert "DOCKERSPEC_HISTORY says off" in listed.err


def test_the_end_that_can_not_be_written_is_a_word(
    docker: Docker, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise HistoryError("the disk is full")

    monkeypatch.setattr("dockerspec.runtime.journal.Journal.finish", fail)
    history = History()
    assert apply(docker, tmp_path, history=history).ok
    assert history.words == ("the end of this run is not in the history: the disk is full",)


def earlier(docker: Docker, entry: Entry, **options: object) -> object:
    return docker.earlier_spec(*History().entry(entry.number), **options)  # type: ignore[arg-type]


def test_an_earlier_spec_runs_the_images_of_then(docker: Docker, folder: Path, tmp_path: Path) -> None:
    apply(docker, tmp_path)
    apply(docker, tmp_path, "32m")
    entry = History().last_good("shop", docker.version().id)
    assert entry.number == 1
    spec = docker.earlier_spec(*History().entry(1), variables=WHO)
    web = spec.require().containers["web"]
    assert web.image is not None
    assert web.image.ref == History().entry(1)[1].images["nginx:1.27"].id
    assert (web.mem_limit, web.pull_policy) == (64 << 20, "never")
    back = docker.apply(docker.plan(spec), spec=spec, history=History(), again=entry)
    assert back.ok
    assert docker.plan(spec).is_empty
    assert History().entries()[0].command == "rollback 1"

    missing = docker.earlier_spec(*History().entry(1))
    with pytest.raises(SpecError, match="the value of WHO may be secret"):
        missing.require()
    (tmp_path / "web.env").write_text("LONG=another\n")
    with pytest.raises(Refused, match=r"web\.env of web: LONG"):
        docker.earlier_spec(*History().entry(1), variables=WHO)
    assert docker.earlier_spec(*History().entry(1), variables=WHO, accept_env_files=True).stack is not None


BUILT = """\
stack: shop
images:
  app: {build: {context: ./app, args: {NPM_TOKEN: "token-in-clear"}}, keep: 1}
containers:
  web: {image: {from: app}, pull_policy: always, labels: {api_key: "label-in-clear"}}
"""


def test_what_was_built_is_not_built_again(docker: Docker, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "s.yaml").write_text(BUILT)
    for version in ("one", "two"):
        (tmp_path / "app" / "Dockerfile").write_text(f"FROM nginx:1.27\nLABEL version={version}\n")
        spec = load([tmp_path / "s.yaml"])
        report = docker.apply(docker.plan(spec), spec=spec, history=History())
        assert report.ok, report
    kept = (folder / "history.db").read_bytes()
    assert b"token-in-clear" not in kept
    assert b"label-in-clear" not in kept

    # The label's value is still on the container; the build's argument is not needed.
    entry, details = History().entry(1)
    earlier = docker.earlier_spec(entry, details)
    plan = docker.plan(earlier)
    assert {action.verb for action in plan.actions.values()}.isdisjoint({"build", "pull", "tag", "prune"})
    assert docker.apply(plan, spec=earlier, history=History(), again=entry).ok
    assert docker.plan(earlier).is_empty
    forward = docker.plan(load([tmp_path / "s.yaml"]))
    assert [str(change.address) for change in forward.changes] == ["container.web"]


def test_a_run_without_changes_loads_nothing_of_it(tmp_path: Path) -> None:
    code = """
import sys
from dockerspec import Docker, load
from dockerspec.testing import FakeEngine
engine = FakeEngine()
engine.add_image("a:1")
docker, spec = Docker(engine=engine), load([sys.argv[1]])
assert docker.apply(docker.plan(spec), spec=spec).ok
from dockerspec.cli.carry_out import Wishes, carry_out
from dockerspec.cli.session import Session
assert carry_out(Session(), docker, spec, lambda: docker.plan(spec), Wishes("?", True)) == 0
print([name for name in sys.modules if name == "sqlite3" or name.startswith("dockerspec.core.history")])
"""
    (tmp_path / "s.yaml").write_text("stack: shop\ncontainers: {web: {image: 'a:1'}}\n")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
