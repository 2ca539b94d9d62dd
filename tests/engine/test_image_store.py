"""The same promises on an engine with the containerd image store, whose image IDs are digests of manifests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.stage import Stage, differing, told
from tests.kit import images
from tests.kit.daemon import Daemon
from tests.kit.engines import newer_engine
from tests.kit.registry import Registry

pytestmark = pytest.mark.engine


@pytest.fixture
def store() -> Iterator[Daemon]:
    engine = newer_engine()
    if engine is None:
        pytest.skip("no newer engine to be had")
    with Daemon(engine, {"features": {"containerd-snapshotter": True}}) as daemon:
        yield daemon


def test_build_pull_tag_push_and_pin(store: Daemon, tmp_path: Path) -> None:
    raw = store.raw
    busybox = images.ensure(raw, "busybox")
    stage = Stage(store.host, tmp_path, "kit", busybox)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text(f"FROM {busybox}\nCOPY a /\n")
    (tmp_path / "app/a").write_text("1")
    with Registry() as registry:
        tag = f"{registry.address}/kit/app:1"
        text = f"""
            images:
              app: {{build: ./app, tags: ['{tag}', kit/app:latest], push: ['{tag}'], keep: 0}}
            containers: {{c: {{image: {{from: app}}, command: sleep 60, stop_signal: SIGKILL}}}}
            """
        stage.settle(text)
        assert stage.plan(text).is_empty
        first = raw.get(f"/images/{tag}/json")
        digest = raw.get(f"/distribution/{tag}/json")["Descriptor"]["digest"]
        # Not the ID of a config, as with the other stores.
        assert first["Id"] == digest
        (tmp_path / "app/a").write_text("2")
        assert set(differing(stage.plan(text))) == {"image.app", "container.c"}
        report = stage.apply(text)
        assert report.ok, told(report)
        assert raw.find(f"/images/{first['Id']}/json") is None
        pinned = tag.rpartition(":")[0] + f":1@{digest}"
        pull = f"""
            images: {{moving: {{image: '{tag}', pull_policy: always}}}}
            containers: {{p: {{image: '{pinned}', command: sleep 60, stop_signal: SIGKILL, pull_policy: always}}}}
            """
        stage.settle(pull)
        assert stage.plan(pull).is_empty
        # A tag that somebody moved on the host is seen against the registry.
        raw.post(f"/images/{busybox}/tag", repo=tag.rpartition(":")[0], tag="1")
        assert differing(stage.plan(pull)) == {"image.moving": {"digest"}}
        stage.settle(pull)
        dated = pull.replace("pull_policy: always}}", "pull_policy: daily}}", 1)
        assert stage.plan(dated).is_empty
    stage.docker.close()
