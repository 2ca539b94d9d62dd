"""`import` on real engines: the spec that is written has an empty plan, whatever was set on the objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.takein.choose import Selection
from dockerspec.core.takein.importing import Imported
from dockerspec.runtime.files import load_files
from tests.engine.field_bench import Bench, states, unsettled
from tests.engine.resource_cases import ResourceBench, read_cases
from tests.engine.stage import Stage, told
from tests.engine.strangers import make
from tests.engine.test_network_fields import CONFIGURATIONS
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any


def read_back(found: Imported, folder: Path) -> LoadResult:
    """The written text through the loader, as a user has it who did as the notes say."""
    file = folder / "imported.yaml"
    file.write_text(found.text, encoding="utf-8")
    loaded = load_files([file], environ=found.written.values)
    assert loaded.stack is not None, "\n".join([found.text, *map(str, loaded.diagnostics)])
    return loaded


def adopted(docker: Docker, spec: LoadResult) -> None:
    """Take over all foreign objects of a spec."""
    adoption = docker.plan_adopt(spec)
    assert not adoption.plan.errors, "\n".join(map(str, adoption.plan.errors))
    report = docker.apply(adoption.plan)
    assert report.ok, told(report)


@pytest.mark.timeout(600)
def test_every_case_of_the_field_suite_comes_back(bench: Bench, tmp_path: Path) -> None:
    """A stack of ours: all fields that the suite knows, at their values a and at their values b.

    What a container got as files can't be read back. That is told of each, and of nothing else.
    """
    cases = bench.known()
    filled = {f"container.{case.name}" for case in cases if case.field in ("configs", "secrets")}
    for state in ("a", "b"):
        bench.settle(cases, state)
        found = bench.docker.import_spec(Selection(labels=(f"dockerspec.stack={bench.stack}",)))
        assert {text.partition(":")[0] for text in found.left} == filled, state
        assert found.written.stack == bench.stack
        plan = bench.docker.plan(read_back(found, tmp_path))
        assert not plan.errors, plan.errors
        assert {str(change.address) for change in plan.changes} == filled, state


@pytest.mark.timeout(600)
def test_every_case_made_by_others_comes_back_and_is_adopted(bench: Bench, tmp_path: Path, raw: RawEngine) -> None:
    """The same objects without our labels, so without what was recorded at their creation."""
    cases = bench.known()
    make(raw, bench.plan(states(cases, "a")))
    names = tuple(f"{bench.stack}-{name}-1" for name in ("target", *(case.name for case in cases)))
    before = {name: raw.container(name)["Id"] for name in names}
    found = bench.docker.import_spec(Selection(names), stack=bench.stack)
    assert found.left == ()
    spec = read_back(found, tmp_path)
    adopted(bench.docker, spec)
    assert unsettled(bench.docker.plan(spec), "adopted") == []
    assert {name: raw.container(name)["Id"] for name in names} == before


def docker_run(image: str, stack: str, subnet: str, port: int) -> dict[str, Json]:
    """What `docker run` sends, by the container's name, for the options that people use most; none is ours."""
    net = f"{stack}-net"
    base = {"Image": image, "Cmd": ["sleep", "999"], "AttachStdout": False, "AttachStderr": False}
    address = subnet.rpartition(".")[0] + ".77"
    return {
        f"{stack}-plain": base,
        f"{stack}-typical": {
            **base,
            "Env": [
                "A=1",
                "EMPTY=",
                "DOLLAR=$HOME ${X}",
                "QUOTES='\"\\ #",
                "DB_PASSWORD=hush-$1",
                "DSN=db://u:hush-2@h/d",
            ],
            "Labels": {"team": "shop", "note": "a: b # c", "api-token": "hush-3"},
            "Healthcheck": {"Test": ["CMD-SHELL", "test -e / # $1"], "Interval": 5_000_000_000, "Retries": 7},
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "9/tcp": {}},
            "StopTimeout": 3,
            "User": "1000:1000",
            "WorkingDir": "/tmp",
            "Tty": True,
            "OpenStdin": True,
            "Hostname": "told",
            "HostConfig": {
                "NetworkMode": net,
                "Binds": [f"{stack}-data:/data:ro", "/tmp:/host:z", f"{stack}-shared:/shared"],
                "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}], "53/udp": [{}]},
                "Memory": 64 << 20,
                "NanoCpus": 250_000_000,
                "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 4},
                "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "tag": "{{.Name}}"}},
                "Ulimits": [{"Name": "nofile", "Soft": 100, "Hard": 200}],
                "CapAdd": ["net_admin"],
                "CapDrop": ["CAP_CHOWN"],
                "ExtraHosts": ["a:10.0.0.1"],
                "Sysctls": {"net.core.somaxconn": "512"},
                "Tmpfs": {"/run": "size=1m,mode=755"},
                "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}],
                "ReadonlyRootfs": True,
                "Init": True,
                "ShmSize": 8 << 20,
                "SecurityOpt": ["no-new-privileges"],
            },
            "NetworkingConfig": {
                "EndpointsConfig": {net: {"IPAMConfig": {"IPv4Address": address}, "Aliases": ["other"]}}
            },
        },
        f"{stack}-joined": {
            **base,
            "HostConfig": {
                "PidMode": f"container:{stack}-typical",
                "NetworkMode": f"container:{stack}-typical",
                "VolumesFrom": [f"{stack}-typical:ro"],
            },
        },
        f"{stack}-privileged": {**base, "HostConfig": {"Privileged": True, "NetworkMode": "host", "PidMode": "host"}},
        f"{stack}-linked": {**base, "HostConfig": {"Links": [f"{stack}-plain:db"], "PublishAllPorts": True}},
        f"{stack}-mounts": {
            **base,
            "Entrypoint": ["sleep"],
            "Cmd": ["998"],
            "Volumes": {"/anonymous": {}},
            "HostConfig": {
                "NetworkMode": "none",
                "Mounts": [
                    {"Type": "volume", "Source": f"{stack}-data", "Target": "/d", "VolumeOptions": {"NoCopy": True}},
                    {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1 << 20, "Mode": 0o700}},
                    {"Type": "bind", "Source": "/tmp", "Target": "/b:c", "ReadOnly": True},
                ],
            },
        },
    }


