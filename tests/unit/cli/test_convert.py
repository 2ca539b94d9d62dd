"""`convert`: where the result goes, what is said beside it, and what is never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

COMPOSE = """\
# The shop.
services:
  web:
    image: nginx:${TAG:-1.27}   # pinned
    deploy: {replicas: 2, placement: {constraints: [a]}}
"""
OWN = """\
stack: shop
# The shop.
containers:
  web:
    image: nginx:${TAG:-1.27}   # pinned
    replicas: 2
    # deploy.placement: {constraints: [a]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "shop"
    place.mkdir()
    (place / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(place)
    return place


def test_the_result_goes_to_standard_output_and_the_words_beside_it(run: Run, folder: Path) -> None:
    ran = run("convert")
    assert ran.status == 0
    assert ran.out == OWN
    warned = "compose.yaml:5:27: warning: services.web.deploy.placement: only a swarm heeds this"
    assert warned in ran.err
    assert ran.err.count("placement") == 1, "the load says the same, and once is enough"
    assert sorted(path.name for path in folder.iterdir()) == ["compose.yaml"]


def test_a_file_is_written_whole_and_loads(run: Run, folder: Path) -> None:
    ran = run("convert", "compose.yaml", "-o", "dockerspec.yaml")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith("Wrote dockerspec.yaml.\n")
    assert run("validate", "dockerspec.yaml").status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["compose.yaml", "dockerspec.yaml"]


def test_nothing_is_overwritten_unless_asked_for(run: Run, folder: Path) -> None:
    (folder / "mine.yaml").write_text("mine")
    ran = run("convert", "compose.yaml", "-o", "mine.yaml")
    assert ran.status == 1
    assert "mine.yaml is already there" in ran.err
    assert (folder / "mine.yaml").read_text() == "mine"
    assert run("convert", "compose.yaml", "-o", "mine.yaml", "--force").status == 0
    assert "containers:" in (folder / "mine.yaml").read_text()


def test_a_folder_that_is_not_there_is_told(run: Run, folder: Path) -> None:
    ran = run("convert", "-o", "nowhere/dockerspec.yaml")
    assert ran.status == 1
    assert "nowhere/dockerspec.yaml can't be written: No such file or directory" in ran.err


def test_there_and_back(run: Run, folder: Path) -> None:
    run("convert", "compose.yaml", "-o", "dockerspec.yaml")
    back = run("convert", "dockerspec.yaml", "--to", "compose")
    assert back.status == 0
    assert "name: shop\n# The shop.\nservices:\n" in back.out
    assert "image: nginx:${TAG:-1.27}   # pinned" in back.out
    assert "scale: 2" in back.out


@pytest.mark.parametrize(
    ("file", "to", "says"),
    [("compose.yaml", "compose", "a Compose file already"), ("own.yaml", "dockerspec", "dockerspec's own already")],
)
def test_the_direction_must_be_the_other_format(run: Run, folder: Path, file: str, to: str, says: str) -> None:
    (folder / "own.yaml").write_text(OWN)
    ran = run("convert", file, "--to", to)
    assert ran.status == 1
    assert says in ran.err
    assert ran.out == ""


def test_what_cant_be_converted_writes_nothing(run: Run, folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  a: {image: x}\n  b:\n    extends: a\n")
    ran = run("convert", "-o", "dockerspec.yaml")
    assert ran.status == 1
    assert "compose.yaml:4:5: error: services.b.extends: " in ran.err
    assert "--resolve" in ran.err
    assert not (folder / "dockerspec.yaml").exists()
    resolved = run("convert", "--resolve")
    assert resolved.status == 0
    assert resolved.out == "stack: shop\n\ncontainers:\n  a:\n    image: x\n  b:\n    image: x\n"


def test_a_faulty_file_is_reported_like_by_validate(run: Run, folder: Path) -> None:
    (folder / "compose.yaml").write_text("services: {a: {image: x, imagee: y}}\n")
    ran = run("convert")
    assert (ran.status, ran.out) == (1, "")
    assert "did you mean 'image'?" in ran.err


def test_each_file_of_several_needs_a_name(run: Run, folder: Path) -> None:
    (folder / "prod.yaml").write_text("# On top.\nservices: {web: {restart: always}}\n")
    files = ("-f", "compose.yaml", "-f", "prod.yaml")
    ran = run("convert", *files)
    assert ran.status == 1
    assert "2 files would be written" in ran.err
    assert run("convert", *files, "-o", "a.yaml", "-o", "b.yaml").status == 0
    assert (folder / "b.yaml").read_text() == "# On top.\ncontainers: {web: {restart: always}}\n"
    assert run("validate", "-f", "a.yaml", "-f", "b.yaml").status == 0
    assert "restart: always" in run("convert", *files, "--resolve").out


def test_another_folder_is_warned_about(run: Run, folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    ran = run("convert", "-o", "elsewhere/dockerspec.yaml")
    assert ran.status == 0
    assert "relative paths start from the folder of the spec; move it beside compose.yaml" in ran.err


def test_a_secret_value_is_not_put_in(run: Run, folder: Path) -> None:
    text = "services:\n  a: {image: x, environment: {P: 'u:${PW}'}, secrets: [s]}\nsecrets: {s: {environment: PW}}\n"
    (folder / "compose.yaml").write_text(text)
    (folder / ".env").write_text("PW=geheim-123\n")
    for args in (("convert",), ("convert", "--resolve")):
        ran = run(*args)
        assert ran.status == 0
        assert "geheim-123" not in ran.err + ran.out
        assert "u:${PW}" in ran.out
