"""One writer per stack: who gets the lock, who takes a dead one over, and that it is never two."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from dockerspec.errors import EngineLost, Refused
from dockerspec.runtime.clock import SYSTEM_CLOCK
from dockerspec.runtime.holder import Holder, myself
from dockerspec.runtime.lock import PREFIX, stack_lock
from dockerspec.testing import FakeEngine


def leave(engine: FakeEngine, holder: Holder, name: str = "shop", token: str = "0" * 32) -> None:
    """A lock that somebody else holds."""
    labels = {"dockerspec.lock.token": token, "dockerspec.lock.holder": holder.to_text()}
    engine.create_volume({"Name": PREFIX + name, "Labels": labels})


def dead() -> Holder:
    """A holder whose process was here and is no more."""
    code = "from dockerspec.runtime.holder import myself; print(myself(0).to_text())"
    text = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    found = Holder.from_text(text)
    assert found is not None
    return found


def locks(engine: FakeEngine) -> list[str]:
    return [item["Name"] for item in engine.volumes() if item["Name"].startswith(PREFIX)]


def test_it_is_held_and_let_go() -> None:
    engine = FakeEngine()
    with stack_lock(engine, "shop", SYSTEM_CLOCK) as waited:
        assert locks(engine) == ["dockerspec.lock.shop"]
        assert not waited
    assert locks(engine) == []


def test_it_is_let_go_when_the_run_breaks() -> None:
    engine = FakeEngine()
    with pytest.raises(ZeroDivisionError), stack_lock(engine, "shop", SYSTEM_CLOCK):
        _ = 1 / 0
    assert locks(engine) == []


def test_one_whose_making_was_cut_off_is_taken_over() -> None:
    engine = FakeEngine()
    engine.create_volume({"Name": PREFIX + "shop"})
    with stack_lock(engine, "shop", SYSTEM_CLOCK):
        assert locks(engine) == ["dockerspec.lock.shop"]
        assert engine.volume(PREFIX + "shop")["Labels"]
    assert locks(engine) == []


@pytest.mark.parametrize("usage", [{"Size": 1, "RefCount": 0}, {"Size": 0, "RefCount": 1}, {"Size": -1, "RefCount": 0}])
def test_one_that_may_hold_something_is_not(usage: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    engine.create_volume({"Name": PREFIX + "shop"})
    monkeypatch.setattr(engine, "volume_usage", lambda: [{"Name": PREFIX + "shop", "UsageData": usage}])
    with pytest.raises(Refused, match="somebody@an unknown host"), stack_lock(engine, "shop", SYSTEM_CLOCK):
        pass


@pytest.mark.parametrize("verb", ["create_volume", "volume", "remove_volume"])
@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("other", [True, False])
def test_a_call_that_fails_in_passing_costs_nothing(
    verb: str, carried_out: bool, other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()
    if other:
        leave(engine, dead())
    plain, failed = getattr(engine, verb), []

    def flaky(*args: Any) -> Any:
        if failed:
            return plain(*args)
        failed.append(args)
        if carried_out:
            plain(*args)
        raise EngineLost("gone", passing=True)

    monkeypatch.setattr(engine, verb, flaky)
    with stack_lock(engine, "shop", SYSTEM_CLOCK):
        assert locks(engine) == ["dockerspec.lock.shop"]
    assert locks(engine) == []
    assert failed


def test_another_stack_is_free() -> None:
    engine = FakeEngine()
    with stack_lock(engine, "shop", SYSTEM_CLOCK), stack_lock(engine, "blog", SYSTEM_CLOCK):
        assert len(locks(engine)) == 2


def test_a_second_run_is_refused_and_told_by_whom() -> None:
    engine = FakeEngine()
    with (
        stack_lock(engine, "shop", SYSTEM_CLOCK),
        pytest.raises(Refused) as refused,
        stack_lock(engine, "shop", SYSTEM_CLOCK),
    ):
        pytest.fail("two at once")
    me = myself(0)
    assert f"{me.user}@{me.host} (process {me.pid}, since " in str(refused.value)
    assert "docker volume rm dockerspec.lock.shop" in str(refused.value)
    assert locks(engine) == []


def test_a_second_run_may_wait() -> None:
    engine, held, entered = FakeEngine(), threading.Event(), threading.Event()

    def first() -> None:
        with stack_lock(engine, "shop", SYSTEM_CLOCK):
            held.set()
            entered.wait(0.3)

    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(10)
    with stack_lock(engine, "shop", SYSTEM_CLOCK, timeout=10) as waited:
        assert waited
        entered.set()
    thread.join()


def test_a_dead_holder_is_taken_over() -> None:
    engine = FakeEngine()
    leave(engine, dead())
    with stack_lock(engine, "shop", SYSTEM_CLOCK):
        assert locks(engine) == ["dockerspec.lock.shop"]
    assert locks(engine) == []


def test_one_that_died_while_it_took_a_dead_one_over_is_taken_over_too() -> None:
    engine = FakeEngine()
    leave(engine, dead(), token="a" * 32)
    leave(engine, dead(), name=f"shop.{'a' * 12}", token="b" * 32)
    with stack_lock(engine, "shop", SYSTEM_CLOCK):
        pass
    assert locks(engine) == []


@pytest.fixture
def other() -> Iterator[Holder]:
    """A holder whose process is alive."""
    code = "from dockerspec.runtime.holder import myself; print(myself(0).to_text(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        found = Holder.from_text(run.stdout.readline())
        assert found is not None
        yield found
        run.communicate("\n", timeout=60)


@pytest.mark.parametrize("unlike", [{"boot": "another machine"}, {"boot": ""}, None])
def test_one_that_may_live_is_not(unlike: dict[str, str] | None, other: Holder) -> None:
    engine = FakeEngine()
    leave(engine, other if unlike is None else replace(dead(), **unlike))
    with pytest.raises(Refused), stack_lock(engine, "shop", SYSTEM_CLOCK):
        pytest.fail("two at once")
    assert locks(engine) == ["dockerspec.lock.shop"]


def test_one_of_this_process_that_it_could_not_let_go_is() -> None:
    engine = FakeEngine()
    leave(engine, myself(0))
    with stack_lock(engine, "shop", SYSTEM_CLOCK):
        pass
    assert locks(engine) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({**asdict(myself(0)), "more": 1})])
def test_a_lock_by_an_unknown_hand_is_respected(text: str) -> None:
    engine = FakeEngine()
    engine.create_volume({"Name": PREFIX + "shop", "Labels": {"dockerspec.lock.holder": text}})
    with pytest.raises(Refused, match="somebody@an unknown host"), stack_lock(engine, "shop", SYSTEM_CLOCK):
        pytest.fail("two at once")


def test_many_at_once_over_a_dead_one_are_never_two() -> None:
    engine, inside, faults, runs = FakeEngine(), [0], [], [0]
    leave(engine, dead())

    def run() -> None:
        with stack_lock(engine, "shop", SYSTEM_CLOCK, timeout=30):
            inside[0] += 1
            if inside[0] > 1:
                faults.append("two at once")
            time.sleep(0.002)
            inside[0] -= 1
            runs[0] += 1

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert runs == [12]
    assert locks(engine) == []
