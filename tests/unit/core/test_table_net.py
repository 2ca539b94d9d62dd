"""Ports, endpoints and networks: ranges, aliases, and what the engine chooses by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dockerspec.core.table import container as table
from dockerspec.core.table import network as network_table
from dockerspec.core.table.base import Row
from dockerspec.core.table.net import endpoint_body, late_networks, network_names
from dockerspec.core.table.ports import host_port
from tests.unit.core.samples import ENGINE, container, context, have, put, stack, want

Json = Any
NETWORK = {row.key: row for row in network_table.ROWS}


def bindings(*items: tuple[str, str, str]) -> Json:
    result: dict[str, list[Json]] = {}
    for target, ip, port in items:
        result.setdefault(target, []).append({"HostIp": ip, "HostPort": port})
    return {"HostConfig": {"PortBindings": result}}


@pytest.mark.parametrize(
    ("ports", "raw", "same"),
    [
        (["8080:80"], bindings(("80/tcp", "", "8080")), True),
        (["8080:80"], bindings(("80", "", "8080")), True),
        (["8080:80"], bindings(("80/udp", "", "8080")), False),
        (["8080:80"], bindings(("80/tcp", "127.0.0.1", "8080")), False),
        (["127.0.0.1:8080:80"], bindings(("80/tcp", "127.0.0.1", "8080")), True),
        (["[::1]:8080:80"], bindings(("80/tcp", "0:0:0:0:0:0:0:1", "8080")), True),
        (["80"], bindings(("80/tcp", "", "")), True),
        (["80"], bindings(("80/tcp", "", "8080")), False),
        (["8080-8082:80"], bindings(("80/tcp", "", "8081")), True),
        (["8080-8082:80"], bindings(("80/tcp", "", "8083")), False),
        (["8080-8082:80"], bindings(("80/tcp", "127.0.0.1", "8081")), False),
        (["8080-8082:80"], bindings(("80/tcp", "", "8081"), ("81/tcp", "", "8082")), False),
        (["8080:80", "8081:80"], bindings(("80/tcp", "", "8081"), ("80/tcp", "", "8080")), True),
        (["8080:80", "8081:80"], bindings(("80/tcp", "", "8080")), False),
        (["8080-8081:90-91"], bindings(("90/tcp", "", "8080"), ("91/tcp", "", "8081")), True),
        ([], bindings(), True),
        ([], {"HostConfig": {"PortBindings": {"80/tcp": None}}}, True),
    ],
)
def test_published_ports(ports: list[str], raw: Json, same: bool) -> None:
    wanted = want("ports", container(ports=ports), context())
    assert table.BY_KEY["ports"].agrees(wanted, have("ports", raw)) is same


@pytest.mark.parametrize(
    ("published", "replica", "replicas", "asked"),
    [
        ("8080", 1, 1, "8080"),
        ("8080-8082", 1, 3, "8080"),
        ("8080-8082", 3, 3, "8082"),
        ("8080-8082", 1, 1, "8080-8082"),
        ("", 2, 2, ""),
    ],
)
def test_each_replica_asks_for_a_port_of_its_own(published: str, replica: int, replicas: int, asked: str) -> None:
    assert host_port(published, replica, replicas) == asked


def test_exposed_ports_are_the_images_the_specs_and_the_published_ones() -> None:
    spec, seen = container(expose=["3000"], ports=["8080:80"]), context({"ExposedPorts": {"9000/udp": {}}})
    assert want("expose", spec, seen) == ("3000/tcp", "80/tcp", "9000/udp")
    assert put("expose", spec, seen) == {"ExposedPorts": {"3000/tcp": {}, "80/tcp": {}}}


NAMES = {"front": "shop_front", "back": "shop_back", "default": "shop_default"}


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({}, ("shop_default",)),
        ({"networks": ["front", "back"]}, ("shop_back", "shop_front")),
        ({"networks": {"front": {"priority": 5}, "back": {}}}, ("shop_front", "shop_back")),
        ({"network_mode": "none"}, ()),
        ({"network_mode": "host"}, ()),
        ({"network_mode": "bridge"}, ("bridge",)),
    ],
)
def test_the_networks_of_a_container_the_primary_one_first(keys: Json, names: tuple[str, ...]) -> None:
    assert network_names(container(**keys), context(networks=NAMES)) == names


def test_an_old_engine_takes_one_network_at_creation() -> None:
    spec = container(networks={"front": {}, "back": {"mac_address": "02:42:ac:11:00:02"}})
    old = context(networks=NAMES, engine=replace(ENGINE, api=(1, 43)))
    body = put("networks", spec, old)
    assert list(body["NetworkingConfig"]["EndpointsConfig"]) == ["shop_back"]
    assert body["MacAddress"] == "02:42:ac:11:00:02"
    assert late_networks(spec, old) == ("shop_front",)
    assert late_networks(spec, context(networks=NAMES)) == ()


@pytest.mark.parametrize(
    ("endpoint", "same"),
    [
        ({"Aliases": ["web"]}, True),
        ({"Aliases": ["web", "abcdefabcdef"]}, True),  # the short ID, before API 1.45
        ({"Aliases": ["web"], "MacAddress": "02:42:00:00:00:01"}, True),  # the engine's own choice
        ({"Aliases": ["web"], "IPAMConfig": {}}, True),
        ({"Aliases": ["web"], "GwPriority": 0, "DriverOpts": None}, True),
        ({"Aliases": ["web", "other"]}, False),
        ({"Aliases": None}, False),
        ({"Aliases": ["web"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}}, False),
    ],
)
def test_what_the_engine_adds_to_an_endpoint_is_no_change(endpoint: Json, same: bool) -> None:
    row: Row[Any] = table.BY_KEY["networks"]
    wanted = want("networks", container(networks=["front"]), context(networks=NAMES))
    raw = {"Id": "abcdefabcdef99", "NetworkSettings": {"Networks": {"shop_front": endpoint}}}
    assert row.agrees(wanted, have("networks", raw)) is same


def test_a_mac_address_that_is_asked_for_counts() -> None:
    row: Row[Any] = table.BY_KEY["networks"]
    spec = container(networks={"front": {"mac_address": "02-42-AC-11-00-02"}})
    wanted = want("networks", spec, context(networks=NAMES))

    def live(mac: str) -> Json:
        endpoint = {"Aliases": ["web"], "MacAddress": mac}
        return have("networks", {"Id": "x", "NetworkSettings": {"Networks": {"shop_front": endpoint}}})

    assert row.agrees(wanted, live("02:42:ac:11:00:02"))
    assert not row.agrees(wanted, live("02:42:ac:11:00:03"))


def test_the_default_bridge_refuses_aliases() -> None:
    assert endpoint_body(container(network_mode="bridge"), context(networks=NAMES), "bridge") == {}


def test_links_on_the_default_bridge_are_reported_with_paths() -> None:
    spec, seen = container(links=["db:store", "db"], network_mode="bridge"), context(containers={"db": "shop-db-1"})
    raw = {"HostConfig": {"Links": ["/shop-db-1:/shop-web-1/store", "/shop-db-1:/shop-web-1/db"]}}
    assert want("links", spec, seen) == have("links", raw)


def test_links_on_other_networks_belong_to_the_endpoint() -> None:
    spec, seen = container(links=["db:store"]), context(containers={"db": "shop-db-1"}, networks=NAMES)
    assert want("links", spec, seen) == ()
    assert endpoint_body(spec, seen, "shop_default")["Links"] == ["shop-db-1:store"]


def pools(*items: Json) -> Json:
    return {"IPAM": {"Config": list(items)}}


@pytest.mark.parametrize(
    ("config", "raw", "same"),
    [
        ([], pools({"Subnet": "172.20.0.0/16", "Gateway": "172.20.0.1"}), True),
        ([{"subnet": "10.9.0.0/24"}], pools({"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.1"}), True),
        ([{"subnet": "10.9.0.0/24"}], pools({"Subnet": "10.9.0.0/24"}, {"Subnet": "fd00::/64"}), True),
        ([{"subnet": "10.9.0.0/24", "gateway": "10.9.0.7"}], pools({"Subnet": "10.9.0.0/24", "Gateway": "x"}), False),
        ([{"subnet": "10.9.0.0/24"}], pools({"Subnet": "10.8.0.0/24"}), False),
        ([{"subnet": "fd00:0::/64"}], pools({"Subnet": "fd00::/64"}), True),
        (
            [{"subnet": "10.9.0.0/24", "aux_addresses": {"nas": "10.9.0.9"}}],
            pools({"Subnet": "10.9.0.0/24", "AuxiliaryAddresses": {"nas": "10.9.0.9/24"}}),
            True,
        ),
    ],
)
def test_address_pools_where_the_spec_is_silent_are_the_engines_choice(config: Json, raw: Json, same: bool) -> None:
    spec = stack(networks={"front": {"enable_ipv6": True, "ipam": {"config": config}}}).networks["front"]
    row = NETWORK["ipam.config"]
    assert row.agrees(row.want(spec, context()), row.have(raw, ENGINE)) is same


def test_options_that_the_engine_adds_to_a_network_are_no_change() -> None:
    row = NETWORK["driver_opts"]
    spec = stack(networks={"front": {"driver_opts": {"mtu": 1400}}}).networks["front"]
    assert row.agrees(row.want(spec, context()), row.have({"Options": {"mtu": "1400", "more": "x"}}, ENGINE))
    assert not row.agrees(row.want(spec, context()), row.have({"Options": {"mtu": "1500"}}, ENGINE))
