"""Every field of a network both ways on real engines (tests/cases/fields/networks.yaml), and changes from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.resource_cases import Case, ResourceBench, complaints, read_cases, spelled
from tests.engine.stage import Stage, differing
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

MTU = "com.docker.network.driver.mtu"
CONFIGURATIONS = {
    f"conf-{number}": {"config_only": True, "driver_opts": {MTU: str(1400 + number)}, "labels": {"which": number}}
    for number in (1, 2)
}


@pytest.fixture
def bench(engine_daemon: Daemon | GivenEngine, stack_name: str, tmp_path: Path) -> Iterator[ResourceBench]:
    bench = ResourceBench(engine_daemon, "networks", stack_name, tmp_path, CONFIGURATIONS)
    yield bench
    bench.docker.close()


@pytest.fixture
def known(bench: ResourceBench) -> list[Case]:
    """The cases that this engine can show."""
    api = bench.docker.version().api
    return [case for case in read_cases("networks") if case.since <= api]


def test_network_fields_both_ways(bench: ResourceBench, known: list[Case]) -> None:
    start = {case.name: case.a for case in known}
    bench.apply(start)
    faults = bench.settled(start, "as created")
    for turn in range(max(len(case.same) for case in known)):
        faults += bench.settled(spelled(known, turn), f"spelling {turn + 1}")

    other = [case for case in known if case.b is not None]
    changed = {**start, **{case.name: case.b for case in other}}
    faults += complaints(bench.plan(changed), other)
    bench.apply(changed)

    silent = {case.name: case.rest for case in known}
    bench.apply(silent)
    faults += bench.settled(silent, "silent")
    print(f"{len(known)} cases over {len({case.field for case in known})} fields of networks")
    assert not faults, "\n".join(faults)


def test_an_engine_that_is_too_old_for_a_network_field_is_named(bench: ResourceBench) -> None:
    api = bench.docker.version().api
    newer = [case for case in read_cases("networks") if case.since > api]
    plan = bench.plan({case.name: case.a for case in newer})
    assert len(plan.errors) == len(newer)
    for case, fault in zip(newer, plan.errors, strict=True):
        assert fault.path == f"networks.{case.name}.{case.field}"
        assert f"needs engine API {'.'.join(map(str, case.since))}" in str(fault)


SITE = """
networks:
  front: {driver_opts: {com.docker.network.driver.mtu: 1400}, ipam: {config: [{subnet: SUBNET}]}, labels: {a: b}}
containers:
  web: {image: "{image}", state: stopped, networks: {front: {aliases: [www]}}}
"""


def _again(raw: RawEngine, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Remove a network and make it by hand as it was, but for a change; our labels go with it."""
    found = raw.get(f"/networks/{name}")
    body = {"Name": name, **{key: found[key] for key in ("Driver", "IPAM", "Options", "Labels", "Internal")}}
    change(body)
    raw.delete(f"/networks/{name}")
    raw.post("/networks/create", body)


DRIFT: dict[str, tuple[Callable[[RawEngine, str, str], object], dict[str, set[str]]]] = {
    "removed by hand": (
        lambda raw, name, _subnet: raw.delete(f"/networks/{name}"),
        {"network.front": {"create"}, "container.web": {"networks.front"}},
    ),
    "made again by hand with another option": (
        lambda raw, name, _subnet: _again(raw, name, lambda body: body["Options"].update({MTU: "1300"})),
        {"network.front": {f"driver_opts.{MTU}"}, "container.web": {"networks.front"}},
    ),
    "made again by hand without the option": (
        lambda raw, name, _subnet: _again(raw, name, lambda body: body["Options"].clear()),
        {"network.front": {f"driver_opts.{MTU}"}, "container.web": {"networks.front"}},
    ),
    "made again by hand in another subnet": (
        lambda raw, name, subnet: _again(raw, name, lambda body: body.update(IPAM={"Config": [{"Subnet": subnet}]})),
        {"network.front": {"ipam.config"}, "container.web": {"networks.front"}},
    ),
    "made again by hand, internal and with another label": (
        lambda raw, name, _subnet: _again(
            raw, name, lambda body: body.update(Internal=True, Labels={**body["Labels"], "a": "c"})
        ),
        {"network.front": {"internal", "labels.a"}, "container.web": {"networks.front"}},
    ),
    "made again by hand just as it was": (
        lambda raw, name, _subnet: _again(raw, name, lambda body: body),
        {"container.web": {"networks.front"}},
    ),
}


def test_what_was_done_to_a_network_outside_is_seen(
    stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine
) -> None:
    spec = SITE.replace("SUBNET", engine_daemon.subnet(50))
    name, container = f"{stage.stack}_front", f"{stage.stack}-web-1"
    stage.settle(spec)
    for title, (drift, wanted) in DRIFT.items():
        # The container holds on to the network's ID only once it has been in it.
        raw.post(f"/containers/{container}/start")
        raw.post(f"/containers/{container}/stop", t=0)
        drift(raw, name, engine_daemon.subnet(51))
        assert differing(stage.plan(spec)) == wanted, title
        stage.settle(spec)
        assert stage.plan(spec).is_empty, title
        raw.post(f"/containers/{container}/start")
        raw.post(f"/containers/{container}/stop", t=0)


