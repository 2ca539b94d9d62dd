"""What a spec asks of a host that this one does not have: each fault once, and its nearest neighbours that are fine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dockerspec.core.diff.host import check_host
from dockerspec.core.facts import EngineFacts, ImageFacts
from dockerspec.core.live.engine import parse_engine
from dockerspec.core.live.parse import parse_live
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.validate.findings import Findings

Data = dict[str, Any]

INFO: Data = {
    "NCPU": 2,
    "SwapLimit": False,
    "CgroupDriver": "systemd",
    "Runtimes": {"runc": {}, "io.containerd.runc.v2": {}},
    "Plugins": {"Log": ["json-file", "syslog"], "Network": ["bridge", "macvlan"], "Volume": ["local"]},
}
OFFICE: Data = {
    "Id": "n1",
    "Name": "office",
    "IPAM": {"Config": [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.1"}]},
}
CHECKED = ImageFacts("sha256:1", {"Healthcheck": {"Test": ["CMD", "true"]}})
BARE = ImageFacts("sha256:2", {"Healthcheck": {"Test": ["NONE"]}})


def found(data: Data, info: Data | None = None) -> list[str]:
    """The faults of a spec on the host, as text."""
    raw = RawSnapshot("shop", {"Os": "linux"}, INFO if info is None else info, (1, 51), networks=[OFFICE])
    live = replace(parse_live(raw), images={"checked": CHECKED, "bare": BARE})
    findings = Findings(lambda _path: None)
    check_host(Stack.model_validate({"stack": "shop", **data}), live, findings)
    return [str(item) for item in findings.diagnostics]


def web(**keys: Any) -> Data:
    return {"containers": {"web": {"image": "checked", **keys}, "bare": {"image": "bare"}}}


def office(address: str) -> Data:
    return {"networks": {"office": {"external": True}}, **web(networks={"office": {"ipv4_address": address}})}


HEALTHY = {"bare": {"condition": "service_healthy"}}
FAULTS: dict[str, tuple[Data, str]] = {
    "more processors": (web(cpus=2.5), "containers.web.cpus: the host has 2 processors, not 2.5; write 2 or less"),
    "processor numbers": (
        web(cpuset="0,1-3"),
        "warning: containers.web.cpuset: the host has 2 processors, so it may have no number 3; "
        'write numbers up to 1, such as "0-1"',
    ),
    "runtime misspelt": (
        web(runtime="rnuc"),
        "containers.web.runtime: the engine has no runtime 'rnuc'; did you mean 'runc'?",
    ),
    "runtime unknown": (
        web(runtime="kata"),
        "containers.web.runtime: the engine has no runtime 'kata'; "
        "write one of runc, or add it to the engine's configuration",
    ),
    "log driver": (
        web(logging={"driver": "sislog"}),
        "warning: containers.web.logging.driver: the engine lists no log driver 'sislog'; did you mean 'syslog'?",
    ),
    "network driver": (
        {"networks": {"n": {"driver": "weave"}}},
        "warning: networks.n.driver: the engine lists no network driver 'weave'; "
        "see that its plugin is installed and enabled",
    ),
    "volume driver": (
        {"volumes": {"v": {"driver": "locale"}}},
        "warning: volumes.v.driver: the engine lists no volume driver 'locale'; did you mean 'local'?",
    ),
    "swap": (
        web(mem_limit="64m", memswap_limit="128m"),
        "warning: containers.web.memswap_limit: the host's kernel limits no swap, so memswap_limit does nothing; "
        "remove it, or start the host with swapaccount=1",
    ),
    "slice": (
        web(cgroup_parent="shop"),
        "containers.web.cgroup_parent: 'shop' is no slice, and this engine's control groups are systemd's; "
        "write the name of a slice, such as shop.slice",
    ),
    "pipe": (
        web(volumes=[r"\\.\pipe\x:c:\pipe"]),
        "containers.web.volumes[0]: a Linux engine mounts no npipe; write type: bind or type: volume",
    ),
    "healthy without a check": (
        web(depends_on=HEALTHY),
        "containers.web.depends_on.bare.condition: the container 'bare' never becomes healthy, since neither it nor "
        "its image has a health check; add healthcheck: to containers.bare, or write condition: service_started",
    ),
    "healthy update without a check": (
        web(image="bare", update={"wait": "healthy"}),
        "containers.web.update.wait: the container never becomes healthy, since neither it nor its image has a "
        "health check; add healthcheck: to it, or write wait: running",
    ),
    "address outside": (
        office("10.8.0.5"),
        "containers.web.networks.office.ipv4_address: the address 10.8.0.5 is outside the network's 10.9.0.0/24; "
        "choose an address within it",
    ),
    "address of the gateway": (
        office("10.9.0.1"),
        "containers.web.networks.office.ipv4_address: the gateway has the address 10.9.0.1 already; "
        "choose another address",
    ),
}


@pytest.mark.parametrize(("data", "fault"), FAULTS.values(), ids=FAULTS)
def test_what_the_host_lacks_is_named(data: Data, fault: str) -> None:
    assert found(data) == [fault]


@pytest.mark.parametrize("data", [data for data, _ in FAULTS.values()], ids=FAULTS)
def test_what_the_engine_does_not_tell_is_no_fault(data: Data) -> None:
    untold = found(data, {})
    assert [text for text in untold if any(word in text for word in ("processors", "runtime", "driver", "slice"))] == []


FINE: dict[str, Data] = {
    "as many processors": web(cpus=2, cpuset="0-1"),
    "a shim": web(runtime="io.containerd.runsc.v1"),
    "a driver that is not listed": web(logging={"driver": "none"}),
    "a plugin by its full name": web(logging={"driver": "grafana/loki:latest"}),
    "a slice": web(cgroup_parent="shop.slice"),
    "healthy by the image": web(image="checked", update={"wait": "healthy"}),
    "healthy by the spec": web(image="bare", healthcheck={"test": "true"}, update={"wait": "healthy"}),
    "healthy by an image yet to come": web(image="bare", pull_policy="always", update={"wait": "healthy"}),
    "an image that is not there": web(image="gone", update={"wait": "healthy"}),
    "an absent container": web(state="absent", cpus=99),
    "an address within": office("10.9.0.7"),
    "a network that is not there": {
        "networks": {"office": {"external": True, "name": "elsewhere"}},
        **web(networks={"office": {"ipv4_address": "10.8.0.5"}}),
    },
}


@pytest.mark.parametrize("data", FINE.values(), ids=FINE)
def test_what_the_host_has_stays_unmentioned(data: Data) -> None:
    assert found(data) == []


def test_facts_of_an_engine_that_tells_nothing() -> None:
    assert parse_engine({}, {"Plugins": None, "Runtimes": None}, (1, 41)) == EngineFacts(cgroup_version=1)
