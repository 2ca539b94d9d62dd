"""The spec model: short and long forms, canonical values, and what is refused where."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dockerspec.core.spec.forms import place_of
from dockerspec.core.spec.jsonschema import models
from dockerspec.core.spec.model import (
    ContainerSpec,
    Dependency,
    Device,
    Endpoint,
    EnvFile,
    Gpu,
    Healthcheck,
    ImageSource,
    Mount,
    NetworkSpec,
    Port,
    RestartPolicy,
    SecretRef,
    Stack,
    Ulimit,
    VolumeSpec,
)

SECOND = 1_000_000_000


def container(**keys: object) -> ContainerSpec:
    return Stack.model_validate({"stack": "s", "containers": {"web": keys}}).containers["web"]


def errors(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The places and sentences of everything that the model refuses."""
    with pytest.raises(ValidationError) as caught:
        Stack.model_validate({"stack": "s", **data})
    return [
        (".".join(map(str, item["loc"])), str(item.get("ctx", {}).get("error", item["type"])))
        for item in caught.value.errors()
    ]


CANONICAL: list[tuple[str, object, object]] = [
    ("image", "redis:7", ImageSource(ref="redis:7")),
    ("image", {"from": "web"}, ImageSource.model_validate({"from": "web"})),
    ("command", "sh -c 'echo a b'", ("sh", "-c", "echo a b")),
    ("command", ["sleep", 5], ("sleep", "5")),
    ("command", [], ()),
    ("command", None, None),
    ("entrypoint", "", ()),
    ("environment", ["A=1", "B"], {"A": "1", "B": None}),
    ("environment", {"A": 1, "B": True, "C": None, "D": 1.5}, {"A": "1", "B": "true", "C": None, "D": "1.5"}),
    ("environment", {"P": {"secret": "pw"}}, {"P": SecretRef(secret="pw")}),
    ("env_file", "a.env", (EnvFile(path="a.env"),)),
    (
        "env_file",
        ["a.env", {"path": "b.env", "required": False}],
        (EnvFile(path="a.env"), EnvFile(path="b.env", required=False)),
    ),
    ("env_file", {"path": "b.env"}, (EnvFile(path="b.env"),)),
    ("labels", ["a=1", "b"], {"a": "1", "b": ""}),
    ("labels", {"a": 1, "b": None, "c": False}, {"a": "1", "b": "", "c": "false"}),
    ("ports", [80], (Port(target=80),)),
    ("ports", ["8080:80/udp"], (Port(target=80, published="8080", protocol="udp"),)),
    (
        "ports",
        ["8000-8001:80-81", {"target": 90, "published": 9000}],
        (Port(target=80, published="8000"), Port(target=81, published="8001"), Port(target=90, published="9000")),
    ),
    ("ports", [{"target": "80", "host_ip": "0:0::1"}], (Port(target=80, host_ip="::1"),)),
    ("ports", ["8080-8081:80"], (Port(target=80, published="8080-8081"),)),
    ("expose", [80, "90/udp", "100-101"], ("80/tcp", "90/udp", "100/tcp", "101/tcp")),
    ("volumes", ["/x"], (Mount(type="volume", target="/x"),)),
    ("volumes", ["./a:/x:ro"], (Mount(type="bind", source="./a", target="/x", read_only=True),)),
    ("volumes", [{"type": "tmpfs", "target": "/x", "tmpfs": {"size": "1m", "mode": "1777"}}], None),
    ("tmpfs", "/run", {"/run": ""}),
    ("tmpfs", ["/run:size=1m", "/tmp"], {"/run": "size=1m", "/tmp": ""}),
    ("networks", ["a", "b"], {"a": Endpoint(), "b": Endpoint()}),
    ("networks", {"a": None, "b": {"aliases": ["x"]}}, {"a": Endpoint(), "b": Endpoint(aliases=("x",))}),
    ("healthcheck", {"test": "true"}, Healthcheck(test=("CMD-SHELL", "true"))),
    ("healthcheck", {"test": ["NONE"]}, Healthcheck(test=("NONE",))),
    (
        "healthcheck",
        {"interval": "1m30s", "retries": "3"},
        Healthcheck.model_construct(interval=90 * SECOND, retries=3, _fields_set={"interval", "retries"}),
    ),
    ("restart", "on-failure:3", RestartPolicy(name="on-failure", max_retries=3)),
    ("restart", False, RestartPolicy(name="no")),
    ("restart", {"name": "always"}, RestartPolicy(name="always")),
    ("mem_limit", "512m", 512 << 20),
    ("memswap_limit", -1, -1),
    ("cpus", "0.5", 0.5),
    ("cpu_period", "50ms", 50000),
    ("ulimits", {"nofile": 5, "nproc": {"soft": 1, "hard": -1}}, {"nofile": Ulimit(soft=5, hard=5), "nproc": None}),
    ("devices", ["/dev/a"], (Device(source="/dev/a", target="/dev/a"),)),
    ("stop_grace_period", "1m", 60 * SECOND),
    ("stop_signal", "quit", "SIGQUIT"),
    ("extra_hosts", {"a": "10.0.0.1"}, ("a:10.0.0.1",)),
    ("extra_hosts", ["a=10.0.0.1"], ("a:10.0.0.1",)),
    ("dns", "9.9.9.9", ("9.9.9.9",)),
    ("dns_search", "a.example", ("a.example",)),
    ("group_add", [1001, "mail"], ("1001", "mail")),
    ("sysctls", {"net.core.somaxconn": 1024}, {"net.core.somaxconn": "1024"}),
    ("depends_on", ["db"], {"db": Dependency()}),
    ("depends_on", {"db": {"condition": "service_healthy"}}, {"db": Dependency(condition="service_healthy")}),
    ("replicas", "3", 3),
    ("tty", "true", True),
    ("user", 1000, "1000"),
    ("mac_address", "02-42-AC-11-00-02", "02:42:ac:11:00:02"),
    ("gpus", "all", (Gpu(count=-1),)),
    ("gpus", -1, (Gpu(count=-1),)),
    ("gpus", 2, (Gpu(count=2),)),
    ("gpus", "2", (Gpu(count=2),)),
    ("gpus", [{"count": "all"}], (Gpu(count=-1),)),
    ("gpus", [{"device_ids": [0]}], (Gpu(device_ids=("0",)),)),
    ("devices", ["vendor.com/class=name"], (Device(source="vendor.com/class=name"),)),
    ("devices", [{"source": "/dev/null"}], (Device(source="/dev/null"),)),
    ("umask", "0027", 0o27),
    ("masked_paths", [], ()),
]


