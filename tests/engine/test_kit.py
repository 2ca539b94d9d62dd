"""The test kit itself: engines start and leave nothing behind, even killed ones; images and the registry work."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import apt, cache, images, slots, sweep
from tests.kit.cleanup import remove_stack
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine, RawError
from tests.kit.registry import Login, Registry

ROOT = Path(__file__).resolve().parents[2]


def eventually(check: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether the check comes true in time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_an_engine_is_of_the_version_it_says(engine_daemon: Daemon | GivenEngine, engine_name: str) -> None:
    version = engine_daemon.raw.get("/version")
    assert version["Version"].startswith(engine_daemon.version)
    api = tuple(int(part) for part in version["ApiVersion"].split("."))
    assert api >= ((1, 45) if engine_name == "new" else (1, 41))


def test_networks_of_an_engine_lie_in_its_own_block(own_daemon: Daemon, stack_name: str) -> None:
    raw = own_daemon.raw
    raw.post("/networks/create", {"Name": "pooled"})
    raw.post("/networks/create", {"Name": "chosen", "IPAM": {"Config": [{"Subnet": own_daemon.subnet(7)}]}})
    block = own_daemon.subnet(1).rsplit(".", 2)[0]
    for name in ("pooled", "chosen", "bridge"):
        assert raw.get(f"/networks/{name}")["IPAM"]["Config"][0]["Subnet"].startswith(f"{block}.")


def test_containers_of_a_network_reach_each_other(raw: RawEngine, stack_name: str, busybox: str) -> None:
    raw.post("/networks/create", {"Name": stack_name})
    host = {"NetworkMode": stack_name}
    raw.run(f"{stack_name}-a", {"Image": busybox, "Cmd": ["httpd", "-f", "-h", "/etc"], "HostConfig": host})
    raw.run(f"{stack_name}-b", {"Image": busybox, "Cmd": ["sleep", "60"], "HostConfig": host})
    fetch = ("wget", "-qO-", f"http://{stack_name}-a/passwd")
    assert eventually(lambda: "root:x:0:0:root" in raw.execute(f"{stack_name}-b", *fetch)[1])


def test_nginx_answers(raw: RawEngine, stack_name: str, image: Callable[[str], str]) -> None:
    ports = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}
    name = f"{stack_name}-nginx"
    raw.run(name, {"Image": image("nginx"), "HostConfig": {"PortBindings": ports}})
    published = raw.container(name)["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
    assert eventually(lambda: raw.container(name)["State"]["Health"]["Status"] == "healthy")
    with urllib.request.urlopen(f"http://127.0.0.1:{published}/", timeout=10) as answer:
        assert answer.read() == b"nginx from Debian packages\n"


def test_redis_answers(raw: RawEngine, stack_name: str, image: Callable[[str], str]) -> None:
    name = f"{stack_name}-redis"
    raw.run(name, {"Image": image("redis")})
    assert eventually(lambda: raw.execute(name, "redis-cli", "ping") == (0, "PONG\n"))
    assert raw.get(f"/images/{image('redis')}/json")["Config"]["Volumes"] == {"/data": {}}


@pytest.mark.parametrize("login", [None, Login("ann", "a long word")], ids=["open", "password"])
def test_registry_round_trip(raw: RawEngine, stack_name: str, login: Login | None) -> None:
    with Registry(login) as registry:
        reference = images.ensure(raw, "busybox", f"{registry.address}/{stack_name}:1")
        words = (login.username, login.password) if login else ()
        if login:
            with pytest.raises(RawError, match="no basic auth credentials"):
                raw.push(reference)
        raw.push(reference, *words)
        raw.delete(f"/images/{reference}")
        raw.pull(reference, *words)
        digests = raw.get(f"/images/{reference}/json")["RepoDigests"]
        raw.delete(f"/images/{reference}")
    assert [digest.partition("@sha256:")[0] for digest in digests] == [f"{registry.address}/{stack_name}"]


OWNER = """
import sys, time
from tests.kit import engines, images
from tests.kit.daemon import Daemon
name = sys.argv[1]
daemon = Daemon(engines.distribution_engine() if name == "old" else engines.newer_engine()).start()
image = images.ensure(daemon.raw, "busybox")
daemon.raw.post("/networks/create", {"Name": "left"})
body = {"Image": image, "Cmd": ["sleep", "1000"], "HostConfig": {
    "NetworkMode": "left", "RestartPolicy": {"Name": "always"},
    "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}}, "ExposedPorts": {"80/tcp": {}}}
daemon.raw.run("left", body)
print(daemon.folder, flush=True)
time.sleep(300)
"""


def test_a_killed_owner_leaves_nothing(engine_daemon: Daemon | GivenEngine, engine_name: str) -> None:
    if isinstance(engine_daemon, GivenEngine):
        pytest.skip("starts engines of its own")
    words = [sys.executable, "-c", OWNER, engine_name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True) as owner:
        assert owner.stdout
        folder = Path(owner.stdout.readline().strip())
        slot = slots.Slot(int(folder.name.removeprefix("d")))
        kinds = {line.split()[0] for line in sweep.leftovers(slot)}
        owner.send_signal(signal.SIGKILL)
    assert kinds == {"process", "mount", "link", "folder"}
    pids = sweep.processes(slot)
    assert len(pids) >= 4, "dockerd, containerd, a shim and a proxy outlive their owner"

    # Another worker's daemon may start, and so sweep, at any time: what counts is that it is all gone afterwards.
    sweep.sweep_abandoned()
    assert eventually(lambda: sweep.leftovers(slot) == [] or _taken_again(slot, pids))
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists() and pid in sweep.processes(slot)] == []
    assert engine_daemon.raw.answers(), "a neighbour lives on"


def _taken_again(slot: slots.Slot, pids: list[int]) -> bool:
    """Whether a new owner has the slot by now, with processes of its own."""
    return not set(sweep.processes(slot)) & set(pids)


def test_containers_survive_a_crash_of_their_engine(own_daemon: Daemon) -> None:
    raw = own_daemon.raw
    job = ["sh", "-c", "trap 'exit 7' TERM; sleep 100 & wait"]
    raw.run("job", {"Image": images.ensure(raw, "busybox"), "Cmd": job})
    own_daemon.kill()
    assert not raw.answers()
    own_daemon.relaunch()
    assert raw.container("job")["State"]["ExitCode"] == 7, "a restarted engine ends what ran on"


def test_cleanup_takes_only_its_own(raw: RawEngine, stack_name: str, busybox: str) -> None:
    mine, other = f"{stack_name}a", f"{stack_name}b"
    for stack in (mine, other):
        raw.post("/networks/create", {"Name": f"{stack}-net"})
        raw.post("/volumes/create", {"Name": f"vol-of-{stack}", "Labels": {"dockerspec.stack": stack}})
        raw.run(f"{stack}-c", {"Image": busybox, "Cmd": ["sleep", "60"], "HostConfig": {"NetworkMode": f"{stack}-net"}})
    remove_stack(raw, mine)
    assert [raw.container(f"{stack}-c") is None for stack in (mine, other)] == [True, False]
    assert [raw.find(f"/networks/{stack}-net") is None for stack in (mine, other)] == [True, False]
    assert [raw.find(f"/volumes/vol-of-{stack}") is None for stack in (mine, other)] == [True, False]
    remove_stack(raw, other)
    assert raw.container(f"{other}-c") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sources", "Types: deb\nURIs: file:/m\nSuites: s s-updates\nComponents: main\nSigned-By: /k.gpg\n"),
        (
            "a.sources",
            "Enabled: no\nURIs: file:/x\nComponents: main\n\nURIs: file:/m\nComponents: main x\nSigned-By: /k.gpg\n",
        ),
        ("a.list", "# deb file:/no s main\ndeb [arch=amd64 signed-by=/k.gpg] file:/m s main contrib\n"),
        ("a.list", "deb [signed-by=/k.gpg] file:/m-security s main\ndeb [signed-by=/k.gpg] file:/m s main\n"),
    ],
)
def test_mirrors_are_read_from_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / name).write_text(text)
    monkeypatch.setattr(apt, "SOURCES", tmp_path)
    assert apt.mirrors() == [apt.Mirror("file:/m", "/k.gpg")]


def test_a_cache_entry_that_fails_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERSPEC_CACHE", str(tmp_path))

    def half(folder: Path) -> None:
        (folder / "part").touch()
        raise OSError("cut short")

    with pytest.raises(OSError, match="cut short"):
        cache.entry("a/b", half)
    folder = cache.entry("a/b", lambda folder: (folder / "whole").touch())
    assert sorted(path.name for path in folder.iterdir()) == [cache.MARKER, "whole"]
    assert cache.entry("a/b", half) == folder


def test_a_rootfs_has_the_same_bytes_again(tmp_path: Path) -> None:
    first = images.rootfs("busybox")
    again = tmp_path / "again.tar"
    images.build("busybox", again)
    assert again.read_bytes() == first.read_bytes()
