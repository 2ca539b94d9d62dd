"""Networks made anew around the containers that are in them, on real engines: what comes back, and the ways back."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from dockerspec.core.report.outcome import Status
from tests.engine.killing import Killer
from tests.engine.reference import LISTENING
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any

SITE = """
networks:
  back: {enable_ipv6: true, ipam: {config: [{subnet: "{back}.0/24"}, {subnet: "{back6}::/64"}]}, labels: {v: "{v}"}}
  front: {labels: {v: "{v}"}}
containers:
  web:
    image: "{image}"
    command: [httpd, -f, -p, "80"]
    stop_grace_period: 0s
    ports: ["127.0.0.1:{port}:80"]
    links: ["db:database"]
    networks:
      front: {aliases: [www]}
      back: {ipv4_address: "{back}.20", ipv6_address: "{back6}::20", aliases: [shop, api]}
  db:
    image: "{image}"
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: {back: {driver_opts: {com.example.note: "1"}}}
  idle: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, networks: [back], state: stopped}
"""


class Site:
    """The stack above on an engine, at some version of its networks."""

    def __init__(self, stage: Stage, raw: RawEngine, daemon: Daemon | GivenEngine, port: int) -> None:
        self.stage = stage
        self.raw = raw
        self._daemon = daemon
        self._port = port
        self.stack = stage.stack

    def spec(self, version: int, subnet: int = 60) -> str:
        """The spec's text; another version changes both networks, another subnet only the one at the back."""
        back = self._daemon.subnet(subnet).rpartition(".")[0]
        back6 = self._daemon.subnet6(subnet).removesuffix("::/64")
        text = SITE.replace("{back}", back).replace("{back6}", back6)
        return text.replace("{v}", str(version)).replace("{port}", str(self._port))

    def container(self, key: str) -> Json:
        """A container's inspect answer."""
        return self.raw.container(f"{self.stack}-{key}-1")

    def lives(self) -> dict[str, tuple[str, str, int]]:
        """What changes when a container is made anew or restarted, by key."""
        found = {key: self.container(key) for key in ("web", "db", "idle")}
        return {key: (item["Id"], item["State"]["StartedAt"], item["State"]["Pid"]) for key, item in found.items()}

    def answers(self) -> bool:
        """Whether the published port leads to the web server, which may have been started a moment ago.

        It is refused, or let in by the engine and dropped, until it listens; silence is another thing.
        """
        deadline = time.monotonic() + LISTENING
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/", timeout=5).close()
            except urllib.error.HTTPError as answer:
                return answer.code == 404
            except OSError as fault:
                reason = fault.reason if isinstance(fault, urllib.error.URLError) else fault
                if not isinstance(reason, ConnectionError) or time.monotonic() > deadline:
                    return False
                time.sleep(0.05)
            else:
                return True

    def check_wiring(self) -> None:
        """All endpoints are as the spec says, and they work."""
        web = self.container("web")["NetworkSettings"]["Networks"]
        back, front = web[f"{self.stack}_back"], web[f"{self.stack}_front"]
        assert {"shop", "api", "web"} <= set(back["Aliases"])
        assert {"www", "web"} <= set(front["Aliases"])
        assert back["IPAddress"].endswith(".20")
        assert back["GlobalIPv6Address"].endswith("::20")
        assert back["Links"] == [f"{self.stack}-db-1:database"]
        db = self.container("db")["NetworkSettings"]["Networks"][f"{self.stack}_back"]
        assert db["DriverOpts"] == {"com.example.note": "1"}
        for one, other in (("db", "api"), ("db", "shop"), ("web", "db"), ("web", "database")):
            code, output = self.raw.execute(f"{self.stack}-{one}-1", "ping", "-c", "1", "-w", "5", other)
            assert code == 0, f"{one} to {other}: {output}"
        assert self.answers()
        gateway = self.raw.get(f"/networks/{self.stack}_back")["IPAM"]["Config"][0]["Subnet"].rpartition(".")[0] + ".1"
        assert f"default via {gateway}" in self.raw.execute(f"{self.stack}-web-1", "ip", "route")[1]


@pytest.fixture
def site(stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine, free_port: Callable[[], int]) -> Site:
    return Site(stage, raw, engine_daemon, free_port())


def test_everything_comes_back_and_nothing_restarts(site: Site) -> None:
    site.stage.settle(site.spec(1))
    site.check_wiring()
    before = site.lives()
    for spec in (site.spec(2), site.spec(2, 61), site.spec(3, 60)):
        site.stage.settle(spec)
        assert site.lives() == before
        site.check_wiring()
    # The one that does not run was rewired too: it starts.
    site.raw.post(f"/containers/{site.stack}-idle-1/start")
    assert site.raw.execute(f"{site.stack}-idle-1", "ping", "-c", "1", "-w", "5", "api")[0] == 0


