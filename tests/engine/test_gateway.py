"""Every verb of the gateway on real engines, held to what the docker SDK or the raw API says."""

from __future__ import annotations

import base64
import calendar
import io
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dockerspec.engine.context import pack_context
from dockerspec.engine.gateway import Gateway, connect
from dockerspec.engine.protocol import Engine
from dockerspec.engine.stream import End
from dockerspec.errors import (
    BadRequest,
    Conflict,
    EngineError,
    EngineLost,
    EngineUnreachable,
    NotFound,
    ServerError,
)
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine
from tests.kit.registry import Login, Registry


@pytest.fixture
def sdk(engine_daemon: Daemon | GivenEngine, gateway: Gateway) -> Iterator[Any]:
    """The docker SDK's client, speaking the same API version."""
    import docker

    client = docker.APIClient(base_url=engine_daemon.host, version="{}.{}".format(*gateway.api_version))
    yield client
    client.close()


@pytest.fixture
def made(gateway: Gateway, stack_name: str, busybox: str) -> Callable[..., str]:
    """`made("a", Cmd=[...])`: the name of a new container, which is not running."""

    def make(suffix: str = "c", **body: Any) -> str:
        name = f"{stack_name}-{suffix}"
        answer = gateway.create_container(name, {"Image": busybox, "Cmd": ["sleep", "600"], "StopTimeout": 0, **body})
        assert set(answer) >= {"Id", "Warnings"}
        return name

    return make


def _state(raw: RawEngine, name: str) -> str:
    return str(raw.container(name)["State"]["Status"])


def test_the_gateway_is_an_engine(gateway: Gateway) -> None:
    engine: Engine = gateway
    assert engine.endpoint == gateway.endpoint


def test_versions(gateway: Gateway, raw: RawEngine, sdk: Any) -> None:
    offered = tuple(int(part) for part in raw.get("/version")["ApiVersion"].split("."))
    assert gateway.api_version == min(offered, (1, 51))
    assert gateway.version() == sdk.version()
    assert gateway.info()["ID"] == raw.get("/info")["ID"]


def test_containers_as_the_sdk_sees_them(gateway: Gateway, sdk: Any, made: Callable[..., str], stack_name: str) -> None:
    names = [made(str(number), Labels={"kit": stack_name}) for number in range(3)]
    listed = gateway.containers({"label": [f"kit={stack_name}"]})
    assert listed == sdk.containers(all=True, filters={"label": [f"kit={stack_name}"]})
    assert sorted(entry["Names"][0] for entry in listed) == [f"/{name}" for name in names]
    for name in names:
        assert gateway.container(name) == sdk.inspect_container(name)
    assert {entry["Id"] for entry in listed} <= {entry["Id"] for entry in gateway.containers()}
    wanted = [names[2], f"{stack_name}-gone", names[0], *names, *names]
    assert gateway.inspect_containers(wanted) == [gateway.container(name) for name in wanted if name in names]


def test_the_life_of_a_container(gateway: Gateway, raw: RawEngine, made: Callable[..., str]) -> None:
    name = made()
    gateway.start_container(name)
    gateway.start_container(name)
    assert _state(raw, name) == "running"
    gateway.pause_container(name)
    assert _state(raw, name) == "paused"
    gateway.unpause_container(name)
    begun = raw.container(name)["State"]["StartedAt"]
    gateway.restart_container(name)
    assert raw.container(name)["State"]["StartedAt"] != begun
    gateway.update_container(name, {"Memory": 64 << 20, "MemorySwap": 64 << 20})
    assert raw.container(name)["HostConfig"]["Memory"] == 64 << 20
    gateway.rename_container(name, f"{name}-new")
    name = f"{name}-new"
    gateway.stop_container(name)
    gateway.stop_container(name, 1)
    assert _state(raw, name) == "exited"
    gateway.start_container(name)
    gateway.kill_container(name, "KILL")
    gateway.remove_container(name, force=True, volumes=True)
    assert raw.container(name) is None


@pytest.mark.parametrize("verb", ["start", "stop", "restart", "kill", "pause", "unpause", "remove"])
def test_no_such_container(gateway: Gateway, stack_name: str, verb: str) -> None:
    with pytest.raises(NotFound, match=r"(?i)no such container") as caught:
        getattr(gateway, f"{verb}_container")(f"{stack_name}-none")
    assert caught.value.status == 404


