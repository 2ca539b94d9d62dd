"""Overlay files: a table of base, overlay and result."""

from __future__ import annotations

import pytest

from dockerspec.core.spec.document import Document, parse
from dockerspec.core.spec.faults import keys_of, models_at
from dockerspec.core.spec.merge import merge
from dockerspec.core.spec.merge_rules import TABLE
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.source import SourceFile


def read(name: str, text: str) -> Document:
    document, faults = parse(SourceFile(name, text, "/x"))
    assert document is not None
    assert faults == []
    return document


def merged(base: str, over: str) -> Document:
    return merge(read("base.yaml", base), read("over.yaml", over))


WEB = [
    # scalars and mappings
    ("user: a", "user: b", {"user": "b"}),
    ("user: a", "tty: true", {"user": "a", "tty": True}),
    ("user: a", "user: ", {"user": None}),
    ("dns: [a]", "dns: ", {"dns": ["a"]}),
    ("healthcheck: {interval: 1s}", "healthcheck: ", {"healthcheck": {"interval": "1s"}}),
    ("healthcheck: {interval: 1s}", "healthcheck: {retries: 2}", {"healthcheck": {"interval": "1s", "retries": 2}}),
    # whole values
    ("command: [a, b]", "command: [c]", {"command": ["c"]}),
    ("command: a b", "command: [c]", {"command": ["c"]}),
    ("entrypoint: [a]", "entrypoint: []", {"entrypoint": []}),
    ("healthcheck: {test: [CMD, a]}", "healthcheck: {test: [CMD, b]}", {"healthcheck": {"test": ["CMD", "b"]}}),
    ("image: {from: a}", "image: b", {"image": "b"}),
    ("image: {from: a}", "image: {ref: b}", {"image": {"ref": "b"}}),
    (
        "ulimits: {nofile: {soft: 1, hard: 2}, nproc: 1}",
        "ulimits: {nofile: 5}",
        {"ulimits": {"nofile": 5, "nproc": 1}},
    ),
    # mapping and list forms
    ("environment: {A: 1, B: 2}", "environment: {B: 3, C: 4}", {"environment": {"A": "1", "B": "3", "C": "4"}}),
    ("environment: [A=1, B=2]", "environment: [B=3]", {"environment": {"A": "1", "B": "3"}}),
    ("environment: [A=1]", "environment: {A: 2}", {"environment": {"A": "2"}}),
    ("environment: {A: 1}", "environment: [A, B=x=y]", {"environment": {"A": None, "B": "x=y"}}),
    ("environment: {A: 1}", "environment: {A: {secret: s}}", {"environment": {"A": {"secret": "s"}}}),
    ("labels: [a=1]", "labels: [a, b=2]", {"labels": {"a": "", "b": "2"}}),
    ("networks: [a]", "networks: {b: {priority: 1}}", {"networks": {"a": None, "b": {"priority": 1}}}),
    ("networks: {a: {priority: 1}}", "networks: [a]", {"networks": {"a": {"priority": 1}}}),
    (
        "depends_on: [a]",
        "depends_on: {a: {condition: service_healthy}}",
        {"depends_on": {"a": {"condition": "service_healthy"}}},
    ),
    ("tmpfs: /run", "tmpfs: ['/tmp:size=1m']", {"tmpfs": ["/run", "/tmp:size=1m"]}),
    ("tmpfs: ['/run:size=1m', /a]", "tmpfs: /run/", {"tmpfs": ["/run/", "/a"]}),
    ("sysctls: [a=1]", "sysctls: {a: 2}", {"sysctls": {"a": "2"}}),
    # lists
    ("dns: a", "dns: [b]", {"dns": ["a", "b"]}),
    ("env_file: a", "env_file: [{path: a, required: false}, b]", {"env_file": [{"path": "a", "required": False}, "b"]}),
    ("cap_add: [A, B]", "cap_add: [B, C]", {"cap_add": ["A", "B", "C"]}),
    ("ports: ['80:80']", "ports: ['80:80', '81:80']", {"ports": ["80:80", "81:80"]}),
    ("ports: ['80:80/tcp']", "ports: [{target: 80, published: 80}]", {"ports": [{"target": 80, "published": "80"}]}),
    (
        "ports: ['80:80']",
        "ports: ['80:80/udp', '127.0.0.1:80:80']",
        {"ports": ["80:80", "80:80/udp", "127.0.0.1:80:80"]},
    ),
    (
        "ports: ['[::1]:80:80']",
        "ports: [{host_ip: '::1', target: 80, published: 80}]",
        {"ports": [{"host_ip": "::1", "target": 80, "published": "80"}]},
    ),
    ("volumes: [a:/x, b:/y]", "volumes: [c:/x:ro]", {"volumes": ["c:/x:ro", "b:/y"]}),
    ("volumes: [/x]", "volumes: [{type: tmpfs, target: /x/}]", {"volumes": [{"type": "tmpfs", "target": "/x/"}]}),
    ("devices: [/dev/a]", "devices: ['/dev/b:/dev/a']", {"devices": ["/dev/b:/dev/a"]}),
    (
        "blkio_config: {device_read_bps: [{path: /dev/a, rate: 1}]}",
        "blkio_config: {device_read_bps: [{path: /dev/a, rate: 2}]}",
        {"blkio_config": {"device_read_bps": [{"path": "/dev/a", "rate": 2}]}},
    ),
    # logging
    (
        "logging: {driver: a, options: {x: 1}}",
        "logging: {options: {y: 2}}",
        {"logging": {"driver": "a", "options": {"x": "1", "y": "2"}}},
    ),
    (
        "logging: {driver: a, options: {x: 1}}",
        "logging: {driver: a, options: {y: 2}}",
        {"logging": {"driver": "a", "options": {"x": "1", "y": "2"}}},
    ),
    (
        "logging: {driver: a, options: {x: 1}}",
        "logging: {driver: b, options: {y: 2}}",
        {"logging": {"driver": "b", "options": {"y": "2"}}},
    ),
    ("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}", {"logging": {"driver": "b"}}),
    # forms that don't go together: the later file wins
    ("environment: [[A]]", "environment: {B: 1}", {"environment": {"B": "1"}}),
    ("dns: {a: b}", "dns: [c]", {"dns": ["c"]}),
]