def test_a_network_that_cannot_be_made_anew_is_back_with_all_that_was_in_it(
    site: Site, engine_daemon: Daemon | GivenEngine
) -> None:
    stage, old = site.stage, site.spec(1)
    stage.settle(old)
    before = site.lives()
    new = stage.load(site.spec(2, 62).replace("command: [sleep", "user: '0'\n    command: [sleep", 1))
    plan = stage.docker.plan(new)
    assert set(differing(plan)) == {"network.back", "network.front", "container.db", "container.web"}
    # Between plan and apply somebody takes the subnet.
    body = {"Name": f"{site.stack}-thief", "IPAM": {"Config": [{"Subnet": engine_daemon.subnet(62)}]}}
    site.raw.post("/networks/create", body)
    report = stage.docker.apply(plan, spec=new)
    assert not report.ok
    assert "overlaps" in told(report)
    assert [str(item) for item in report.undone if item.status is not Status.DONE] == []
    assert site.lives() == before
    site.check_wiring()
    # The network in front shares a container with it, and is as it was, too.
    assert stage.plan(old).is_empty
    assert site.raw.get(f"/networks/{site.stack}-thief")["Name"]


def test_a_container_that_comes_back_is_connected_to_what_was_made_anew_meanwhile(site: Site) -> None:
    stage = site.stage
    stage.settle(site.spec(1))
    before = site.lives()
    broken = site.spec(2).replace('command: [httpd, -f, -p, "80"]', "command: [sh, -c, 'exit 3']")
    report = stage.apply(broken)
    assert not report.ok
    assert [str(item) for item in report.undone if item.status is not Status.DONE] == []
    after = site.lives()
    assert {key: item[0] for key, item in after.items()} == {key: item[0] for key, item in before.items()}
    assert site.container("web")["State"]["Running"]
    site.check_wiring()
    assert stage.plan(site.spec(2)).is_empty
    # In a subnet that is another one, its fixed addresses can't come along.
    report = stage.apply(site.spec(2, 61).replace('command: [httpd, -f, -p, "80"]', "command: [sh, -c, 'exit 3']"))
    assert [str(item) for item in report.undone if item.status is not Status.DONE] == []
    assert site.answers()
    left = differing(stage.plan(site.spec(2, 61)))
    assert left == {"container.web": {"networks.back.ipv4_address", "networks.back.ipv6_address"}}
    stage.settle(site.spec(2, 61))
    site.check_wiring()


@pytest.mark.timeout(300)
def test_law_7_killed_after_any_call_of_a_rewiring_the_next_run_finishes(
    site: Site, engine_daemon: Daemon | GivenEngine, engine_name: str
) -> None:
    """Each round goes on from the state that the round before it settled. The engines share the calls: one has the odd
    ones, the other the even.
    """
    site.stage.settle(site.spec(0))
    before = site.lives()
    killer = Killer(engine_daemon.host)
    try:
        for turn, at in enumerate(range(1 if engine_name == "old" else 2, 60, 2), start=1):
            spec = site.spec(0, 60 + turn % 2)
            site.stage.load(spec)
            fate = killer.run(site.stage.folder / "stack.yaml", at, when="before", parallelism=1, destroy=False)
            assert fate in ("killed", "done"), f"call {at}: {fate}"
            assert fate == "killed" or site.stage.plan(spec).is_empty
            site.stage.settle(spec)
            assert site.stage.plan(spec).is_empty
            assert site.lives() == before, f"killed before call {at}"
            names = [item["Name"] for item in site.raw.get("/networks") if item["Name"].startswith(site.stack)]
            assert sorted(names) == [f"{site.stack}_back", f"{site.stack}_front"]
            if fate == "done":
                break
    finally:
        killer.close()
    site.check_wiring()
    # Two endpoints cut, the network removed and made, two endpoints connected; and the lock, a dead one's above all.
    assert at > 6


def test_an_external_network_that_others_made_anew(stage: Stage, raw: RawEngine) -> None:
    name = f"{stage.stack}-lan"
    spec = f"""
    networks: {{lan: {{external: true, name: {name}}}}}
    containers:
      one:
        image: "{{image}}"
        command: [sleep, "9999"]
        stop_grace_period: 0s
        networks: {{lan: {{aliases: [uno]}}}}
      two: {{image: "{{image}}", command: [sleep, "9999"], stop_grace_period: 0s, networks: [lan]}}
    """
    (fault,) = stage.plan(spec).errors
    assert f"external network {name} is not on the host" in str(fault)
    raw.post("/networks/create", {"Name": name})
    stage.settle(spec)
    one, two = (raw.container(f"{stage.stack}-{key}-1") for key in ("one", "two"))
    # One is stopped, so that it holds on to the old network's ID; the other loses it while it runs.
    raw.post(f"/containers/{one['Id']}/stop", t=0)
    raw.post(f"/networks/{name}/disconnect", {"Container": two["Id"]})
    raw.delete(f"/networks/{name}")
    raw.post("/networks/create", {"Name": name})
    assert differing(stage.plan(spec)) == {
        "container.one": {"networks.lan", "state"},
        "container.two": {"networks.lan"},
    }
    stage.settle(spec)
    assert raw.container(f"{stage.stack}-one-1")["Id"] == one["Id"]
    assert raw.container(f"{stage.stack}-two-1")["State"]["Pid"] == two["State"]["Pid"]
    assert raw.execute(f"{stage.stack}-two-1", "ping", "-c", "1", "-w", "5", "uno")[0] == 0


