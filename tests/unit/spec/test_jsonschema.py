"""The JSON schema and the reference: fresh, right by an independent validator, and of one mind with the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from dockerspec.core.spec.document import parse
from dockerspec.core.spec.forms import SpecModel
from dockerspec.core.spec.jsonschema import build_schema, models, schema_text
from dockerspec.core.spec.load import load
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.reference import reference
from dockerspec.core.spec.source import SourceFile, Variables

ROOT = Path(__file__).parents[3]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))

SCHEMA = build_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def plain(path: Path) -> Any:
    document, faults = parse(SourceFile(path.name, path.read_text(), "/specs"))
    assert document is not None, faults
    return document.plain()


def loaded(path: Path) -> Stack:
    """The stack of an example, with files and secrets made up."""
    source = SourceFile(path.name, path.read_text(), "/specs")
    result = load([source], Variables(environment={"APP_TOKEN": "a-token"}), lambda _path: "A=b")
    assert [str(item) for item in result.diagnostics] == []
    assert result.stack is not None
    return result.stack


def walk(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for item in node.values():
            yield from walk(item)
    elif isinstance(node, list):
        for item in node:
            yield from walk(item)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(schema_text()) == SCHEMA


def test_every_reference_leads_somewhere() -> None:
    targets = {node["$ref"] for node in walk(SCHEMA) if isinstance(node.get("$ref"), str)}
    assert targets <= {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_every_key_has_a_description_in_the_schema() -> None:
    mappings = [SCHEMA, *SCHEMA["$defs"].values()]
    missing = [
        (mapping["description"], name)
        for mapping in mappings
        for name, item in mapping["properties"].items()
        if not item.get("description")
    ]
    assert missing == []
    assert all(mapping["additionalProperties"] is False for mapping in mappings)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_examples_pass_the_schema(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(plain(path))] == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_examples_load_without_a_word(path: Path) -> None:
    loaded(path)


def test_there_are_examples() -> None:
    assert {path.stem for path in SPECS} >= {"minimal", "web-redis", "replicas", "networks", "full"}


def test_the_full_example_uses_every_key() -> None:
    used: set[tuple[str, str]] = set()

    def visit(model: SpecModel) -> None:
        for name in model.model_fields_set:
            used.add((type(model).__name__, name))
            collect(getattr(model, name))

    def collect(value: object) -> None:
        if isinstance(value, SpecModel):
            visit(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, tuple):
            for item in value:
                collect(item)

    visit(loaded(ROOT / "specs" / "full.yaml"))
    known = {(model.__name__, name) for model in models(Stack) for name in model.model_fields}
    assert known - used == {("ImageSource", "ref")} - used


EXAMPLES = [
    pytest.param(model, info.alias or name, example, id=f"{model.__name__}.{name}-{number}")
    for model in models(Stack)
    for name, info in model.model_fields.items()
    for number, example in enumerate(info.examples or ())
]


@pytest.mark.parametrize(("model", "name", "example"), EXAMPLES)
def test_the_examples_of_the_keys_are_true(model: type[SpecModel], name: str, example: object) -> None:
    definition = SCHEMA if model is Stack else SCHEMA["$defs"][model.__name__]
    schema = {"$defs": SCHEMA["$defs"], **definition["properties"][name]}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(example)] == []
    try:
        model.model_validate({name: example})
    except ValidationError as problem:
        # Other keys that the model needs may be missing, and a rule may want a second key: the example is not to blame.
        blamed = [item for item in problem.errors() if item["loc"][:1] == (name,) and item["type"] != "missing"]
        assert blamed == []


def container(**keys: object) -> dict[str, Any]:
    return {"containers": {"web": {"image": "redis:7", **keys}}}


ACCEPTED: list[dict[str, Any]] = [
    {},
    {"x-anything": [1]},
    {"volumes": {"a": None}, "networks": {"b": None}},
    {"images": {"a": {"build": "."}, "b": {"image": "redis"}}},
    {"secrets": {"a": {"file": "x"}}},
    container(ports=[80, "80", "8080:80", "127.0.0.1:8080:80/udp", "[::1]:8080:80", "127.0.0.1::80", "90-91:80-81"]),
    container(ports=[{"target": 80, "published": "8080-8081"}, {"target": "80", "published": 8080}]),
    container(ports=None),
    container(image={"from": "web"}),
    container(image="registry.example:5000/team/app:1.4"),
    container(image="sha256:" + "a" * 64),
    container(volumes=["/x", "a1:/x", "./a:/x:ro,z", "~/a:/x", r"C:\a:/x"]),
    container(volumes=[{"type": "tmpfs", "target": "/x"}, {"type": "volume", "target": "/x"}]),
    container(environment={"A": 1, "B": None, "C": True, "D": {"secret": "x"}}),
    container(environment=["A=1", "B"]),
    container(labels=["a=b", "c"]),
    container(networks=["a"]),
    container(networks={"a": None, "b": {"aliases": ["x"]}}),
    container(depends_on=["a"]),
    container(depends_on={"a": {"condition": "service_healthy"}}),
    container(restart="on-failure:3"),
    container(restart={"name": "always"}),
    container(restart=False),
    container(mem_limit=1024, memswap_limit=-1, mem_reservation="1.5GiB"),
    container(memswap_limit="-1"),
    container(cpus="0.5", cpu_quota="50ms", cpu_period=100000, cpuset="0-2,4"),
    container(healthcheck={"test": "true", "interval": "1m30s", "timeout": 0}),
    container(healthcheck={"test": ["CMD", "true"]}),
    container(ulimits={"a": 1, "b": "1:2", "c": {"soft": 1, "hard": 2}}),
    container(devices=["/dev/a", "/dev/a:/dev/b:r", "/dev/a:rw"]),
    container(extra_hosts=["a:10.0.0.1", "b=::1", "c:host-gateway"]),
    container(extra_hosts={"a": "10.0.0.1", "b": ["10.0.0.2"]}),
    container(expose=[80, "80/udp", "80-90"]),
    container(tmpfs="/run:size=1m"),
    container(tmpfs=["/run"]),
    container(env_file="a"),
    container(env_file=["a", {"path": "b", "required": False}]),
    container(command="sleep 5", entrypoint=["a", 1]),
    container(scale=2),
    container(replicas="2", tty="true", user=1000),
    container(stop_signal="SIGTERM"),
    container(stop_signal=9),
    container(dns="9.9.9.9", dns_search=["a", "b"]),
]

REFUSED: list[dict[str, Any]] = [
    {"dockerspec": 2},
    {"stack": "Shop"},
    {"volums": {}},
    {"services": {}},
    {"volumes": ["a"]},
    {"volumes": {"a b": {}}},
    {"volumes": {"a": {"prevent_destroy": "maybe"}}},
    {"images": {"a": {}}},
    {"images": {"a": {"build": ".", "image": "x"}}},
    {"images": {"a": {"build": {"dockerfile": "x", "dockerfile_inline": "y"}}}},
    {"secrets": {"a": {"file": "x", "environment": "Y"}}},
    {"networks": {"a": {"ipam": {"config": [{"subnet": "10.0.0.0"}]}}}},
    container(imag="x"),
    container(image={"frm": "x"}),
    container(image={}),
    container(ports=80),
    container(ports="80:80"),
    container(ports=["x"]),
    container(ports=["80/tpc"]),
    container(ports=["localhost:80:80"]),
    container(ports=[{"published": "80"}]),
    container(ports=[{"target": 0}]),
    container(ports=[{"target": 80, "protocol": "icmp"}]),
    container(ports=[{"target": 80, "mode": "host"}]),
    container(volumes=["data"]),
    container(volumes=[{"type": "bind", "target": "/x"}]),
    container(volumes=[{"type": "tmpfs", "source": "a", "target": "/x"}]),
    container(volumes=[{"type": "volume", "target": "x"}]),
    container(volumes=[{"type": "vol", "target": "/x"}]),
    container(environment="A=1"),
    container(environment=["=x"]),
    container(environment={"A": [1]}),
    container(environment={"A": {"secrt": "x"}}),
    container(labels={"a": {}}),
    container(networks="a"),
    container(networks={"a": {"ipv4_address": "x"}}),
    container(networks={"a b": {}}),
    container(depends_on="a"),
    container(depends_on={"a": {"condition": "healthy"}}),
    container(restart="sometimes"),
    container(restart="always:3"),
    container(restart=True),
    container(mem_limit="512x"),
    container(mem_limit=-1),
    container(mem_limit=1.5),
    container(cpus=0),
    container(cpus="many"),
    container(cpuset="0..2"),
    container(healthcheck={"interval": 30}),
    container(healthcheck={"interval": "30"}),
    container(healthcheck={"test": ["true"]}),
    container(healthcheck={"retries": "x"}),
    container(stop_grace_period="5x"),
    container(ulimits={"a": "x"}),
    container(ulimits={"a": {"soft": 1}}),
    container(devices=["ttyUSB0"]),
    container(extra_hosts=["db"]),
    container(tmpfs=["run"]),
    container(expose=["80/tpc"]),
    container(replicas="two"),
    container(replicas=1001),
    container(replicas=True),
    container(hostname=True),
    container(state="up"),
    container(tty="yes"),
    container(tty=1),
    container(working_dir="srv"),
    container(container_name="-a"),
    container(stop_signal="SIG TERM"),
    container(oom_score_adj=2000),
    container(blkio_config={"weight": 5}),
    container(blkio_config={"device_read_bps": [{"path": "/dev/a"}]}),
    container(env_file=[{"required": True}]),
    container(pull_policy="sometimes"),
    container(dns=["nameserver"]),
    container(cap_add="NET_ADMIN"),
]


def model_accepts(data: dict[str, Any]) -> bool:
    try:
        Stack.model_validate(data)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("data", ACCEPTED, ids=str)
def test_schema_and_model_accept(data: dict[str, Any]) -> None:
    data = {"stack": "s", **data}
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []
    assert model_accepts(data)


@pytest.mark.parametrize("data", REFUSED, ids=str)
def test_schema_and_model_refuse(data: dict[str, Any]) -> None:
    data = {"stack": "s", **data}
    assert not VALIDATOR.is_valid(data)
    assert not model_accepts(data)


@pytest.mark.parametrize(
    "data",
    [
        container(replicas="${N}", mem_limit="${M:-1g}", state="$STATE", tty="${TTY}", ports=["${P}:80"]),
        container(healthcheck={"interval": "${I}"}, restart="${R}", cpus="${C}", image="${REGISTRY}/app:${TAG}"),
        container(volumes=["${DIR}:/x"], stop_signal="${S}", networks={"a": {"ipv4_address": "${IP}"}}),
        {"stack": "${NAME}"},
        {"variables": {"a": "1", "b": 2, "c": None, "d": {"type": "int", "sensitive": True, "description": "x"}}},
    ],
    ids=str,
)
def test_the_schema_leaves_room_for_variables(data: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors({"stack": "s", **data})] == []


def test_the_reference_names_every_key() -> None:
    text = reference()
    for model in models(Stack):
        assert f"\n## {model.__name__}\n" in text
        for name, info in model.model_fields.items():
            assert f"| `{info.alias or name}` |" in text
