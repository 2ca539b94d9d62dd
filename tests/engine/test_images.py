"""Images on real engines: pulled, pinned, tagged, pushed, pruned, as the spec says and not more often."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.plan.action import PushImage, RemoveImage
from dockerspec.core.report.outcome import Report
from dockerspec.engine.gateway import connect
from dockerspec.errors import EngineError
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.proxy import FaultyProxy
from tests.kit.raw import RawEngine, RawError
from tests.kit.registry import Login, Registry

Json = Any
LOGIN = Login("kit", "topsecret")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as running:
        yield running


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, tmp_path: Path, stack_name: str, busybox: str) -> Iterator[Stage]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield stage
    stage.docker.close()


@pytest.fixture
def published(raw: RawEngine, busybox: str, registry: Registry) -> Iterator[Callable[[str], str]]:
    """`published("x")`: push an image of that content as `REGISTRY/kit/box:1`; its reference, absent from the host."""
    reference = f"{registry.address}/kit/box:1"

    def publish(content: str) -> str:
        made = raw.post("/containers/create", {"Image": busybox, "Cmd": ["true"], "Labels": {"content": content}})
        name, _, tag = reference.rpartition(":")
        body = {"Labels": {"content": content}}
        raw.post("/commit", body, container=made["Id"], repo=name, tag=tag)
        raw.delete(f"/containers/{made['Id']}")
        raw.push(reference)
        raw.delete(f"/images/{reference}")
        return reference

    yield publish
    forget(raw, f"{registry.address}/")


def forget(raw: RawEngine, prefix: str) -> None:
    """Remove the images of a registry, with what was started from them."""
    for item in raw.get("/images/json"):
        names = [*(item["RepoTags"] or ()), *(item["RepoDigests"] or ())]
        if any(name.startswith(prefix) for name in names):
            for container in raw.get("/containers/json", all=True, filters={"ancestor": [item["Id"]]}):
                raw.delete(f"/containers/{container['Id']}", force=True)
            with suppress(RawError):  # gone with another name already
                raw.delete(f"/images/{item['Id']}", force=True)


def actions(plan: Any, kind: type) -> list[Any]:
    return [action for action in plan.actions.values() if isinstance(action, kind)]


def test_a_period_spares_the_registry_until_it_is_over(
    stage: Stage, raw: RawEngine, published: Callable[[str], str]
) -> None:
    reference = published("one")
    daily = f"images: {{box: {{image: '{reference}', pull_policy: daily}}}}"
    stage.settle(daily)
    first = raw.get(f"/images/{reference}/json")["Id"]
    raw.post(f"/images/{first}/tag", repo=f"{stage.stack}/keep", tag="1")
    published("two")
    raw.post(f"/images/{first}/tag", repo=reference.rpartition(":")[0], tag="1")
    assert stage.plan(daily).is_empty
    # The daemon remembers when a tag was set, to the nanosecond: a second later another period is over.
    each_second = daily.replace("daily", "every_1s")
    plan = stage.plan(each_second)
    while plan.is_empty:
        plan = stage.plan(each_second)
    assert differing(plan) == {"image.box": {"digest"}}
    stage.settle(each_second)
    assert raw.get(f"/images/{reference}/json")["Id"] != first
    # The pull has set the date anew, although it set no tag of its own.
    weekly = daily.replace("daily", "weekly")
    published("three")
    raw.pull(reference)
    assert stage.plan(weekly).is_empty


def test_a_tag_that_moves_in_the_registry_replaces_what_runs(
    stage: Stage, raw: RawEngine, published: Callable[[str], str]
) -> None:
    reference = published("one")
    text = f"containers: {{c: {{image: '{reference}', command: sleep 60, stop_signal: SIGKILL, pull_policy: always}}}}"
    stage.settle(text)
    assert stage.plan(text).is_empty
    container = raw.container(f"{stage.stack}-c-1")["Id"]
    published("two")
    raw.post(f"/images/{raw.container(container)['Image']}/tag", repo=reference.rpartition(":")[0], tag="1")
    assert differing(stage.plan(text)) == {f"image.{reference}": {"digest"}, "container.c": {"image"}}
    stage.settle(text)
    now = raw.container(f"{stage.stack}-c-1")
    assert now["Id"] != container
    assert now["Config"]["Labels"]["content"] == "two"
    # The same without the registry: somebody sets the tag by hand.
    missing = text.replace("always", "missing")
    raw.post(f"/images/{stage.image}/tag", repo=reference.rpartition(":")[0], tag="1")
    assert "image" in differing(stage.plan(missing))["container.c"]


@pytest.mark.parametrize(("tag", "policy"), [("", "always"), (":1", "daily")], ids=["name", "name-and-tag"])
def test_a_digest_pins_whatever_the_tag_does(
    stage: Stage, raw: RawEngine, published: Callable[[str], str], tag: str, policy: str
) -> None:
    reference = published("one")
    name = reference.rpartition(":")[0]
    digest = raw.get(f"/distribution/{reference}/json")["Descriptor"]["digest"]
    pinned = f"{name}{tag}@{digest}"
    text = f"containers: {{c: {{image: '{pinned}', command: sleep 60, stop_signal: SIGKILL, pull_policy: {policy}}}}}"
    stage.settle(text)
    assert stage.plan(text).is_empty
    published("two")
    raw.pull(reference)
    assert stage.plan(text).is_empty
    assert raw.container(f"{stage.stack}-c-1")["Config"]["Labels"]["content"] == "one"


def test_another_platform_is_fetched_and_a_wrong_one_refused(stage: Stage, published: Callable[[str], str]) -> None:
    reference = published("one")
    stage.settle(f"images: {{box: {{image: '{reference}', platform: linux/x86_64}}}}")
    never = f"images: {{box: {{image: '{reference}', platform: linux/arm64, pull_policy: never}}}}"
    (fault,) = stage.plan(never).errors
    assert "is for linux/amd64, linux/arm64 is wanted" in str(fault)
    assert "stack.yaml:3:" in str(fault)
    report = stage.apply(never.replace("never", "missing"))
    assert not report.ok
    assert "linux/arm64" in told(report)


def test_tags_are_set_and_pushed_where_the_registry_lacks_them(
    stage: Stage, raw: RawEngine, registry: Registry
) -> None:
    (stage.folder / "app").mkdir()
    (stage.folder / "app/Dockerfile").write_text("FROM {image}\nCOPY a /\n".replace("{image}", stage.image))
    (stage.folder / "app/a").write_text("1")
    one, two = f"{registry.address}/kit/app:1", f"{registry.address}/kit/app:2"
    text = f"images: {{app: {{build: ./app, tags: ['{one}', '{two}'], push: true}}}}"
    fresh = stage.plan(text)
    first, second = actions(fresh, PushImage)
    assert first.key in fresh.graph.before[second.key], "two uploads of one layer at a time spoil each other"
    try:
        stage.settle(text)
        assert stage.plan(text).is_empty
        for reference in (one, two):
            assert raw.get(f"/distribution/{reference}/json")["Descriptor"]["digest"]
        # Somebody pushes something else under one of the tags.
        ident = raw.get(f"/images/{one}/json")["Id"]
        raw.post(f"/images/{stage.image}/tag", repo=two.rpartition(":")[0], tag="2")
        raw.push(two)
        raw.post(f"/images/{ident}/tag", repo=two.rpartition(":")[0], tag="2")
        plan = stage.plan(text)
        assert differing(plan) == {"image.app": {f"push.{two}"}}
        assert [action.reference for action in actions(plan, PushImage)] == [two]
        stage.settle(text)
        registry.stop()
        lost = stage.plan(text)
        assert lost.is_empty
        assert [item.summary.partition(" for ")[0] for item in lost.diagnostics] == ["the registry gave no digest"] * 2
        (stage.folder / "app/a").write_text("2")
        report = stage.apply(text)
        assert f"can't push {one}" in told(report)
    finally:
        forget(raw, f"{registry.address}/")


def test_earlier_images_go_but_for_those_that_are_kept_or_used(stage: Stage, raw: RawEngine) -> None:
    (stage.folder / "app").mkdir()
    (stage.folder / "app/Dockerfile").write_text(f"FROM {stage.image}\nCOPY a /\n")
    text = """
        images: {app: {build: ./app, keep: 1}}
        containers: {c: {image: {from: app}, command: sleep 60, stop_signal: SIGKILL}}
        """
    tag, built = f"{stage.stack}/app:latest", []
    for number in range(5):
        (stage.folder / "app/a").write_text(str(number))
        stage.settle(text)
        assert stage.plan(text).is_empty
        built.append(raw.get(f"/images/{tag}/json")["Id"])
        if number == 1:
            raw.post(f"/images/{built[1]}/tag", repo=f"{stage.stack}/named", tag="1")
        if number == 2:
            raw.post("/containers/create", {"Image": built[2], "Cmd": ["true"]}, name=f"{stage.stack}-user")
    left = [ident for ident in built if raw.find(f"/images/{ident}/json")]
    assert left == [built[1], built[2], built[3], built[4]]
    raw.delete(f"/containers/{stage.stack}-user")
    plan = stage.plan(text)
    assert [action.image for action in actions(plan, RemoveImage)] == [built[2]]
    stage.settle(text)
    stage.settle(text.replace("keep: 1", "keep: 0"))
    assert [ident for ident in built if raw.find(f"/images/{ident}/json")] == [built[1], built[4]]


def test_nothing_is_pruned_unless_asked(stage: Stage, raw: RawEngine) -> None:
    (stage.folder / "app").mkdir()
    (stage.folder / "app/Dockerfile").write_text(f"FROM {stage.image}\nCOPY a /\n")
    text, built = "images: {app: {build: ./app}}", []
    for number in range(3):
        (stage.folder / "app/a").write_text(str(number))
        stage.settle(text)
        built.append(raw.get(f"/images/{stage.stack}/app:latest/json")["Id"])
    assert all(raw.find(f"/images/{ident}/json") for ident in built)
    for ident in built:
        raw.delete(f"/images/{ident}", force=True)


# --- faults on the way --------------------------------------------------------------------------------------------


def _first(count: int, start: str, fault: str) -> Callable[[str, int], str]:
    """A fault for the first requests whose line starts like this."""
    return lambda line, before: fault if line.startswith(start) and before < count else ""


@pytest.mark.parametrize(
    "fault",
    [
        _first(1, "GET /v2/", "503"),
        _first(2, "GET /v2/kit/box/manifests", "500"),
        _first(1, "GET /v2/kit/box/manifests", "cut"),
    ],
    ids=["unavailable", "error-twice", "truncated"],
)
def test_a_pull_that_breaks_is_tried_again(
    stage: Stage, raw: RawEngine, registry: Registry, published: Callable[[str], str], fault: Callable[[str, int], str]
) -> None:
    published("one")
    with FaultyProxy(registry.address, fault) as proxy:
        text = f"images: {{box: {{image: '{proxy.address}/kit/box:1'}}}}"
        try:
            report = stage.apply(text)
            assert report.ok, told(report)
            (outcome,) = report.outcomes.values()
            assert outcome.warnings
            assert all("tried again after" in item for item in outcome.warnings)
        finally:
            forget(raw, f"{proxy.address}/")


def test_a_push_that_breaks_is_tried_again(stage: Stage, raw: RawEngine, registry: Registry) -> None:
    with FaultyProxy(registry.address, _first(1, "PUT /v2/kit/box/manifests", "503")) as proxy:
        tag = f"{proxy.address}/kit/box:1"
        text = f"images: {{box: {{image: '{stage.image}', pull_policy: never, tags: ['{tag}'], push: true}}}}"
        try:
            stage.settle(text)
            assert stage.plan(text).is_empty
            assert raw.get(f"/distribution/{tag}/json")
        finally:
            raw.delete(f"/images/{tag}")


def test_what_will_not_go_away_is_tried_once(stage: Stage, registry: Registry) -> None:
    with FaultyProxy(registry.address, lambda _line, _before: "") as proxy:
        report = stage.apply(f"images: {{box: {{image: '{proxy.address}/kit/none:1'}}}}")
    assert "the registry has no" in next(iter(report.outcomes.values())).hint
    assert proxy.requests.count("GET /v2/kit/none/manifests/1") <= 1


# --- logins -------------------------------------------------------------------------------------------------------


def _with_logins(host: str, folder: Path, stack: str, image: str, text: str) -> Report:
    """Apply with the logins that config.json has now."""
    stage = Stage(host, folder, stack, image)
    try:
        return stage.apply(text)
    finally:
        stage.docker.close()


def test_pull_build_and_push_use_the_login(
    engine_daemon: Daemon | GivenEngine,
    raw: RawEngine,
    busybox: str,
    stack_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through a helper program, whose name stands in config.json."""
    helper = tmp_path / "bin/docker-credential-kit"
    helper.parent.mkdir()
    with Registry(LOGIN) as registry:
        helper.write_text(
            f'#!/bin/sh\n[ "$1" = get ] || exit 1\nread server\n[ "$server" = {registry.address} ] || '
            '{ echo "credentials not found in native keychain"; exit 1; }\n'
            f'echo \'{{"Username": "{LOGIN.username}", "Secret": "{LOGIN.password}"}}\'\n'
        )
        helper.chmod(0o755)
        config = tmp_path / "docker/config.json"
        config.parent.mkdir()
        monkeypatch.setenv("PATH", f"{helper.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("DOCKER_CONFIG", str(config.parent))
        (tmp_path / "Dockerfile").write_text(f"FROM {registry.address}/kit/base:1\nENV A=b\n")
        base, app = f"{registry.address}/kit/base:1", f"{registry.address}/kit/app:1"
        raw.post(f"/images/{busybox}/tag", repo=base.rpartition(":")[0], tag="1")
        raw.push(base, LOGIN.username, LOGIN.password)
        raw.delete(f"/images/{base}")
        text = f"images: {{app: {{build: ., tags: ['{app}'], push: true}}}}"
        try:
            config.write_text("{}")
            report = _with_logins(engine_daemon.host, tmp_path, stack_name, busybox, text)
            failed = next(item for item in report.outcomes.values() if item.message)
            assert f"docker login {registry.address}" in failed.hint
            config.write_text(json.dumps({"credHelpers": {registry.address: "kit"}}))
            assert _with_logins(engine_daemon.host, tmp_path, stack_name, busybox, text).ok
            token = base64.b64encode(f"{LOGIN.username}:wrong-one".encode()).decode()
            config.write_text(json.dumps({"auths": {registry.address: {"auth": token}}}))
            with connect(engine_daemon.host) as gateway, pytest.raises(EngineError) as caught:
                list(gateway.push_image(app))
            assert f"docker login {registry.address}" in str(caught.value)
            assert not [word for word in (LOGIN.password, "wrong-one") if word in str(caught.value)]
        finally:
            forget(raw, f"{registry.address}/")