def test_a_container_leaves_the_network_that_it_was_made_in(stage: Stage, raw: RawEngine) -> None:
    def spec(networks: str, joined: str) -> str:
        return f"""
        networks: {{{networks}}}
        containers:
          web: {{image: "{{image}}", command: [sleep, "9999"], stop_grace_period: 0s, networks: [{joined}]}}
        """

    stage.settle(spec("one: {}, two: {}", "one"))
    name = f"{stage.stack}-web-1"
    before = raw.container(name)
    # While the network stays it is a matter of connecting.
    stage.settle(spec("one: {}, two: {}", "two"))
    assert raw.container(name)["State"]["Pid"] == before["State"]["Pid"]
    # Newer engines can't start the container once it is gone.
    gone = stage.plan(spec("two: {}", "two"))
    newer = gone.engine.api >= (1, 44)
    assert differing(gone) == {"network.one": {"delete"}, **({"container.web": {"network_mode"}} if newer else {})}
    stage.settle(spec("two: {}", "two"))
    assert (raw.container(name)["Id"] == before["Id"]) is not newer
    raw.post(f"/containers/{name}/restart", t=0)
    assert raw.container(name)["State"]["Running"]


def test_the_gateway_that_was_asked_for_is_back(stage: Stage, raw: RawEngine) -> None:
    def spec(version: int) -> str:
        return f"""
        networks: {{a: {{labels: {{v: {version}}}}}, b: {{labels: {{v: {version}}}}}}}
        containers:
          web:
            image: "{{image}}"
            command: [sleep, "9999"]
            stop_grace_period: 0s
            networks: {{a: {{}}, b: {{gw_priority: 7}}}}
        """

    if stage.docker.version().api < (1, 48):
        assert "needs engine API 1.48" in str(stage.plan(spec(1)).errors[0])
        return
    stage.settle(spec(1))
    stage.settle(spec(2))
    (pool,) = raw.get(f"/networks/{stage.stack}_b")["IPAM"]["Config"]
    assert f"default via {pool['Gateway']}" in raw.execute(f"{stage.stack}-web-1", "ip", "route")[1]


def test_a_fixed_mac_address_is_kept(stage: Stage, raw: RawEngine) -> None:
    def spec(version: int) -> str:
        return f"""
        networks: {{front: {{labels: {{v: {version}}}}}}}
        containers:
          web:
            image: "{{image}}"
            command: [sleep, "9999"]
            stop_grace_period: 0s
            networks: {{front: {{mac_address: "02:42:0a:5a:00:14"}}}}
        """

    stage.settle(spec(1))
    plan = stage.plan(spec(2))
    # From API 1.44 to 1.53 the engine ignores the address when it connects a container.
    lost = (1, 44) <= plan.engine.api < (1, 54)
    assert differing(plan) == {"network.front": {"labels.v"}, **({"container.web": {"networks.front"}} if lost else {})}
    stage.settle(spec(2))
    endpoint = raw.container(f"{stage.stack}-web-1")["NetworkSettings"]["Networks"][f"{stage.stack}_front"]
    assert endpoint["MacAddress"] == "02:42:0a:5a:00:14"


def test_a_paused_container_is_rewired_and_goes_on(stage: Stage, raw: RawEngine) -> None:
    def spec(version: int) -> str:
        return f"""
        networks: {{front: {{labels: {{v: {version}}}}}}}
        containers: {{web: {{image: "{{image}}", command: [sleep, "9999"], stop_grace_period: 0s, networks: [front]}}}}
        """

    stage.settle(spec(1))
    name = f"{stage.stack}-web-1"
    before = raw.container(name)
    raw.post(f"/containers/{name}/pause")
    stage.settle(spec(2))
    after = raw.container(name)
    assert after["State"]["Status"] == "running"
    assert after["State"]["Pid"] == before["State"]["Pid"]
    new = raw.get(f"/networks/{stage.stack}_front")
    assert list(new["Containers"]) == [after["Id"]]


def test_a_foreign_container_holds_a_network_in_place(stage: Stage, raw: RawEngine) -> None:
    stage.settle("networks: {front: {}}")
    mode = {"NetworkMode": f"{stage.stack}_front"}
    raw.post("/containers/create", {"Image": stage.image, "HostConfig": mode}, name=f"{stage.stack}-guest")
    (fault,) = stage.plan("networks: {front: {internal: true}}").errors
    # It does not run, but could not be started any more.
    assert f"in use by {stage.stack}-guest" in str(fault)
    raw.delete(f"/containers/{stage.stack}-guest")
    stage.settle("networks: {front: {internal: true}}")