def test_the_grace_of_the_container_is_kept(gateway: Gateway, raw: RawEngine, made: Callable[..., str]) -> None:
    deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    name = made(Cmd=deaf, StopTimeout=1)
    gateway.start_container(name)
    begun = time.monotonic()
    gateway.stop_container(name)
    assert 0.9 < time.monotonic() - begun < 8
    assert raw.container(name)["State"]["ExitCode"] == 137


def test_conflicts_and_bad_values(gateway: Gateway, made: Callable[..., str], stack_name: str, busybox: str) -> None:
    name = made()
    with pytest.raises(Conflict, match="already in use") as taken:
        gateway.create_container(name, {"Image": busybox})
    assert f"remove or rename {name}" in taken.value.hint
    with pytest.raises(Conflict, match="not running"):
        gateway.kill_container(name)
    with pytest.raises(NotFound, match=r"(?i)no such image"):
        gateway.create_container(f"{name}-x", {"Image": f"{stack_name}/none:1"})
    with pytest.raises(BadRequest, match="memory"):
        gateway.create_container(f"{name}-x", {"Image": busybox, "HostConfig": {"Memory": 1}})


def test_a_program_that_is_not_there(gateway: Gateway, made: Callable[..., str]) -> None:
    name = made(Cmd=["no-such-program"])
    with pytest.raises(EngineError, match="executable file not found") as caught:
        gateway.start_container(name)
    assert "check command" in caught.value.hint


def test_a_port_that_is_taken(gateway: Gateway, made: Callable[..., str], free_port: Callable[[], int]) -> None:
    publish = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(free_port())}]}}
    body = {"ExposedPorts": {"80/tcp": {}}, "HostConfig": publish}
    one, other = made("one", **body), made("other", **body)
    gateway.start_container(one)
    with pytest.raises(ServerError, match="port is already allocated") as caught:
        gateway.start_container(other)
    assert "another container or program has the port" in caught.value.hint


def test_removing_twice_at_once(gateway: Gateway, raw: RawEngine, made: Callable[..., str]) -> None:
    name = made()
    gateway.start_container(name)

    def remove(_: int) -> str:
        try:
            gateway.remove_container(name, force=True)
        except NotFound:
            return "gone"
        # Whoever returns without an error may count on the name being free.
        return "gone" if raw.container(name) is None else "still there"

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(remove, range(4))) == {"gone"}


@pytest.mark.parametrize("terminal", [False, True], ids=["streams", "terminal"])
def test_logs(gateway: Gateway, made: Callable[..., str], terminal: bool) -> None:
    lines = "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf 'last ü'"
    name = made(Cmd=["sh", "-c", lines], Tty=terminal)
    gateway.start_container(name)
    deadline = time.monotonic() + 10
    while gateway.container(name)["State"]["Running"] and time.monotonic() < deadline:
        time.sleep(0.02)
    text = gateway.container_logs(name, tail=100).replace("\r", "")
    expected = [f"{kind} {number}" for number in (1, 2, 3) for kind in ("out", "err")] + ["last ü"]
    assert sorted(text.split("\n")) == sorted(expected)
    assert gateway.container_logs(name, tail=1).strip()
    assert len(gateway.container_logs(name, tail=2).splitlines()) == 2


def test_networks(gateway: Gateway, raw: RawEngine, sdk: Any, made: Callable[..., str], stack_name: str) -> None:
    answer = gateway.create_network({"Name": stack_name, "Labels": {"kit": stack_name}})
    assert gateway.networks({"label": [f"kit={stack_name}"]}) == sdk.networks(filters={"label": [f"kit={stack_name}"]})
    with pytest.raises(Conflict, match="already exists"):
        gateway.create_network({"Name": stack_name})
    name = made()
    gateway.start_container(name)
    gateway.connect_network(answer["Id"], name, {"Aliases": ["other"]})
    assert "other" in raw.container(name)["NetworkSettings"]["Networks"][stack_name]["Aliases"]
    assert gateway.network(stack_name) == sdk.inspect_network(stack_name)
    assert len(gateway.network(stack_name)["Containers"]) == 1
    with pytest.raises(Conflict, match="active endpoints") as caught:
        gateway.remove_network(stack_name)
    assert "disconnect or remove them first" in caught.value.hint
    gateway.disconnect_network(stack_name, name)
    gateway.remove_network(stack_name)
    with pytest.raises(NotFound):
        gateway.network(stack_name)


