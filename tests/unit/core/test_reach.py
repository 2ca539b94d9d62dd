"""Where a container's port can be tried, and specs that want one tried which can't be."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.diff.reach import check_reach
from dockerspec.core.facts import ImageFacts
from dockerspec.core.live.reach import only_port, places, shares_with
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.runtime.place import engine_host

Json = Any


def container(mode: str = "shop_default", ports: Json = None, address: str = "172.18.0.2", **config: Json) -> Json:
    return {
        "Config": config,
        "HostConfig": {"NetworkMode": mode},
        "NetworkSettings": {"Ports": ports or {}, "Networks": {mode: {"IPAddress": address}} if address else {}},
    }


ANY = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]}
LOOPBACK = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}
FIXED = {"80/tcp": [{"HostIp": "10.0.0.9", "HostPort": "8080"}]}
V6 = {"80/tcp": [{"HostIp": "::", "HostPort": "8080"}]}


@pytest.mark.parametrize(
    ("found", "host", "expected"),
    [
        (container(ports=ANY), "", ["127.0.0.1:8080", "[::1]:8080", "172.18.0.2:80"]),
        (container(ports=ANY), "far", ["far:8080", "far:8080"]),
        (container(ports=LOOPBACK), "", ["127.0.0.1:8080", "172.18.0.2:80"]),
        (container(ports=LOOPBACK), "far", "port 80 is published on 127.0.0.1 of the engine's host only"),
        (container(ports=FIXED), "far", ["10.0.0.9:8080"]),
        (container(ports=V6, address=""), "", ["[::1]:8080"]),
        (container(ports={"80/udp": ANY["80/tcp"]}), "", ["172.18.0.2:80"]),
        (container(ports={"80/tcp": None}), "", ["172.18.0.2:80"]),
        (container(), "far", "port 80 is not published, and the engine is on another machine"),
        (container(address=""), "", "it has no address"),
        (container("host"), "", ["127.0.0.1:80"]),
        (container("host"), "far", ["far:80"]),
        (container("none"), "", "it has no network"),
    ],
)
def test_where_a_port_can_be_tried(found: Json, host: str, expected: Json) -> None:
    answer = places(found, 80, host)
    assert (answer if isinstance(answer, str) else [str(place) for place in answer]) == expected


def test_the_only_port() -> None:
    assert only_port(container(ExposedPorts={"80/tcp": {}, "53/udp": {}})) == 80
    assert only_port(container(ExposedPorts={"80/tcp": {}, "90": {}})) == "it exposes 2 TCP ports (80, 90)"
    assert only_port(container()) == "it exposes no TCP port"


def test_whose_network_it_is() -> None:
    assert shares_with(container("container:abc")) == "abc"
    assert shares_with(container("host")) == ""


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("unix:///var/run/docker.sock", ""),
        ("fake://", ""),
        ("tcp://10.0.0.9:2375", "10.0.0.9"),
        ("https://far.example:2376", "far.example"),
        ("ssh://me@far.example", "far.example"),
    ],
)
def test_where_an_engine_is(endpoint: str, host: str) -> None:
    assert engine_host(endpoint) == host


def faults(host: str = "", **web: Json) -> list[str]:
    findings = Findings(lambda _path: None)
    data = {"stack": "s", "containers": {"web": {"image": "two", **web}, "vpn": {"image": "one", "ports": ["90"]}}}
    images = {
        "one": ImageFacts("1", {"ExposedPorts": {"80/tcp": {}}}),
        "two": ImageFacts("2", {"ExposedPorts": {"80/tcp": {}, "81/tcp": {}}}),
    }
    check_reach(Stack.model_validate(data), images, host, findings)
    return [str(item) for item in findings.diagnostics]


def waits(**wait: Json) -> Json:
    return {"wait": wait}


HIDDEN = (
    "containers.web.update.wait.port: port 80 is not published, and the engine is on another machine (far), so it "
    "can't be tried from here; publish it, as with ports: [80], or wait for a command in the container"
)


@pytest.mark.parametrize(
    ("host", "web", "expected"),
    [
        ("", {"update": waits(port=80)}, []),
        ("far", {"update": waits(port=80)}, [HIDDEN]),
        ("far", {"update": waits(port=80), "ports": ["80/udp"]}, [HIDDEN]),
        ("far", {"update": waits(port=80), "ports": ["8080:80"]}, []),
        ("far", {"update": waits(port=80), "publish_all_ports": True}, []),
        ("far", {"update": waits(port=80), "network_mode": "host"}, []),
        ("far", {"update": waits(port=90), "network_mode": "service:vpn"}, []),
        ("far", {"update": waits(port=80), "network_mode": "service:vpn"}, [HIDDEN]),
        ("far", {"update": waits(port=80), "network_mode": "container:other"}, []),
        ("far", {"update": waits(port=80), "state": "absent"}, []),
        ("far", {"update": waits(log="x")}, []),
        ("", {"update": waits(http="/x"), "image": "one"}, []),
        ("", {"update": waits(http="/x"), "image": "unknown"}, []),
        ("", {"update": waits(http=":81/x")}, []),
        (
            "",
            {"update": waits(http="/x")},
            [
                "containers.web.update.wait.http: the container exposes 2 TCP ports (80, 81), so that the request "
                "needs one of its own; write :80/ before the path, or port: beside it"
            ],
        ),
    ],
)
def test_what_a_spec_wants_tried(host: str, web: Json, expected: list[str]) -> None:
    assert faults(host, **web) == expected
