"""What only the engine can refuse is reported with the field that it came from: tests/cases/refused, on each engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dockerspec.api import Docker, load
from dockerspec.core.report.outcome import Status
from dockerspec.errors import SpecError
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

CASES = Path(__file__).parents[1] / "cases" / "refused"
SLEEP = ["sleep", "9999"]


def cases(section: str, api: tuple[int, int]) -> dict[str, tuple[dict[str, Any], str]]:
    """The objects of one kind by key, each with the path that its failure must name."""
    found = {}
    for number, line in enumerate(YAML(typ="safe").load((CASES / f"{section}.yaml").read_text())):
        major, minor = (int(part) for part in str(line.get("since", "1.41")).split("."))
        if (major, minor) <= api:
            at, key = line["at"], f"{section[0]}{number:02}"
            found[key] = (line["spec"], at[1:] if at.startswith("/") else f"{section}.{key}.{at}")
    return found


def spec_text(kinds: dict[str, dict[str, tuple[dict[str, Any], str]]], stack: str, image: str) -> str:
    """The spec with all cases, one value a line."""
    base = {"image": image, "command": SLEEP, "stop_grace_period": "0s"}
    spec: dict[str, Any] = {"dockerspec": 1, "stack": stack}
    for section, found in kinds.items():
        spec[section] = {key: keys for key, (keys, _) in found.items()}
    spec["containers"] = {"private": base} | {key: {**base, **keys} for key, keys in spec["containers"].items()}
    spec["volumes"] |= {"sound": {}, "lost": {"driver_opts": {"type": "none", "o": "bind", "device": "/no/such"}}}
    return json.dumps(spec, indent=1)


def place_of(path: str, text: str) -> int:
    """The line of a path in a text that `json.dumps` indented, found without the loader."""
    lines = text.splitlines()
    number, depth = 0, 1
    section, name, *_ = path.split(".")
    rest = re.fullmatch(r"(\w+)(?:\[(\d+)\]|\.(.+))?", path.removeprefix(f"{section}.{name}."))
    assert rest is not None
    for step in (section, name, *(part for part in (rest[1], *_below(rest[3])) if part)):
        number = next(n for n in range(number, len(lines)) if lines[n].startswith(f'{" " * depth}"{step}"'))
        depth += 1
    if rest[2]:
        items = [n for n in range(number + 1, len(lines)) if re.match(rf"{' ' * depth}[^ \]]", lines[n])]
        starts = [n for n in items if not lines[n].strip().startswith(("}", "]"))]
        number = starts[int(rest[2])]
    return number + 1


def _below(text: str | None) -> list[str]:
    """Steps of a path below a mapping whose own keys may hold dots."""
    if text is None:
        return []
    head, _, tail = text.partition(".")
    return [head, tail] if head in ("options", "driver") and tail else [text]


@pytest.fixture
def taken_port(raw: RawEngine, stack_name: str, busybox: str, free_port: Callable[[], int]) -> int:
    port = free_port()
    bindings = {"80/tcp": [{"HostPort": str(port)}]}
    body = {"Image": busybox, "Cmd": SLEEP, "ExposedPorts": {"80/tcp": {}}, "HostConfig": {"PortBindings": bindings}}
    raw.run(f"{stack_name}-blocker", body)
    return port


def test_the_report_names_the_field_that_the_engine_refused(
    engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, taken_port: int, tmp_path: Path
) -> None:
    with Docker(engine_daemon.host) as docker:
        kinds = {section: cases(section, docker.version().api) for section in ("containers", "networks", "volumes")}
        file = tmp_path / "stack.yaml"
        file.write_text(spec_text(kinds, stack_name, busybox).replace("{port}", str(taken_port)))
        loaded = load([file])
        assert loaded.stack is not None, "\n".join(map(str, loaded.diagnostics))
        plan = docker.plan(loaded)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        report = docker.apply(plan, spec=loaded)

    failed = {item.action.address.name: item for item in report.outcomes.values() if item.status is Status.FAILED}
    wanted = {key: path for found in kinds.values() for key, (_, path) in found.items()}
    # An image that only one container names has its reference as address.
    by_path = {item.path: item for item in failed.values()}
    wrong = [
        f"{path}: got {failed[key].path!r} from {failed[key].message}" if key in failed else f"{path}: did not fail"
        for key, path in wanted.items()
        if path not in by_path
    ]
    assert not wrong, "\n".join(wrong)
    for item in by_path.values():
        assert (item.span is not None and str(item.span).startswith(f"{file.name}:")) or str(file) in str(item.span)
        line = file.read_text().splitlines()[item.span.line - 1]
        assert line[item.span.column - 1 :].strip(), item.span


def test_what_the_host_lacks_is_an_error_before_anything_is_touched(
    engine_daemon: Daemon | GivenEngine, raw: RawEngine, stack_name: str, busybox: str, tmp_path: Path
) -> None:
    subnet = engine_daemon.subnet(7)
    raw.post("/networks/create", {"Name": f"{stack_name}-outer", "IPAM": {"Config": [{"Subnet": subnet}]}})
    file = tmp_path / "stack.yaml"
    file.write_text(
        f"""\
stack: {stack_name}
networks: {{outer: {{external: true, name: {stack_name}-outer}}}}
containers:
  a: {{image: {busybox}, cpus: 100000}}
  b: {{image: {busybox}, runtime: rnuc}}
  c: {{image: {busybox}, networks: {{outer: {{ipv4_address: 192.0.2.9}}}}}}
  d:
    image: {busybox}
    depends_on: {{a: {{condition: service_healthy}}}}
  e: {{image: {busybox}, isolation: hyperv}}
  f: {{image: {busybox}, logging: {{driver: sislog}}, cpuset: "0-9999"}}
"""
    )
    with Docker(engine_daemon.host) as docker:
        plan = docker.plan(load([file]))
        with pytest.raises(SpecError):
            docker.apply(plan)

    places = {item.path: item.span.line for item in plan.diagnostics if item.span is not None}
    assert places == {
        "containers.a.cpus": 4,
        "containers.b.runtime": 5,
        "containers.c.networks.outer.ipv4_address": 6,
        "containers.d.depends_on.a.condition": 9,
        "containers.e.isolation": 10,
        "containers.f.logging.driver": 11,
        "containers.f.cpuset": 11,
    }
    assert len(plan.errors) == 5
    assert raw.containers(dockerspec_stack=stack_name) == []