def test_volumes(gateway: Gateway, sdk: Any, made: Callable[..., str], stack_name: str) -> None:
    body = {"Name": stack_name, "Labels": {"kit": stack_name}}
    assert gateway.create_volume(body) == gateway.volume(stack_name) == sdk.inspect_volume(stack_name)
    assert gateway.create_volume(body)["Name"] == stack_name
    assert [entry["Name"] for entry in gateway.volumes({"label": [f"kit={stack_name}"]})] == [stack_name]
    assert gateway.volumes({"label": [f"kit={stack_name}-none"]}) == []
    name = made(HostConfig={"Binds": [f"{stack_name}:/data"]})
    with pytest.raises(Conflict, match="volume is in use") as caught:
        gateway.remove_volume(stack_name)
    assert "a container still uses it" in caught.value.hint
    gateway.remove_container(name)
    gateway.remove_volume(stack_name)
    with pytest.raises(NotFound):
        gateway.volume(stack_name)


def test_images(gateway: Gateway, sdk: Any, busybox: str, stack_name: str) -> None:
    gateway.tag_image(busybox, f"{stack_name}/deep/name", "1")
    reference = f"{stack_name}/deep/name:1"
    assert gateway.image(reference) == sdk.inspect_image(reference)
    assert [entry["Id"] for entry in gateway.images({"reference": [reference]})] == [gateway.image(busybox)["Id"]]
    assert gateway.image(gateway.image(reference)["Id"])["Id"] == gateway.image(busybox)["Id"]
    assert gateway.remove_image(reference)[0] == {"Untagged": reference}
    with pytest.raises(NotFound, match=r"(?i)no such image"):
        gateway.remove_image(reference)