@pytest.mark.parametrize(("name", "value", "expected"), CANONICAL)
def test_every_form_becomes_the_same_value(name: str, value: object, expected: object) -> None:
    found = getattr(container(**{name: value}), name)
    if name == "volumes" and expected is None:
        mount = found[0]
        assert (mount.tmpfs.size, mount.tmpfs.mode) == (1 << 20, 0o1777)
    elif name == "ulimits":
        assert found == {"nofile": Ulimit(soft=5, hard=5), "nproc": Ulimit(soft=1, hard=-1)}
    else:
        assert found == expected


def test_a_silent_container_says_nothing() -> None:
    spec = container()
    told = {name for name in ContainerSpec.model_fields if getattr(spec, name) not in (None, (), {}, False)}
    assert told == {"replicas", "state"}
    assert (spec.replicas, spec.state) == (1, "running")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"ports": 80}, "ports", "tuple_type"),
    ({"ports": "80:80"}, "ports", "tuple_type"),
    ({"ports": ["80:80", "x"]}, "ports.1", "'x' is no port; write a number or a range, such as 8080 or 8080-8081"),
    ({"ports": ["80-81:80-81", {"target": "x"}]}, "ports.1.target", "'x' is no whole number; write one such as 3"),
    ({"ports": [{"target": 0}]}, "ports.0.target", "greater_than_equal"),
    ({"ports": [{"published": "80"}]}, "ports.0.target", "missing"),
    ({"ports": [{"target": 80, "mode": "host"}]}, "ports.0.mode", "extra_forbidden"),
    ({"replicas": "two"}, "replicas", "'two' is no whole number; write one such as 3"),
    ({"replicas": True}, "replicas", "True is no whole number; write one such as 3"),
    ({"replicas": 1001}, "replicas", "less_than_equal"),
    ({"replicas": -1}, "replicas", "greater_than_equal"),
    ({"hostname": True}, "hostname", "string_type"),
    ({"hostname": ["a"]}, "hostname", "string_type"),
    ({"tty": "yes"}, "tty", "'yes' is neither true nor false; write one of the two"),
    ({"state": "up"}, "state", "literal_error"),
    ({"environment": {"A": [1]}}, "environment.A", "a variable's value can't be a list; write a text, or {sec"),
    ({"environment": {"A": {"secrt": "x"}}}, "environment.A.secret", "missing"),
    ({"environment": "A=1"}, "environment", "this is no mapping or list of KEY=VALUE; "),
    ({"labels": {"a": {"b": 1}}}, "labels.a", "string_type"),
    ({"healthcheck": {"test": ["true"]}}, "healthcheck.test", "the list must start with CMD, CMD-SHELL or NONE; "),
    ({"healthcheck": {"test": []}}, "healthcheck.test", "the list must start with CMD, CMD-SHELL or NONE; "),
    ({"healthcheck": {"interval": "1us"}}, "healthcheck.interval", "1us is too short for the engine's health checks"),
    ({"volumes": [{"type": "bind", "target": "/x"}]}, "volumes.0", "a bind mount needs a source; "),
    ({"volumes": [{"type": "tmpfs", "source": "a", "target": "/x"}]}, "volumes.0", "a tmpfs mount has no source; "),
    ({"volumes": [{"type": "volume", "target": "x"}]}, "volumes.0.target", "the target 'x' is not absolute; "),
    ({"ulimits": {"n": {"soft": 5, "hard": 1}}}, "ulimits.n", "the soft limit 5 is above the hard limit 1; "),
    ({"ulimits": {"n": {"soft": -1, "hard": 1}}}, "ulimits.n", "the soft limit -1 is above the hard limit 1; "),
    ({"networks": {"a b": {}}}, "networks.a b.[key]", "'a b' can't name an object of the spec; "),
    ({"networks": {"a": {"ipv4_address": "::1"}}}, "networks.a.ipv4_address", "::1 is an IPv6 address; "),
    ({"scale": 2, "replicas": 2}, "", "scale and replicas mean the same; remove scale"),
    ({"imag": "x"}, "imag", "extra_forbidden"),
    ({"image": {"frm": "x"}}, "image.frm", "extra_forbidden"),
    ({"image": {}}, "image", "an image source needs exactly one of ref and from; "),
    ({"command": "echo 'a"}, "command", "a quote in the command is not closed; "),
    ({"use_api_socket": True}, "use_api_socket", "extra_forbidden"),
    ({"gpus": "many"}, "gpus", "'many' is no number of GPUs; write all, or a number such as 2"),
    ({"gpus": 0}, "gpus", "0 is no number of GPUs; "),
    ({"gpus": [{"count": "x"}]}, "gpus.0.count", "'x' is no number of GPUs; "),
    ({"gpus": [{"count": 1, "device_ids": ["0"]}]}, "gpus.0", "count and device_ids exclude each other; remove one of"),
    ({"gpus": ["all"]}, "gpus.0", "model_type"),
    ({"devices": ["nvidia.com=0"]}, "devices.0", '\'nvidia.com=0\' is no device; write "/dev/ttyUSB0", "/dev/sda:/dev'),
    ({"devices": [{"source": "gpu"}]}, "devices.0.source", "'gpu' is no device; write a path such as /dev/ttyUSB0, or"),
    ({"devices": [{"source": "a.com/b=c", "target": "/x"}]}, "devices.0", "the CDI device a.com/b=c says itself where"),
    ({"volumes": [{"type": "cluster", "source": "a", "target": "/a"}]}, "volumes.0.type", "literal_error"),
    ({"mac_address": "02:42"}, "mac_address", "'02:42' is no MAC address; "),
    ({"isolation": "none"}, "isolation", "literal_error"),
    ({"cpu_percent": 101}, "cpu_percent", "less_than_equal"),
    ({"cpuset_mems": "x"}, "cpuset_mems", "'x' is no set of processors; "),
    ({"umask": "9"}, "umask", "'9' are no permission bits; "),
]