@pytest.mark.parametrize(("base", "over", "result"), WEB)
def test_containers(base, over, result):
    document = merged(f"containers:\n  web:\n    {base}\n", f"containers:\n  web:\n    {over}\n")
    assert document.plain() == {"containers": {"web": result}}


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ("stack: a", "stack: b", {"stack": "b"}),
        ("volumes: {a: }", "volumes: {b: }", {"volumes": {"a": None, "b": None}}),
        ("volumes: {a: }", "volumes: {a: {driver: x}}", {"volumes": {"a": {"driver": "x"}}}),
        ("volumes: {a: {driver: x}}", "volumes: {a: }", {"volumes": {"a": {"driver": "x"}}}),
        (
            "images: {a: {build: .}}",
            "images: {a: {build: {target: t}}}",
            {"images": {"a": {"build": {"context": ".", "target": "t"}}}},
        ),
        (
            "images: {a: {build: {args: [A=1]}}}",
            "images: {a: {build: {args: {B: 2}}}}",
            {"images": {"a": {"build": {"args": {"A": "1", "B": "2"}}}}},
        ),
        (
            "networks: {a: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}",
            "networks: {a: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.9}, {subnet: 10.1.0.0/24}]}}}",
            {
                "networks": {
                    "a": {
                        "ipam": {
                            "config": [{"subnet": "10.0.0.0/24", "gateway": "10.0.0.9"}, {"subnet": "10.1.0.0/24"}]
                        }
                    }
                }
            },
        ),
        # A container that is called like a field is merged as a container.
        (
            "containers: {command: {dns: [a]}}",
            "containers: {command: {dns: [b]}}",
            {"containers": {"command": {"dns": ["a", "b"]}}},
        ),
    ],
)
def test_other_sections(base, over, result):
    assert merged(base, over).plain() == result


def test_places_stay_those_of_the_files():
    document = merged(
        "containers:\n  web:\n    user: a\n    environment: [A=1]\n    dns: [a]\n",
        "# overlay\ncontainers:\n  web:\n    user: b\n    environment: {B: 2}\n    dns: [b]\n",
    )
    places = {
        ("containers", "web", "user"): "over.yaml:4:11",
        ("containers", "web", "environment", "A"): "base.yaml:4:19",
        ("containers", "web", "environment", "B"): "over.yaml:5:22",
        ("containers", "web", "dns", 0): "base.yaml:5:11",
        ("containers", "web", "dns", 1): "over.yaml:6:11",
    }
    assert {path: str(document.span(path)) for path in places} == places


def test_merging_changes_neither_side():
    base, over = read("b", "a: {x: [1]}"), read("o", "a: {x: [2], y: 3}")
    before = base.plain(), over.plain()
    merge(base, over)
    assert (base.plain(), over.plain()) == before


def test_every_rule_is_for_a_field_of_the_model():
    for pattern in TABLE:
        *steps, last = pattern.removesuffix(".*").split(".")
        [kind] = models_at(Stack, tuple(steps))
        assert last in keys_of(kind), pattern
