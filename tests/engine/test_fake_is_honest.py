"""One script, run on the fake and on real engines: the answers, the refusals and the events must be the same."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dockerspec.engine.gateway import Gateway
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Conflict, EngineError, NotFound
from dockerspec.runtime.execute.feed import since_of
from dockerspec.testing import FakeEngine

Json = Any
Step = tuple[str, Callable[[Engine, "Names"], Json]]
LOOP = {"Cmd": ["sh", "-c", "sleep 1000"], "Labels": {"k": "v"}, "StopTimeout": 0}

SHARED = ("NetworkMode", "PidMode", "IpcMode")


class Names:
    """The names that the script uses, with a prefix of its own."""

    def __init__(self, prefix: str, image: str, port: int) -> None:
        self.prefix, self.image, self.port = prefix, image, str(port)

    def __getattr__(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def body(self, **more: Json) -> Json:
        return {"Image": self.image, **LOOP, **more}

    def sharing(self, owner: str, modes: Sequence[str] = SHARED) -> Json:
        return self.body(HostConfig=dict.fromkeys(modes, f"container:{owner}"))

    def published(self) -> Json:
        return self.body(
            ExposedPorts={"80/tcp": {}}, HostConfig={"PortBindings": {"80/tcp": [{"HostPort": self.port}]}}
        )

    def mounts(self) -> Json:
        return self.body(
            Volumes={"/anon": {}},
            HostConfig={
                "Binds": [f"{self.data}:/data", f"{self.auto}:/auto:ro"],
                "Mounts": [{"Type": "volume", "Source": self.extra, "Target": "/extra"}],
            },
        )


def state(item: Json) -> Json:
    keys = ("Status", "Running", "Paused", "Restarting", "OOMKilled", "ExitCode")
    return {key: item["State"][key] for key in keys}


def mounts(item: Json) -> Json:
    keys = ("Type", "Name", "Destination", "Driver", "RW")
    return sorted(
        ({key: mount.get(key) for key in keys} for mount in item["Mounts"]), key=lambda mount: mount["Destination"]
    )


def labelled(items: list[Json], prefix: str) -> Json:
    listed = [item for item in items if item["Names"][0].startswith(f"/{prefix}")]
    keys = ("Names", "Image", "ImageID", "Labels", "State")
    return sorted(({key: item[key] for key in keys} for item in listed), key=lambda item: item["Names"])


def refused(step: Callable[[], object]) -> bool:
    """Whether a step is a conflict; what it is with depends on what other tests have left on the engine."""
    try:
        step()
    except Conflict:
        return True
    return False


SCRIPT: list[Step] = [
    ("create", lambda e, n: sorted(e.create_container(n.one, n.body()))),
    ("a created container", lambda e, n: state(e.container(n.one))),
    ("inherited and given config", lambda e, n: config(e.container(n.one))),
    ("name in use", lambda e, n: e.create_container(n.one, n.body())),
    ("bad name", lambda e, n: e.create_container("a b!", n.body())),
    ("short name", lambda e, n: e.create_container("a", n.body())),
    ("no such image", lambda e, n: e.create_container(n.two, {"Image": n.nowhere})),
    ("kill what does not run", lambda e, n: e.kill_container(n.one)),
    ("pause what does not run", lambda e, n: e.pause_container(n.one)),
    ("unpause what is not paused", lambda e, n: e.unpause_container(n.one)),
    ("stop what does not run", lambda e, n: e.stop_container(n.one, 0)),
    ("start", lambda e, n: e.start_container(n.one)),
    ("start again", lambda e, n: e.start_container(n.one)),
    ("a running container", lambda e, n: state(e.container(n.one))),
    ("the listing", lambda e, n: labelled(e.containers(), n.prefix)),
    ("the listing by label", lambda e, n: labelled(e.containers({"label": ["k=v"]}), n.prefix)),
    ("the listing by another", lambda e, n: labelled(e.containers({"label": ["k=w"]}), n.prefix)),
    ("pause", lambda e, n: e.pause_container(n.one)),
    ("pause again", lambda e, n: e.pause_container(n.one)),
    ("a paused container", lambda e, n: state(e.container(n.one))),
    ("start what is paused", lambda e, n: e.start_container(n.one)),
    ("unpause", lambda e, n: e.unpause_container(n.one)),
    ("remove what runs", lambda e, n: e.remove_container(n.one)),
    ("rename to itself", lambda e, n: e.rename_container(n.one, n.one)),
    ("create a second", lambda e, n: sorted(e.create_container(n.two, n.published()))),
    ("create a third", lambda e, n: sorted(e.create_container(n.three, n.published()))),
    ("rename to a name in use", lambda e, n: e.rename_container(n.one, n.two)),
    ("rename to a bad name", lambda e, n: e.rename_container(n.one, "a b!")),
    ("rename", lambda e, n: e.rename_container(n.one, n.uno)),
    ("the old name", lambda e, n: e.container(n.one)["Id"]),
    ("the new name", lambda e, n: e.container(n.uno)["Name"]),
    ("take a port", lambda e, n: e.start_container(n.two)),
    ("take a port that is taken", lambda e, n: e.start_container(n.three)),
    ("what became of it", lambda e, n: state(e.container(n.three))),
    ("update", lambda e, n: e.update_container(n.uno, {"CpuShares": 300, "ShmSize": 1, "Nonsense": 2})),
    ("updated", lambda e, n: pick(e.container(n.uno)["HostConfig"], "CpuShares", "ShmSize")),
    ("limit the processes", lambda e, n: e.update_container(n.uno, {"PidsLimit": 50})),
    ("limited", lambda e, n: e.container(n.uno)["HostConfig"]["PidsLimit"]),
    ("lift the limit", lambda e, n: e.update_container(n.uno, {"PidsLimit": 0})),
    ("lifted", lambda e, n: e.container(n.uno)["HostConfig"]["PidsLimit"]),
    ("update the policy", lambda e, n: e.update_container(n.uno, {"RestartPolicy": {"Name": "always"}})),
    ("updated policy", lambda e, n: pick(e.container(n.uno)["HostConfig"], "RestartPolicy", "CpuShares")),
    ("policy off again", lambda e, n: e.update_container(n.uno, {"RestartPolicy": {"Name": "no"}})),
    ("update what is not there", lambda e, n: e.update_container(n.nowhere, {"CpuShares": 300})),
    ("share namespaces", lambda e, n: sorted(e.create_container(n.guest, n.sharing(n.uno)))),
    ("shared by ID", lambda e, n: pick(e.container(n.guest)["HostConfig"], *SHARED)),
    ("share with nobody", lambda e, n: e.create_container(n.lost, n.sharing(n.nowhere))),
    ("share a network with nobody", lambda e, n: sorted(e.create_container(n.alone, n.sharing(n.nowhere, SHARED[:1])))),
    ("guests go", lambda e, n: [e.remove_container(name) for name in (n.guest, n.alone)]),
    ("make a network", lambda e, n: sorted(e.create_network({"Name": n.net, "Labels": {"a": "b"}, **CHECKED}))),
    ("make it twice", lambda e, n: e.create_network({"Name": n.net, **CHECKED})),
    ("the network", lambda e, n: network(e.network(n.net))),
    ("connect", lambda e, n: e.connect_network(n.net, n.uno, {"Aliases": ["web"]})),
    ("connect again", lambda e, n: e.connect_network(n.net, n.uno, {})),
    ("connect to nothing", lambda e, n: e.connect_network(n.nowhere, n.uno, {})),
    ("connect nothing", lambda e, n: e.connect_network(n.net, n.nowhere, {})),
    ("who is attached", lambda e, n: [item["Name"] for item in e.network(n.net)["Containers"].values()]),
    ("the endpoint", lambda e, n: "web" in e.container(n.uno)["NetworkSettings"]["Networks"][n.net]["Aliases"]),
    ("in the listing", lambda e, n: [item["Containers"] for item in e.networks() if item["Name"] == n.net]),
    ("remove a network in use", lambda e, n: e.remove_network(n.net)),
    ("stop", lambda e, n: e.stop_container(n.uno, 0)),
    ("a stopped container", lambda e, n: state(e.container(n.uno))),
    ("nobody is attached", lambda e, n: e.network(n.net)["Containers"]),
    ("but it stays configured", lambda e, n: sorted(e.container(n.uno)["NetworkSettings"]["Networks"])),
    ("restart", lambda e, n: e.restart_container(n.uno, 0)),
    ("attached again", lambda e, n: [item["Name"] for item in e.network(n.net)["Containers"].values()]),
    ("disconnect", lambda e, n: e.disconnect_network(n.net, n.uno)),
    ("disconnect again", lambda e, n: e.disconnect_network(n.net, n.uno)),
    ("disconnect nothing", lambda e, n: e.disconnect_network(n.net, n.nowhere)),
    ("remove the network", lambda e, n: e.remove_network(n.net)),
    ("remove it again", lambda e, n: e.remove_network(n.net)),
    ("a network that is made anew", lambda e, n: made_anew(e, n)),
    ("connected by name", lambda e, n: e.connect_network(n.net, n.uno, {})),
    ("and started", lambda e, n: e.start_container(n.uno)),
    ("stop once more", lambda e, n: e.stop_container(n.uno, 0)),
    ("it goes for good", lambda e, n: e.remove_network(n.net)),
    ("cut by name", lambda e, n: e.disconnect_network(n.net, n.uno, force=True)),
    ("no network is left", lambda e, n: sorted(e.container(n.uno)["NetworkSettings"]["Networks"])),
    ("addresses that are taken", lambda e, n: overlapping(e, n)),
    (
        "a configuration",
        lambda e, n: e.create_network({"Name": n.conf, **CONFIGURATION}) and network(e.network(n.conf)),
    ),
    ("made from it", lambda e, n: e.create_network({"Name": n.net, **made_from(n)}) and network(e.network(n.net))),
    ("with a label", lambda e, n: e.create_network({"Name": n.bad, **made_from(n), "Labels": {"c": "d"}})),
    ("with an option", lambda e, n: e.create_network({"Name": n.bad, **made_from(n), "Options": {"c": "d"}})),
    ("made from nothing", lambda e, n: e.create_network({"Name": n.bad, "ConfigFrom": {"Network": n.nowhere}})),
    ("remove what others are made from", lambda e, n: e.remove_network(n.conf)),
    ("remove both", lambda e, n: [e.remove_network(name) for name in (n.net, n.conf)]),
    ("remove the engine's own", lambda e, n: e.remove_network("bridge")),
    ("a network that is not there", lambda e, n: missing_network(e, n)),
    ("make a volume", lambda e, n: volume(e.create_volume({"Name": n.data, "Labels": {"a": "b"}}))),
    ("make it twice", lambda e, n: volume(e.create_volume({"Name": n.data, "Labels": {"a": "c"}}))),
    ("what it holds", lambda e, n: [v["UsageData"] for v in e.volume_usage() if v["Name"] == n.data]),
    ("mount volumes", lambda e, n: sorted(e.create_container(n.four, n.mounts()))),
    ("the mounts", lambda e, n: mounts(e.container(n.four))),
    ("remove a volume in use", lambda e, n: e.remove_volume(n.data)),
    ("remove with anonymous volumes", lambda e, n: e.remove_container(n.four, volumes=True)),
    ("what is left", lambda e, n: sorted(v["Name"] for v in e.volumes() if v["Name"].startswith(n.prefix))),
    ("remove volumes", lambda e, n: [e.remove_volume(name) for name in (n.data, n.auto, n.extra)]),
    ("a volume that is not there", lambda e, n: e.volume(n.nowhere)),
    ("remove what is not there", lambda e, n: e.remove_volume(n.nowhere)),
    ("an image that is not there", lambda e, n: e.image(n.nowhere)["Id"]),
    ("tag", lambda e, n: e.tag_image(n.image, n.tagged, "1")),
    ("the tagged image", lambda e, n: e.image(f"{n.tagged}:1")["Id"] == e.image(n.image)["Id"]),
    ("tag what is not there", lambda e, n: e.tag_image(n.nowhere, n.tagged, "1")),
    ("untag", lambda e, n: e.remove_image(f"{n.tagged}:1")),
    ("tag again", lambda e, n: e.tag_image(n.image, n.tagged, "1")),
    ("date of a tag", lambda e, n: e.image(f"{n.tagged}:1")["Metadata"]["LastTagTime"] > "2020"),
    ("an image with two names, by its ID", lambda e, n: refused(lambda: e.remove_image(e.image(n.image)["Id"]))),
    ("untag again", lambda e, n: e.remove_image(f"{n.tagged}:1")),
    ("push what is not there", lambda e, n: list(e.push_image(f"{n.tagged}:1"))),
    (
        "listed images",
        lambda e, n: sorted(
            {key for item in e.images(every=True) for key in item}
            & {"Id", "ParentId", "Created", "RepoTags", "RepoDigests", "Labels", "Size"}
        ),
    ),
    ("remove an image that is not there", lambda e, n: e.remove_image(n.nowhere)),
    ("kill", lambda e, n: e.kill_container(n.two)),
    ("logs of nothing", lambda e, n: e.container_logs(n.nowhere)),
    ("remove", lambda e, n: [e.remove_container(name, force=True) for name in (n.uno, n.two, n.three)]),
    ("remove again", lambda e, n: e.remove_container(n.uno)),
    ("what is not there", lambda e, n: e.container(n.nowhere)),
]
CONFIGURATION = {"ConfigOnly": True, "Labels": {"a": "b"}, "Options": {"com.docker.network.driver.mtu": "1400"}}
CHECKED = {"CheckDuplicate": True}
"""Engines before API 1.44 take a second network of the same name unless told otherwise."""


def pick(item: Json, *keys: str) -> Json:
    return {key: item[key] for key in keys}


def config(item: Json) -> Json:
    return {**pick(item["Config"], "Cmd", "Entrypoint", "Env", "Image", "Labels", "User"), "Path": item["Path"]}


def network(item: Json) -> Json:
    return pick(item, "Name", "Driver", "Scope", "Internal", "Attachable", "EnableIPv6", "Labels", "Options")


def volume(item: Json) -> Json:
    return pick(item, "Name", "Driver", "Labels", "Options", "Scope")


def missing_network(engine: Engine, names: Names) -> Json:
    """A container of a network that is not there can be created, but not started."""
    engine.create_container(names.lost, names.body(HostConfig={"NetworkMode": names.nowhere}))
    try:
        engine.start_container(names.lost)
    finally:
        engine.remove_container(names.lost, force=True)


def made_anew(engine: Engine, names: Names) -> Json:
    """A stopped container holds on to the network that it was in, and not to the name."""
    engine.create_network({"Name": names.net})
    engine.connect_network(names.net, names.uno, {})
    engine.start_container(names.uno)
    engine.stop_container(names.uno, 0)
    engine.remove_network(names.net)
    engine.create_network({"Name": names.net})
    engine.start_container(names.uno)


def overlapping(engine: Engine, names: Names) -> Json:
    """A network with addresses that another one has."""
    engine.create_network({"Name": names.net})
    subnet = engine.network(names.net)["IPAM"]["Config"][0]["Subnet"]
    try:
        engine.create_network({"Name": names.bad, "IPAM": {"Config": [{"Subnet": subnet}]}})
    finally:
        engine.remove_network(names.net)


def made_from(names: Names) -> Json:
    return {"ConfigFrom": {"Network": names.conf}}


def transcript(engine: Engine, names: Names, script: Sequence[Step] = tuple(SCRIPT)) -> list[tuple[str, str, Json]]:
    """What every step came to: the answer, or the kind and status of the refusal, and its message."""
    lines: list[tuple[str, str, Json]] = []
    for label, step in script:
        try:
            lines.append((label, "", neutral(step(engine, names), names)))
        except EngineError as fault:
            lines.append((label, neutral(fault.message, names), f"{type(fault).__name__} {fault.status}"))
    return lines


def neutral(value: Json, names: Names) -> Json:
    """The value without what differs from run to run: prefix, port, IDs."""
    if isinstance(value, dict):
        return {neutral(key, names): neutral(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [neutral(item, names) for item in value]
    if not isinstance(value, str):
        return value
    text = value.replace(names.prefix, "PREFIX").replace(names.port, "PORT")
    # Of the two address families, the engine complains of either.
    text = re.sub(r"Bind for \S+:PORT failed", "Bind for ANY:PORT failed", text)
    return re.sub(r"[0-9a-f]{12,64}", "ID", text)


@pytest.fixture
def real(gateway: Gateway, stack_name: str, busybox: str, free_port: Callable[[], int]) -> tuple[Gateway, Names]:
    return gateway, Names(stack_name, busybox, free_port())


@pytest.fixture
def fake(real: tuple[Gateway, Names]) -> tuple[FakeEngine, Names]:
    engine = FakeEngine()
    names = real[1]
    engine.add_image(names.image, real[0].image(names.image)["Config"])
    return engine, Names("fake", names.image, 8080)


def test_the_same_answers_and_refusals(fake: tuple[FakeEngine, Names], real: tuple[Gateway, Names]) -> None:
    expected, answered = transcript(*real), transcript(*fake)
    assert [(label, result) for label, _, result in answered] == [(label, result) for label, _, result in expected]
    if real[0].api_version >= (1, 48):  # older engines word some refusals otherwise
        differing = {label: (ours, theirs) for (label, ours, _), (_, theirs, _) in zip(answered, expected, strict=True)}
        assert {label: pair for label, pair in differing.items() if pair[0] != pair[1]} == {}


def test_mac_addresses_come_and_go_alike(fake: tuple[FakeEngine, Names], real: tuple[Gateway, Names]) -> None:
    if real[0].api_version < (1, 44):
        pytest.skip("this engine knows a MAC address of the container only")
    assert macs_of_a_life(*fake) == macs_of_a_life(*real)


def macs_of_a_life(engine: Engine, names: Names) -> list[str]:
    """What a fixed MAC address looks like through the life of a container: itself, another one, or nothing."""
    fixed, seen = "02:42:0A:00:00:05", []

    def look() -> None:
        mac = engine.container(names.one)["NetworkSettings"]["Networks"][names.net]["MacAddress"]
        seen.append("another" if mac and mac.lower() != fixed.lower() else mac)

    engine.create_network({"Name": names.net})
    endpoint = {"EndpointsConfig": {names.net: {"MacAddress": fixed}}}
    body = names.body(HostConfig={"NetworkMode": names.net}, NetworkingConfig=endpoint)
    engine.create_container(names.one, body)
    look()
    engine.start_container(names.one)
    look()
    engine.stop_container(names.one, 0)
    look()
    engine.start_container(names.one)
    look()
    engine.disconnect_network(names.net, names.one, force=True)
    engine.connect_network(names.net, names.one, {"MacAddress": fixed})
    look()
    engine.stop_container(names.one, 0)
    engine.disconnect_network(names.net, names.one, force=True)
    engine.connect_network(names.net, names.one, {"MacAddress": fixed})
    look()
    engine.start_container(names.one)
    look()
    engine.remove_container(names.one, force=True)
    return seen


def is_gone(engine: Engine, name: str) -> bool:
    """Whether a container vanishes within a few seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            engine.container(name)
        except NotFound:
            return True
    return False


