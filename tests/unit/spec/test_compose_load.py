"""Compose files in the pipeline: what tells them apart, where they are found, and what the whole of it costs."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

from dockerspec.core.spec.compose.show import shown
from dockerspec.core.spec.compose.words import split_words
from dockerspec.core.spec.load import load
from dockerspec.core.spec.source import SourceFile, Variables
from dockerspec.render.project import tree_yaml
from dockerspec.runtime.files import load_files, read_text
from tests import compose_cases as parity

SERVICE = """\
  web{n}:
    image: nginx:1.27
    environment: {{LOG: info, PORT: "{n}"}}
    ports: ["{port}:80"]
    volumes: ["data{n}:/data", "./conf:/etc/conf:ro"]
    networks: [front]
    depends_on: [{before}]
    secrets: [token]
"""


def project(count: int) -> str:
    """A project of services that depend on each other in a chain."""
    services = "".join(
        SERVICE.format(n=number, port=8000 + number, before=f"web{number - 1}" if number else "")
        for number in range(count)
    )
    volumes = "".join(f"  data{number}:\n" for number in range(count))
    return (
        f"name: big\nservices:\n{services}networks: {{front: }}\nsecrets: {{token: {{environment: T}}}}\nvolumes:\n"
        + volumes
    )


def read(text: str, name: str = "compose.yaml", **variables: str):
    return load([SourceFile(name, text, "/srv/shop")], Variables(variables), read_text)


@pytest.mark.parametrize(
    ("name", "text", "is_compose"),
    [
        ("x.yaml", "services: {a: {image: x}}", True),
        ("x.yaml", "include: []\n", True),
        ("compose.yaml", "networks: {n: }", True),
        ("deep/docker-compose.yml", "name: shop", True),
        ("x.yaml", "networks: {n: {}}", False),
        ("compose.yaml", "containers: {a: {image: x}}", False),
        ("compose.yaml", "stack: shop", False),
        ("x.yaml", "containers: {a: {image: x}}\nservices: {}", False),
    ],
)
def test_what_is_a_compose_file(name: str, text: str, is_compose: bool) -> None:
    assert (read(text, name).compose is not None) is is_compose


def test_a_stack_of_compose_says_so() -> None:
    result = read(project(2), T="t")
    assert result.require().stack == "big"
    assert result.compose is not None
    assert result.compose.services == ("web0", "web1")
    assert [item.place("secrets") for item in result.require().containers["web0"].secrets] == ["/run/secrets/token"]
    assert {key: item.text for key, item in result.contents.items()} == {("secrets", "token"): "t"}
    assert result.sensitive == {"t"}


def test_the_nearest_folder_above_has_the_file(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "compose.yaml").write_text("services: {top: {image: x}}\n")
    (tmp_path / "a" / "compose.yml").write_text("services: {middle: {build: ./x}}\n")
    (tmp_path / "a" / "compose.override.yaml").write_text("services: {middle: {command: y}}\n")
    result = load_files(cwd=deep, environ={})
    assert result.files == ("../compose.yml", "../compose.override.yaml")
    assert result.require().images["middle"].build.context == str(tmp_path / "a" / "x")


def test_a_spec_of_our_own_goes_first(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: x}}\n")
    (tmp_path / "dockerspec.yaml").write_text("containers: {a: {image: x}}\n")
    assert load_files(cwd=tmp_path, environ={"COMPOSE_FILE": "compose.yaml"}).files == ("dockerspec.yaml",)


# What Compose itself prints for these, and refuses to read: a doubled line, a dependency on what takes no part, a
# config without its empty content, an empty mode.
UNREADABLE = {
    'network: network_mode: ""',
    "network: network_mode: ${NOT_SET}",
    'network: extra_hosts: ["a=1.1.1.1", "a:1.1.1.1"]',
    "projects: profiles opt dep",
    "projects: configs n content",
}


@pytest.mark.parametrize("group", ["network", "process", "projects", "storage"])
def test_what_config_shows_is_the_same_project(group: str, tmp_path: Path) -> None:
    for number, case in enumerate(case for case in parity.corpus() if case.group == group):
        place = case.write(tmp_path / str(number))
        first = parity.ours(case, place)
        if first.tree is None or case.ident in UNREADABLE:
            continue
        again = tmp_path / f"again{number}.yaml"
        again.write_text(tree_yaml(shown(parity.project_of(case, place), escape=False)))
        result = load_files([again], environ={}, profiles=["*"], all_resources=True)
        assert result.compose is not None, (case.ident, result.diagnostics)
        assert parity.unlike(first.tree, shown(result.compose)) == {}, case.ident


def calls(count: int) -> int:
    """How many function calls it takes to load a project: the same on every machine."""
    profile = cProfile.Profile()
    profile.enable()
    result = read(project(count), T="t")
    profile.disable()
    assert result.stack is not None
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def test_loading_is_linear_in_the_number_of_services() -> None:
    calls(1)  # what is loaded on first use
    assert calls(160) < 4.4 * calls(40)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a  b\tc\n", ["a", "b", "c"]),
        ("sh -c 'a; b' \"c d\"", ["sh", "-c", "a; b", "c d"]),
        ("a\\ b c\\;d", ["a b", "c;d"]),
        ('"a\\"b" \'\'', ['a"b', ""]),
        ("a; b", ["a"]),
        ("a && b", ["a"]),
        ("a 2>b", ["a"]),
        ("a>b", ["a"]),
        ("a | b", ["a"]),
        ("echo $A ${B} $(ls -l) `pwd x`", ["echo", "$A", "${B}", "$(ls -l)", "`pwd x`"]),
        ("# a", ["#", "a"]),
    ],
)
def test_words_of_a_command_line(line: str, words: list[str]) -> None:
    assert split_words(line) == words


@pytest.mark.parametrize("line", ["'a", '"a', "`a", "$(a", "a (b)", "a\\"])
def test_command_lines_without_an_end(line: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        split_words(line)