@pytest.mark.parametrize(("keys", "place", "message"), REFUSED)
def test_what_is_wrong_is_refused_where_it_stands(keys: dict[str, Any], place: str, message: str) -> None:
    found = dict(errors({"containers": {"web": keys}}))
    full = f"containers.web.{place}" if place else "containers.web"
    assert full in found
    assert found[full].startswith(message)


RESOURCES: list[tuple[dict[str, Any], str, str]] = [
    ({"services": {}}, "", "a spec of dockerspec's own has no services; rename services: to containers:"),
    ({"dockerspec": 2}, "dockerspec", "literal_error"),
    ({"stack": "Shop"}, "stack", "'Shop' can't name a stack; "),
    ({"images": {"a": {}}}, "images.a", "an image needs exactly one of build and image; "),
    ({"images": {"a": {"build": ".", "image": "x"}}}, "images.a", "an image needs exactly one of build and image; "),
    (
        {"images": {"a": {"build": {"dockerfile": "x", "dockerfile_inline": "y"}}}},
        "images.a.build",
        "dockerfile and dockerfile_inline exclude each other; ",
    ),
    ({"secrets": {"a": {}}}, "secrets.a", "a secret needs exactly one of file and environment; "),
    ({"networks": {"a": {"ipam": {"config": [{"subnet": "x"}]}}}}, "networks.a.ipam.config.0.subnet", "'x' is no sub"),
    ({"volumes": {"a": {"name": "x"}}}, "volumes.a.name", "the engine takes no object named 'x'; "),
    ({"volumes": ["a"]}, "volumes", "dict_type"),
    ({"containers": {"a b": {}}}, "containers.a b.[key]", "'a b' can't name an object of the spec; "),
]