def test_a_container_that_removes_itself_does_so(fake: tuple[FakeEngine, Names], real: tuple[Gateway, Names]) -> None:
    for engine, names in (fake, real):
        engine.create_container(names.one, names.body(HostConfig={"AutoRemove": True}))
        engine.start_container(names.one)
        engine.stop_container(names.one, 0)
        assert is_gone(engine, names.one)


def test_the_same_events(fake: tuple[FakeEngine, Names], real: tuple[Gateway, Names]) -> None:
    assert events_of_a_life(*fake) == events_of_a_life(*real)


def events_of_a_life(engine: Engine, names: Names) -> Counter[tuple[str, str]]:
    """The container events of one life, as (action, attribute keys that all engines send)."""
    seen: list[Json] = []
    over = threading.Event()
    since = engine.info()["SystemTime"]
    stream = engine.events(since=since_of(since), filters={"type": ["container"]})

    def listen() -> None:
        for event in stream:
            if event["Actor"]["Attributes"].get("name", "").startswith(names.prefix):
                seen.append(event)
                if event["Action"] == "destroy":
                    over.set()

    thread = threading.Thread(target=listen)
    thread.start()
    engine.create_container(names.one, names.body())
    engine.start_container(names.one)
    engine.pause_container(names.one)
    engine.unpause_container(names.one)
    engine.update_container(names.one, {"CpuShares": 512})
    engine.rename_container(names.one, names.uno)
    engine.stop_container(names.uno, 0)
    engine.start_container(names.uno)
    engine.remove_container(names.uno, force=True)
    assert over.wait(10)
    stream.close()
    thread.join(10)
    keys = {"name", "image", "k", "oldName", "exitCode", "signal"}
    return Counter((event["Action"], " ".join(sorted(keys & set(event["Actor"]["Attributes"])))) for event in seen)


