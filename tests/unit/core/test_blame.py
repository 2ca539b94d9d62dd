"""The engine's words, as engines of API 1.41 and 1.51 said them, and the place in the spec that they are about."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.hook import Hook, Stage
from dockerspec.core.plan.action import (
    Action,
    AwaitContainer,
    BuildImage,
    ConnectNetwork,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    PullImage,
    RunOneOff,
    StartContainer,
)
from dockerspec.core.ready import LogSays, Ready
from dockerspec.core.report.blame import blame
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.paths import format_path

OCI = "failed to create task for container: OCI runtime create failed: runc create failed: "
STACK = Stack.model_validate(
    {
        "stack": "shop",
        "images": {"app": {"build": {"context": ".", "target": "run"}}},
        "volumes": {"data": {"driver_opts": {"type": "nfs", "device": ":/x"}}, "plain": {}},
        "networks": {
            "front": {
                "enable_ipv6": True,
                "driver_opts": {"com.docker.network.driver.mtu": "1400"},
                "ipam": {
                    "config": [
                        {"subnet": "10.1.0.0/24", "gateway": "10.1.0.1", "aux_addresses": {"nas": "10.1.0.9"}},
                        {"subnet": "fd00:1::/64"},
                    ]
                },
            },
            "back": {"driver": "bridge"},
        },
        "containers": {
            "web": {
                "image": "nginx:1",
                "ports": ["8000-8001:80-81", "127.0.0.1:9000-9010:90", "53:53/udp"],
                "volumes": ["data:/data", "plain:/plain", "/srv:/srv:ro"],
                "tmpfs": ["/run", "/tmp"],
                "networks": {
                    "front": {
                        "ipv4_address": "10.1.0.5",
                        "mac_address": "02:42:0a:00:00:05",
                        "aliases": ["w"],
                        "interface_name": "eth9",
                    },
                    "back": {},
                },
                "cpus": 64,
                "cpuset": "0-99",
                "mem_limit": "6m",
                "memswap_limit": "7m",
                "cpu_shares": 2,
                "mem_swappiness": 1,
                "runtime": "runsc",
                "cap_add": ["CHOWN", "cap_bpf"],
                "ulimits": {"nofile": 5, "RSS": 5},
                "hostname": "w",
                "restart": "always",
                "logging": {"driver": "gelf", "options": {"gelf-address": "x"}},
                "depends_on": ["db"],
            },
            "db": {"image": {"from": "app"}, "entrypoint": "/run", "platform": "linux/arm64"},
            "bare": {"image": "redis", "network_mode": "service:db"},
        },
    }
)


def create(key: str = "web") -> Action:
    return CreateContainer(address=Address.parse(f"container.{key}"), cause="", name=f"shop-{key}-1", body={})


def start(key: str = "web") -> Action:
    name = f"shop-{key}-1"
    return StartContainer(address=Address.parse(f"container.{key}"), cause="", container=name, name=name)


def connect(network: str) -> Action:
    return ConnectNetwork(
        address=Address.parse("container.web"),
        cause="",
        network=f"shop_{network}",
        network_name=f"shop_{network}",
        container="shop-web-1",
        endpoint={},
    )


def network(key: str = "front") -> Action:
    return CreateNetwork(address=Address.parse(f"network.{key}"), cause="", name=f"shop_{key}", body={})


def volume(key: str = "data") -> Action:
    return CreateVolume(address=Address.parse(f"volume.{key}"), cause="", name=f"shop_{key}", body={})


def pull(reference: str) -> Action:
    return PullImage(address=Address.parse("image.nginx"), cause="", reference=reference)


def build() -> Action:
    return BuildImage(address=Address.parse("image.app"), cause="", reference="shop/app:latest", context=".")


WORDS: list[tuple[Action, str, str]] = [
    (start(), "Bind for 0.0.0.0:8001 failed: port is already allocated", "web.ports[0]"),
    (start(), "Bind for 127.0.0.1:9004 failed: port is already allocated", "web.ports[1]"),
    (start(), "failed to bind host port for :::53:10.0.0.2:53/udp: address already in use", "web.ports[2]"),
    (start(), "Error starting userland proxy: listen tcp4 10.9.9.9:8000: bind: cannot assign", "web.ports[0]"),
    (start(), "driver failed programming external connectivity on endpoint x", "web.ports"),
    (start(), "failed to set up container networking: Address already in use", "web.networks.front.ipv4_address"),
    (connect("front"), "Address already in use", "web.networks.front.ipv4_address"),
    (connect("back"), "Address already in use", ""),
    (create(), "no configured subnet or ip-range contain the IP address 10.1.0.5", "web.networks.front.ipv4_address"),
    (start(), "Invalid address 10.1.0.5: It does not belong to any of", "web.networks.front.ipv4_address"),
    (create(), 'error setting interface "veth1" MAC to "01:00": MAC address', "web.networks.front.mac_address"),
    (start(), "network-scoped alias is supported only for containers in", "web.networks.front.aliases"),
    (start(), 'error renaming interface "v" to "eth9": File exists', "web.networks.front.interface_name"),
    (start(), "failed to set up container networking: network shop_back not found", "web.networks.back"),
    (create(), "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", "web.cpus"),
    (start(), f"{OCI}failed to write: write /sys/fs/cgroup/cpu/docker/1/cpu.cfs_quota_us: invalid", "web.cpus"),
    (create(), "Requested CPUs are not available - requested 0-99, available: 0-1", "web.cpuset"),
    (create(), "Minimum memory limit allowed is 6MB", "web.mem_limit"),
    (create(), "Minimum memoryswap limit should be larger than memory limit, see usage", "web.memswap_limit"),
    (create(), "Memory limit should be smaller than already set memoryswap limit", "web.memswap_limit"),
    (start(), f"{OCI}the minimum allowed cpu-shares is 2", "web.cpu_shares"),
    (create(), "Invalid value: 101, valid memory swappiness range is 0-100", "web.mem_swappiness"),
    (create(), "Unknown runtime specified runsc", "web.runtime"),
    (create(), "unknown or invalid runtime name: runsc", "web.runtime"),
    (create(), 'invalid CapAdd: unknown capability: "CAP_BPF"', "web.cap_add[1]"),
    (start(), f"{OCI}wrong rlimit value: RLIMIT_RSS", "web.ulimits.RSS"),
    (start(), f"{OCI}sethostname: invalid argument", "web.hostname"),
    (create(), "maximum retry count cannot be used with restart policy 'always'", "web.restart"),
    (create(), 'error looking up logging plugin gelf: plugin "gelf" not found', "web.logging.driver"),
    (create(), 'invalid mount config for type "bind": bind source path does not exist: /srv', "web.volumes[2]"),
    (create(), "Duplicate mount point: /data", "web.volumes[0]"),
    (start(), f'{OCI}error mounting "/srv" to rootfs at "/srv": mount', "web.volumes[2]"),
    (start(), f'{OCI}error mounting "tmpfs" to rootfs at "/tmp": mount', "web.tmpfs[1]"),
    (
        start(),
        "error while mounting volume '/d/volumes/shop_data/_data': no such",
        "/volumes.data.driver_opts",
    ),
    (start(), "error while mounting volume '/d/volumes/shop_plain/_data': no such", ""),
    (create(), "No such image: nginx:1", "web.image"),
    (start("db"), f'{OCI}exec: "/run": executable file not found in $PATH', "db.entrypoint"),
    (start(), f'{OCI}exec: "nginx": executable file not found in $PATH', "web.image"),
    (start("db"), "exec /run: exec format error", "db.platform"),
    (create("bare"), "No such container: shop-db-1", "bare.network_mode"),
    (create("bare"), "No such container: another", ""),
    (network(), "Pool overlaps with other one on this address space", "/networks.front.ipam.config[0].subnet"),
    (
        network(),
        "failed to allocate gateway (10.1.0.1): in use",
        "/networks.front.ipam.config[0].gateway",
    ),
    (
        network(),
        "failed to allocate secondary ip address (nas:10.1.0.9): Address already in use",
        "/networks.front.ipam.config[0].aux_addresses",
    ),
    (
        network(),
        "failed to parse com.docker.network.driver.mtu value: x (strconv.Atoi)",
        "/networks.front.driver_opts.com.docker.network.driver.mtu",
    ),
    (network(), "could not find an available, non-overlapping IPv6 address pool", "/networks.front.enable_ipv6"),
    (network("back"), 'plugin "bridge" not found', "/networks.back.driver"),
    (network("back"), "Pool overlaps with other one on this address space", ""),
    (volume(), 'create shop_data: missing required option: "o"', "/volumes.data.driver_opts"),
    (volume(), 'create shop_data: invalid option: "type"', "/volumes.data.driver_opts.type"),
    (pull("nginx:1"), "pull access denied for nginx, repository does not exist", "web.image"),
    (build(), "failed to reach build target run in Dockerfile", "/images.app.build.target"),
    (build(), "The command '/bin/sh -c false' returned a non-zero code: 1", "/images.app.build"),
    (start(), "the moon is full", ""),
    (start("gone"), "Bind for 0.0.0.0:8001 failed: port is already allocated", ""),
]


@pytest.mark.parametrize(("action", "words", "at"), WORDS, ids=[f"{words[:50]}-{at}" for _, words, at in WORDS])
def test_words_lead_to_their_field(action: Action, words: str, at: str) -> None:
    path: Any = blame(STACK, action, words)
    assert (format_path(path) if path else "") == (at[1:] if at.startswith("/") else f"containers.{at}" if at else "")


HOOKED = Stack.model_validate(
    {
        "stack": "shop",
        "containers": {
            "web": {
                "image": "nginx:1",
                "command": "no-such-program",
                "pre_start": [{"command": "one"}, {"command": "no-such-program"}],
                "update": {"wait": {"log": "ready"}},
            }
        },
    }
)
WEB: dict[str, Any] = {"address": Address(Kind.CONTAINER, "web", 1), "cause": "t", "container": "w", "name": "w"}


def hook(number: int) -> RunOneOff:
    more: dict[str, Any] = {"hook": Hook(("no-such-program",)), "timeout": 1.0, "one_off": "w.pre_start", "body": {}}
    return RunOneOff(**WEB, stage=Stage.PRE_START, number=number, **more)


@pytest.mark.parametrize(
    ("action", "message", "path"),
    [
        (hook(1), f'{OCI}exec: "no-such-program": executable file not found', "containers.web.pre_start[1]"),
        (hook(2), f'{OCI}exec: "no-such-program": executable file not found', ""),
        (
            AwaitContainer(**WEB, until=Ready.RUNNING, timeout=1.0, probes=(LogSays("ready"),)),
            "w was not ready within 1 s; no line of its log matches 'ready'",
            "containers.web.update.wait",
        ),
        (AwaitContainer(**WEB, until=Ready.RUNNING, timeout=1.0, probes=(LogSays("x"),)), "w ended with ...", ""),
    ],
)
def test_our_own_words_are_about_hooks_and_conditions(action: Action, message: str, path: str) -> None:
    found = blame(HOOKED, action, message)
    assert (format_path(found) if found else "") == path
