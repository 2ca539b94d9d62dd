"""Specs as the history keeps them: the same stack comes back from any folder, and no secret is in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dockerspec.core.history.kept import KeptSpec, changed_files, keep, veil_of
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.source import SourceFile, Variables
from dockerspec.runtime.files import load_files, read_text
from tests.unit.spec.test_load_cases import FOLDERS, run

ROOT = Path(__file__).parents[3]
SALT = "5a17"


def again(kept: KeptSpec, given: Mapping[str, str]) -> LoadResult:
    """Load a kept spec in another folder, with nothing but the values given."""
    return load([SourceFile("history 1", kept.text, "/nowhere")], Variables(environment=given), read_text)


def read(result: LoadResult) -> Stack:
    """The stack without the names of files whose content is in it, or beside it, already."""
    stack = result.require()
    containers = {key: spec.model_copy(update={"env_file": ()}) for key, spec in stack.containers.items()}
    return stack.model_copy(update={"containers": containers, "secrets": {}, "configs": {}})


def to_give(result: LoadResult, kept: KeptSpec, withheld: Mapping[str, str]) -> dict[str, str]:
    """What a later run has to give: what is open in the text, and the sources of secrets."""
    assert result.origin is not None
    return {**result.origin.values, **withheld}


def loads() -> Iterator[tuple[str, LoadResult]]:
    for folder in FOLDERS:
        yield folder.name, run(folder)
    for path in sorted((ROOT / "specs").rglob("*.yaml")):
        yield path.name, load_files([path], environ={"HOME": "/root", "SHOP_KEY": "correct-horse"}, cwd=ROOT)
    for path in sorted((ROOT / "tests/cases/plan").rglob("*.yaml")):
        yield f"{path.parent.name}/{path.name}", load_files([path], environ={}, cwd=path.parent)


LOADED = [(name, result) for name, result in loads() if result.stack is not None]
SOUND = [pytest.param(result, id=name) for name, result in LOADED if result.compose is None]
PROJECTS = [pytest.param(result, id=name) for name, result in LOADED if result.compose is not None]


def test_there_are_cases() -> None:
    assert len(SOUND) > 40


@pytest.mark.parametrize("result", SOUND)
def test_a_kept_spec_is_the_same_stack(result: LoadResult) -> None:
    kept = keep(result, SALT)
    assert isinstance(kept, KeptSpec), kept
    literal: dict[str, str] = {}
    for name, item in kept.withheld.items():
        if item.container:
            container = result.require().containers[item.container]
            literal[name] = str({**container.labels, **container.environment}[item.variable])
    found = again(kept, to_give(result, kept, literal))
    assert [str(item) for item in found.diagnostics if item.severity == "error"] == []
    assert read(found) == read(result)
    assert found.secrets == result.secrets
    texts = [{key: item.text for key, item in each.contents.items()} for each in (found, result)]
    assert texts[0] == texts[1]
    for name, value in literal.items():
        assert veil_of(kept, result.require().stack, name, value) == kept.withheld[name].veil


@pytest.mark.parametrize("result", PROJECTS)
def test_a_compose_file_is_not_kept_yet_and_the_reason_is(result: LoadResult) -> None:
    assert keep(result, SALT) == "it is a Compose file; only specs of dockerspec's own are kept"


@pytest.mark.parametrize("result", SOUND)
def test_no_secret_value_is_kept(result: LoadResult) -> None:
    kept = keep(result, SALT)
    assert isinstance(kept, KeptSpec)
    assert [value for value in result.sensitive if len(value) >= 4 and value in repr(kept)] == []


SHOP = """\
dockerspec: 1
stack: shop
variables:
  TAG: "1.4"
  WHO: {sensitive: true, default: alice-secret}
  COUNT: {type: int, sensitive: true}
secrets: {key: {file: ./key}}
x-note: anything
containers:
  web:
    image: "shop/web:${TAG}"
    replicas: ${COUNT}
    command: [sh, -c, "echo $$HOME ${WHO}!"]
    env_file: [web.env]
    environment:
      KEY: {secret: key}
      DB_PASSWORD: hunter2-literal
      URL: "http://${USER_NAME}@host"
      DSN: "${DSN}"
      MODE:
      GONE:
    volumes: ["./data:/data", "~/conf:/conf:ro"]
    pre_stop: [{command: [drain], environment: {MODE: , API_TOKEN: hook-literal}}]