def test_the_shapes_are_the_engines(fake: tuple[FakeEngine, Names], real: tuple[Gateway, Names]) -> None:
    faults: list[str] = []
    for label, ours, theirs in zip(
        ("container", "listed", "network", "volume", "image"), shapes(*fake), shapes(*real), strict=True
    ):
        faults.extend(differences(label, ours, theirs))
    known_since = {"EnableIPv4", "GwPriority", "DNSNames"}  # API 1.48 and 1.45
    if real[0].api_version < (1, 48):
        faults = [fault for fault in faults if not known_since & set(re.split(r"[. ]", fault))]
    assert faults == []


def shapes(engine: Engine, names: Names) -> list[Json]:
    """One of each, as the engine gives it."""
    engine.create_network({"Name": names.net, "Labels": {"a": "b"}})
    engine.create_volume({"Name": names.data, "Labels": {"a": "b"}, "DriverOpts": {}})
    engine.create_container(
        names.one,
        names.body(HostConfig={"NetworkMode": names.net, "Binds": [f"{names.data}:/data"]}),
    )
    engine.start_container(names.one)
    found = [
        engine.container(names.one),
        next(item for item in engine.containers() if item["Names"] == [f"/{names.one}"]),
        engine.network(names.net),
        engine.volume(names.data),
        engine.image(names.image),
    ]
    engine.remove_container(names.one, force=True)
    return [neutral(item, names) for item in found]


def differences(path: str, ours: Json, theirs: Json) -> list[str]:
    """Where the fake has a key that the engine lacks, or a value of another type."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lacking = [f"{path}.{key} is not the engine's" for key in sorted(set(ours) - set(theirs))]
        both = sorted(set(ours) & set(theirs))
        return lacking + [fault for key in both for fault in differences(f"{path}.{key}", ours[key], theirs[key])]
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(f"{path}[0]", ours[0], theirs[0]) if ours and theirs else []
    if ours is None or theirs is None or type(ours) is type(theirs):
        return []
    return [f"{path} is {type(ours).__name__}, the engine's {type(theirs).__name__}"]