def test_what_docker_run_made_comes_back_and_is_adopted(
    stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine, free_port: Callable[[], int], tmp_path: Path
) -> None:
    stack, subnet = stage.stack, engine_daemon.subnet(7)
    raw.post("/networks/create", {"Name": f"{stack}-net", "IPAM": {"Config": [{"Subnet": subnet}]}})
    bodies = docker_run(stage.image, stack, subnet, free_port())
    for name, body in bodies.items():
        raw.post("/containers/create", body, name=name)
    for name in bodies:
        if "privileged" not in name:  # which not every test machine lets run
            raw.post(f"/containers/{name}/start")
    outsider = {"Image": stage.image, "HostConfig": {"Binds": [f"{stack}-shared:/s"], "NetworkMode": "none"}}
    raw.post("/containers/create", outsider, name=f"{stack}-outsider")
    before = {name: raw.container(name)["State"]["StartedAt"] for name in bodies}

    found = stage.docker.import_spec(Selection(tuple(bodies)), folder=stack)
    assert found.left == ()
    assert found.foreign
    assert "hush" not in found.text
    assert {fill.name for fill in found.written.fills} == {
        "DB_PASSWORD",
        "DSN",
        f"{stack}_typical_api_token".upper(),
    }
    spec = read_back(found, tmp_path)
    assert spec.stack is not None
    assert spec.stack.volumes[f"{stack}-shared"].external, "somebody else uses it too"
    assert not spec.stack.volumes[f"{stack}-data"].external
    assert spec.stack.containers[f"{stack}-joined"].pid == f"service:{stack}-typical"
    assert "bridge" not in spec.stack.networks
    adopted(stage.docker, spec)
    assert unsettled(stage.docker.plan(spec), "adopted") == []
    assert {name: raw.container(name)["State"]["StartedAt"] for name in bodies} == before

    clear = stage.docker.import_spec(Selection(tuple(bodies)), stack=spec.stack.stack, show_secrets=True)
    assert clear.left == (), "what is adopted is imported as the stack's own"
    assert clear.text.count("hush") == 3


