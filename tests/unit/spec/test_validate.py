"""The rules between keys: every rule once broken, with its words, and its nearest neighbours that are fine."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.diagnostics import Severity, Span
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.validate import validate

Data = dict[str, Any]


def found(data: Data) -> list[str]:
    """The faults as text, warnings marked."""
    return [str(item) for item in validate(Stack.model_validate({"stack": "shop", **data}), lambda _path: None)]


def containers(**specs: Data) -> Data:
    """A stack of containers that all have an image."""
    return {"containers": {name: {"image": "busybox", **keys} for name, keys in specs.items()}}


def net(subnet: str, **more: str) -> Data:
    return {"ipam": {"config": [{"subnet": subnet, **more}]}}


BROKEN: dict[str, tuple[Data, list[str]]] = {
    "image missing": (
        {"containers": {"web": {}}},
        ["containers.web: the container has no image; add image: NAME:TAG, or image: {from: NAME}"],
    ),
    "image unknown": (
        {"images": {"web": {"build": "."}}, **containers(app={"image": {"from": "wbe"}})},
        ["containers.app.image.from: there is no image 'wbe'; did you mean 'web'?"],
    ),
    "network unknown, near": (
        {"networks": {"front": {}}, **containers(web={"networks": ["frnt"]})},
        ["containers.web.networks.frnt: there is no network 'frnt'; did you mean 'front'?"],
    ),
    "network unknown": (
        containers(web={"networks": ["xyz"]}),
        ["containers.web.networks.xyz: there is no network 'xyz'; declare it under networks:, or remove it here"],
    ),
    "volume undeclared": (
        containers(web={"volumes": ["/a", "data:/b"]}),
        [
            "containers.web.volumes[1]: there is no volume 'data'; declare it as data: under the top-level volumes:, "
            "or write ./data for a folder"
        ],
    ),
    "volume misspelt": (
        {"volumes": {"pgdata": {}}, **containers(db={"volumes": ["pgdta:/b"]})},
        [
            "containers.db.volumes[0]: there is no volume 'pgdta'; did you mean 'pgdata'? Else declare it as pgdta: "
            "under the top-level volumes:, or write ./pgdta for a folder"
        ],
    ),
    "secret unknown": (
        {"secrets": {"pw": {"file": "x"}}, **containers(web={"environment": {"A": {"secret": "pww"}}})},
        ["containers.web.environment.A.secret: there is no secret 'pww'; did you mean 'pw'?"],
    ),
    "depends_on unknown": (
        containers(web={"depends_on": ["bd"]}, db={}),
        ["containers.web.depends_on.bd: there is no container 'bd'; declare it under containers:, or remove it here"],
    ),
    "depends_on absent": (
        containers(web={"depends_on": ["db"]}, db={"state": "absent"}),
        [
            "containers.web.depends_on.db: the container 'db' has the state absent, so it never comes up; "
            "remove it from depends_on, or set required: false"
        ],
    ),
    "namespace unknown": (
        containers(web={"network_mode": "service:vpnn", "pid": "service:vp"}, vpn={}),
        [
            "containers.web.network_mode: there is no container 'vpnn'; did you mean 'vpn'?",
            "containers.web.pid: there is no container 'vp'; did you mean 'vpn'?",
        ],
    ),
    "volumes_from and links unknown": (
        containers(web={"volumes_from": ["container:x", "dbb:ro"], "links": ["d:x"]}, db={}),
        [
            "containers.web.links[0]: there is no container 'd'; did you mean 'db'?",
            "containers.web.volumes_from[1]: there is no container 'dbb'; did you mean 'db'?",
        ],
    ),
    "circle of one": (
        containers(web={"depends_on": ["web"]}),
        [
            "containers.web.depends_on.web: the containers need each other in a circle: web -> web; "
            "remove one of these dependencies"
        ],
    ),
    "circle over kinds": (
        containers(
            a={"depends_on": ["b"]},
            b={"network_mode": "service:c"},
            c={"volumes_from": ["a"]},
            d={"depends_on": ["a"]},
        ),
        [
            "containers.a.depends_on.b: the containers need each other in a circle: a -> b -> c -> a; "
            "remove one of these dependencies"
        ],
    ),
    "two circles": (
        containers(a={"depends_on": ["b"]}, b={"depends_on": ["a"]}, c={"depends_on": ["d"]}, d={"depends_on": ["c"]}),
        [
            "containers.a.depends_on.b: the containers need each other in a circle: a -> b -> a; "
            "remove one of these dependencies",
            "containers.c.depends_on.d: the containers need each other in a circle: c -> d -> c; "
            "remove one of these dependencies",
        ],
    ),
    "name shared by replicas": (
        containers(web={"container_name": "w1", "replicas": 2}),
        [
            "containers.web.container_name: 2 replicas can't share the name 'w1'; "
            "remove container_name, or set replicas: 1"
        ],
    ),
    "name twice": (
        containers(a={"container_name": "ww"}, b={"container_name": "ww"}),
        [
            "containers.b.container_name: the container 'a' has the name 'ww' already; "
            "give each container a name of its own"
        ],
    ),
    "name of a replica": (
        containers(a={"container_name": "shop-b-2"}, b={"replicas": 2}),
        [
            "containers.a.container_name: the container 'b' has the name 'shop-b-2' already; "
            "give each container a name of its own"
        ],
    ),
    "resource name twice": (
        {"volumes": {"a": {"name": "shop_b"}, "b": {}}},
        [
            "volumes.b: volumes.a has the name 'shop_b' on the engine already; "
            "give each a name of its own, or use one entry for both"
        ],
    ),
    "port twice": (
        containers(a={"ports": ["8080:80"]}, b={"ports": ["90", "127.0.0.1:8080:80"]}),
        ["containers.b.ports[1]: the container 'a' publishes the host port 8080/tcp already; choose another host port"],
    ),
    "port twice in one container": (
        containers(a={"ports": ["8000-8001:80-81", "8001:90"]}),
        ["containers.a.ports[1]: this container publishes the host port 8001/tcp already; choose another host port"],
    ),
    "port in a range that is used up": (
        containers(a={"ports": ["8080-8081:80"], "replicas": 2}, b={"ports": ["8081:80"]}),
        ["containers.b.ports[0]: the container 'a' publishes the host port 8081/tcp already; choose another host port"],
    ),
    "port for too many replicas": (
        containers(a={"ports": ["8080-8081:80"], "replicas": 3}),
        [
            "containers.a.ports[0]: 3 replicas can't share the host port 8080-8081; "
            "write a range with a port for each, such as 8080-8082:80, or leave out the host port"
        ],
    ),
    "ports in host mode": (
        containers(a={"ports": ["80"], "network_mode": "host"}),
        [
            "containers.a.ports: with network_mode: host the engine publishes no ports; "
            "remove ports, or remove network_mode",
        ],
    ),
    "ports in another's network": (
        containers(a={"ports": ["80"], "network_mode": "service:b"}, b={}),
        [
            "containers.a.ports: the container has no network of its own to publish ports from "
            "(network_mode: service:b); move ports to the container 'b'"
        ],
    ),
    "mode and networks": (
        containers(a={"network_mode": "host", "networks": ["default"]}),
        ["containers.a.network_mode: network_mode and networks exclude each other; remove one of them"],
    ),
    "mode names a network": (
        {"networks": {"n": {}}, **containers(a={"network_mode": "n"})},
        ["containers.a.network_mode: network_mode does not take the spec's network 'n'; write networks: [n] instead"],
    ),
    "subnets overlap": (
        {
            "networks": {
                "a": net("10.1.0.0/24"),
                "b": net("10.1.0.0/16"),
                "c": {**net("fd00::/64"), "enable_ipv6": True},
            }
        },
        [
            "networks.b.ipam.config[0].subnet: the subnet 10.1.0.0/16 overlaps with 10.1.0.0/24 of the network 'a'; "
            "choose a subnet that is free"
        ],
    ),
    "gateway and range outside": (
        {"networks": {"a": net("10.1.0.0/24", gateway="10.2.0.1", ip_range="10.1.0.0/16")}},
        [
            "networks.a.ipam.config[0].gateway: 10.2.0.1 is not within the subnet 10.1.0.0/24; "
            "choose one within the subnet",
            "networks.a.ipam.config[0].ip_range: 10.1.0.0/16 is not within the subnet 10.1.0.0/24; "
            "choose one within the subnet",
        ],
    ),
    "gateway of the other version": (
        {"networks": {"a": net("10.1.0.0/24", gateway="fd00::1")}},
        [
            "networks.a.ipam.config[0].gateway: fd00::1 is not within the subnet 10.1.0.0/24; "
            "choose one within the subnet"
        ],
    ),
    "gateway alone": (
        {"networks": {"a": {"ipam": {"config": [{"gateway": "10.1.0.1"}]}}}},
        [
            "networks.a.ipam.config[0].gateway: gateway needs a subnet; add subnet: beside it, such as 10.90.0.0/24",
        ],
    ),
    "address outside": (
        {"networks": {"a": net("10.1.0.0/24")}, **containers(w={"networks": {"a": {"ipv4_address": "10.2.0.5"}}})},
        [
            "containers.w.networks.a.ipv4_address: the address 10.2.0.5 is outside the network's 10.1.0.0/24; "
            "choose an address within it"
        ],
    ),
    "address without a subnet": (
        {"networks": {"a": {}}, **containers(w={"networks": {"a": {"ipv4_address": "10.2.0.5"}}})},
        [
            "containers.w.networks.a.ipv4_address: a fixed address needs a subnet of the spec's own on the network "
            "'a'; add ipam: {config: [{subnet: ...}]} to networks.a"
        ],
    ),
    "address twice, and the gateway's": (
        {
            "networks": {"a": net("10.1.0.0/24", gateway="10.1.0.1")},
            **containers(
                v={"networks": {"a": {"ipv4_address": "10.1.0.5"}}},
                w={"networks": {"a": {"ipv4_address": "10.1.0.5"}}},
                x={"networks": {"a": {"ipv4_address": "10.1.0.1"}}},
            ),
        },
        [
            "containers.w.networks.a.ipv4_address: the container 'v' has the address 10.1.0.5 already; "
            "choose another address",
            "containers.x.networks.a.ipv4_address: the gateway has the address 10.1.0.1 already; "
            "choose another address",
        ],
    ),
    "address for replicas": (
        {
            "networks": {"a": net("10.1.0.0/24")},
            **containers(w={"replicas": 2, "networks": {"a": {"ipv4_address": "10.1.0.5"}}}),
        },
        [
            "containers.w.networks.a.ipv4_address: 2 replicas can't share the address 10.1.0.5; "
            "remove the address, or set replicas: 1"
        ],
    ),
    "one target twice": (
        containers(w={"volumes": ["/data", "./x:/data/"], "tmpfs": "/data"}),
        [
            "containers.w.tmpfs: another mount has the target /data already; give each a path of its own",
            "containers.w.volumes[1]: another mount has the target /data already; give each a path of its own",
        ],
    ),
    "memory": (
        containers(w={"mem_limit": "512m", "memswap_limit": "256m", "mem_reservation": "1g"}),
        [
            "containers.w.mem_reservation: 1g is more than mem_limit, 512m; lower mem_reservation or raise mem_limit",
            "containers.w.memswap_limit: 256m is less than mem_limit alone, 512m; "
            "write 512m for no swap, or more: it counts both together",
        ],
    ),
    "swap alone": (
        containers(w={"memswap_limit": "256m"}),
        ["containers.w.memswap_limit: memswap_limit needs mem_limit; add mem_limit, or remove memswap_limit"],
    ),
    "too little memory": (
        containers(w={"mem_limit": "5m"}),
        ["containers.w.mem_limit: 5m is less than the engine allows; write 6m or more"],
    ),
    "two words for one limit": (
        containers(w={"cpus": 1, "cpu_quota": 50000, "cpu_period": 100000}),
        [
            "containers.w.cpu_period: cpus and cpu_period set the same limit; remove cpu_period or cpus",
            "containers.w.cpu_quota: cpus and cpu_quota set the same limit; remove cpu_quota or cpus",
        ],
    ),
    "healthy without a check": (
        containers(
            w={"depends_on": {"d": {"condition": "service_healthy"}, "e": {"condition": "service_healthy"}}},
            d={"healthcheck": {"disable": True}},
            e={"healthcheck": {"test": ["NONE"]}},
        ),
        [
            "containers.w.depends_on.d.condition: the container 'd' never becomes healthy, since its health check is "
            "disabled; write condition: service_started, or enable the check of 'd'",
            "containers.w.depends_on.e.condition: the container 'e' never becomes healthy, since its health check is "
            "disabled; write condition: service_started, or enable the check of 'e'",
        ],
    ),
    "healthy update without a check": (
        containers(w={"update": {"wait": "healthy"}, "healthcheck": {"disable": True}}),
        [
            "containers.w.update.wait: the container never becomes healthy, since its health check is disabled; "
            "write wait: running, or enable the check"
        ],
    ),
    "exit code of what does not end": (
        containers(
            w={"update": {"wait": {"exit_code": 3}}}, s={"state": "stopped", "update": {"wait": {"exit_code": 0}}}
        ),
        [
            "containers.s.update.wait.exit_code: the container is meant to be stopped, and only a job ends by itself; "
            "write state: completed beside update, or remove exit_code",
            "containers.w.update.wait.exit_code: the container is meant to be running, and only a job ends by itself; "
            "write state: completed beside update, or remove exit_code",
        ],
    ),
    "the port of a job": (
        containers(
            w={"depends_on": {"d": {"condition": "service_completed_successfully"}}},
            d={"update": {"wait": {"port": 80}}},
            j={"state": "completed", "update": {"wait": "running"}},
        ),
        [
            "containers.d.update.wait.port: a job is waited for until it ends; write log or exit_code instead, or "
            "remove it",
            "containers.j.update.wait.state: a job is waited for until it ends; write log or exit_code instead, or "
            "remove it",
        ],
    ),
    "a hook after a job's start": (
        containers(j={"state": "completed", "post_start": [{"command": "x"}]}),
        [
            "containers.j.post_start: a job may have ended before a hook after its start can run; make it a hook of "
            "pre_start, or a part of the command"
        ],
    ),
    "a log that nobody keeps": (
        containers(w={"logging": {"driver": "none"}, "update": {"wait": {"log": "up"}}}),
        [
            "containers.w.update.wait.log: the log driver none keeps no log that could say so; remove it, or set "
            "another logging.driver"
        ],
    ),
    "a port without a network": (
        containers(w={"network_mode": "none", "update": {"wait": {"port": 80, "http": "/"}}}),
        [
            "containers.w.update.wait.http: with network_mode: none the container has no port that could be tried; "
            "wait for a command in the container instead, as command: [cat, /ready]",
            "containers.w.update.wait.port: with network_mode: none the container has no port that could be tried; "
            "wait for a command in the container instead, as command: [cat, /ready]",
        ],
    ),
    "a hook's secret unknown": (
        {
            "secrets": {"word": {"environment": "W"}},
            **containers(w={"pre_stop": [{"command": "x", "environment": {"A": {"secret": "wrod"}}}]}),
        },
        [
            "containers.w.pre_stop[0].environment.A.secret: there is no secret 'wrod'; did you mean 'word'?",
        ],
    ),
    "completed but restarted for ever": (
        containers(
            w={"depends_on": {"job": {"condition": "service_completed_successfully"}}}, job={"restart": "always"}
        ),
        [
            "containers.w.depends_on.job.condition: the container 'job' never completes, since the engine restarts "
            "it for ever; set restart: no or on-failure at 'job', or write condition: service_started"
        ],
    ),
    "external with settings": (
        {"networks": {"a": {"external": True, "driver": "x"}}, "volumes": {"b": {"external": True, "labels": ["x"]}}},
        [
            "networks.a.driver: driver can't be set here, since external: true says that others look after networks.a; "
            "remove driver, or remove external",
            "volumes.b.labels: labels can't be set here, since external: true says that others look after volumes.b; "
            "remove labels, or remove external",
        ],
    ),
}


@pytest.mark.parametrize(("data", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named(data: Data, expected: list[str]) -> None:
    assert found(data) == expected


FINE: dict[str, Data] = {
    "empty": {},
    "absent needs no image": {"containers": {"a": {"state": "absent", "replicas": 3}}},
    "the default network": containers(a={"networks": ["default"]}),
    "unneeded secret": {"secrets": {"a": {"environment": "A"}}},
    "an optional dependency": containers(a={"depends_on": {"b": {"required": False}}}),
    "foreign namespaces": containers(a={"network_mode": "container:x", "pid": "container:y"}),
    "same port, other protocol": containers(a={"ports": ["53:53"]}, b={"ports": ["53:53/udp"]}),
    "same port, other address": containers(a={"ports": ["127.0.0.1:80:80"]}, b={"ports": ["127.0.0.2:80:80"]}),
    "same port, other version": containers(a={"ports": ["0.0.0.0:80:80"]}, b={"ports": ["[::1]:80:80"]}),
    "a range with a choice": containers(a={"ports": ["8080-8082:80"], "replicas": 2}, b={"ports": ["8080:80"]}),
    "port of nobody": containers(a={"ports": ["80:80"]}, b={"ports": ["80:80"], "replicas": 0}),
    "port of an absent one": containers(a={"ports": ["80:80"]}, b={"ports": ["80:80"], "state": "absent"}),
    "any port for replicas": containers(a={"ports": ["80"], "replicas": 5}),
    "address of an external network": {
        "networks": {"a": {"external": True}},
        **containers(w={"networks": {"a": {"ipv4_address": "10.2.0.5"}}}),
    },
    "one address on two networks": {
        "networks": {"a": net("10.1.0.0/24"), "b": net("10.2.0.0/24")},
        **containers(
            v={"networks": {"a": {"ipv4_address": "10.1.0.5"}, "b": {"ipv4_address": "10.2.0.5"}}},
        ),
    },
    "swap": containers(a={"mem_limit": "6m", "memswap_limit": "6m", "mem_reservation": "6m"}, b={"memswap_limit": -1}),
    "quota without cpus": containers(a={"cpu_quota": "50ms", "cpu_period": "100ms"}),
    "healthy by the image": containers(a={"depends_on": {"b": {"condition": "service_healthy"}}}, b={}),
    "external named": {"volumes": {"a": {"external": True, "name": "xx"}}},
    "a chain": containers(**{f"c{n}": {"depends_on": [f"c{n + 1}"] if n < 1500 else []} for n in range(1501)}),
}


@pytest.mark.parametrize("data", FINE.values(), ids=FINE)
def test_what_is_fine_stays_unmentioned(data: Data) -> None:
    assert found(data) == []


def test_faults_carry_their_place_and_come_in_file_order() -> None:
    asked: list[tuple[str | int, ...]] = []

    def span_of(path: tuple[str | int, ...]) -> Span:
        asked.append(path)
        return Span("stack.yaml", 9 if "a" in path else 3, 1)

    data = containers(a={"volumes": ["xx:/x"]}, b={"networks": ["y"]})
    faults = validate(Stack.model_validate({"stack": "shop", **data}), span_of)
    assert [str(fault.span) for fault in faults] == ["stack.yaml:3:1", "stack.yaml:9:1"]
    assert {fault.severity for fault in faults} == {Severity.ERROR}
    assert asked == [("containers", "a", "volumes", 0), ("containers", "b", "networks", "y")]


def test_many_circles_end() -> None:
    names = [f"c{n}" for n in range(30)]
    faults = found(containers(**{name: {"depends_on": names} for name in names}))
    assert 1 <= len(faults) <= 20
