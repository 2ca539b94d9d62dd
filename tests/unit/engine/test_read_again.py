"""Reads that are made again, a pull that falls silent, and an engine that is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from dockerspec.engine.caller import REACH_TRIES, READ_TRIES
from dockerspec.engine.credentials import Credentials
from dockerspec.engine.endpoint import Endpoint
from dockerspec.engine.gateway import Gateway
from dockerspec.engine.pacing import Pacing
from dockerspec.engine.transport import Transport
from dockerspec.errors import EngineError, EngineTimeout, EngineUnreachable, ServerError
from tests.unit.engine.scripted import Peer, Script, Scripted, serve


def _then(*answers: Callable[[Peer], None]) -> Script:
    """One connection: a ping, then these answers in turn."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(200, b"OK", "Api-Version: 1.51")
        for answer in answers:
            if peer.request() is None:
                return
            answer(peer)

    return script


def _fails(status: int, message: str) -> Callable[[Peer], None]:
    return lambda peer: peer.json({"message": message}, status)


class Steady(Pacing):
    """A pacing that never sleeps, and keeps the pauses."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def random(self) -> float:
        return 1.0


def _paced(server: Scripted, folder: Path) -> tuple[Gateway, Steady]:
    pacing = Steady()
    transport = Transport(Endpoint(server.url), pacing=pacing)
    return Gateway(transport, server.url, Credentials(folder, {})), pacing


SPOILT: dict[str, Callable[[Peer], None]] = {
    "closed": lambda peer: peer.send(b"HTTP/1.1"),
    "cut": lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "no JSON": lambda peer: peer.answer(200, b"{"),
    "500": lambda peer: peer.answer(500, b""),
    "503": lambda peer: peer.answer(503, b"<html></html>"),
    "hindered": lambda peer: peer.json({"message": "transport is closing"}, 500),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("times", [1, READ_TRIES - 1, READ_TRIES])
def test_a_read_is_made_again_a_few_times(tmp_path: Path, spoil: Callable[[Peer], None], times: int) -> None:
    spoilt: list[str] = []

    def script(peer: Peer) -> None:
        while (heard := peer.request()) is not None:
            if "_ping" in heard.line:
                peer.answer(200, b"OK", "Api-Version: 1.45")
            elif len(spoilt) < times:
                spoilt.append(heard.line)
                spoil(peer)
                return
            else:
                peer.json({"Id": heard.line.split("/")[3]})

    with serve(tmp_path / "s", script) as server:
        gateway, pacing = _paced(server, tmp_path)
        with nullcontext() if times < READ_TRIES else pytest.raises(EngineError):
            assert gateway.container("web")["Id"] == "web"
        assert len(pacing.pauses) == min(times, READ_TRIES - 1)
        assert sum(pacing.pauses) < 1.5
        gateway.close()


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_so_is_each_of_many(tmp_path: Path, spoil: Callable[[Peer], None]) -> None:
    seen: Counter[str] = Counter()

    def script(peer: Peer) -> None:
        while (heard := peer.request()) is not None:
            seen[heard.line] += 1
            if "_ping" in heard.line:
                peer.answer(200, b"OK", "Api-Version: 1.45")
            elif "/gone/" in heard.line:
                peer.json({"message": "no such container"}, 404)
            elif seen[heard.line] <= 2 and "/3" in heard.line:
                spoil(peer)
                return
            else:
                peer.json({"Id": heard.line.split("/")[3]})

    names = [str(number) for number in range(10)] + ["gone"] + [f"3{number}" for number in range(10)]
    with serve(tmp_path / "s", script) as server:
        gateway, _ = _paced(server, tmp_path)
        assert [item["Id"] for item in gateway.inspect_containers(names)] == [name for name in names if name != "gone"]
        gateway.close()


def test_a_verdict_and_a_change_are_not_asked_for_again(tmp_path: Path) -> None:
    with serve(tmp_path / "s", _then(_fails(500, "driver failed: port is already allocated"))) as server:
        gateway, pacing = _paced(server, tmp_path)
        with pytest.raises(ServerError):
            gateway.container("web")
        gateway.close()
    with serve(tmp_path / "t", _then(_fails(503, "transport is closing"))) as server:
        gateway, pacing = _paced(server, tmp_path)
        with pytest.raises(ServerError) as caught:
            gateway.start_container("web")
        gateway.close()
    assert caught.value.passing
    assert pacing.pauses == []


def test_an_engine_that_is_not_there_is_told_of_at_once(tmp_path: Path) -> None:
    pacing = Steady()
    gateway = Gateway(Transport(Endpoint(f"unix://{tmp_path}/none"), pacing=pacing), "", Credentials(tmp_path, {}))
    with pytest.raises(EngineUnreachable, match="no such socket"):
        gateway.containers()
    assert len(pacing.pauses) == REACH_TRIES - 1
    assert sum(pacing.pauses) < 0.5


def test_a_pull_that_falls_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dockerspec.engine.images.TRANSFER_SILENCE", 0.2)

    def silent(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.send(b'11\r\n{"status": "one"}\r\n')
        peer.wait()

    with serve(tmp_path / "s", _then(), silent) as server:
        gateway, _ = _paced(server, tmp_path)
        messages = gateway.pull_image("redis:7")
        assert next(messages)["status"] == "one"
        with pytest.raises(EngineTimeout, match=r"said nothing on POST /images/create for 0\.2 s"):
            next(messages)
        gateway.close()