def test_replicas_are_one_entry_again_and_a_stack_keeps_its_keys(stage: Stage, tmp_path: Path) -> None:
    text = """
    networks: {front: {}}
    volumes: {cache: {}, unused: {labels: {a: b}}}
    containers:
      web: {image: "{image}", replicas: 3, networks: [front], ports: ["127.0.0.1:18951-18953:80"], state: stopped}
      db: {image: "{image}", volumes: ["cache:/c", "/anonymous"], state: stopped}
    """
    stage.settle(text)
    label = f"dockerspec.stack={stage.stack}"
    found = stage.docker.import_spec(Selection(labels=(label,)))
    assert found.left == ()
    assert not found.foreign
    stack = read_back(found, tmp_path).require()
    assert stack.containers["web"].replicas == 3
    assert [port.published for port in stack.containers["web"].ports] == ["18951-18953"]
    assert set(stack.volumes) == {"cache", "unused"}
    assert "container_name" not in found.text

    part = stage.docker.import_spec(Selection((f"{stage.stack}-db-1",)))
    assert [item.partition(":")[0] for item in part.left] == ["container.web", "container.web[2]", "container.web[3]"]


def test_what_compose_made_keeps_its_services_and_their_order(stage: Stage, raw: RawEngine, tmp_path: Path) -> None:
    stack = stage.stack

    def made_by_compose(service: str, number: int, depends: str = "") -> None:
        labels = {"project": stack, "service": service, "container-number": str(number), "oneoff": "False"}
        labels |= {"config-hash": f"{number:064}", "depends_on": depends}
        body = {
            "Image": stage.image,
            "Cmd": ["sleep", "999"],
            "Labels": {f"com.docker.compose.{key}": value for key, value in labels.items()},
            "HostConfig": {"NetworkMode": f"{stack}_default"},
            "NetworkingConfig": {
                "EndpointsConfig": {f"{stack}_default": {"Aliases": [service, f"{stack}-{service}-{number}"]}}
            },
        }
        raw.post("/containers/create", body, name=f"{stack}-{service}-{number}")

    labels = {"com.docker.compose.project": stack, "com.docker.compose.network": "default"}
    raw.post("/networks/create", {"Name": f"{stack}_default", "Labels": labels})
    made_by_compose("db", 1)
    made_by_compose("web", 1, "db:service_started:true")
    made_by_compose("web", 2, "db:service_started:true")
    found = stage.docker.import_spec(Selection(labels=(f"com.docker.compose.project={stack}",)))
    assert found.left == ()
    spec = read_back(found, tmp_path)
    assert spec.require().stack == stack
    assert spec.require().containers["web"].replicas == 2
    assert spec.require().containers["web"].depends_on["db"].restart
    assert "container_name" not in found.text
    adopted(stage.docker, spec)
    assert unsettled(stage.docker.plan(spec), "adopted") == []


def test_a_tag_that_moved_is_written_as_the_image_that_runs(stage: Stage, raw: RawEngine, tmp_path: Path) -> None:
    reference = f"{stage.stack}/app:1"
    raw.post(f"/images/{stage.image}/tag", repo=f"{stage.stack}/app", tag="1")
    raw.post("/containers/create", {"Image": reference, "Cmd": ["true"]}, name=f"{stage.stack}-app")
    raw.post("/commit", {}, container=f"{stage.stack}-app", repo=f"{stage.stack}/app", tag="1")
    found = stage.docker.import_spec(Selection((f"{stage.stack}-app",)), stack=stage.stack)
    assert found.left == ()
    assert f"its image was {reference}, which means another image by now" in found.text
    image = read_back(found, tmp_path).require().containers[f"{stage.stack}-app"].image
    assert image is not None
    assert image.ref != reference


@pytest.mark.parametrize("kind", ["networks", "volumes"])
def test_every_case_of_networks_and_volumes_comes_back(
    kind: str, engine_daemon: Daemon | GivenEngine, raw: RawEngine, stack_name: str, busybox: str, tmp_path: Path
) -> None:
    others = CONFIGURATIONS if kind == "networks" else {}
    bench = ResourceBench(engine_daemon, kind, stack_name, tmp_path, others)
    api = bench.docker.version().api
    cases = [case for case in read_cases(kind) if case.since <= api and not case.swarm]
    body = {"Image": busybox, "HostConfig": {"NetworkMode": "none"}}
    raw.post("/containers/create", body, name=f"{stack_name}-holder")
    try:
        for state in ("a", "b"):
            consent = tuple(case.name for case in cases)
            bench.apply({case.name: (case.b if state == "b" else None) or case.a for case in cases}, consent)
            found = bench.docker.import_spec(Selection((f"{stack_name}-holder",)), stack=stack_name)
            assert found.left == (), state
    finally:
        bench.docker.close()