@pytest.mark.parametrize(("data", "place", "message"), RESOURCES)
def test_resources_are_refused_where_they_stand(data: dict[str, Any], place: str, message: str) -> None:
    found = dict(errors(data))
    assert found[place].startswith(message)


def test_all_faults_come_at_once() -> None:
    found = errors({"containers": {"a": {"ports": ["x", "y"], "imag": 1}, "b": {"replicas": "z"}}, "volums": {}})
    assert [place for place, _ in found] == [
        "containers.a.ports.0",
        "containers.a.ports.1",
        "containers.a.imag",
        "containers.b.replicas",
        "volums",
    ]


def test_a_key_without_a_value_counts_as_absent() -> None:
    assert container(ports=None, mem_limit=None, healthcheck=None, tty=None) == container()
    stack = Stack.model_validate({"stack": "s", "volumes": {"a": None}, "networks": {"b": None}, "images": None})
    assert stack.volumes == {"a": VolumeSpec()}
    assert stack.networks == {"b": NetworkSpec()}


def test_extension_keys_are_free_wherever_keys_are_fixed() -> None:
    data = {
        "stack": "s",
        "x-a": 1,
        "containers": {
            "w": {
                "x-b": 1,
                "healthcheck": {"x-c": 1},
                "ports": [{"target": 1, "x-d": 1}],
                "environment": {"P": {"secret": "a", "x-e": 1}},
            }
        },
    }
    assert Stack.model_validate(data).containers["w"].ports == (Port(target=1),)


def test_exploded_items_know_where_they_were_written() -> None:
    ports = container(ports=["80", "8000-8002:80-82", "90"]).ports
    assert [place_of(ports, index) for index in range(len(ports))] == [0, 1, 1, 1, 2]
    plain = container(ports=["80", "90"]).ports
    assert [place_of(plain, index) for index in range(len(plain))] == [0, 1]


@pytest.mark.parametrize("model", list(models(Stack)), ids=lambda model: model.__name__)
def test_every_key_is_explained(model: type[Any]) -> None:
    for name, info in model.model_fields.items():
        assert info.description, name
        assert info.description.endswith("."), name


def test_a_spec_can_not_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        container().replicas = 2  # type: ignore[misc]


def _wide(size: int) -> dict[str, Any]:
    one = {
        "image": "redis:7",
        "environment": {"A": "1", "B": 2, "P": {"secret": "pw"}},
        "volumes": ["data:/data", "./conf:/etc/conf:ro"],
        "networks": ["front"],
        "mem_limit": "512m",
        "restart": "unless-stopped",
        "healthcheck": {"test": ["CMD", "true"], "interval": "5s"},
    }
    return {"stack": "s", "containers": {f"c{n}": {**one, "ports": [f"{8000 + n}:80"]} for n in range(size)}}


def test_a_wide_spec_is_read_whole() -> None:
    stack = Stack.model_validate(_wide(1000))
    assert stack.containers["c999"].ports == (Port(target=80, published="8999"),)