def test_a_network_made_again_without_our_labels_is_foreign(stage: Stage, raw: RawEngine) -> None:
    spec = "networks: {front: {}}"
    stage.settle(spec)
    _again(raw, f"{stage.stack}_front", lambda body: body.update(Labels={}))
    (fault,) = stage.plan(spec).errors
    assert f"a network named {stage.stack}_front is already there and was not made by dockerspec" in str(fault)


def test_a_foreign_network_made_from_our_configuration_is_left_alone(stage: Stage, raw: RawEngine) -> None:
    spec = "networks: {conf: {config_only: true}, lan: {config_from: conf}}"
    stage.settle(spec)
    foreign = f"x-{stage.stack}"
    raw.post("/networks/create", {"Name": foreign, "ConfigFrom": {"Network": f"{stage.stack}_conf"}})
    try:
        # The engine gave it our labels.
        assert raw.get(f"/networks/{foreign}")["Labels"]["dockerspec.stack"] == stage.stack
        assert stage.plan(spec).is_empty
        changed = spec.replace("config_only: true", "config_only: true, labels: {a: b}")
        assert f"{foreign}" in str(stage.plan(changed).errors[0])
    finally:
        raw.delete(f"/networks/{foreign}")
    stage.settle(changed)
    assert raw.get(f"/networks/{stage.stack}_lan")["Labels"]["a"] == "b"
    assert stage.destroy(changed).ok
    assert raw.find(f"/networks/{stage.stack}_lan") is None


def test_a_subnet_that_is_taken_is_named_at_plan_time(
    stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine
) -> None:
    subnet = engine_daemon.subnet(52)
    raw.post("/networks/create", {"Name": f"{stage.stack}-x", "IPAM": {"Config": [{"Subnet": subnet}]}})
    half = subnet.replace("/24", "/25")
    (fault,) = stage.plan(f"networks: {{front: {{ipam: {{config: [{{subnet: {half}}}]}}}}}}").errors
    assert fault.path == "networks.front.ipam.config"
    assert f"overlaps with {subnet} of the network {stage.stack}-x" in str(fault)
    # A mere configuration takes no addresses.
    stage.settle(f"networks: {{front: {{config_only: true, ipam: {{config: [{{subnet: {half}}}]}}}}}}")


def test_subnets_change_hands(stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine) -> None:
    def spec(*numbers: int) -> str:
        nets = {
            f"n{place}": {"ipam": {"config": [{"subnet": engine_daemon.subnet(n)}]}} for place, n in enumerate(numbers)
        }
        # What is in one of them takes time to leave.
        web = {
            "image": stage.image,
            "command": ["sleep", "9999"],
            "stop_grace_period": "0s",
            "networks": list(nets)[1:2],
        }
        return f"networks: {json.dumps(nets)}\ncontainers: {json.dumps({'web': web} if nets.keys() >= {'n1'} else {})}"

    stage.settle(spec(53, 54, 55))
    stage.settle(spec(54, 55, 53))
    # Two that go, one that takes the addresses of one of them.
    stage.settle(spec(55))
    assert raw.get(f"/networks/{stage.stack}_n0")["IPAM"]["Config"][0]["Subnet"] == engine_daemon.subnet(55)


DEFAULTS = {MTU: "1450", "com.docker.network.enable_ipv6": "true"}


def test_the_daemons_default_options_are_no_difference(own_daemon: Daemon, stack_name: str, tmp_path: Path) -> None:
    if own_daemon.raw.get("/version")["ApiVersion"] == "1.41":
        pytest.skip("an engine this old has no default-network-opts")
    file = own_daemon.folder / "daemon.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "default-network-opts": {"bridge": DEFAULTS}}))
    own_daemon.restart()
    stage = Stage(own_daemon.host, tmp_path, stack_name, "")
    silent = "networks: {front: {}}"
    stage.settle(silent)
    found = own_daemon.raw.get(f"/networks/{stack_name}_front")
    assert found["EnableIPv6"]
    assert found["Options"] == DEFAULTS
    assert stage.plan(silent).is_empty
    off = "networks: {front: {enable_ipv6: false, driver_opts: {com.example.a: 1}}}"
    assert differing(stage.plan(off)) == {"network.front": {"enable_ipv6", "driver_opts.com.example.a"}}
    stage.settle(off)
    assert not own_daemon.raw.get(f"/networks/{stack_name}_front")["EnableIPv6"]
    on = off.replace("false", "true")
    assert differing(stage.plan(on)) == {"network.front": {"enable_ipv6"}}
    stage.settle(on)
    stage.docker.close()