def test_build(gateway: Gateway, raw: RawEngine, busybox: str, stack_name: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {busybox}\nARG WORD\nCOPY . /data\nRUN echo $WORD > /word\n")
    (tmp_path / "page.txt").write_text("hello\n")
    (tmp_path / ".dockerignore").write_text("*.log\n")
    (tmp_path / "noise.log").write_text("noise")
    tags = [f"{stack_name}/a:1", f"{stack_name}/a:2"]
    options = {"t": tags, "buildargs": {"WORD": "said"}, "labels": {"kit": stack_name}, "rm": True}
    with pack_context(tmp_path) as context:
        messages = list(gateway.build_image(context, options))
    try:
        assert any("Successfully built" in message.get("stream", "") for message in messages)
        assert gateway.image(tags[0])["Id"] == gateway.image(tags[1])["Id"]
        assert gateway.image(tags[0])["Config"]["Labels"]["kit"] == stack_name
        raw.run(f"{stack_name}-b", {"Image": tags[0], "Cmd": ["sleep", "60"]})
        words = raw.execute(f"{stack_name}-b", "sh", "-c", "cat /word /data/page.txt; ls -a /data")[1].split()
        assert words == ["said", "hello", ".", "..", ".dockerignore", "Dockerfile", "page.txt"]
    finally:
        with suppress(NotFound):
            gateway.remove_container(f"{stack_name}-b", force=True)
        for tag in tags:
            gateway.remove_image(tag)


@pytest.mark.parametrize(
    ("text", "words"),
    [("RUN echo before && false", "returned a non-zero code: 1"), ("FRM x", "unknown instruction: FRM")],
)
def test_a_build_that_fails(
    gateway: Gateway, busybox: str, stack_name: str, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {busybox}\n{text}\n")
    options = {"t": f"{stack_name}:1", "rm": True, "forcerm": True}
    with pack_context(tmp_path) as context, pytest.raises(EngineError, match=words):
        list(gateway.build_image(context, options))


def test_a_broken_context(gateway: Gateway) -> None:
    with pytest.raises(EngineError, match="tar"):
        list(gateway.build_image(io.BytesIO(b"no tar at all" * 100), {}))


@pytest.mark.parametrize("login", [None, Login("kit", "topsecret")], ids=["open", "login"])
def test_pull_and_distribution(
    engine_daemon: Daemon | GivenEngine, raw: RawEngine, busybox: str, tmp_path: Path, login: Login | None
) -> None:
    auth = (login.username, login.password) if login else ("", "")
    with Registry(login) as registry:
        reference = f"{registry.address}/kit/box:1"
        if login:
            token = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
            (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": token}}}))
        with connect(engine_daemon.host, environ={"DOCKER_CONFIG": str(tmp_path)}) as gateway:
            gateway.tag_image(busybox, f"{registry.address}/kit/box", "1")
            raw.push(reference, *auth)
            gateway.remove_image(reference)
            digest = gateway.distribution(reference)["Descriptor"]["digest"]
            messages = list(gateway.pull_image(reference))
            assert any(digest in message.get("status", "") for message in messages)
            assert gateway.image(reference)["RepoDigests"] == [f"{registry.address}/kit/box@{digest}"]
            list(gateway.pull_image(f"{registry.address}/kit/box@{digest}"))
            gateway.remove_image(reference)
            for verb in (gateway.distribution, lambda ref: list(gateway.pull_image(ref))):
                with pytest.raises(NotFound, match=f"{registry.address}/kit/box:none") as caught:
                    verb(f"{registry.address}/kit/box:none")
                assert caught.value.hint


def test_a_pull_without_the_login_it_takes(engine_daemon: Daemon | GivenEngine, tmp_path: Path) -> None:
    with (
        Registry(Login("kit", "topsecret")) as registry,
        connect(engine_daemon.host, environ={"DOCKER_CONFIG": str(tmp_path)}) as gateway,
        pytest.raises(EngineError, match=f"can't pull {registry.address}/kit/box:1") as caught,
    ):
        list(gateway.pull_image(f"{registry.address}/kit/box:1"))
    assert "docker login" in caught.value.hint


def _now(gateway: Gateway) -> str:
    """The daemon's time, as `since` and `until` take it."""
    seconds, _, fraction = gateway.info()["SystemTime"].rstrip("Z").partition(".")
    return f"{calendar.timegm(time.strptime(seconds, '%Y-%m-%dT%H:%M:%S'))}.{fraction.ljust(9, '0')[:9]}"


def test_events_replay_follow_and_end(gateway: Gateway, made: Callable[..., str]) -> None:
    since = _now(gateway)
    name = made()
    filters = {"type": ["container"], "container": [name]}
    with gateway.events(since=since, filters=filters) as stream:
        messages = iter(stream)
        assert next(messages)["Action"] == "create"
        gateway.start_container(name)
        assert next(messages)["Action"] == "start"
    assert stream.end is End.CLOSED
    past = gateway.events(since=since, until=_now(gateway), filters=filters)
    assert [message["Action"] for message in past] == ["create", "start"]
    assert past.end is End.FINISHED


def test_closing_a_blocked_event_stream(gateway: Gateway) -> None:
    stream = gateway.events(filters={"event": ["no-such-event"]})
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    time.sleep(0.1)
    begun = time.monotonic()
    stream.close()
    reader.join(5)
    assert not reader.is_alive()
    assert time.monotonic() - begun < 5
    assert stream.end is End.CLOSED


def test_bad_event_bounds_are_an_error_not_an_empty_stream(gateway: Gateway) -> None:
    with pytest.raises(EngineError):
        gateway.events(since="yesterday")


def test_threads_share_a_gateway(gateway: Gateway, made: Callable[..., str]) -> None:
    ids = [gateway.container(made(str(number)))["Id"] for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: gateway.container(ids[at % 8])["Id"] == ids[at % 8], range(400)))
    assert answers == [True] * 400


def test_the_engine_goes_and_comes_back(own_daemon: Daemon) -> None:
    with connect(own_daemon.host) as gateway:
        identity = gateway.info()["ID"]
        stream = gateway.events()
        ends: list[str] = []

        def follow() -> None:
            try:
                list(stream)
            except EngineLost as fault:
                ends.append(str(fault))

        reader = threading.Thread(target=follow)
        reader.start()
        own_daemon.kill()
        reader.join(10)
        assert not reader.is_alive()
        assert stream.end in (End.LOST, End.FINISHED)
        with pytest.raises((EngineUnreachable, EngineLost)):
            gateway.info()
        own_daemon.relaunch()
        assert gateway.info()["ID"] == identity


def test_a_context_with_links_and_modes_builds(
    gateway: Gateway, raw: RawEngine, busybox: str, stack_name: str, tmp_path: Path
) -> None:
    (tmp_path / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "link").symlink_to("run.sh")
    tag = f"{stack_name}/l:1"
    with pack_context(tmp_path, inline=f"FROM {busybox}\nCOPY run.sh link /\n") as context:
        with tarfile.open(fileobj=context) as archive:
            names = archive.getnames()
        context.seek(0)
        list(gateway.build_image(context, {"t": tag, "dockerfile": ".dockerspec.Dockerfile", "rm": True}))
    assert names == [".dockerspec.Dockerfile", "link", "run.sh"]
    try:
        raw.run(f"{stack_name}-l", {"Image": tag, "Cmd": ["sleep", "60"]})
        assert raw.execute(f"{stack_name}-l", "/run.sh")[1].strip() == "ran"
    finally:
        with suppress(NotFound):
            gateway.remove_container(f"{stack_name}-l", force=True)
        gateway.remove_image(tag)
