"""What a container takes over from its image, on real engines (tests/cases/fields/inherited.yaml)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.engine.field_bench import Bench, unsettled
from tests.kit.raw import RawEngine

Json = Any
FILE = Path(__file__).parents[1] / "cases" / "fields" / "inherited.yaml"
TABLE = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
CASES = {f"i{number:02}-{next(iter(case['keys']))}": case for number, case in enumerate(TABLE["cases"])}


@pytest.fixture
def rich(raw: RawEngine, stack_name: str, busybox: str) -> Iterator[str]:
    """An image that says something of everything that containers inherit."""
    name = f"{stack_name}-rich"
    raw.post("/containers/create", {"Image": busybox, "Cmd": ["true"]}, name=name)
    raw.post("/commit", TABLE["image"], container=name, repo=name, tag="1")
    raw.delete(f"/containers/{name}")
    yield f"{name}:1"
    for item in raw.containers(dockerspec_stack=stack_name):
        raw.delete(f"/containers/{item['Id']}", force=True, v=True)
    raw.delete(f"/images/{name}:1")


def _seen(bench: Bench, name: str, expected: Json) -> Iterator[str]:
    config = bench.raw.container(bench.ids()[name])["Config"]
    for path, value in expected.items():
        key, _, inner = path.partition(".")
        found = config.get(key)
        if key == "Env":
            found = sorted(item for item in found if item[:2] in ("A=", "B=", "C="))
        found = found.get(inner) if inner else found
        if found != value:
            yield f"{name}: {path} is {found!r}, not {value!r}"


@pytest.mark.timeout(300)
def test_what_a_container_inherits_and_what_it_says_against_it(bench: Bench, rich: str) -> None:
    bench.base["image"] = rich
    said = {name: dict(case["keys"]) for name, case in CASES.items()}
    bench.apply(said)
    faults = unsettled(bench.plan(said), "as created")
    for name, case in CASES.items():
        faults += _seen(bench, name, case["config"])
    silent: dict[str, Json] = {name: {} for name in CASES}
    bench.apply(silent)
    faults += unsettled(bench.plan(silent), "taken away")
    for name in CASES:
        faults += _seen(bench, name, TABLE["silent"])
    assert not faults, "\n".join(faults)
