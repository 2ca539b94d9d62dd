"""`import` and `adopt`: what they print where, what they ask, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerspec.core.address import Kind
from dockerspec.core.diagnostics import error
from dockerspec.core.marks import Mark
from dockerspec.core.ownership import Owner
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Outcome, Report, Status
from dockerspec.core.takein.adopt import Adoption, Taken, adopting
from dockerspec.core.takein.choose import Selection
from dockerspec.core.takein.importing import Imported, Written
from dockerspec.core.takein.secrets import Fill
from dockerspec.errors import NotFound
from tests.unit.cli.conftest import Run, Script
from tests.unit.render.samples import change, outcomes

TAKEN = (
    Taken("web", Mark(Kind.CONTAINER, Owner("shop", "web", 1), "id-1")),
    Taken("pgdata", Mark(Kind.VOLUME, Owner("shop", "data"), "pgdata")),
)
AFTERWARDS = Plan("shop", (change("container.web", "replace", "spec changed", downtime=True),), unchanged=1)
ADOPTION = Adoption("shop", TAKEN, adopting("shop", TAKEN, ()), AFTERWARDS)


def test_adopt_shows_what_it_takes_and_what_would_follow(run: Run, script: Script) -> None:
    script.adoption = ADOPTION
    ran = run("adopt", "web", "pgdata")
    assert ran.status == 3
    assert "nothing restarts, no data moves:\n  container.web  web\n  volume.data    pgdata\n" in ran.out
    assert "The plan after that:" in ran.out
    assert "-/+ container.web  replace (restart)  spec changed" in ran.out
    assert "pass --yes to adopt without asking" in ran.err
    assert script.asked("plan_adopt") == {"names": ("web", "pgdata")}
    assert "apply" not in [name for name, _ in script.calls]


def test_adopt_does_it_with_a_yes(run: Run, script: Script) -> None:
    script.adoption = ADOPTION
    ran = run("adopt", "-y", "--parallelism", "2")
    assert ran.status == 0
    assert script.asked("apply")["parallelism"] == 2
    assert "Adopted 2 objects." in ran.out


def test_adopt_reports_a_failure(run: Run, script: Script) -> None:
    script.adoption = ADOPTION
    first = next(iter(ADOPTION.plan.actions.values()))
    script.report = Report("shop", outcomes(Outcome(first, Status.FAILED, "no space left on device")))
    ran = run("adopt", "-y")
    assert ran.status == 1
    assert "no space left on device" in ran.out
    assert "Adopted" not in ran.out


def test_adopt_with_a_fault_changes_nothing(run: Run, script: Script) -> None:
    fault = error("networks.front", "the network bridge is the engine's own", "set `external: true`")
    script.adoption = Adoption("shop", (), Plan("shop", diagnostics=(fault,)), Plan("shop"))
    ran = run("adopt", "-y")
    assert ran.status == 1
    assert "the network bridge is the engine's own" in ran.out


def test_adopt_with_nothing_to_do_says_so(run: Run, script: Script) -> None:
    ran = run("adopt")
    assert ran.status == 0
    assert "Nothing to adopt" in ran.out


def test_adopt_takes_its_spec_from_file_options(run: Run, script: Script, tmp_path: Path) -> None:
    ran = run("adopt", "-f", str(tmp_path / "absent.yaml"))
    assert ran.status == 1
    assert "doesn't exist" in ran.err


FOUND = Imported(
    Written(
        "shop",
        {},
        fills=(Fill("DB_PASSWORD", "environment.DB_PASSWORD of db", "docker inspect db"),),
        values={"DB_PASSWORD": "hush-hush"},
        notes=("containers.db: not said: HostConfig.AutoRemove is true",),
    ),
    "stack: shop\n",
    left=("container.db: update (state)",),
    foreign=True,
)
SAID = """\
note: containers.db: not said: HostConfig.AutoRemove is true
warning: a plan of this spec still differs: container.db: update (state)
Secret values are not in the spec. Before the next plan, set them:
  export DB_PASSWORD="$(docker inspect db)"  # environment.DB_PASSWORD of db
"""


def test_import_prints_the_spec_alone(run: Run, script: Script, tmp_path: Path) -> None:
    script.imported = FOUND
    ran = run("import", "db", "--label", "team", "--stack", "shop")
    assert ran.status == 0
    assert ran.out == "stack: shop\n"
    assert ran.err == f"{SAID}Next: `dockerspec adopt` takes the objects over.\n"
    wish = {"selection": Selection(("db",), ("team",)), "stack": "shop", "folder": tmp_path.name, "show_secrets": False}
    assert script.asked("import_spec") == wish


def test_import_writes_a_new_file(run: Run, script: Script, tmp_path: Path) -> None:
    script.imported = FOUND
    ran = run("import", "--all", "--show-secrets", "-o", "shop.yaml")
    assert ran.status == 0
    assert ran.out == ""
    assert ran.err == f"Wrote shop.yaml.\n{SAID}Next: `dockerspec adopt -f shop.yaml` takes the objects over.\n"
    assert (tmp_path / "shop.yaml").read_text() == "stack: shop\n"
    assert script.asked("import_spec")["show_secrets"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "say which containers: give names, --label KEY=VALUE, or --all"),
        (("web", "-o", "dockerspec.yaml"), "dockerspec.yaml is already there, and import overwrites nothing"),
        (("web", "--stack", "Shop!"), "can't name a stack; write small letters"),
    ],
)
def test_import_refuses_before_it_asks_the_engine(run: Run, script: Script, args: tuple[str, ...], said: str) -> None:
    ran = run("import", *args)
    assert ran.status == 1
    assert said in ran.err
    assert script.calls == []


def test_import_says_when_nothing_is_meant(run: Run, script: Script, tmp_path: Path) -> None:
    script.imported = NotFound("there is no container wbe on this engine")
    ran = run("import", "wbe", "-o", "out.yaml")
    assert ran.status == 1
    assert "there is no container wbe" in ran.err
    assert not (tmp_path / "out.yaml").exists()