"""
ENVIRON = {
    "COUNT": "2",
    "USER_NAME": "bob",
    "DSN": "postgres://u:dsn-secret@h/db",
    "MODE": "fast",
    "HOME": "/home/me",
}


@pytest.fixture
def shop(tmp_path: Path) -> LoadResult:
    (tmp_path / "s.yaml").write_text(SHOP)
    (tmp_path / "key").write_text("key-secret\n")
    (tmp_path / "web.env").write_text("LEVEL=info\nTOKEN=file-secret\n")
    return load_files(["s.yaml"], cwd=tmp_path, environ=ENVIRON)


def test_what_is_open_and_what_is_put_in(shop: LoadResult, tmp_path: Path) -> None:
    kept = keep(shop, SALT)
    assert isinstance(kept, KeptSpec)
    assert (
        kept.text
        == f"""\
variables:
  COUNT:
    type: "int"
    sensitive: true
  DSN:
    sensitive: true
  WEB_API_TOKEN:
    sensitive: true
  WEB_DB_PASSWORD:
    sensitive: true
  WHO:
    sensitive: true
dockerspec: 1
stack: "shop"
secrets:
  key:
    file: "{tmp_path}/key"
containers:
  web:
    image: "shop/web:1.4"
    replicas: ${{COUNT}}
    command:
      - sh
      - "-c"
      - "echo $$HOME ${{WHO}}!"
    env_file:
      - "{tmp_path}/web.env"
    environment:
      KEY:
        secret: key
      DB_PASSWORD: "${{WEB_DB_PASSWORD}}"
      URL: "http://bob@host"
      DSN: "${{DSN}}"
      MODE: "fast"
      GONE: null
    volumes:
      - "{tmp_path}/data:/data"
      - "/home/me/conf:/conf:ro"
    pre_stop:
      - command:
          - drain
        environment:
          MODE: "fast"
          API_TOKEN: "${{WEB_API_TOKEN}}"
"""
    )
    for secret in ("alice-secret", "hook-literal", "hunter2", "dsn-secret", "key-secret", "file-secret", "info"):
        assert secret not in repr(kept)


def test_what_is_missing_is_told(shop: LoadResult) -> None:
    kept = keep(shop, SALT)
    assert isinstance(kept, KeptSpec)
    faults = [fault.path for fault in again(kept, {}).diagnostics if fault.severity == "error"]
    assert faults == [f"variables.{name}" for name in ("COUNT", "DSN", "WEB_API_TOKEN", "WEB_DB_PASSWORD", "WHO")]


def test_files_of_variables_are_known_again(shop: LoadResult, tmp_path: Path) -> None:
    kept = keep(shop, SALT)
    assert isinstance(kept, KeptSpec)
    given = {**ENVIRON, "WHO": "alice-secret", "WEB_DB_PASSWORD": "hunter2-literal", "WEB_API_TOKEN": "hook-literal"}

    def changed() -> dict[str, tuple[str, ...]]:
        found = again(kept, given)
        assert found.origin is not None
        return changed_files(kept, found.require(), found.origin)

    assert changed() == {}
    (tmp_path / "web.env").write_text("# a remark\nTOKEN='file-secret'\nLEVEL=info\n")
    assert changed() == {}
    (tmp_path / "web.env").write_text("LEVEL=info\nTOKEN=file-secret\nNEW=1\n")
    assert changed() == {"web": ("NEW",)}


def test_a_secret_in_clear_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key-secret")
    text = "stack: shop\nsecrets: {key: {file: key}}\ncontainers:\n"
    text += "  web: {image: a, command: [--with, key-secret], environment: {KEY: {secret: key}}}\n"
    (tmp_path / "s.yaml").write_text(text)
    kept = keep(load_files(["s.yaml"], cwd=tmp_path, environ={}), SALT)
    assert kept == "a secret value stands in clear in containers.web"


@pytest.mark.parametrize("salt", ["a", "b"])
def test_one_spec_has_one_digest(shop: LoadResult, salt: str) -> None:
    first, second = keep(shop, salt), keep(shop, salt)
    assert isinstance(first, KeptSpec)
    assert isinstance(second, KeptSpec)
    assert first.digest == second.digest
